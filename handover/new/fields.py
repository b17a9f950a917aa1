"""What a column of the data can be in a contract: a number, a flag, a category, or nothing, with the reason."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from handover.compilation import FLOAT32_MAX
from handover.new import unusable
from handover.new.ranges import allowed, doubt, figure
from handover.new.unusable import MOST_CATEGORIES, short
from handover.new.words import GAPS, GAPS_AMONG_NUMBERS, PAIRS, DecimalMark, Number, as_numbers, flag

MOST_SPELLINGS = 10  # of yes and no
LARGEST_EXACT_INTEGER = 2**24  # above it float32 skips whole numbers
A_DATE = "a date or a time: make a number of what matters in it, as the month, the hour or the days since"

type Kind = Literal["whole", "decimal", "flag", "category"]


@dataclass(frozen=True)
class Field:
    """A column that the model can use."""

    name: str
    header: str
    kind: Kind
    optional: bool
    evidence: str
    """What the data shows, in a sentence: the reason for the range or the categories."""
    values: tuple[Any, ...]
    """The column's values, ``None`` where one is missing."""
    number: Number | None = None
    low: float = 0
    high: float = 0
    categories: tuple[str, ...] = ()
    spelt_variously: bool = False
    """Whether a category is written in several ways, which are read as one."""
    question: str = ""
    """What a person who knows the data should settle; nothing where all is plain."""


@dataclass(frozen=True)
class LeftOut:
    """A column that the model does not get, and why."""

    header: str
    why: str


def field(name: str, header: str, words: list[str], decimal_mark: DecimalMark = ".") -> Field | LeftOut:
    """Decide what the column is; the decimal mark is that of its table."""
    numbers = as_numbers(words, decimal_mark)
    if numbers and numbers.whole and _are_names(header, words):
        numbers = None
    gaps = GAPS_AMONG_NUMBERS if numbers else GAPS
    known = [word for word in words if word not in gaps]
    if not known:
        return LeftOut(header, "it is empty in every row")
    spelling = {} if numbers else _spellings(Counter(known))
    distinct = Counter(spelling.get(word, word) for word in known)
    absent = len(words) - len(known)
    is_one = numbers and all(numbers(word) == numbers(known[0]) for word in distinct)
    if why := unusable.constant(Counter({known[0]: len(known)}) if is_one else distinct, absent):
        return LeftOut(header, why)
    if unusable.date(distinct, header):
        return LeftOut(header, A_DATE)
    said = f"{absent} of {len(words)} missing" if absent else "none missing"
    if len(distinct) <= MOST_SPELLINGS and {word.lower() for word in distinct} in PAIRS:
        rows = ", ".join(f"'{word}' in {count}" for word, count in sorted(distinct.items()))
        return Field(name, header, "flag", bool(absent), f"{rows} rows, {said}.", tuple(map(flag, words)))
    if numbers:
        return _number_field(name, header, numbers, words, said)
    return _category_field(name, header, words, spelling, said)


def _are_names(header: str, words: list[str]) -> bool:
    """Say whether whole numbers are names: of customers or districts, one is not more than another."""
    if not unusable.names_things(header):
        return False
    known = set(words) - GAPS_AMONG_NUMBERS
    # What pandas wrote as 3.0 would make an odd category.
    is_plain = len(known) > MOST_CATEGORIES or all(re.fullmatch(r"\d+", word, re.ASCII) for word in known)
    return is_plain and known not in PAIRS


def _number_field(name: str, header: str, number: Number, words: list[str], said: str) -> Field | LeftOut:
    read = {word: number(word) for word in set(words)}
    values = tuple(read[word] for word in words)
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    if max(-low, high) > FLOAT32_MAX / 2:
        return LeftOut(header, f"a number too large for float32 ({max(known, key=abs):g}): mend it, or write NA for it")
    if number.whole and (why := unusable.row_number(known, header)):
        return LeftOut(header, why)
    is_whole = number.whole and max(-low, high) <= LARGEST_EXACT_INTEGER / 2
    if number.whole and not is_whole:
        values = tuple(None if value is None else float(value) for value in values)
        known = [float(value) for value in known]
        number = Number(decimal_mark=number.decimal_mark)
    bottom, top = allowed(known, whole=is_whole)
    middle = sorted(known)[(len(known) - 1) // 2]
    evidence = f"{figure(low)} to {figure(high)} in {len(known)} rows, half of them up to {figure(middle)}; {said}."
    kind: Kind = "whole" if is_whole else "decimal"
    optional = len(known) < len(words)
    return Field(name, header, kind, optional, evidence, values, number, bottom, top, question=doubt(known))


def _category_field(name: str, header: str, words: list[str], spelling: dict[str, str], said: str) -> Field | LeftOut:
    distinct = Counter(spelling[word] for word in words if word in spelling)
    if why := unusable.no_category(header, distinct):
        return LeftOut(header, why)
    rows, known = len(words), distinct.total()
    shares = ", ".join(f"'{short(word)}' {count}" for word, count in distinct.most_common(3))
    rarest, fewest = min(distinct.items(), key=lambda item: item[1])
    rare = f"; rarest '{short(rarest)}' {fewest}" if len(distinct) > 3 else ""
    return Field(
        name,
        header,
        "category",
        optional=known < rows,
        evidence=f"{len(distinct)} categories in {known} of {rows} rows: {shares}{rare}; {said}.",
        values=tuple(map(spelling.get, words)),
        categories=tuple(sorted(distinct)),
        spelt_variously=len(spelling) > len(distinct),
        question=_taken_as_one(spelling),
    )


def _spellings(written: Counter[str]) -> dict[str, str]:
    """Give each word the spelling that is read for it: of words that differ in capitals alone, the most frequent.

    A contract cannot have both: callers would not tell them apart.
    """
    chosen: dict[str, str] = {}
    for word in sorted(written, key=lambda word: (-written[word], word)):
        chosen.setdefault(word.casefold(), word)
    return {word: chosen[word.casefold()] for word in written}


def _taken_as_one(spelling: dict[str, str]) -> str:
    others = defaultdict(list)
    for word in sorted(spelling):
        if word != spelling[word]:
            others[spelling[word]].append(f"'{short(word)}'")
    if not others:
        return ""
    said = "; ".join(f"{', '.join(words)} as '{short(word)}'" for word, words in sorted(others.items()))
    return f"Are these one? {said}: they are read so, and callers must write it so."
