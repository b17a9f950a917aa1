"""Columns that say what another says already: callers should not have to send one thing twice."""

from collections.abc import Sequence
from typing import Any

from handover.new.fields import Field

FEWEST_OF_EACH = 5  # rows of a value, on average: with fewer, two columns may pair off by chance
FEWEST_VALUES = 3  # two flags that are each other's opposite pair off as well


def copies(fields: Sequence[Field]) -> dict[str, str]:
    """Find the columns with the very values of an earlier one: by field name, that one's header."""
    first: dict[tuple[Any, ...], str] = {}
    return {
        field.name: header
        for field in fields
        if (header := first.setdefault(field.values, field.header)) != field.header
    }


def renamed(fields: Sequence[Field]) -> dict[str, str]:
    """Find the columns whose every value goes with one value of an earlier one: by field name, that one's header."""
    first: dict[tuple[int, ...], str] = {}
    found = {}
    for field in fields:
        places = {value: place for place, value in enumerate(dict.fromkeys(field.values))}
        if FEWEST_VALUES <= len(places) <= len(field.values) / FEWEST_OF_EACH:
            header = first.setdefault(tuple(places[value] for value in field.values), field.header)
            if header != field.header:
                found[field.name] = header
    return found
