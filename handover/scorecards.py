"""Reads a scorecard from a table of points, and holds it to the contract: every value that may come has its points."""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np

from handover.contract import Contract
from handover.conversion.from_scorecard import Bands, Closed, Scaling, Scorecard
from handover.draft.formats import as_csv
from handover.draft.table import Table, read
from handover.draft.words import FLAGS, GAPS_AMONG_NUMBERS, Column, Number
from handover.encoding import RowEncoder
from handover.errors import CannotRunError, DeliverError
from handover.rows import Domain, domains
from handover.wording import shortly

HEADERS = ("column", "from", "to", "category", "points")
BASE = {"base", "base points", "intercept"}
OPEN = {"", "-", "inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞"}
"""How people write that a band has no end."""
MAX_NAMED = 5


@dataclass(frozen=True)
class Line:
    """A line of the table: a band or a category, and its points."""

    where: str
    """Its place, in words."""
    number: int
    """Its place in the file, from 1."""
    column: str
    low: float
    high: float
    """The band's ends, float32; infinite where it has none."""
    category: str
    points: float

    @property
    def is_band(self) -> bool:
        """Whether it has an end."""
        return bool(np.isfinite(self.low) or np.isfinite(self.high))

    def refusal(self, sentence: str) -> DeliverError:
        """Say what is wrong with it."""
        return DeliverError(f"{self.where}: {sentence}")

    def twice(self, what: str, first: "Line") -> DeliverError:
        """Say that another line had the points of a value before."""
        return self.refusal(f"{what} of `{self.column}` has points already, in line {first.number}")

    def has(self, value: float, closed: Closed) -> bool:
        """Whether a number is in the band."""
        return self.low <= value < self.high if closed == "from" else self.low < value <= self.high


def read_scorecard(
    path: str | Path,
    *,
    contract: Contract,
    heuristics: ModuleType,
    scaling: Scaling | None = None,
    closed: Closed = "from",
    missing: str = "missing",
) -> Scorecard:
    """Read a scorecard: a table with the headers column, from, to, category and points.

    A line gives the points of a band of a number, ``from`` included and ``to`` not, of one category, or of the word
    that stands for a missing value; one whose column is ``base`` (or ``intercept``) gives points to everyone. A column
    is a field of the contract or a heuristic; a field without a line counts for nothing.

    Parameters
    ----------
    path
        CSV as Excel writes it in any country, or a workbook.
    scaling
        What makes a probability of the points; without it, the points are the score.
    closed
        Which end belongs to a band: ``"from"`` or ``"to"``.
    missing
        The word in ``category`` for a value that is missing.

    Raises
    ------
    DeliverError
        When a line cannot be read, or a value that the contract accepts has no points, or has them twice; names the
        line.
    """
    if closed not in {"from", "to"}:
        raise DeliverError(f"closed={closed!r}: write which end belongs to a band, 'from' or 'to'")
    try:
        table = read(as_csv(Path(path)))
    except CannotRunError as error:
        raise DeliverError(str(error)) from None
    compiled = contract.compiled()
    columns = RowEncoder(compiled, heuristics).columns
    fields = {field.name: field for field in domains(compiled)}
    base, of = _sorted(_lines(table), columns)
    if not of:
        raise DeliverError(f"{table.name}: no line gives points to a column")
    bands = []
    for place, column in enumerate(columns):
        if lines := of.get(column):
            field = fields.get(column)
            gap, others = _points_of_a_gap(lines, field, missing)
            if field and field.choices:
                edges, points = _categories(field, others, (others or lines)[-1])
            else:
                edges, points = _numbers(field, _in_order(others, lines[-1], closed), closed)
            ends = [at for at, (band, after) in enumerate(pairwise(points)) if band != after]
            joined = [points[0], *(points[at + 1] for at in ends)]  # neighbours of the same points are one band
            bands.append(Bands(place, tuple(edges[at] for at in ends), tuple(joined), gap))
    return Scorecard(columns, tuple(bands), base, scaling, closed)


def _sorted(lines: Iterable[Line], columns: Sequence[str]) -> tuple[float, dict[str, list[Line]]]:
    """Give the points that everyone gets, and the lines of each column."""
    of, base = defaultdict[str, list[Line]](list), list[Line]()
    for line in lines:
        if line.column in columns:
            if line.is_band and line.category:
                raise line.refusal(f"it has both a band and the category '{line.category}': write it as two")
            if not line.is_band and not line.category:
                raise line.refusal(f"`{line.column}` has neither from, to nor category")
            of[line.column].append(line)
        elif line.column.lower() in BASE and not line.is_band and not line.category:
            if base:
                raise line.refusal(f"everyone has {base[0].points:g} points already, by line {base[0].number}")
            base.append(line)
        else:
            raise line.refusal(f"the contract has no column '{line.column}'; it has {shortly(columns, MAX_NAMED)}")
    return sum(line.points for line in base), of


def _points_of_a_gap(lines: list[Line], field: Domain | None, missing: str) -> tuple[float, list[Line]]:
    """Give the points of a missing value, NaN where there are none, and the other lines."""
    gaps = [line for line in lines if line.category == missing]
    if gaps and field and missing in map(str, field.choices):
        raise gaps[0].refusal(
            f"'{missing}' is a category of `{field.name}`, and the word for a missing value: say missing= of "
            f"read_scorecard()"
        )
    if len(gaps) > 1:
        raise gaps[1].twice("a missing value", gaps[0])
    if field and field.nullable and not gaps:
        words = {missing.casefold(), *map(str.casefold, GAPS_AMONG_NUMBERS - {""})} - set(_words(field))
        if other := next((line for line in lines if line.category.casefold() in words), None):
            raise other.refusal(
                f"'{other.category}' seems to stand for a missing `{field.name}`, and '{missing}' is the word for it: "
                f"say missing='{other.category}' in read_scorecard()"
            )
        raise lines[-1].refusal(
            f"`{field.name}` ends here, and the contract lets it be missing: add a line with the category '{missing}'"
        )
    return gaps[0].points if gaps else np.nan, [line for line in lines if line not in gaps]


def _categories(field: Domain, lines: list[Line], last: Line) -> tuple[list[float], list[float]]:
    """Give a category the band of its code: from a half below it to a half above."""
    is_flag = field.choices == (False, True)
    known: dict[str, Line] = {}
    for line in lines:
        word = str(FLAGS.get(line.category.lower(), line.category)) if is_flag else line.category
        if line.is_band:
            kind = "a flag: write true or false" if is_flag else "a category: write it"
            raise line.refusal(f"`{field.name}` is {kind} in place of from and to")
        if word not in _words(field):
            raise line.refusal(
                f"the contract's `{field.name}` has no '{line.category}'; it has {shortly(_words(field), MAX_NAMED)}"
            )
        if word in known:
            raise line.twice(f"'{line.category}'", known[word])
        known[word] = line
    if without := [word for word in _words(field) if word not in known]:
        raise last.refusal(f"`{field.name}` ends here, without points for {shortly(without, MAX_NAMED)}")
    points = [known[word].points for word in _words(field)]
    return [code + 0.5 for code in range(len(points) - 1)], points


def _in_order(lines: list[Line], last: Line, closed: Closed) -> list[Line]:
    """Sort the bands of a number, which have no part twice, and leave none between them out."""
    column = last.column
    if not lines:
        raise last.refusal(f"`{column}` has no band, only points for a missing value")
    for line in lines:
        if line.category:
            raise line.refusal(f"`{column}` is a number: write from and to in place of the category '{line.category}'")
        if line.low >= line.high:
            raise line.refusal(f"from {line.low:g} is not below to {line.high:g}, as float32")
    lines = sorted(lines, key=lambda line: (line.low, line.high))
    for line, after in pairwise(lines):
        if after.low < line.high:
            raise after.twice(_part(after.low, min(line.high, after.high)), line)
        if after.low > line.high:
            end = "with" if closed == "to" else "before"
            raise after.refusal(
                f"{_part(line.high, after.low)} of `{column}` has no points: line {line.number} ends {end} "
                f"{line.high:g}"
            )
    return lines


def _numbers(field: Domain | None, lines: list[Line], closed: Closed) -> tuple[list[float], list[float]]:
    if field:
        lines = _reached(field, lines, closed)
        return [line.high for line in lines[:-1]], [line.points for line in lines]
    edges = [lines[0].low, *(line.high for line in lines)]  # beyond its bands a heuristic's number has no points
    points = [line.points for line in lines]
    points = [*([] if np.isinf(edges[0]) else [np.nan]), *points, *([] if np.isinf(edges[-1]) else [np.nan])]
    return [edge for edge in edges if np.isfinite(edge)], points


def _reached(field: Domain, lines: list[Line], closed: Closed) -> list[Line]:
    """Give the bands from that of the smallest to that of the largest number that the contract accepts."""
    places = []
    for end, which, at, value in (("from", "first", 0, field.ends[0]), ("to", "last", -1, field.ends[1])):
        of_end = [place for place, line in enumerate(lines) if line.has(float(np.float32(value)), closed)]
        if not of_end:
            raise lines[at].refusal(
                f"the contract accepts `{field.name}` = {value:g}, which is in no band: leave {end} empty in the "
                f"{which} one, or narrow the field"
            )
        places += of_end
    first, last = places
    for line in (*lines[:first], *lines[last + 1 :]):
        sentence = f"{_part(line.low, line.high)} of `{field.name}` is left out, for the contract's go from "
        warnings.warn(f"{line.where}: {sentence}{field.ends[0]:g} to {field.ends[1]:g}", stacklevel=2)
    return lines[first : last + 1]


def _lines(table: Table) -> Iterable[Line]:
    columns = {header.lower(): column for header, column in table.columns.items()}
    if absent := [header for header in ("column", "points") if header not in columns]:
        raise DeliverError(
            f"{table.name} has no column '{absent[0]}' in its header; a scorecard has {', '.join(HEADERS)}"
        )
    number = _number_of(table, columns)
    words = (columns[header].words if header in columns else [""] * len(table) for header in HEADERS)
    for place, column, low, high, category, points in zip(table.lines, *words, strict=True):
        where = f"{table.name}, line {place}"
        if not column:
            raise DeliverError(f"{where}: column is empty")
        start, end = (
            none if word.lower() in OPEN else float(np.float32(_number(number, word, f"{where}: {header}")))
            for header, word, none in (("from", low, -np.inf), ("to", high, np.inf))
        )
        yield Line(where, place, column, start, end, category, _number(number, points, f"{where}: points"))


def _number(number: Number, word: str, where: str) -> float:
    value = number(word) if number.fits(word) else None
    if value is None:
        raise DeliverError(f"{where} {f"is '{word}', which is not a number" if word else 'is empty'}")
    return value


def _number_of(table: Table, columns: Mapping[str, Column]) -> Number:
    """Find how the table writes its numbers; where semicolons part the words, a comma is the decimal mark."""
    numeric = [header for header in ("from", "to", "points") if header in columns]
    usual = "," if table.separator == ";" else columns["points"].usual_mark
    known = [word for header in numeric for word in columns[header].words if word.lower() not in OPEN]
    column = Column("", known, usual)
    number = Number(decimal_mark=column.number.decimal_mark if column.number else usual)
    other = Number(decimal_mark="." if number.decimal_mark == "," else ",")
    if all(map(number.fits, known)) and all(map(other.fits, known)):
        for header in numeric:
            for line, word in zip(table.lines, columns[header].words, strict=True):
                if other.decimal_mark in word:  # a comma between words and one inside of them is no decimal mark's
                    raise DeliverError(
                        f"{table.name}, line {line}: {header} '{word}' may be {number(word):g} or {other(word):g}, and "
                        f"no other number tells which: write {number(word):g} without a mark, or another number of "
                        f"decimals"
                    )
    return number


def _part(low: float, high: float) -> str:
    if np.isinf(low):
        return f"the part up to {high:g}" if np.isfinite(high) else "every number"
    return f"the part from {low:g} {f'to {high:g}' if np.isfinite(high) else 'on'}"


def _words(field: Domain) -> list[str]:
    return [" ".join(str(choice).split()) for choice in field.choices]
