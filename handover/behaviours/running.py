"""Behaviours, run on their rows: on how many each holds, and the simplest row on which it does not."""

import ast
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter
from types import ModuleType
from typing import Literal

from handover.behaviours import LISTED, Behaviour, Drawn, Golden
from handover.behaviours.asking import Asking, Call, FaultError, GivenRow, Pending, RefusedRowError, written
from handover.limit import TooLongError, at_most
from handover.rows import drawn_row, shrunk
from handover.source import line_in
from predictor.files import Json

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ABOVE = 'write @always("what holds") above it, or begin the name of what only helps with an underscore'
SEED = 0  # the same rows each time
TRIES = 20  # rows drawn for each that is asked for, where the contract refuses some
LIMIT_S = 10.0  # for a behaviour's own code, on all of its rows; what the model takes is not in it
MAX_ROUNDS = 50  # rows that one asks about, each depending on the answer to the one before
RANDOM_MODELS = 20  # on as many rows: `score(row) < 0.8` of one row by hand passes with all of them once in a hundred
DIGITS = 4  # of a number that is drawn, as people write them
GIVEN = {"row", "score", "decide"}


@dataclass(frozen=True)
class Failed:
    """On a row a behaviour does not hold."""

    calls: tuple[Call, ...]
    """What it asked about, and got."""
    message: str
    """What its assert says, if it says something."""


@dataclass(frozen=True)
class Example(Failed):
    """A row on which it does not hold, to be shown."""

    row: Json
    shown: tuple[str, ...]
    """The fields that matter."""
    number: int
    """Which one of its rows, from 1; 0 of one that was simplified."""


@dataclass(frozen=True)
class Result:
    """On how many rows a behaviour holds."""

    behaviour: Behaviour
    line: int
    tested: int
    """The rows of which it speaks."""
    failed: int
    """Those of them on which it does not hold."""
    refused: tuple[str, ...]
    """Why the contract refuses what it makes of a row, for each that is left out for that."""
    example: Example | None

    @property
    def most(self) -> int:
        """On how many it may fail."""
        return math.floor((1 - self.behaviour.least) * self.tested + 1e-9)

    @property
    def passes(self) -> bool:
        """Whether the model behaves so."""
        return self.failed <= self.most


type Outcome = Literal["passes", "waits", "left out", "asks nothing"] | RefusedRowError | Failed


def run(
    path: Path, module: ModuleType, golden: Sequence[Json], asking: Mapping[str, Asking]
) -> Iterator[FaultError | Result]:
    """Run the behaviours of a module. ``asking`` has who answers each kind of rows; those of another are left out."""
    tree = ast.parse(path.read_bytes())
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
    behaviours: list[Behaviour] = vars(module).get(LISTED, [])
    public = [node for node in tree.body if isinstance(node, FUNCTIONS) and not node.name.startswith("_")]
    for node in public:
        if not isinstance(vars(module).get(node.name), Behaviour):
            yield FaultError(f"has no sentence: {ABOVE}", node.lineno, node.name)
    for behaviour in behaviours:
        if behaviour.kind in asking:
            trial = Trial(behaviour, path, functions, asking[behaviour.kind])
            try:
                yield trial.result(golden)
            except FaultError as fault:
                yield FaultError(fault.sentence, fault.line or trial.line, behaviour.check.__name__)


def passed_at_random(
    path: Path, module: ModuleType, golden: Sequence[Json], asking: Iterable[Asking]
) -> list[Behaviour]:
    """Find the behaviours that pass whoever answers: they say nothing of a model."""
    functions = {node.name: node for node in ast.parse(path.read_bytes()).body if isinstance(node, FUNCTIONS)}
    left: list[Behaviour] = vars(module).get(LISTED, [])
    for one in asking:
        left = [behaviour for behaviour in left if Trial(behaviour, path, functions, one).passes(golden)]
    return left


class Trial:
    """A behaviour, on row after row."""

    def __init__(self, behaviour: Behaviour, path: Path, functions: Mapping[str, ast.AST], asking: Asking) -> None:
        self._behaviour, self._path, self._functions, self._asking = behaviour, path, functions, asking
        self.line = behaviour.check.__code__.co_firstlineno
        self._left_s = LIMIT_S

    def result(self, golden: Sequence[Json]) -> Result:
        """Run it on all of its rows; ``FaultError`` when that cannot be done, or says nothing."""
        self._require_form()
        rows = list(self._rows(golden))
        outcomes = self._outcomes(rows)
        refused = tuple(str(outcome) for outcome in outcomes if isinstance(outcome, RefusedRowError))
        failed = [(place, outcome) for place, outcome in enumerate(outcomes) if isinstance(outcome, Failed)]
        tested = len(failed) + outcomes.count("passes")
        if not tested:
            raise FaultError(_never(outcomes, counted(len(rows), self._behaviour.kind), refused))
        example = self._example(rows, *failed[0]) if failed else None
        return Result(self._behaviour, self.line, tested, len(failed), refused, example)

    def passes(self, golden: Sequence[Json]) -> bool:
        """Whether it passes on its first rows, and none is left out for what it makes of it."""
        with suppress(FaultError):
            outcomes = {*map(str, self._outcomes(list(islice(self._rows(golden), RANDOM_MODELS))))}
            return "passes" in outcomes <= {"passes", "left out", "asks nothing"}
        return False

    def _require_form(self) -> None:
        check = self._behaviour.check
        taken = set(_parameters(check))
        if inspect.iscoroutinefunction(check) or inspect.isgeneratorfunction(check):
            raise FaultError("is async or yields, and so never runs to its end: write a plain def")
        if taken - GIVEN or not {"row"} < taken:
            raise FaultError(f"takes {', '.join(sorted(taken)) or 'nothing'}: give it row, and score or decide")
        if not self._asserts(check.__name__, set()):
            raise FaultError("asserts nothing: whatever the model answers, it holds. Write an assert")

    def _asserts(self, name: str, seen: set[str]) -> bool:
        """Say whether a function, or what it names, may say that something does not hold."""
        node = self._functions.get(name)
        if node is None or name in seen:
            return False
        words = {getattr(inner, "id", getattr(inner, "attr", "")) for inner in ast.walk(node)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assert) and isinstance(inner.test, ast.Tuple):
                raise FaultError("asserts a tuple, which always holds: take the brackets away", inner.lineno)
        if any(isinstance(inner, ast.Assert | ast.Raise) for inner in ast.walk(node)):
            return True
        return any(word.startswith("assert") or self._asserts(word, seen | {name}) for word in words)

    def _rows(self, golden: Sequence[Json]) -> Iterator[GivenRow]:
        asked = self._behaviour.rows
        if isinstance(asked, Drawn):
            yield from self._drawn(asked)
            return
        for number, row in enumerate(golden if isinstance(asked, Golden) else asked, start=1):
            try:
                yield self._asking.row(row)
            except RefusedRowError as refused:
                raise FaultError(f"has rows of which the contract refuses row {number}: {refused}") from None

    def _drawn(self, asked: Drawn) -> Iterator[GivenRow]:
        random, refusal, left = Random(SEED), "", asked.count  # noqa: S311  nothing here is secret
        fields = self._asking.fields
        for _ in range(TRIES * asked.count):
            try:
                drawn = drawn_row(fields, random)
                for field in fields:
                    if isinstance(value := drawn[field.name], float):
                        drawn[field.name] = field.nearest(float(f"{value:.{DIGITS}g}"))
                yield self._asking.row(drawn | asked.fixed)
                left -= 1
            except RefusedRowError as refused:
                refusal = str(refused)
            if not left:
                return
        if left == asked.count:
            raise FaultError(f"draws rows that the contract refuses: {refusal}")

    def _outcomes(self, rows: Sequence[GivenRow]) -> list[Outcome]:
        """Run it on rows, again and again until all that it asks about is answered."""
        outcomes: list[Outcome] = ["waits"] * len(rows)
        for _ in range(MAX_ROUNDS):
            waiting = [place for place, outcome in enumerate(outcomes) if outcome == "waits"]
            if not waiting:
                return outcomes
            self._asking.settle()
            for place in waiting:
                outcomes[place] = self._outcome(rows[place], f"row {place + 1} of {len(rows)}")
        raise FaultError("asks about other rows each time that it runs: it must ask about the same ones")

    def _outcome(self, row: GivenRow, which: str) -> Outcome:
        began = perf_counter()
        self._asking.calls.clear()
        try:
            with redirect_stdout(sys.stderr), at_most(self._left_s):  # what it prints is no part of a report
                return self._spoken(GivenRow(row))
        except Pending:
            return "waits"
        except RefusedRowError as refused:
            return refused
        except TooLongError:
            self._left_s = 0
            sentence = f"was stopped after {LIMIT_S:g} s, at {which}: it comes to no end, or is too slow"
            raise FaultError(sentence) from None
        except FaultError as fault:
            fault.line = fault.line or line_in(self._path, fault)
            raise
        except AssertionError as error:
            return Failed(tuple(self._asking.calls), " ".join(str(error).split()))
        except (Exception, SystemExit) as error:  # somebody's code may raise anything
            shown = words_of({name: row[name] for name in self._used()} or row)
            sentence = f"raises {type(error).__name__} ({error}) where {shown}"
            raise FaultError(sentence, line_in(self._path, error)) from None
        finally:
            self._left_s -= perf_counter() - began

    def _spoken(self, row: GivenRow) -> Outcome:
        behaviour, asking = self._behaviour, self._asking
        if behaviour.unless and behaviour.unless(row):
            return "left out"
        words = {"row": row, "score": asking.score, "decide": asking.decide}
        given = behaviour.check(**{name: words[name] for name in _parameters(behaviour.check)})
        if given is not None:
            raise FaultError(f"returns {given!r}, which nobody looks at: write assert in place of return")
        return "passes" if asking.calls else "asks nothing"

    def _used(self) -> list[str]:
        """Name the fields that its own lines name."""
        inner = ast.walk(self._functions[self._behaviour.check.__name__])
        named = {getattr(one, word, "") for one in inner for word in ("attr", "value", "arg")}
        return [field.name for field in self._asking.fields if field.name in named]

    # --- the row that is shown

    def _example(self, rows: Sequence[GivenRow], place: int, failed: Failed) -> Example:
        shown, row, number = {*self._used()}, rows[place], place + 1
        if isinstance(asked := self._behaviour.rows, Drawn):
            free = [field for field in self._asking.fields if field.name not in asked.fixed]
            row = GivenRow(shrunk(free, row, lambda simpler: self._failed(simpler) is not None))
            shown |= {field.name for field in self._asking.fields if row[field.name] != field.simplest}
            failed, number = self._failed(row) or failed, 0
        in_order = tuple(name for name in row if name in shown or not shown)
        return Example(failed.calls, failed.message, dict(row), in_order, number)

    def _failed(self, row: Json) -> Failed | None:
        """Run it on a row that was changed; ``None`` where it holds, or the row is none."""
        with suppress(FaultError, RefusedRowError):
            (outcome,) = self._outcomes([self._asking.row(row)])
            return outcome if isinstance(outcome, Failed) else None
        return None


def _parameters(check: Callable[..., object]) -> list[str]:
    """Name what a function must be given: what has a default, as a loop's variable, it has already."""
    parameters = inspect.signature(check).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]


def _never(outcomes: Sequence[Outcome], rows: str, refused: Sequence[str]) -> str:
    left_out = outcomes.count("left out")
    if left_out == len(outcomes):
        return f"speaks of no row: `unless` leaves out all of its {rows}"
    but = f"`unless` leaves out {left_out} of its {rows}, and of the others " if left_out else f"of its {rows} "
    if refused:
        return f"speaks of no row: {but}it makes rows that the contract refuses, the first for {refused[0]}"
    return f"speaks of no row: {but}it asks the model nothing, by score(row) or decide(row)"


def counted(count: int, kind: str) -> str:
    """Write so many of a kind: ``200 drawn rows``, ``1 row by hand``, ``1 behaviour``."""
    return f"{count} {re.sub(r's\b', '', kind, count=1) if count == 1 else kind}"


def words_of(fields: Json) -> str:
    """Write fields and their values: ``months = 4 and amount = 250``."""
    return " and ".join(f"{name} = {written(value)}" for name, value in fields.items())
