"""How long the built function takes, cold and warm, beside the least that could answer with its model."""

import json
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.local import environment
from handover.local.emulator import Emulator
from handover.local.stack import BuiltFunction

COLD_PAIRS = 11
WARM_ROUNDS = 2000
PROBE_S = 60.0
HERE = Path(__file__).parent

type Times = NDArray[np.float64]


class NotMeasuredError(RuntimeError):
    """The function did not start here, or not without an error; the message is its last line."""


@dataclass(frozen=True)
class Latency:
    """Times [ms] of one run, taken in turn with those of the floor: ratios carry over to other machines."""

    cold_ms: Times
    """From starting the process to its first answer, in AWS's runtime emulator."""
    cold_floor_ms: Times
    warm_ms: Times
    """The handler alone, in process, with its line of metrics."""
    warm_floor_ms: Times
    """One ``session.run`` of the same model."""

    @property
    def cold_ratio(self) -> float:
        """Median of the pairs' ratios: what slows the machine for a moment slows both of a pair."""
        return float(np.median(self.cold_ms / self.cold_floor_ms))

    @property
    def warm_ratio(self) -> float:
        """Ratio of the medians."""
        return float(np.median(self.warm_ms) / np.median(self.warm_floor_ms))


def measure(function: BuiltFunction, event: Mapping[str, Any]) -> Latency:
    """Start the function and the floor in turn, cold; then ask both in turn in one process, warm.

    Raises
    ------
    EnvironmentDiedError
        When the function does not start in the emulator.
    NotMeasuredError
        When it does not start in a process of its own.
    """
    sent = json.dumps(event).encode()
    floor = replace(function, root=HERE / "floor", handler="floor.handler")
    cold: dict[str, list[float]] = {function.handler: [], floor.handler: []}
    for _ in range(COLD_PAIRS):
        for one in (function, floor):
            emulator = Emulator(one, lambda line: None)
            try:
                emulator.invoke(sent)
                cold[one.handler].append(emulator.cold_ms or 0.0)
            finally:
                emulator.stop()
    warm = json.loads(_probe(function, "warm", sent.decode(), str(WARM_ROUNDS)))
    return Latency(
        cold_ms=np.array(cold[function.handler]),
        cold_floor_ms=np.array(cold[floor.handler]),
        warm_ms=np.array(warm["warm_ms"]),
        warm_floor_ms=np.array(warm["warm_floor_ms"]),
    )


def modules(function: BuiltFunction) -> list[str]:
    """List what INIT imports, the standard library included.

    Raises
    ------
    NotMeasuredError
        When it does not start.
    """
    names: list[str] = json.loads(_probe(function, "modules"))
    return names


def slowest_imports(function: BuiltFunction, count: int = 5) -> list[tuple[str, float]]:
    """Name the modules that take longest to import by themselves, without what they import in turn [ms].

    Python's own clock for it, ``-X importtime``, slows every import a little; medians of three.
    """
    times: dict[str, list[float]] = {}
    for _ in range(3):
        clocked = _run(function, ["-X", "importtime"], "modules").stderr
        for own_us, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", clocked, re.MULTILINE):
            times.setdefault(name, []).append(int(own_us) / 1000)
    medians = [(name, statistics.median(own)) for name, own in times.items()]
    return sorted(medians, key=lambda entry: -entry[1])[:count]


def _probe(function: BuiltFunction, *arguments: str) -> str:
    ended = _run(function, [], *arguments)
    if ended.returncode:
        lines = (ended.stdout + ended.stderr).strip().splitlines() or [f"status {ended.returncode}"]
        raise NotMeasuredError(lines[-1])
    return ended.stderr.splitlines()[-1]


def _run(function: BuiltFunction, options: list[str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    with TemporaryDirectory(prefix="handover-opt-") as opt:
        environment.link(function.layers, Path(opt))
        variables = environment.variables(function, Path(opt), HERE / "floor")
        command = [sys.executable, "-S", "-B", *options, str(HERE / "probe.py"), *arguments]
        return subprocess.run(
            command, env=variables, cwd=function.root, capture_output=True, text=True, timeout=PROBE_S, check=False
        )
