"""One run, from the check that all answer alike to the last sample."""

import os
import platform
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil
from rich.progress import Progress

from bench.contenders import ALL, FLOOR, LAMBDAS, OURS, SERVERS, Contender
from bench.measure import file, growth, inprocess, served
from bench.staging import Dock
from bench.workload import Size, compare_scores, event, generate
from handover.cli.group import PROJECT
from handover.local.stack import BuiltFunction

MEASURES = ("cold", "imports", "warm", "http", "memory", "growth", "file")
SIZES: growth.Axes = {
    "columns": (20, 50, 100, 150, 200),
    "trees": (100, 250, 500, 1000, 2000),
    "rows": (1, 2, 5, 10, 20, 50, 100),
}


class Counts(NamedTuple):
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
    file_rows: int = 20_000
    file_rounds: int = 7
    axes: growth.Axes = SIZES


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
    file_rows=5_000,
    file_rounds=3,
    axes={"columns": (20, 200), "trees": (100, 500), "rows": (1, 10, 100)},
)


def run(built: BuiltFunction, counts: Counts, only: frozenset[str], progress: Progress) -> dict[str, Any]:
    """Measure; give everything that tables, plots and the page are made of, as JSON data."""
    results: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "counts": counts._asdict(),
    }
    with TemporaryDirectory(prefix="bench-") as folder:
        dock = Dock(built, Path(folder))
        workload = generate(Size(), dock.root / "default")
        rows = workload.rows[:50]
        staged = [dock.stage(one, workload) for one in progress.track(LAMBDAS, description="Staging")]
        validating = [one for one in staged if one.contender is not FLOOR]
        model = (workload.folder / "model.onnx").read_bytes()
        onnx = {"onnx_sha256": sha256(model).hexdigest(), "onnx_bytes": len(model)}
        results["workload"] = asdict(workload.size) | onnx
        results["versions"] = {contender.name: versions(contender) for contender in ALL}
        results["size"] = {one.contender.name: one.size for one in staged}
        emulators: served.Openers = {one.contender.name: partial(served.emulated, one, rows[0]) for one in staged}
        servers: served.Openers = {one.name: partial(served.server, one, workload, rows[0]) for one in SERVERS}
        everybody = {one.contender.name: emulators[one.contender.name] for one in validating} | servers
        for name, opened in progress.track(everybody.items(), description="Comparing scores"):
            with opened() as contender:
                compare_scores(name, [contender.score(row) for row in rows], workload)
        if "cold" in only:
            results["cold_ms"] = served.starts(emulators, counts.cold_rounds, progress, uncounted=1)
        if "imports" in only:
            results["imports_ms"] = inprocess.imports(staged, counts.import_repeats, progress)
        if "warm" in only:
            events, batch = [event("/predict", row) for row in rows], event("/predict/batch", workload.rows[:100])
            results["warm_ms"] = inprocess.warm(
                validating, events, batch, blocks=counts.warm_blocks, calls=counts.warm_calls, progress=progress
            )
        if "http" in only:
            starting = {OURS.name: emulators[OURS.name]} | servers
            results["http_start_ms"] = served.starts(starting, counts.http_starts, progress)
            results["http_warm_ms"] = served.warm(everybody, rows, counts.http_blocks, counts.http_requests, progress)
        if "memory" in only:
            results["peak_rss_mb"] = served.peak_memory(emulators, rows, counts.memory_requests, progress)
        if "file" in only:
            results["file_ms"] = file.measure(workload, counts.file_rows, counts.file_rounds, progress)
        if "growth" in only:
            results["growth"] = growth.measure(
                dock, workload, counts.axes, blocks=counts.growth_blocks, calls=counts.warm_calls, progress=progress
            )
    return results


def machine() -> dict[str, Any]:
    """Say where this runs."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processor": names[-1] if names else platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def versions(contender: Contender) -> dict[str, str]:
    """Give what a contender's lock says of what its ``requirements.in`` asks for."""
    asked, lock = contender.folder / "requirements.in", contender.lock
    if not lock.exists() or "-r" in asked.read_text():
        asked, lock = PROJECT.runtime / asked.name, PROJECT.runtime_lock
    locked = dict(line.split(" ")[0].split("==") for line in lock.read_text().splitlines() if "==" in line)
    names = [line.partition("[")[0] for line in asked.read_text().split()]
    return {name: locked[name] for name in names if name in locked}
