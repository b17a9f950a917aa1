"""Rows that are not independent: the same one twice, or many of one person. Held-out rows are then not new."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import prod

from handover.draft.fields import LeftOut
from handover.draft.table import Table
from handover.draft.target import Target
from handover.draft.unusable import AN_ID
from handover.draft.words import GAPS

PLACES = re.compile(r"(?i)zip|post|plz|fips|code")  # many rows of one district are many people


def notes(table: Table, target: Target, left_out: Iterable[LeftOut]) -> Iterator[str]:
    """Say which rows repeat others, in sentences."""
    columns = [table.columns[header].at(target.rows).words for header in table.columns]
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
