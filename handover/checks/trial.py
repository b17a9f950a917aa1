"""H, the heuristics on trial: each soon gives a number for every row that the contract accepts."""

import ast
import json
import math
from collections import Counter, defaultdict
from time import perf_counter

from handover.checks.contract import COMPILES
from handover.checks.heuristics import broken_heuristic
from handover.checks.search import Row, simplest_row
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.limit import TooLongError, at_most
from predictor.encoder import FLOAT32_MAX, Heuristic

ROWS = 1000
LIMIT_S = 5.0  # for all of them: 5 ms a row, where arithmetic takes microseconds on the busiest machine


@clause(
    "H107",
    topic="finite",
    owner="modelling",
    requires=(*COMPILES, "H101", "H106"),
    rule="each heuristic soon gives a number for every row that the contract accepts",
    broken="a heuristic fails on a row that the contract accepts",
)
def finite(context: DeliveryContext) -> Broken | None:
    trial = Trial(context)
    try:
        row = simplest_row(context, lambda row: trial.failing(row) is not None, ROWS)
        heuristic = trial.failing(row) if row is not None else None
    except TooLongError:
        return trial.endless()
    if row is None or heuristic is None:  # it fails by chance where it now passes: that is another clause's finding
        return None
    fault = f"{heuristic.__name__} {trial.fault(heuristic, row)}{_where(context, heuristic, row)}"
    details = json.dumps(row, indent=2)
    return broken_heuristic(context, heuristic.__name__, f"{fault}, which the contract accepts.", details)


class Trial:
    """The heuristics of a delivery, tried on row after row; all of its rows together, each has ``LIMIT_S``."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._spent_s: dict[str, float] = defaultdict(float)
        self._done: Counter[str] = Counter()
        self._at: tuple[Heuristic, Row, float] | None = None

    def failing(self, row: Row) -> Heuristic | None:
        """Find the first heuristic that has a fault on the row.

        Raises
        ------
        TooLongError
            When one has taken all of its time; ``endless`` says which.
        """
        return next((heuristic for heuristic in self._context.heuristics if self.fault(heuristic, row)), None)

    def fault(self, heuristic: Heuristic, row: Row) -> str:
        """Say what is wrong with what the heuristic makes of a row; nothing when it is a number, or None."""
        made = self._context.made(row)
        name, began = heuristic.__name__, perf_counter()
        self._at = heuristic, row, began
        try:
            with at_most(LIMIT_S - self._spent_s[name]):
                value = heuristic(made)
        except AttributeError as error:
            if type(error.obj).__name__ == "_Row":  # the function's stand-in for Row, which no one who reads this knows
                return f"asks for row.{error.name}, which the contract does not have,"
            return f"raises AttributeError ({error})"
        except Exception as error:  # a heuristic may raise anything; that it raises is the finding
            return f"raises {type(error).__name__} ({error})"
        self._spent_s[name] += perf_counter() - began
        self._done[name] += 1
        return "" if value is None else _odd(value)

    def endless(self) -> Broken:
        """Tell of the heuristic that has taken all of its time: on one row, or by and by."""
        if self._at is None:
            raise ValueError("no heuristic was tried")
        heuristic, row, began = self._at
        name = heuristic.__name__
        if perf_counter() - began > LIMIT_S / 2:
            evidence = (
                f"{name} comes to no end{_where(self._context, heuristic, row)}, which the contract accepts: "
                f"it was stopped after {LIMIT_S:g} s."
            )
        else:
            each_ms = 1000 * self._spent_s[name] / self._done[name]
            evidence = (
                f"{name} takes {each_ms:.0f} ms a row, and was stopped after {self._done[name]} rows: a caller waits "
                f"for milliseconds, and {ROWS} rows may take {LIMIT_S:g} s."
            )
        return broken_heuristic(self._context, name, evidence, json.dumps(row, indent=2))


def _odd(value: object) -> str:
    """Say why float32 cannot hold what a heuristic gave; nothing when it can."""
    if not isinstance(value, int | float):
        return f"gives a {type(value).__name__}, not a number,"
    if isinstance(value, float) and math.isnan(value):
        return "gives NaN (return None for what cannot be known)"
    if abs(value) <= FLOAT32_MAX:
        return ""
    shown = f"{value:.3g}" if isinstance(value, float) else "a whole number"  # it may have more digits than print takes
    return f"gives {shown}, which float32 cannot hold,"


def _where(context: DeliveryContext, heuristic: Heuristic, row: Row) -> str:
    """Show the row, of it only the fields that the heuristic's own lines read."""
    functions = [node for node in context.heuristics_tree.body if isinstance(node, ast.FunctionDef)]
    lines = (inner for node in functions if node.name == heuristic.__name__ for inner in ast.walk(node))
    used = {node.attr for node in lines if isinstance(node, ast.Attribute)}
    shown = {name: value for name, value in row.items() if name in used} or row
    values = " and ".join(f"{name} = {json.dumps(value)}" for name, value in shown.items())
    return f" where {values}" if values else " for an empty row"
