"""How long the built function takes, cold and warm, beside the least that could answer with its model."""

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Timer
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.errors import CannotRunError
from handover.local.emulator import Emulator, prepare
from handover.local.stack import BuiltFunction

COLD_PAIRS = 11
WARM_ROUNDS = 2000
SLOWEST = 5
ANSWER_S = 60.0
"""How long a probe may take to one answer [s]."""
HERE = Path(__file__).parent

type Times = NDArray[np.float64]


class NotMeasuredError(CannotRunError):
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


class Probe(ExitStack):
    """A function in a process of its own, without a network, as ``probe.py`` says; a context that ends it.

    ``options`` are Python's, ``imports`` the modules that are imported before the handler.
    """

    def __init__(self, function: BuiltFunction, options: Sequence[str] = (), imports: Sequence[str] = ()) -> None:
        super().__init__()
        opt = Path(self.enter_context(TemporaryDirectory(prefix="handover-opt-")))
        self._log = self.enter_context(TemporaryFile("w+", encoding="utf-8", errors="replace"))  # noqa: SIM115  closed at the end
        variables = prepare(function, opt)
        variables["PYTHONPATH"] += os.pathsep + str(HERE / "floor")
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-B", *options, str(HERE / "probe.py"), *imports],
            cwd=function.root,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            encoding="utf-8",
        )
        self.callback(self._process.communicate)  # closes the pipes, once it is killed
        self.callback(self._process.kill)

    def ask(self, command: dict[str, Any]) -> Any:
        """Send a command, and give the answer; ``NotMeasuredError`` when it ends without one."""
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        assert self._process.stdout  # noqa: S101  a pipe was asked for
        limit = Timer(ANSWER_S, self._process.kill)
        limit.start()
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            limit.cancel()
        if not answer:
            raise NotMeasuredError(self.log() or "it gave no answer")
        return json.loads(answer)

    def log(self) -> str:
        """Let it end, and give what it wrote on stderr; ``NotMeasuredError`` when its status is not 0."""
        self._process.communicate()
        self._log.seek(0)
        log = self._log.read()
        if self._process.returncode:
            raise NotMeasuredError((log.strip().splitlines() or [f"status {self._process.returncode}"])[-1])
        return log


def measure(function: BuiltFunction, event: Mapping[str, Any]) -> Latency:
    """Start the function and the floor in turn, cold; then ask both in turn in one process, warm.

    ``EnvironmentDiedError`` when it does not start in the emulator, ``NotMeasuredError`` when not in its own process.
    """
    sent = json.dumps(event).encode()
    floor = replace(function, root=HERE / "floor", handler="floor.handler")
    cold: dict[str, list[float]] = {function.handler: [], floor.handler: []}
    for _ in range(COLD_PAIRS):
        for one in (function, floor):
            with Emulator(one, lambda line: None) as emulator:
                emulator.invoke(sent)
                cold[one.handler].append(emulator.cold_ms or 0.0)
    with Probe(function) as probe:
        warm, warm_floor = probe.ask({"calls": [("handler", [event]), ("session", [1])], "rounds": WARM_ROUNDS})
    return Latency(*map(np.array, (cold[function.handler], cold[floor.handler], warm, warm_floor)))


def modules(function: BuiltFunction) -> list[str]:
    """List what INIT imports, the standard library included; ``NotMeasuredError`` when it does not start."""
    with Probe(function) as probe:
        return list(probe.ask({"modules": True}))


def import_times(function: BuiltFunction, imports: Sequence[str] = (), runs: int = 3) -> dict[str, float]:
    """Time each module's import by itself, without what it imports in turn [ms]: medians of some runs.

    ``imports`` come before the handler. By Python's own clock, ``-X importtime``, which slows each a little;
    ``NotMeasuredError`` when it does not start.
    """
    timed = []
    for _ in range(runs):
        with Probe(function, ["-X", "importtime"], imports) as probe:
            lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", probe.log(), re.MULTILINE)
        timed.append({module: int(own_us) / 1000 for own_us, module in lines})
    return {name: statistics.median([run.get(name, own) for run in timed]) for name, own in timed[0].items()}


def slowest_imports(function: BuiltFunction) -> list[tuple[str, float]]:
    """Name the modules that take longest to import by themselves [ms]; errors as ``import_times``."""
    return sorted(import_times(function).items(), key=itemgetter(1), reverse=True)[:SLOWEST]
