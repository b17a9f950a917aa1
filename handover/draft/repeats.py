"""What repeats: a column says what another says already; a row is there twice, or is one of many of one person."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import prod

from handover.draft.fields import Field, LeftOut
from handover.draft.table import Table
from handover.draft.target import Target
from handover.draft.unusable import AN_ID
from handover.draft.words import GAPS

MIN_OF_EACH = 5  # rows of a value, on average: with fewer, two columns may pair off by chance
MIN_VALUES = 3  # two flags that are each other's opposite pair off as well
PLACES = re.compile(r"(?i)zip|post|plz|fips|code")  # many rows of one district are many people


def copies(fields: Iterable[Field]) -> list[tuple[Field, str]]:
    """Find the columns with the very values of an earlier one, each with that one's header."""
    return _repeated((field, (field.categories, field.encoded.tobytes())) for field in fields)


def renamed(fields: Iterable[Field]) -> list[tuple[Field, str]]:
    """Find the columns whose every value goes with one value of an earlier one, each with that one's header."""
    return _repeated(
        (field, field.groups.tobytes())
        for field in fields
        if MIN_VALUES <= field.groups.max() + 1 <= len(field.values) / MIN_OF_EACH
    )


def _repeated(marked: Iterable[tuple[Field, object]]) -> list[tuple[Field, str]]:
    first: dict[object, str] = {}
    return [
        (field, header) for field, mark in marked if (header := first.setdefault(mark, field.header)) != field.header
    ]


def repeated_rows(table: Table, target: Target, left_out: Iterable[LeftOut]) -> Iterator[str]:
    """Say in sentences which rows are not independent: held-out ones are then not new."""
    columns = [column.at(target.rows).words for column in table.columns.values()]
    rows = len(target.rows)
    again = rows - len(set(zip(*columns, strict=True)))
    # Of flags alone, rows are alike by chance: as many pairs as if each column were drawn for itself.
    alike = prod(sum((count / rows) ** 2 for count in Counter(words).values()) for words in columns)
    if again and alike * rows * (rows - 1) / 2 < 1:
        yield (
            f"Rows that repeat an earlier one in every column: {again} of {rows}. Some will be trained on and held out "
            f"at once: leave them out of the data, unless each is a case of its own."
        )
    for column in left_out:
        if not column.why.startswith(AN_ID) or PLACES.search(column.header):
            continue
        known = [word for word in table.columns[column.header].at(target.rows).words if word not in GAPS]
        if len(set(known)) < len(known):
            yield (
                f"{column.header} has {len(set(known))} values in {len(known)} rows. Held out at random, rows of one "
                f"{column.header} are not new to the model: split by it in train.py (GroupShuffleSplit)."
            )
