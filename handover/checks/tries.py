"""The rows that a heuristic is tried on: all of them, where they are few; else corners, and then draws."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

from handover.rows import NULL_SHARE, Domain

type Row = dict[str, Any]

MAX_CORNERS = 5000
DRAWS = 100_000  # they meet one value of 20,000 with 99.3 %: 1 - exp(-5)
SEED = 0  # the same contract and heuristics give the same rows
AT_ONCE = 1000  # rows drawn together, a field at a time


def every_row(fields: Sequence[Domain]) -> Iterator[Row] | None:
    """Give all rows of these fields, the simplest first; ``None`` where there are too many."""
    if math.prod(field.count for field in fields) > MAX_CORNERS:
        return None
    return combined(fields, [_known(field) for field in fields], MAX_CORNERS)


def corners(fields: Sequence[Domain], numbers: Collection[float], most: int = MAX_CORNERS) -> Iterator[Row]:
    """Put together what the fields can be at their ends, at zero, and beside numbers; each category, flag and gap.

    The numbers are those in a heuristic's lines: where it does something else from 37 on, 36, 37 and 38 are tried.
    """
    return combined(fields, [_corner_values(field, numbers) for field in fields], most)


def combined(fields: Sequence[Domain], values: Sequence[Sequence[Any]], most: int) -> Iterator[Row]:
    """Combine values of fields in every way; where there are more ways than ``most``, in so many at random."""
    names = [field.name for field in fields]
    if math.prod(map(len, values)) <= most:
        return (dict(zip(names, chosen, strict=True)) for chosen in product(*values))
    random = Random(SEED)  # noqa: S311  nothing here is secret
    return (dict(zip(names, map(random.choice, values), strict=True)) for _ in range(most))


def draws(fields: Sequence[Domain]) -> Iterator[Row]:
    """Draw rows at random, each value as likely as the next: many and cheap."""
    random = Random(SEED).random  # noqa: S311  nothing here is secret
    names = [field.name for field in fields]
    for _ in range(DRAWS // AT_ONCE):
        columns = [_column(field, random) for field in fields]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def around(field: Domain, number: float) -> list[Any]:
    """Give a number and its neighbours on either side, where they are in the field's range."""
    if not field.low <= number <= field.high:
        return []
    if field.step:
        count, steps = round(number / field.step), field.steps
        return [field.multiple(near) for near in (count - 1, count, count + 1) if near in steps]
    first, last = field.ends
    near = (math.nextafter(number, -math.inf), float(number), math.nextafter(number, math.inf))
    return [value for value in near if first <= value <= last]


def _known(field: Domain) -> list[Any]:
    """List what a field of few values can be."""
    if field.choices or not field.step:
        values = list(field.choices) or [field.simplest]
    else:
        values = sorted(map(field.multiple, field.steps), key=_size)
    return values + [None] * field.nullable


def _corner_values(field: Domain, numbers: Iterable[float]) -> list[Any]:
    if field.choices:
        return _known(field)
    values = [field.simplest, *field.edge_values]
    for number in (*field.ends, *numbers):
        values += around(field, number)
    return sorted(set(values), key=_size) + [None] * field.nullable


def _size(number: float) -> tuple[float, bool]:
    return abs(number), number < 0


def _column(field: Domain, random: Any) -> list[Any]:
    """Draw values of one field; in one pass, for a call for each costs more than the heuristic."""
    shares = [random() for _ in range(AT_ONCE)]
    if field.choices:
        choices, count = field.choices, len(field.choices)
        column: list[Any] = [choices[int(share * count)] for share in shares]
    elif field.step:
        steps = field.steps
        first, count = steps.start, steps.stop - steps.start
        if field.whole:
            column = [(first + int(share * count)) * int(field.step) for share in shares]
        else:
            column = [field.multiple(first + int(share * count)) for share in shares]
    else:
        low, high = field.ends
        column = [low + (high - low) * share for share in shares]
    return [None if random() < NULL_SHARE else value for value in column] if field.nullable else column
