"""How long the built function takes, cold and warm, beside the least that could answer with its model."""

import json
import os
import re
import statistics
import subprocess
import sys
import weakref
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Timer
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from handover.errors import CannotRunError
from handover.local import environment
from handover.local.emulator import Emulator
from handover.local.stack import BuiltFunction

COLD_PAIRS = 11
WARM_ROUNDS = 2000
ANSWER_S = 60.0
"""How long a probe may take to one answer [s]."""
HERE = Path(__file__).parent

type Times = NDArray[np.float64]


class NotMeasuredError(CannotRunError):
    """The function did not start here, or not without a word; the message is its last one."""


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


type Call = tuple[str, Sequence[Any]]
"""A mode of ``probe.py``, and the events that it gets in turn."""


class Probe:
    """A function in a process of its own, without a network: event in, response out. ``probe.py`` says more.

    Parameters
    ----------
    options
        Of Python.
    imports
        Modules that are imported before the handler.
    """

    def __init__(self, function: BuiltFunction, options: Sequence[str] = (), imports: Sequence[str] = ()) -> None:
        opt = TemporaryDirectory(prefix="handover-opt-")
        environment.link(function.layers, Path(opt.name))
        variables = environment.variables(function, Path(opt.name), Path(sys.prefix) / "lambda")
        variables["PYTHONPATH"] += os.pathsep + str(HERE / "floor")
        self._log = TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  closed by stop
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-B", *options, str(HERE / "probe.py"), *imports],
            cwd=function.root,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            text=True,
        )
        self.stop = weakref.finalize(self, _end, self._process, self._log, opt)
        """End it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def replies(self, call: Call) -> list[Any]:
        """Give the reply to each event."""
        replies: list[list[Any]] = self._ask({"calls": [call]})
        return replies[0]

    def times(self, calls: Sequence[Call], rounds: int) -> list[list[float]]:
        """Time so many rounds [ms], in which each call has its turn."""
        times: list[list[float]] = self._ask({"calls": calls, "rounds": rounds})
        return times

    def modules(self) -> list[str]:
        """List what INIT imports, the standard library included."""
        modules: list[str] = self._ask({"modules": True})
        return modules

    def log(self) -> str:
        """Wait until it ends, and give what it wrote on stderr.

        Raises
        ------
        NotMeasuredError
            When it ends with another status than 0, as whatever is asked above does when there is no answer.
        """
        self._process.communicate()
        self._log.seek(0)
        log = self._log.read()
        if self._process.returncode:
            raise NotMeasuredError((log.strip().splitlines() or [f"status {self._process.returncode}"])[-1])
        return log

    def _ask(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin  # noqa: S101  a pipe was asked for
        assert self._process.stdout  # noqa: S101  as above
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
            with Emulator(one, lambda line: None) as emulator:
                emulator.invoke(sent)
                cold[one.handler].append(emulator.cold_ms or 0.0)
    with Probe(function) as probe:
        warm, warm_floor = probe.times([("handler", [event]), ("session", [1])], WARM_ROUNDS)
    return Latency(
        cold_ms=np.array(cold[function.handler]),
        cold_floor_ms=np.array(cold[floor.handler]),
        warm_ms=np.array(warm),
        warm_floor_ms=np.array(warm_floor),
    )


def modules(function: BuiltFunction) -> list[str]:
    """List what INIT imports, the standard library included.

    Raises
    ------
    NotMeasuredError
        When it does not start.
    """
    with Probe(function) as probe:
        return probe.modules()


def import_times(function: BuiltFunction, imports: Sequence[str] = ()) -> list[tuple[str, float]]:
    """Time each module's import by itself, without what it imports in turn [ms].

    Python's own clock for it, ``-X importtime``, slows every import a little.

    Parameters
    ----------
    imports
        Modules that are imported before the handler.

    Raises
    ------
    NotMeasuredError
        When it does not start.
    """
    with Probe(function, ["-X", "importtime"], imports) as probe:
        lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", probe.log(), re.MULTILINE)
    return [(module, int(own_us) / 1000) for own_us, module in lines]


def slowest_imports(function: BuiltFunction, count: int = 5) -> list[tuple[str, float]]:
    """Name the modules that take longest to import by themselves [ms], medians of three; errors as ``import_times``."""
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(3):
        for module, own_ms in import_times(function):
            times[module].append(own_ms)
    medians = [(module, statistics.median(own)) for module, own in times.items()]
    return sorted(medians, key=lambda entry: -entry[1])[:count]


def _end(process: "subprocess.Popen[str]", log: IO[str], opt: "TemporaryDirectory[str]") -> None:
    process.kill()
    process.communicate()  # closes the pipes
    log.close()
    opt.cleanup()
