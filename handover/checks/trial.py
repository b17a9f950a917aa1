"""A heuristic on trial: what is wrong with what it makes of a row."""

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import batched
from time import thread_time
from traceback import walk_stack
from typing import Any

from handover.context import DeliveryContext
from handover.limit import TooLongError, at_most
from predictor import files
from predictor.encoder import FLOAT32_MAX, Heuristic

type Row = dict[str, Any]
type Unknown = tuple[str, list[tuple[str, int]]]
"""A name that a row does not have, and the lines that led there, the innermost first: files and numbers."""

AT_ONCE = 100  # rows under one limit of time, which costs ten times what most heuristics do
STOPPED_S = 1.0  # of the processor's time on one row
SEARCH_S = 3.0  # of the processor's time on all rows of one heuristic: 100,000 rows at 30 us
NUMBERS = frozenset({int, float, bool})


@dataclass(frozen=True)
class Fault:
    """What is wrong with a heuristic."""

    kind: str
    """Two rows with faults of one kind show the same."""
    sentence: str
    """As it goes on after the heuristic's name."""
    more: str = ""
    """A sentence to come after it."""
    line: int | None = None
    """The line at fault, where it is not the heuristic as a whole; then no row is needed to see it."""
    of_time: bool = False


class TriedRow:
    """Stands in for a row, and notes which names are asked for that it does not have in ``__dict__``.

    It has no name of its own that a field could have.
    """

    __slots__ = ("__dict__", "__unknown")

    def __init__(self, unknown: list[Unknown]) -> None:
        self.__unknown = unknown

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):  # Python itself asks for those
            lines = [(frame.f_code.co_filename, line) for frame, line in walk_stack(inspect.currentframe())]
            self.__unknown.append((name, lines))
        raise AttributeError(f"row has no {name}")


class Trial:
    """One heuristic of a delivery, tried on row after row; what a row leaves out is as in the usual one."""

    def __init__(self, context: DeliveryContext, heuristic: Heuristic, usual: Row) -> None:
        self._context, self._heuristic, self._usual = context, heuristic, usual
        self._limit_s = context.contract.budgets.heuristic_ms / 1000
        self._spent_s = 0.0

    def first_failing(self, rows: Iterable[Row], at_once: int = AT_ONCE) -> tuple[Row, Fault] | None:
        """Find the first row with a fault; ``None`` also where the time for all rows of the heuristic is up."""
        began = thread_time()
        for batch in batched(rows, at_once, strict=False):
            if self._is_suspect(batch):
                for row in batch:
                    if fault := self.fault(row):
                        return row, fault
            if self._spent_s + thread_time() - began > SEARCH_S:
                break
        self._spent_s += thread_time() - began
        return None

    def _is_suspect(self, batch: Iterable[Row]) -> bool:
        """Tell whether rows of a batch have to be asked alone: of most batches none has."""
        unknown: list[Unknown] = []
        row, began = TriedRow(unknown), thread_time()
        try:
            with at_most(AT_ONCE * self._limit_s, of_processor=True):
                for values in batch:
                    row.__dict__ = self._usual | values
                    value = self._heuristic(row)
                    is_number = value is None or (type(value) in NUMBERS and -FLOAT32_MAX <= value <= FLOAT32_MAX)
                    if unknown or not is_number:
                        return True
        except (Exception, TooLongError):  # a heuristic may raise anything
            return True
        return thread_time() - began > self._limit_s

    def fault(self, row: Row) -> Fault | None:
        """Say what is wrong with what the heuristic makes of a row that the contract accepts, if anything is."""
        whole = self._usual | row
        if self._context.refusal(whole):  # a multiple of 0.1 may be drawn beyond the contract, by its last bit
            return None
        values = vars(self._context.validated(whole))
        fault = self._asked(values)
        # A second time is the verdict: the first may pay for what is made once.
        return self._asked(values) if fault and fault.of_time else fault

    def _asked(self, values: Row) -> Fault | None:
        unknown: list[Unknown] = []
        row, fault, began = TriedRow(unknown), None, thread_time()
        row.__dict__ = dict(values)
        try:
            with at_most(STOPPED_S, of_processor=True):
                fault = _odd(self._heuristic(row))
        except TooLongError:
            stopped = f"It was stopped after {STOPPED_S:g} s of the processor's time, twice."
            return Fault("endless", "comes to no end", stopped, of_time=True)
        except Exception as error:  # a heuristic may raise anything; that it raises is the finding
            fault = Fault(type(error).__name__, f"raises {type(error).__name__} ({error})")
        spent_s = thread_time() - began
        if unknown:
            return self._misspelt(*unknown[0], raised=fault is not None)
        if fault is None and spent_s > self._limit_s:
            allowed = f"The contract allows {1000 * self._limit_s:g} ms (heuristic_ms), and it was asked twice."
            return Fault("slow", f"takes {1000 * spent_s:.3g} ms of the processor's time", allowed, of_time=True)
        return fault

    def _misspelt(self, name: str, lines: list[tuple[str, int]], *, raised: bool) -> Fault:
        path = str(self._context.folder / files.HEURISTICS)
        line = next((number for file, number in lines if file == path), None)
        near = get_close_matches(name, self._usual, n=1)
        nearest = f"; the nearest field is {near[0]}" if near else ""
        hidden = "" if raised else "Nobody sees it: the heuristic goes on without the field."
        return Fault(name, f"asks for row.{name}, which the contract does not have{nearest}", hidden, line)


def _odd(value: object) -> Fault | None:
    """Say why float32 cannot hold what a heuristic gave; nothing when it can."""
    if value is None:
        return None
    if not isinstance(value, int | float):
        name = type(value).__name__
        return Fault(name, f"gives a {name}, not a number,")
    if isinstance(value, float) and math.isnan(value):
        return Fault("NaN", "gives NaN (return None for what cannot be known)")
    if abs(value) <= FLOAT32_MAX:
        return None
    shown = f"{value:.3g}" if isinstance(value, float) else "a whole number"  # it may have more digits than print takes
    return Fault("huge", f"gives {shown}, which float32 cannot hold,")
