"""What a column of the data can be in a contract: a number, a flag, a category, or nothing, with the reason."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from handover.compilation import FLOAT32_MAX
from handover.draft import unusable
from handover.draft.naming import unit
from handover.draft.ranges import LAST_YEAR, allowed, between, doubt, frame, is_year
from handover.draft.scales import order_of
from handover.draft.unusable import MAX_CATEGORIES, short
from handover.draft.words import FLAGS, GAPS, GAPS_AMONG_NUMBERS, PAIRS, Column, Number
from handover.wording import UNIT_UNKNOWN, figure

MAX_SPELLINGS = 10  # of yes and no
MAX_EXACT_INTEGER = 2**24  # above it float32 skips whole numbers
A_DATE = "a date or a time: make a number of what matters in it, as the month, the hour or the days since"

type Kind = Literal["whole", "decimal", "flag", "category"]


@dataclass(frozen=True)
class Field:
    """A column that the model can use."""

    name: str
    header: str
    kind: Kind
    evidence: str = ""
    """What the data shows, in a sentence: the reason for the range or the categories."""
    values: Sequence[Any] = ()
    """The column's values, ``None`` where one is missing; no others where there is no data yet."""
    low: float = 0
    high: float = 0
    categories: tuple[str, ...] = ()
    spelling: Mapping[str, Any] = field(default_factory=dict)
    """What the contract has for a word of the data, where that is not the word itself."""
    question: str = ""
    """What a person who knows the data should settle; nothing where all is plain."""
    description: str = ""
    """What it is, with its unit in square brackets; nothing where only its header says so."""

    @property
    def is_number(self) -> bool:
        """Whether it has a range and a unit."""
        return self.kind in {"whole", "decimal"}

    @property
    def without_unit(self) -> bool:
        """Whether it needs a unit, and nothing names one."""
        return self.is_number and unit(self.description or self.header) == UNIT_UNKNOWN

    @cached_property
    def optional(self) -> bool:
        """Whether a value may be missing."""
        return None in self.values

    @cached_property
    def middle(self) -> float:
        """The median of numbers; where one row alone has it, a number near it, so that no row can be told from it."""
        counts: Counter[Any] = Counter(value for value in self.values if value is not None)
        ordered = sorted(counts.elements())
        median = ordered[(len(ordered) - 1) // 2]
        if counts[median] > 1:
            return float(median) if self.kind == "decimal" else int(median)
        if self.kind == "whole":
            return next((near for near in range(median, int(self.high) + 1) if counts[near] != 1), int(median))
        return between(median, min(value for value in ordered if value > median))

    @cached_property
    def encoded(self) -> NDArray[np.float64]:
        """The values as a model gets them, one for each row: a category by its place; NaN where one is missing."""
        codes = {category: code for code, category in enumerate(self.categories)}
        return np.array([codes[value] if codes and value is not None else value for value in self.values], np.float64)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """A number for each value, missing included, in the order of their appearance; one for each row."""
        return np.asarray(pd.factorize(self.encoded, use_na_sentinel=False)[0])


@dataclass(frozen=True)
class LeftOut:
    """A column that the model does not get, and why."""

    header: str
    why: str


def field_of(name: str, column: Column) -> Field | LeftOut:
    """Decide what the column is, and what the contract calls it."""
    number = None if column.number and column.number.whole and _are_names(column) else column.number
    gaps = GAPS_AMONG_NUMBERS if number else GAPS
    known = Counter({word: count for word, count in column.counts.items() if word not in gaps})
    if not known:
        return LeftOut(column.header, "it is empty in every row")
    spelling = {word: word for word in known} if number else _spellings(known)
    distinct: Counter[str] = Counter()
    for word, count in known.items():
        distinct[spelling[word]] += count
    absent = len(column.words) - known.total()
    is_one = number and len(set(map(number, known))) == 1  # 1 and 1.0
    if why := unusable.constant(Counter({next(iter(known)): known.total()}) if is_one else distinct, absent):
        return LeftOut(column.header, why)
    if unusable.date(distinct, column.header):
        return LeftOut(column.header, A_DATE)
    missing = f"{absent} of {len(column.words)} missing" if absent else "none missing"
    if len(distinct) <= MAX_SPELLINGS and {word.lower() for word in distinct} in PAIRS:
        rows = ", ".join(f"'{word}' in {count}" for word, count in sorted(distinct.items()))
        flags = {word: FLAGS[word.lower()] for word in known}
        values = tuple(map(flags.get, column.words))
        return Field(name, column.header, "flag", f"{rows} rows, {missing}.", values, spelling=flags)
    if number:
        return _number(name, column, number, missing)
    return _category(name, column, distinct, spelling, missing)


def _are_names(column: Column) -> bool:
    """Say whether whole numbers are names: of customers or districts, one is not more than another."""
    if not unusable.NAMES_THINGS.search(column.header):
        return False
    known = column.counts.keys() - GAPS_AMONG_NUMBERS
    # What pandas wrote as 3.0 would make an odd category.
    is_plain = len(known) > MAX_CATEGORIES or all(re.fullmatch(r"\d+", word, re.ASCII) for word in known)
    return is_plain and known not in PAIRS


def _number(name: str, column: Column, number: Number, missing: str) -> Field | LeftOut:
    read = {word: number(word) for word in column.counts}
    largest = max(abs(value) for value in read.values() if value is not None)
    is_whole = number.whole and largest <= MAX_EXACT_INTEGER / 2
    values = [value if value is None or is_whole else float(value) for value in map(read.get, column.words)]
    known = [value for value in values if value is not None]
    why = unusable.row_number(known, column.header) if number.whole else ""
    if largest > FLOAT32_MAX / 2:
        why = f"a number too large for float32 ({max(known, key=abs):g}): mend it, or write NA for it"
    if why:
        return LeftOut(column.header, why)
    low, high = min(known), max(known)
    bottom, top = allowed(known, whole=is_whole)
    question = doubt(known)
    middle = sorted(known)[(len(known) - 1) // 2]
    evidence = f"{figure(low)} to {figure(high)} in {len(known)} rows, half of them up to {figure(middle)}; {missing}."
    if is_whole and (of_calendar := frame(column.header, known)):
        bottom, top, unit_of_time = of_calendar
        evidence += f" Every {unit_of_time} may come."
    elif is_whole and is_year(column.header, known):
        top = LAST_YEAR
        later = f"Years after {high:.0f} will come, and the model has seen none: is an age meant?"
        question = f"{question} {later}".strip()
    kind: Kind = "whole" if is_whole else "decimal"
    return Field(name, column.header, kind, evidence, values, bottom, top, question=question)


def _category(
    name: str, column: Column, distinct: Counter[str], spelling: dict[str, str], missing: str
) -> Field | LeftOut:
    if why := unusable.no_category(column.header, distinct):
        return LeftOut(column.header, why)
    rows, known = len(column.words), distinct.total()
    shares = ", ".join(f"'{short(word)}' {count}" for word, count in distinct.most_common(3))
    rarest, fewest = min(distinct.items(), key=lambda item: item[1])
    rare = f"; rarest '{short(rarest)}' {fewest}" if len(distinct) > 3 else ""
    order = order_of(column.header, distinct)
    scale = f" Ordered, '{short(order.categories[0])}' to '{short(order.categories[-1])}'." if order.is_scale else ""
    return Field(
        name,
        column.header,
        "category",
        evidence=f"{len(distinct)} categories in {known} of {rows} rows: {shares}{rare}; {missing}.{scale}",
        values=tuple(map(spelling.get, column.words)),
        categories=order.categories,
        spelling={word: spelt for word, spelt in spelling.items() if word != spelt},
        question=f"{_taken_as_one(spelling)} {order.question}".strip(),
    )


def _spellings(written: Counter[str]) -> dict[str, str]:
    """Give each word the most frequent that differs in capitals alone, if at all: callers would not tell them apart."""
    chosen: dict[str, str] = {}
    for word in sorted(written, key=lambda word: (-written[word], word)):
        chosen.setdefault(word.casefold(), word)
    return {word: chosen[word.casefold()] for word in written}


def _taken_as_one(spelling: dict[str, str]) -> str:
    others = defaultdict(list)
    for word in sorted(spelling):
        if word != spelling[word]:
            others[spelling[word]].append(f"'{short(word)}'")
    pairs = "; ".join(f"{', '.join(words)} as '{short(word)}'" for word, words in sorted(others.items()))
    return pairs and f"Are these one? {pairs}: they are read so, and callers must write it so."
