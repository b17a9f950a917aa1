"""H, memory: heuristics keep nothing of the rows that they were given."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import _lru_cache_wrapper
from itertools import islice
from sys import getrefcount
from types import ModuleType, SimpleNamespace
from typing import Any

from handover.checks.heuristics import broken_heuristic, of_the_rows
from handover.checks.tries import draws
from handover.context import DeliveryContext
from handover.context.delivered import Delivered
from handover.finding import Broken
from handover.limit import TooLongError, at_most
from handover.rows import domains
from predictor.encoder import Heuristic

KEEPS_ROWS = "A function with a cache must not take the row: hand it the numbers that it needs."
NEARLY = 0.97  # what is remembered of fewer than some ten thousand values is soon remembered already
MANY, MAX_OF_MANY = 20_000, 0.9  # and of fewer than some hundred thousand, which may take megabytes and no more
OTHERS = (ModuleType, type, dict, _lru_cache_wrapper)  # where to stop is one of these
LOOKING_S = 3.0  # of the processor's time for these, which take a tenth of it
NO_END = (
    "A cache without an end, or a list or dict that is added to: some day the memory is full. lru_cache(maxsize=128) "
    "has an end."
)


@of_the_rows(
    "H113",
    topic="memory",
    suppressed_by=("H103", "H108"),
    rule="a heuristic keeps nothing of its rows",
    broken="a heuristic keeps what it saw",
)
def forgets(context: DeliveryContext) -> Broken | None:
    golden = context.golden_rows
    drawn = [context.validated(row) for row in context.drawn_rows if not context.refusal(row)]
    halves = drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]
    fresh = Delivered(context.folder)  # the other has seen the golden rows
    for heuristic in fresh.heuristics:
        name, owners = heuristic.__name__, _owners(golden)
        _ask(heuristic, golden)
        if _owners(golden) != owners:
            gc.collect()  # a function that calls itself, defined in another, is freed by this alone
            if kept := sum(now > then for now, then in zip(_owners(golden), owners, strict=True)):
                evidence = f"`{name}` has answered {len(golden)} golden rows, and still has {kept} of them in memory."
                return broken_heuristic(context, name, evidence, KEEPS_ROWS)
        grown = list(_growth(heuristic, fresh.heuristics_module, halves))
        if grown[1] > len(halves[1]) / 2 and grown[1] > NEARLY * grown[0] and _grows(context, heuristic, fresh):
            evidence = (
                f"`{name}` keeps {grown[0]} objects in memory of {len(halves[0])} rows drawn from the contract, and "
                f"{grown[1]} more of as many again."
            )
            return broken_heuristic(context, name, evidence, NO_END)
    return None


def _grows(context: DeliveryContext, heuristic: Heuristic, fresh: Delivered) -> bool:
    """Look again, on many more rows: whole numbers up to some thousands are all remembered some day."""
    rows = (SimpleNamespace(**row) for row in draws(domains(context.compiled)))
    try:
        with at_most(LOOKING_S, of_processor=True):
            first, second = _growth(heuristic, fresh.heuristics_module, (islice(rows, MANY) for _ in range(2)))
    except TooLongError:
        return True
    return second > MAX_OF_MANY * first


def _growth(heuristic: Heuristic, module: ModuleType, batches: Iterable[Iterable[Any]]) -> Iterator[int]:
    """Count the objects that a module has more after each batch of rows."""
    before = _size(module)
    for batch in batches:
        _ask(heuristic, batch)
        yield (after := _size(module)) - before
        before = after


def _ask(heuristic: Heuristic, rows: Iterable[Any]) -> None:
    for row in rows:
        with suppress(Exception):  # a row on which the clause of that did not try
            heuristic(row)


def _owners(rows: list[Any]) -> list[int]:
    """Count for each row by how many it is referred to."""
    return list(map(getrefcount, rows))


def _size(module: ModuleType) -> int:
    """Count the objects that a module has; a cache with an end is one, whatever is in it."""
    seen = {id(vars(module))}
    layer = [value for name, value in vars(module).items() if name != "__builtins__"]
    while layer:  # all of a layer at once, for a cache may have hundreds of thousands
        new = {id(it): it for it in layer if id(it) not in seen}
        seen |= new.keys()
        layer = gc.get_referents(*(it for it in new.values() if not (isinstance(it, OTHERS) and _ends(it, module))))
    return len(seen)


def _ends(it: Any, module: ModuleType) -> bool:
    """Whether what it refers to is not the module's own to keep."""
    if isinstance(it, dict):
        return "__spec__" in it  # the names of another module, which a function of that one refers to
    if isinstance(it, _lru_cache_wrapper):
        return it.cache_parameters()["maxsize"] is not None
    return isinstance(it, ModuleType) or it.__module__ != module.__name__
