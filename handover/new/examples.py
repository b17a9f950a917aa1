"""Two example heuristics made of a contract's fields: safe on every row that it accepts, and saying something new."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from handover.new.fields import Field
from handover.new.naming import UNIT_UNKNOWN, unit
from predictor import delivery as serving
from predictor.encoder import FLOAT32_MAX, Encoder

HEAD = "from __future__ import annotations\n"
ROWS = 2000  # looked at, to see whether a heuristic says something
MOST_ALIKE = 0.7  # share of rows on which a heuristic may be one number, or another column: 0.7 ** 20 is below 0.1 %
FIELDS = 6  # of each kind that are tried in pairs


@dataclass(frozen=True)
class Example:
    """A heuristic, as it stands in ``heuristics.py``."""

    name: str
    source: str


def examples(fields: Sequence[Field], count: int = 2) -> list[Example]:
    """Choose the first heuristics that vary over the data and repeat no other column."""
    rows = [
        SimpleNamespace(**{field.name: field.values[index] for field in fields})
        for index in range(min(ROWS, len(fields[0].values)))
    ]
    columns = [_column([getattr(row, field.name) for row in rows], field) for field in fields]
    chosen: list[Example] = []
    kinds: set[str] = set()
    for kind, example in _proposed(fields):
        if kind in kinds or example.name in {field.name for field in fields}:
            continue
        functions = serving.heuristics_in(serving.load_source((HEAD + example.source).encode(), Path("heuristics.py")))
        values = Encoder([], functions).matrix(rows)[:, 0]
        _, counts = np.unique(values, return_counts=True)
        copies = max(float(np.mean((values == c) | (np.isnan(values) & np.isnan(c)))) for c in columns)
        if counts.max() <= MOST_ALIKE * len(rows) and copies <= MOST_ALIKE:
            chosen.append(example)
            columns.append(values)
            kinds.add(kind)
        if len(chosen) == count:
            break
    return chosen


def _column(values: list[object], field: Field) -> NDArray[np.float32]:
    codes = {category: code for code, category in enumerate(field.categories)} if field.kind == "category" else None
    plain = [
        np.nan if value is None else codes[value] if codes and isinstance(value, str) else value for value in values
    ]
    return np.array(plain, dtype=np.float32)


def _proposed(fields: Sequence[Field]) -> Iterator[tuple[str, Example]]:
    """Propose heuristics, the more telling first, each with its kind: of one kind, one is enough."""
    numbers = sorted((field for field in fields if field.number), key=lambda field: -len(set(field.values)))[:FIELDS]
    flags = [field for field in fields if field.kind == "flag"][:FIELDS]
    categories = sorted(
        (field for field in fields if field.kind == "category"), key=lambda field: not field.categories[2:]
    )
    pairs = sorted(combinations(numbers, 2), key=lambda pair: not _alike(*pair))
    yield from (("ratio", _ratio(*divisible)) for pair in pairs if (divisible := _divisible(*pair)))
    for field in categories:
        yield "most common", _most_common(field)
    yield from (("difference", _difference(*pair)) for pair in pairs if _alike(*pair))
    for number in numbers:
        yield "far from the middle", _from_the_middle(number)
    for number in numbers:
        yield "above the middle", _above_the_middle(number)
    for flag, second in combinations(flags, 2):
        yield "as many", _count_of(flag, second)
    for flag in flags:
        yield "turned", _turned(flag)
    for field in categories:
        yield "first", _is_first(field)


def _alike(one: Field, other: Field) -> bool:
    """Say whether two numbers measure the same kind of thing: in one unit, or with a word of their names in common."""
    if UNIT_UNKNOWN != unit(one.header) == unit(other.header):
        return True
    words = [{word.rstrip("0123456789") for word in field.name.split("_")} for field in (one, other)]
    return any(len(word) > 2 for word in words[0] & words[1])


def _divisible(one: Field, other: Field) -> tuple[Field, Field] | None:
    """Put the divisor, which is never 0, second; nothing where neither will do, or the ratio is beyond float32."""
    above, below = (other, one) if one.low > 0 >= other.low else (one, other)
    fits = below.low > 0 and max(abs(above.low), abs(above.high)) / below.low < FLOAT32_MAX / 2
    return (above, below) if fits else None


def _ratio(above: Field, below: Field) -> Example:
    units = [unit(above.header), unit(below.header)]
    ratio = (
        "1" if units[0] == units[1] != UNIT_UNKNOWN else "/".join(units) if UNIT_UNKNOWN not in units else UNIT_UNKNOWN
    )
    return _example(
        f"{above.name}_per_{below.name}",
        "float",
        f"Ratio of {above.name} to {below.name} [{ratio}]",
        [above, below],
        f"row.{above.name} / row.{below.name}",
    )


def _difference(one: Field, other: Field) -> Example:
    name = f"{one.name}_less_{other.name}"
    said = f"How far {one.name} lies above {other.name} [{unit(one.header)}]"
    return _example(name, "float", said, [one, other], f"row.{one.name} - row.{other.name}")


def _most_common(field: Field) -> Example:
    (word, _), *_ = Counter(value for value in field.values if value is not None).most_common()
    said = f"Whether {field.name} is the most common one [1]"
    return _example(f"common_{field.name}", "bool", said, [field], f"row.{field.name} == {quoted(word)}")


def _is_first(field: Field) -> Example:
    said = f"Whether {field.name} is the first one [1]"
    return _example(f"first_{field.name}", "bool", said, [field], f"row.{field.name} == {quoted(field.categories[0])}")


def _from_the_middle(number: Field) -> Example:
    said = f"How far {number.name} lies from its median [{unit(number.header)}]"
    middle = _middle(number)
    sign = f"- {middle!r}" if middle >= 0 else f"+ {-middle!r}"
    return _example(f"odd_{number.name}", "float", said, [number], f"abs(row.{number.name} {sign})")


def _above_the_middle(number: Field) -> Example:
    said = f"Whether {number.name} is above its median [1]"
    return _example(f"high_{number.name}", "bool", said, [number], f"row.{number.name} > {_middle(number)!r}")


def _count_of(flag: Field, second: Field) -> Example:
    said = f"How many of {flag.name} and {second.name} hold [1]"
    name = f"{flag.name}_and_{second.name}"
    return _example(name, "int", said, [flag, second], f"row.{flag.name} + row.{second.name}")


def _turned(flag: Field) -> Example:
    return _example(
        f"not_{flag.name}", "bool", f"Whether {flag.name} does not hold [1]", [flag], f"not row.{flag.name}"
    )


def _middle(number: Field) -> float:
    known = sorted(value for value in number.values if value is not None)
    middle: float = known[(len(known) - 1) // 2]
    return middle


def _example(name: str, gives: str, said: str, fields: list[Field], formula: str) -> Example:
    gaps = " or ".join(f"row.{field.name} is None" for field in fields if field.optional)
    lines = [f"def {name}(row: Row) -> {gives}{' | None' if gaps else ''}:", f'    """{said}."""']
    if gaps:
        lines += [f"    if {gaps}:", "        return None"]
    return Example(name, "\n".join([*lines, f"    return {formula}", ""]))


def quoted(word: str) -> str:
    """Write a word as Python source; letters of any script stand as they are, other odd characters by their number."""
    quote = "'" if '"' in word and "'" not in word else '"'
    return quote + "".join(f"\\{c}" if c in {quote, "\\"} else plain(c) for c in word) + quote


def plain(character: str) -> str:
    """Give the character itself where it can be read and told from others, else its number, as Python writes it."""
    readable = (character.isascii() and character.isprintable()) or character.isalpha() or character in "°²³€"
    return character if readable else character.encode("unicode_escape").decode()
