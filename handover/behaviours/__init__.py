"""What a model must do, in the words of those who know the subject: what ``behaviours.py`` is written in.

A behaviour is a sentence and a small function that asserts it of one row. The check runs it on many rows::

    @always("a longer loan is no safer", rows=drawn(200), unless=lambda row: row.months > 66)
    def longer_is_no_safer(score, row):
        assert score(row | {"months": row.months + 6}) >= score(row) - 0.01

The three kinds (minimum functionality, invariance, direction) are those of CheckList (Ribeiro et al. 2020,
https://aclanthology.org/2020.acl-main.442).
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from predictor.files import Json

__all__ = ["Behaviour", "BehaviourError", "always", "drawn", "golden", "mostly"]

LISTED = "__behaviours__"  # where a module's behaviours are, in the order in which it declares them

type Rows = Golden | Drawn | Iterable[Mapping[str, Any]]
type Asserted = Callable[..., object]
type Unless = Callable[[Any], object] | None
type Declare = Callable[[Asserted], Behaviour]


class BehaviourError(ValueError):
    """A behaviour is not written as it can be run."""


class Golden:
    """The golden rows of the delivery: what is typical, and each category, gap and end of a range once."""


@dataclass(frozen=True)
class Drawn:
    """Rows drawn from the contract."""

    count: int
    fixed: Json
    """The fields that all of them share."""


@dataclass(frozen=True)
class Behaviour:
    """What a model must do on each row of many."""

    sentence: str
    check: Asserted = field(repr=False)
    """Asserts it of one ``row``, with ``score`` or ``decide``."""
    rows: Golden | Drawn | tuple[Json, ...]
    unless: Unless
    """Says of a row that the behaviour does not speak of it."""
    least: float
    """The share of the rows on which it holds, at least."""

    @property
    def kind(self) -> str:
        """What its rows are."""
        return {Golden: "golden rows", Drawn: "drawn rows"}.get(type(self.rows), "rows by hand")


golden = Golden()
"""The golden rows, as ``rows=`` of a behaviour; a check asks the built function for them."""


def drawn(count: int, /, **fixed: Any) -> Drawn:
    """Draw rows from the contract: each value of a field is as likely as the next, and the rows are the same each time.

    200 take a moment. ``fixed`` are fields that have this value in all of them, as in ``drawn(200, checking="none",
    amount=20_000)``.
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise BehaviourError(f"drawn({count!r}): write how many rows, as in drawn(200)")
    return Drawn(count, fixed)


def always(sentence: str, /, *, rows: Rows = golden, unless: Unless = None) -> Declare:
    """Declare that the function below holds on every row.

    The function takes ``row`` and what it asks of the model: ``score(row)``, which gives the score (of a contract of
    classes, a dict of each class's), and ``decide(row)``, which gives the decision. It asserts, and returns nothing.

    A field is ``row.months`` or ``row["months"]``, ``None`` where it is missing; ``row | {"months": 12}`` is another
    row. A row so changed that the contract refuses it is skipped. Where the function asks nothing of the model, it does
    not speak of that row.

    Parameters
    ----------
    sentence
        What holds, as those say it who know the subject: it is what a report says when it does not.
    rows
        ``golden``, ``drawn(200)``, or a list of rows written by hand.
    unless
        A function of a row: where it is true, the behaviour does not speak of that row.
    """
    return _declared("always", sentence, rows, unless, 1.0)


def mostly(sentence: str, /, *, least: float, rows: Rows = golden, unless: Unless = None) -> Declare:
    """Declare that the function below holds on a share of the rows: ``least=0.99`` is 99 in 100. Else as ``always``."""
    if not isinstance(least, int | float) or not 0 < least < 1:
        raise BehaviourError(f"least={least!r}: write a share between 0 and 1, as in least=0.99; @always means 1")
    return _declared("mostly", sentence, rows, unless, float(least))


def _declared(word: str, sentence: Any, rows: Any, unless: Unless, least: float) -> Declare:
    if not isinstance(sentence, str) or not sentence.strip():
        raise BehaviourError(f'@{word} takes a sentence first, as in @{word}("a longer loan is no safer")')
    if unless is not None and not callable(unless):
        raise BehaviourError(f"unless={unless!r}: write a function of a row, as in unless=lambda row: row.months > 66")
    if not isinstance(rows, Golden | Drawn):
        rows = tuple(rows) if isinstance(rows, Iterable) and not isinstance(rows, Mapping | str) else ()
        if not rows or not all(isinstance(row, Mapping) for row in rows):
            by_hand = 'a list of rows, as in [{"months": 12}, {"months": 24}]'
            raise BehaviourError(f"rows= takes golden, drawn(200), or {by_hand}")
        rows = tuple(map(dict, rows))

    def declare(function: Asserted) -> Behaviour:
        if not inspect.isfunction(function):
            raise BehaviourError(f"below @{word} stands a {type(function).__name__}: write a def there")
        behaviour = Behaviour(" ".join(sentence.split()).rstrip("."), function, rows, unless, least)
        function.__globals__.setdefault(LISTED, []).append(behaviour)  # one of a loop counts, too
        return behaviour

    return declare
