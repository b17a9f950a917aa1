"""One run, from the check that all answer alike to the last sample."""

import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.contenders import ALL, FLOOR, LAMBDAS, SERVERS, Contender
from bench.measure import Tick, emulated, growth, inprocess, served
from bench.staging import Dock, Staged
from bench.workload import Size, Workload, event, generate, hold_equal
from handover.local.stack import BuiltFunction

MEASURES = ("cold", "imports", "warm", "http", "memory", "growth")
RUNTIME_LOCK = Path("layers/runtime/requirements")


@dataclass(frozen=True)
class Counts:
    """How often everything is done."""

    cold_rounds: int = 15
    import_repeats: int = 3
    warm_blocks: int = 20
    warm_calls: int = 200
    http_starts: int = 11
    http_blocks: int = 20
    http_requests: int = 50
    memory_requests: int = 10_000
    growth_blocks: int = 11
    axes: growth.Axes = field(default_factory=growth.Axes)


QUICK = Counts(
    cold_rounds=3,
    import_repeats=1,
    warm_blocks=5,
    warm_calls=50,
    http_starts=1,
    http_blocks=3,
    http_requests=20,
    memory_requests=500,
    growth_blocks=3,
    axes=growth.QUICK,
)


def run(built: BuiltFunction, counts: Counts, only: frozenset[str], tick: Tick) -> dict[str, Any]:
    """Measure; give everything that tables, plots and the page are made of, as JSON data.

    Raises
    ------
    UnequalError
        When a contender does not give the model's scores.
    ProbeError, EnvironmentDiedError, FunctionTimedOutError
        When a Lambda contender does not start or answer. A server that does not is left out, and the reason kept.
    """
    results: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "counts": asdict(counts),
        "absent": {},
    }
    with Dock(built) as dock:
        workload = generate(Size(), dock.root / "default")
        tick("workload")
        staged = []
        for contender in LAMBDAS:
            staged.append(dock.stage(contender, workload))
            tick(f"staged {contender.label}")
        results["workload"] = _described(workload)
        results["versions"] = {contender.name: versions(contender) for contender in ALL}
        results["size"] = {
            one.contender.name: {"unzipped_bytes": one.unzipped_bytes, "zipped_bytes": one.zipped_bytes}
            for one in staged
        }
        openers = _hold_all_equal(staged, workload, results["absent"], tick)
        events = [event("/predict", row) for row in workload.rows[:50]]
        if "cold" in only:
            results["cold_ms"] = emulated.cold(staged, events[0], counts.cold_rounds, tick)
        if "imports" in only:
            results["imports_ms"] = {
                one.contender.name: inprocess.import_times(one, counts.import_repeats) for one in staged
            }
            tick("imports")
        if "warm" in only:
            results["warm_ms"] = _warm(staged, workload, events, counts, tick)
        if "http" in only:
            results["http_start_ms"] = served.starts(openers, counts.http_starts, tick)
            results["http_warm_ms"] = _http(staged, openers, workload, counts, tick)
        if "memory" in only:
            results["peak_rss_mb"] = emulated.peak_memory(staged, events, counts.memory_requests, tick)
        if "growth" in only:
            results["growth"] = growth.measure(
                dock, workload, counts.axes, blocks=counts.growth_blocks, calls=counts.warm_calls, tick=tick
            )
    return results


def steps(counts: Counts, only: frozenset[str]) -> int:
    """Say how often ``tick`` will be called."""
    lambdas, servers = len(LAMBDAS), len(SERVERS)
    return (
        1
        + 2 * lambdas
        + servers
        + ("cold" in only) * (counts.cold_rounds + 1) * lambdas
        + ("imports" in only)
        + ("warm" in only) * counts.warm_blocks * (lambdas + 2)
        + ("http" in only) * (counts.http_starts * (1 + servers) + (counts.http_blocks + 1) * (lambdas - 1 + servers))
        + ("memory" in only) * lambdas
        + ("growth" in only) * (len(counts.axes.columns) + len(counts.axes.trees) + counts.growth_blocks)
    )


def _hold_all_equal(
    staged: list[Staged], workload: Workload, absent: dict[str, str], tick: Tick
) -> dict[str, Callable[[], served.Served]]:
    """Ask everybody the same rows before any clock runs; give what opens each that serves HTTP."""
    rows = workload.rows[:50]
    events = [event("/predict", row) for row in rows]
    for one in staged:
        if one.contender is not FLOOR:
            probe = inprocess.Probe(one)
            try:
                replies = probe.replies("handler", events)
            finally:
                probe.stop()
            hold_equal(one.contender.label, _scores(replies), workload)
        tick(f"checked {one.contender.label}")
    openers: dict[str, Callable[[], served.Served]] = {
        staged[0].contender.name: partial(served.Emulated, staged[0], rows[0])
    }
    for contender in SERVERS:
        opener = partial(served.Server, contender, workload, rows[0])
        try:
            server = opener()
        except served.ServerError as error:
            absent[contender.name] = str(error)
        else:
            try:
                hold_equal(contender.label, map(server.score, rows), workload)
            finally:
                server.stop()
            openers[contender.name] = opener
        tick(f"checked {contender.label}")
    return openers


def _scores(replies: list[Any]) -> Iterator[float]:
    return (float(json.loads(reply["body"])["score"]) for reply in replies)


def _warm(staged: list[Staged], workload: Workload, events: list[Any], counts: Counts, tick: Tick) -> Any:
    with ExitStack() as stack:
        probes = {}
        for one in staged:
            if one.contender is not FLOOR:
                probes[one.contender.name] = inprocess.Probe(one)
                stack.callback(probes[one.contender.name].stop)
        batch = event("/predict/batch", workload.rows[:100])
        return inprocess.warm(probes, events, batch, blocks=counts.warm_blocks, calls=counts.warm_calls, tick=tick)


def _http(
    staged: list[Staged],
    openers: dict[str, Callable[[], served.Served]],
    workload: Workload,
    counts: Counts,
    tick: Tick,
) -> Any:
    """Everybody at once, those who only live in Lambda behind the emulator."""
    rows = workload.rows[:50]
    everybody: dict[str, Callable[[], served.Served]] = {
        one.contender.name: partial(served.Emulated, one, rows[0]) for one in staged if one.contender is not FLOOR
    }
    with ExitStack() as stack:
        running: dict[str, served.Served] = {}
        for name, opened in (everybody | openers).items():
            running[name] = opened()
            stack.callback(running[name].stop)
        return served.warm(running, rows, counts.http_blocks, counts.http_requests, tick)


def machine() -> dict[str, Any]:
    """Say where this runs."""
    told = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    processor = next((value.strip() for key, value in told.items() if key.strip() == "model name"), platform.machine())
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "processor": processor,
        "cores": len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")]),
        "memory_gb": round(memory_kb * 1024 / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def versions(contender: Contender) -> dict[str, str]:
    """Give what a contender's lock says of what its ``requirements.in`` asks for."""
    wanted, lock = contender.folder / "requirements.in", contender.folder / "requirements.txt"
    if not lock.exists() or "-r" in wanted.read_text():
        wanted, lock = RUNTIME_LOCK.with_suffix(".in"), RUNTIME_LOCK.with_suffix(".txt")
    locked = dict(line.split(" ")[0].split("==") for line in lock.read_text().splitlines() if "==" in line)
    asked = [line.partition("[")[0] for line in wanted.read_text().split() if line]
    return {name: locked[name] for name in asked if name in locked}


def _described(workload: Workload) -> dict[str, Any]:
    model = (workload.folder / "model.onnx").read_bytes()
    return asdict(workload.size) | {"onnx_sha256": sha256(model).hexdigest(), "onnx_bytes": len(model)}
