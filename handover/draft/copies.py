"""Columns that say what another says already: callers should not have to send one thing twice."""

from collections.abc import Iterable

from handover.draft.fields import Field

FEWEST_OF_EACH = 5  # rows of a value, on average: with fewer, two columns may pair off by chance
FEWEST_VALUES = 3  # two flags that are each other's opposite pair off as well


def copies(fields: Iterable[Field]) -> list[tuple[Field, str]]:
    """Find the columns with the very values of an earlier one, each with that one's header."""
    return _repeated((field, (field.categories, field.encoded.tobytes())) for field in fields)


def renamed(fields: Iterable[Field]) -> list[tuple[Field, str]]:
    """Find the columns whose every value goes with one value of an earlier one, each with that one's header."""
    return _repeated(
        (field, field.groups.tobytes())
        for field in fields
        if FEWEST_VALUES <= field.groups.max() + 1 <= len(field.values) / FEWEST_OF_EACH
    )


def _repeated(marked: Iterable[tuple[Field, object]]) -> list[tuple[Field, str]]:
    first: dict[object, str] = {}
    return [
        (field, header) for field, mark in marked if (header := first.setdefault(mark, field.header)) != field.header
    ]
