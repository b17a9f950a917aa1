"""Execution environments as Lambda keeps them: one for every request in flight, warm ones used again."""

import time
from contextlib import AbstractContextManager
from threading import Lock
from typing import NamedTuple
from weakref import WeakSet

from handover.local.emulator import Emulator, EnvironmentDiedError, Log
from handover.local.stack import BuiltFunction


class ThrottledError(Exception):
    """As many execution environments as may run are busy."""


class Invocation(NamedTuple):
    """A reply, and what it took."""

    reply: bytes
    """JSON: what the handler returned, or the error it raised."""
    ms: float
    """Over HTTP to the emulator [ms]; of a cold one, from starting its process."""
    cold: bool


class Pool(AbstractContextManager["Pool"]):
    """As many execution environments as there were requests at once, up to a limit."""

    def __init__(self, function: BuiltFunction, limit: int, log: Log) -> None:
        self._function = function
        self._limit = limit
        self._log = log
        self._lock = Lock()
        self._starting = Lock()  # so that two do not pick one port, and stop() sees whatever was started
        self._stopped = False
        self._busy = 0
        self._idle: list[Emulator] = []
        self._all = WeakSet[Emulator]()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def invoke(self, event: bytes) -> Invocation:
        """Send one event to the environment used last of those that wait, or to a new one, which is cold.

        ``ThrottledError`` when as many as may run are busy. It raises as ``Emulator.invoke`` does, too: then another
        environment, cold, takes its place at the next request.
        """
        with self._lock:
            if self._busy == self._limit:
                raise ThrottledError(f"{self._limit} requests are being answered already")
            self._busy += 1
            emulator = self._idle.pop() if self._idle else None
        try:
            if emulator is None:
                with self._starting:
                    if self._stopped:
                        raise EnvironmentDiedError("the function's environments were stopped")
                    emulator = Emulator(self._function, self._log)
                    self._all.add(emulator)
            cold = emulator.cold_ms is None
            started = time.perf_counter()
            reply = emulator.invoke(event)
            ms = (time.perf_counter() - started) * 1000
            return Invocation(reply, (cold and emulator.cold_ms) or ms, cold)
        finally:
            with self._lock:
                self._busy -= 1
                if emulator and emulator.alive:
                    self._idle.append(emulator)

    def stop(self) -> None:
        """End every environment, also those in a request, and start no more."""
        with self._starting:
            self._stopped = True
        for emulator in list(self._all):
            emulator.stop()
        self._idle.clear()
