"""H, whether each heuristic soon gives a number for every row: the search for one on which it does not."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from handover.checks import roots, tries
from handover.checks.contract import MAX_EXACT_INTEGER
from handover.checks.heuristics import broken_heuristic, of_each_heuristic
from handover.checks.reads import reads
from handover.checks.trial import Fault, Trial
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Warned
from handover.limit import or_end
from handover.rows import Domain, domains, shrunk
from predictor import files

type Row = dict[str, Any]

UNKNOWN = "Give None there, which is a gap to the model; or narrow the field in contract.py, if no row is like that."
STUCK_S = 60.0  # of the processor's time, for one heuristic: twenty times what it may have
ROUNDS = 3  # of simplifying one field after the other
ROUNDED_ROWS = 100  # drawn, for each heuristic
MAX_SHOWN = 5  # fields in a sentence, of a heuristic that may read all


@dataclass(frozen=True)
class Failure:
    """A heuristic that fails, and how."""

    heuristic: str
    fault: Fault
    row: Row
    """The simplest that was come upon."""
    read: tuple[str, ...]
    """The fields that the heuristic may read of it; of many, those that cannot be as simple as the rest."""


@of_each_heuristic(
    "H107",
    topic="finite",
    rule="each heuristic soon gives a number for every row that the contract accepts",
    broken="a heuristic fails on a row that the contract accepts",
)
def finite(context: DeliveryContext) -> Broken | Kept | None:
    failure = first_failure(context)
    if failure is None:
        count = len(context.heuristics)
        gave = f"{count} heuristic{'s' * (count > 1)} gave a number for every row that was tried"
        return Kept(proved=gave, warnings=(*_rounded(context),)) if count else None
    fault, name = failure.fault, failure.heuristic
    if fault.line is not None:
        evidence = f"`{name}` {fault.sentence}. {fault.more}".rstrip()
        return Broken(evidence, context.folder / files.HEURISTICS, fault.line)
    shown = " and ".join(f"{field} = {json.dumps(failure.row[field])}" for field in failure.read)
    where = f"where {shown}, which the contract accepts" if shown else "on every row"
    evidence = f"`{name}` {fault.sentence} {where}. {fault.more}".rstrip()
    cause = UNKNOWN if shown and not fault.of_time else ""
    return broken_heuristic(context, name, evidence, cause, json.dumps(failure.row, indent=2))


def first_failure(context: DeliveryContext) -> Failure | None:
    """Look for a row on which a heuristic fails, the same one each time: first where heuristics like to fail."""
    fields = domains(context.compiled)
    usual = {field.name: field.simplest for field in fields}
    watched = roots.Traced(context)
    for heuristic in context.heuristics:
        name, trial = heuristic.__name__, Trial(context, heuristic, usual)
        names, numbers = reads(context.heuristics_tree, name, usual)
        read = [field for field in fields if field.name in names]
        with or_end(STUCK_S):
            failing = _failing(trial, read, numbers, partial(watched.sides, name))
        if failing:
            return _simplified(name, trial, read, usual | failing[0], failing[1])
    return None


def _failing(
    trial: Trial, fields: Sequence[Domain], numbers: Sequence[float], sides_at: roots.SidesAt
) -> tuple[Row, Fault] | None:
    """Try a heuristic on the rows of the fields that it reads."""
    if every := tries.every_row(fields):
        return trial.first_failing(every)
    return (
        trial.first_failing(tries.corners(fields, numbers))
        or trial.first_failing(roots.roots(fields, sides_at), at_once=1)
        or trial.first_failing(tries.draws(fields))
    )


def _simplified(name: str, trial: Trial, fields: Sequence[Domain], row: Row, fault: Fault) -> Failure:
    """Make a row as simple as it can be while the heuristic has the same fault."""
    if not fault.of_time:  # that costs its time for each row

        def fails(row: Row) -> bool:
            seen = trial.fault(row)
            return seen is not None and seen.kind == fault.kind

        for _ in range(ROUNDS):
            row = shrunk(fields, row, fails)
        fault = trial.fault(row) or fault
    odd = [field for field in fields if row[field.name] != field.simplest]
    shown = odd if odd and len(fields) > MAX_SHOWN else fields
    return Failure(name, fault, row, tuple(field.name for field in shown))


def _rounded(context: DeliveryContext) -> Iterator[Warned]:
    """Warn of whole numbers that float32 cannot tell apart, as C106 refuses them of fields; a float is meant as one."""
    fields = domains(context.compiled)
    for heuristic in context.heuristics:
        name = heuristic.__name__
        names, _ = reads(context.heuristics_tree, name, {field.name: None for field in fields})
        for row in context.drawn_rows[:ROUNDED_ROWS]:
            value, rounded = None, 0
            with suppress(Exception):  # a multiple of 0.1 refused by its last bit; what is wrong beyond the search
                value = heuristic(context.validated(row))
                rounded = int(np.float32(value or 0))
            if type(value) is int and rounded != value:
                read = [field.name for field in fields if field.name in names]
                shown = " and ".join(f"{field} = {json.dumps(row[field])}" for field in read[:MAX_SHOWN])
                yield Warned(
                    f"`{name}` gives {value}{f' where {shown}' if shown else ''}, and float32 makes {rounded} of "
                    f"it: from {MAX_EXACT_INTEGER} on two whole numbers can become the same.",
                    context.folder / files.HEURISTICS,
                    context.heuristic_line(name),
                    "Take a larger unit, or give its parts as heuristics of their own. Where the last digits say "
                    "nothing, return float(...).",
                    headline="a heuristic gives whole numbers that are too large for float32",
                )
                break
