"""Handlers in a process of their own, without a network: event in, response out."""

import json
import os
import re
import subprocess
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.contenders import OURS
from bench.measure import Samples, Tick
from bench.staging import Staged
from handover import latency
from handover.local import environment

PROBE = Path(__file__).parent.parent / "probe.py"
OWN = "its own module: model, checks"
STANDARD = "standard library"
GROUPS = {"pydantic_core": "pydantic", "starlette": "fastapi", "aws_lambda_powertools": "Powertools"}


class ProbeError(RuntimeError):
    """A contender does not start in a process of its own; the message is its last line."""


class Probe:
    """One contender in one process, asked in turn with the others."""

    def __init__(self, staged: Staged) -> None:
        opt = TemporaryDirectory(prefix="bench-opt-")
        process = _start(staged, opt.name, [], "serve")
        self._process = process
        self._name = staged.contender.label
        self.stop = weakref.finalize(self, _end, process, opt)
        """End it."""

    def replies(self, mode: str, events: Sequence[Any]) -> list[Any]:
        """Give the handler's replies."""
        found: list[Any] = self._ask({"mode": mode, "events": events})
        return found

    def times(self, mode: str, events: Sequence[Any], rounds: int) -> list[float]:
        """Time so many calls, on the events in turn [ms]."""
        found: list[float] = self._ask({"mode": mode, "events": events, "rounds": rounds})
        return [round(time, 4) for time in found]

    def _ask(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        assert self._process.stdout  # noqa: S101  and here too
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            said = (self._process.communicate()[1] or "").strip().splitlines() or ["no reason given"]
            raise ProbeError(f"{self._name} ended in its own process: {said[-1]}")
        return json.loads(line)


def warm(
    probes: dict[str, Probe], events: Sequence[Any], batch: Any, *, blocks: int, calls: int, tick: Tick
) -> Samples:
    """Time all handlers warm, a block of calls each in turn; ours with and without telemetry, and a batch of rows."""
    samples: Samples = {}
    turns = [(name, name, "handler", events, calls) for name in probes if name != "floor"]
    turns += [
        ("quiet", OURS.name, "quiet", events, calls),
        ("session", OURS.name, "session", [1], calls),
        ("batch", OURS.name, "handler", [batch], max(calls // 10, 1)),
    ]
    for _ in range(blocks):
        for key, name, mode, sent, count in turns:
            samples.setdefault(key, []).append(probes[name].times(mode, sent, count))
            tick(key)
    return samples


def import_times(staged: Staged, repeats: int) -> dict[str, float]:
    """Say where the time of INIT goes, by top-level package [ms]: each module's own time, the median of some runs.

    Python's own clock for it, ``-X importtime``, slows every import a little. The handler's module loads the model
    and checks it; all that is its own time too.
    """
    runs: list[dict[str, float]] = []
    for _ in range(repeats):
        with TemporaryDirectory(prefix="bench-opt-") as opt:
            process = _start(staged, opt, ["-X", "importtime"], "imports")
            said = process.communicate()[1]
        if process.returncode:
            raise ProbeError(f"{staged.contender.label}: {said.strip().splitlines()[-1]}")
        runs.append(grouped(said))
    groups = {group for run in runs for group in run}
    return {group: round(sorted(run.get(group, 0.0) for run in runs)[len(runs) // 2], 3) for group in sorted(groups)}


def grouped(importtime: str) -> dict[str, float]:
    """Add up what ``-X importtime`` printed, by group of modules [ms]."""
    times: dict[str, float] = {}
    for own_us, module in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", importtime, re.MULTILINE):
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            group = STANDARD
        elif top in {"predictor", "floor", "app", "row", "features", "heuristics"}:
            group = OWN
        else:
            group = GROUPS.get(top, top)
        times[group] = times.get(group, 0.0) + int(own_us) / 1000
    return times


def _start(staged: Staged, opt: str, options: list[str], word: str) -> "subprocess.Popen[str]":
    environment.link(staged.function.layers, Path(opt))
    client = Path(sys.prefix) / "lambda"
    variables = environment.variables(staged.function, Path(opt), client)
    variables["PYTHONPATH"] += os.pathsep + str(latency.HERE / "floor")
    return subprocess.Popen(
        [sys.executable, "-S", "-B", *options, str(PROBE), word],
        cwd=staged.function.root,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def _end(process: "subprocess.Popen[str]", opt: "TemporaryDirectory[str]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
    opt.cleanup()
