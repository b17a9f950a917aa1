"""C and H, the same twice: what contract.py says and heuristics give, in this process and in others."""

import ast
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from handover.checks.contract import of_the_contract
from handover.checks.heuristics import broken_heuristic, of_the_rows
from handover.context import DeliveryContext
from handover.context.delivered import run
from handover.finding import Broken
from handover.surroundings import MAKES_SETS, Answers, Surroundings, answers, turn_sets
from handover.surroundings.process import BACKWARDS, FORWARDS
from predictor.files import Json

# Quarters of an hour apart from UTC, for minutes show what hours may not, and to both sides, for days.
EAST, WEST = "<+1245>-12:45", "<-0930>9:30"
HERE = Surroundings(seed=0, zone="UTC0", sets=FORWARDS, clock_s=1e9)
OTHERS = (
    Surroundings(seed=1, zone=EAST, sets=BACKWARDS, clock_s=2e9 + 12_345.6, last_first=True),
    Surroundings(seed=2, zone=WEST, sets=BACKWARDS, clock_s=2e9 + 12_345.6),
)
SORT = "Python puts a set of text in another order in each process: write a list, or sorted({...}), and train again."
SEND_TIME = "The same row would score differently tomorrow: let the caller send the time, as a field of the contract."
GIVE_ZONE = (
    "The function runs in UTC, a training wherever it runs: give the time zone, as in "
    "datetime.fromtimestamp(seconds, tz=UTC)."
)
FORGET = "It keeps something from one row to the next: compute from the row alone."
WRITE_CODES = "Each process has hashes of its own for text: write the numbers into a dict, as in _CODES = {...}."


@dataclass(frozen=True)
class _Trial:
    """Surroundings that differ from ``HERE`` in one thing, so that other numbers name their cause."""

    thing: str
    usual: str
    other: Surroundings
    odd: str
    remedy: str


def _trials() -> Iterator[_Trial]:
    alphabetical = "with the set in alphabetical order"
    yield _Trial("the order of a set", alphabetical, replace(HERE, sets=BACKWARDS), "in the reverse", SORT)
    yield _Trial("the clock", "in 2001", replace(HERE, clock_s=OTHERS[0].clock_s), "in 2033", SEND_TIME)
    for name, zone in {"UTC+12:45": EAST, "UTC-09:30": WEST}.items():
        yield _Trial("the machine's time zone", "in UTC", replace(HERE, zone=zone), f"in {name}", GIVE_ZONE)
    yield _Trial("the rows before", "in this order", replace(HERE, last_first=True), "in the reverse", FORGET)
    for seed in (1, 2):
        yield _Trial("the hash of a text", "in one process", replace(HERE, seed=seed), "in another", WRITE_CODES)
    for other in OTHERS:
        yield _Trial("the process that it runs in", "in one", other, "in another", "")


@of_the_contract(
    "C117",
    topic="repeatable",
    rule="contract.py says the same in every process",
    broken="contract.py says something else in each process",
)
def says_the_same(context: DeliveryContext) -> Broken | None:
    path = context.folder / "contract.py"

    def compiled(sets: str, *lines: int) -> Json:
        # Else typing gives a Literal that it made before, for it takes two of other orders for equal.
        for forget in typing._cleanups:  # type: ignore[attr-defined]  # noqa: SLF001  there is no public way
            forget()
        document: Json = run(path, "delivery_contract", partial(turn_sets, sets=sets, lines=lines)).CONTRACT.compiled()
        return document

    try:
        forwards, backwards = compiled(FORWARDS), compiled(BACKWARDS)
        if json.dumps(forwards) == json.dumps(backwards):
            return None
        line = next((line for line in _lines(context.contract_tree) if compiled(BACKWARDS, line) != forwards), None)
    except Exception:  # whatever a library makes of a set that is read in order: that it has one is no fault
        return None
    fields = zip(forwards["fields"], backwards["fields"], strict=True)
    names = [field["name"] for field, other in fields if field != other]
    order = f"the order of {f'the set in line {line}' if line else 'a set'}"
    evidence = f"{', '.join(names) or 'What it says'} follows {order}, and a category is its place to the model."
    return Broken(evidence, path, line, SORT)


@of_the_rows(
    "H108",
    topic="repeatable",
    suppressed_by=("H103",),
    rule="a heuristic gives the same twice, here and in every other process",
    broken="a heuristic is not a function of its row",
)
def repeats(context: DeliveryContext) -> Broken | None:
    return _twice_here(context) or _elsewhere(context)


def _twice_here(context: DeliveryContext) -> Broken | None:
    for number, row in enumerate(context.golden_rows, start=1):
        before = dict(row.__dict__)
        for heuristic in context.heuristics:
            name, same = heuristic.__name__, heuristic(row) == heuristic(row)
            if not same or before != row.__dict__:
                fault = "changes the row" if same else "gives two different numbers"
                return broken_heuristic(context, name, f"`{name}` {fault} on golden row {number}.")
    return None


def _elsewhere(context: DeliveryContext) -> Broken | None:
    """Ask two processes in which everything is otherwise; where they differ, more of them say by what."""
    names = [heuristic.__name__ for heuristic in context.heuristics]
    rows = [row.__dict__ for row in context.golden_rows]

    @cache
    def asked(surroundings: Surroundings) -> Answers:
        return answers(context.folder / "heuristics.py", names, rows, surroundings)

    def apart(other: Surroundings) -> tuple[int, list[int]] | None:
        """Find the first heuristic whose numbers differ there, and the rows on which they do."""
        for place, columns in enumerate(zip(asked(HERE), asked(other), strict=True)):
            if differ := [row for row, values in enumerate(zip(*columns, strict=True)) if not _same(*values)]:
                return place, differ
        return None

    if not names or not any(map(apart, OTHERS)):
        return None
    trial, (place, differ) = next((trial, places) for trial in _trials() if (places := apart(trial.other)))
    backwards = (line for line in _lines(context.heuristics_tree) if apart(replace(trial.other, lines=(line,))))
    line = next(backwards, None) if trial.remedy == SORT else None
    given = [asked(surroundings)[place][differ[0]] for surroundings in (HERE, trial.other)]
    values = [str(np.float32(value)) if isinstance(value, float) else str(value) for value in given]
    what = f"the order of the set in line {line}" if line else trial.thing
    gets = f"golden row {differ[0] + 1} gets {values[0]} {trial.usual}, and {values[1]} {trial.odd}"
    evidence = f"`{names[place]}` follows {what} on {len(differ)} of {len(rows)} golden rows: {gets}."
    broken = broken_heuristic(context, names[place], evidence, trial.remedy)
    return replace(broken, line=line or broken.line)


def _lines(tree: ast.Module) -> list[int]:
    """List the lines that may make a set, first those that surely do."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, MAKES_SETS)]
    surely = [node.lineno for node in nodes if isinstance(node, ast.Set | ast.SetComp)]
    return list(dict.fromkeys(sorted(surely) + sorted(node.lineno for node in nodes)))


def _same(one: Any, other: Any) -> bool:
    """Compare as the model sees them: the last digit of a sum that the order changes is not in a float32."""
    if one == other or not (isinstance(one, int | float) and isinstance(other, int | float)):
        return bool(one == other)
    with np.errstate(over="ignore"):
        return bool(np.array_equal(np.float32(one), np.float32(other), equal_nan=True))
