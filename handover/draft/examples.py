"""Two example heuristics made of a contract's fields: safe on every row that it accepts, and saying something new."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from handover.draft.fields import Field
from handover.draft.naming import unit
from handover.draft.words import quoted
from handover.draft.writing import rendered
from handover.wording import UNIT_UNKNOWN
from predictor import delivery as serving
from predictor.encoder import FLOAT32_MAX, Encoder

ROWS = 2000  # looked at, to see whether a heuristic says something
MAX_ALIKE = 0.7  # share of rows on which a heuristic may be one number, or another column: 0.7 ** 20 is below 0.1 %
FIELDS = 6  # of each kind that are tried in pairs
MAX_EXAMPLES = 2  # examples


@dataclass(frozen=True)
class Example:
    """A heuristic, as it stands in ``heuristics.py``."""

    kind: str
    """Of one kind, one is enough."""
    name: str
    gives: str
    """The type of its value."""
    meaning: str
    fields: tuple[Field, ...]
    formula: str


def examples(fields: Sequence[Field]) -> list[Example]:
    """Choose the first heuristics that vary over the data and repeat no other column."""
    names = [field.name for field in fields]
    records = islice(zip(*(field.values for field in fields), strict=True), ROWS)
    rows = [SimpleNamespace(zip(names, record, strict=True)) for record in records]
    columns = [field.encoded[:ROWS].astype(np.float32) for field in fields]
    chosen: dict[str, Example] = {}
    for example in _proposed(fields):
        if example.kind in chosen or example.name in names:
            continue
        source = rendered("heuristics.py", name="this draft", examples=[example]).encode()
        functions = serving.heuristics_in(serving.load_source(source, Path("heuristics.py")))
        values = Encoder([], functions).matrix(rows)[:, 0]
        _, counts = np.unique(values, return_counts=True)
        copies = max(float(np.mean((values == c) | (np.isnan(values) & np.isnan(c)))) for c in columns)
        if counts.max() <= MAX_ALIKE * len(rows) and copies <= MAX_ALIKE:
            chosen[example.kind] = example
            columns.append(values)
        if len(chosen) == MAX_EXAMPLES:
            break
    return list(chosen.values())


def _proposed(fields: Sequence[Field]) -> Iterator[Example]:
    """Propose heuristics, the more telling first."""
    numbers = sorted((field for field in fields if field.is_number), key=lambda field: -len(set(field.values)))[:FIELDS]
    flags = [field for field in fields if field.kind == "flag"][:FIELDS]
    categories = [field for field in fields if field.kind == "category"]
    pairs = sorted(combinations(numbers, 2), key=lambda pair: not _alike(*pair))
    for one, other in pairs:
        above, below = (other, one) if one.low > 0 >= other.low else (one, other)
        if below.low <= 0 or max(abs(above.low), abs(above.high)) / below.low >= FLOAT32_MAX / 2:
            continue  # the divisor may be 0, or the ratio beyond float32
        units = [unit(above.header), unit(below.header)]
        known = UNIT_UNKNOWN if UNIT_UNKNOWN in units else "1" if units[0] == units[1] else "/".join(units)
        meaning, formula = f"Ratio of {above.name} to {below.name} [{known}]", f"row.{above.name} / row.{below.name}"
        yield Example("ratio", f"{above.name}_per_{below.name}", "float", meaning, (above, below), formula)
    for field in sorted(categories, key=lambda field: len(field.categories) < 3):
        most_common = Counter(value for value in field.values if value is not None).most_common(1)[0][0]
        meaning = f"Whether {field.name} is the most common one [1]"
        formula = f"row.{field.name} == {quoted(most_common)}"
        yield Example("most common", f"common_{field.name}", "bool", meaning, (field,), formula)
    for one, other in pairs:
        if _alike(one, other):
            meaning = f"How far {one.name} lies above {other.name} [{unit(one.header)}]"
            formula = f"row.{one.name} - row.{other.name}"
            yield Example("difference", f"{one.name}_less_{other.name}", "float", meaning, (one, other), formula)
    for number in numbers:
        middle = number.middle
        meaning = f"How far {number.name} lies from its median [{unit(number.header)}]"
        formula = f"abs(row.{number.name} {f'- {middle!r}' if middle >= 0 else f'+ {-middle!r}'})"
        yield Example("far from the middle", f"odd_{number.name}", "float", meaning, (number,), formula)
    for number in numbers:
        meaning, formula = f"Whether {number.name} is above its median [1]", f"row.{number.name} > {number.middle!r}"
        yield Example("above the middle", f"high_{number.name}", "bool", meaning, (number,), formula)
    for flag, second in combinations(flags, 2):
        meaning = f"How many of {flag.name} and {second.name} hold [1]"
        formula = f"row.{flag.name} + row.{second.name}"
        yield Example("as many", f"{flag.name}_and_{second.name}", "int", meaning, (flag, second), formula)
    for flag in flags:
        meaning = f"Whether {flag.name} does not hold [1]"
        yield Example("turned", f"not_{flag.name}", "bool", meaning, (flag,), f"not row.{flag.name}")


def _alike(one: Field, other: Field) -> bool:
    """Say whether two numbers measure the same kind of thing: in one unit, or with a word of their names in common."""
    if UNIT_UNKNOWN != unit(one.header) == unit(other.header):
        return True
    words = [{word.rstrip("0123456789") for word in field.name.split("_")} for field in (one, other)]
    return any(len(word) > 2 for word in words[0] & words[1])
