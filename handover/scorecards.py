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
from handover.encoding import Encoding
from handover.errors import CannotRunError, DeliverError
from handover.rows import Domain, domains

HEADERS = ("column", "from", "to", "category", "points")
BASE = {"base", "base points", "intercept"}
OPEN = {"", "-", "inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞"}
"""How people write that a band has no end."""
MOST_NAMED = 5


@dataclass(frozen=True)
class Line:
    """A line of the table: a band or a category, and its points."""

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
    contract, heuristics
        What the columns are, and what they can be.
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
    columns = Encoding(compiled, heuristics).columns
    reader = _Reader(table, columns, {field.name: field for field in domains(compiled)}, closed, missing)
    return Scorecard(columns, tuple(reader.bands()), reader.base, scaling, closed)


class _Reader:
    """Makes bands of a table's lines."""

    def __init__(
        self, table: Table, columns: Sequence[str], fields: Mapping[str, Domain], closed: Closed, missing: str
    ) -> None:
        self._name, self._columns, self._fields = table.name, columns, fields
        self._closed, self._missing = closed, missing
        self.base = 0.0
        self._base: Line | None = None
        self._of: dict[str, list[Line]] = defaultdict(list)
        for line in _lines(table):
            self._take(line)
        if not self._of:
            raise DeliverError(f"{self._name}: no line gives points to a column")

    def _refusal(self, line: Line, sentence: str) -> DeliverError:
        return DeliverError(f"{self._name}, line {line.number}: {sentence}")

    def _take(self, line: Line) -> None:
        """Put a line to its column, or to the base."""
        if line.column in self._columns:
            if line.is_band and line.category:
                raise self._refusal(line, f"it has both a band and the category '{line.category}': write it as two")
            if not line.is_band and not line.category:
                raise self._refusal(line, f"`{line.column}` has neither from, to nor category")
            self._of[line.column].append(line)
        elif line.column.lower() in BASE and not line.is_band and not line.category:
            if self._base:
                raise self._refusal(line, f"everyone has {self.base:g} points already, by line {self._base.number}")
            self._base, self.base = line, line.points
        else:
            raise self._refusal(line, f"the contract has no column '{line.column}'; it has {_listed(self._columns)}")

    def bands(self) -> Iterable[Bands]:
        """Give the points of each column that has some, in the order of the model's input."""
        for place, column in enumerate(self._columns):
            if lines := self._of.get(column):
                field = self._fields.get(column)
                gap, others = self._gap(lines, field)
                if field and field.choices:
                    yield self._categories(place, field, others, gap)
                else:
                    yield self._numbers(place, column, field, others, gap)

    def _gap(self, lines: list[Line], field: Domain | None) -> tuple[float, list[Line]]:
        """Give the points of a missing value, NaN where there are none, and the other lines."""
        gaps = [line for line in lines if line.category == self._missing]
        if gaps and field and self._missing in map(str, field.choices):
            raise self._refusal(
                gaps[0],
                f"'{self._missing}' is a category of `{field.name}`, and the word for a missing value: say missing= of "
                f"read_scorecard()",
            )
        if len(gaps) > 1:
            raise self._refusal(gaps[1], self._twice(gaps[1].column, "a missing value", gaps[0]))
        if field and field.nullable and not gaps:
            words = {self._missing.casefold(), *map(str.casefold, GAPS_AMONG_NUMBERS - {""})} - set(_words(field))
            if other := next((line for line in lines if line.category.casefold() in words), None):
                raise self._refusal(
                    other,
                    f"'{other.category}' seems to stand for a missing `{field.name}`, and '{self._missing}' is the "
                    f"word for it: say missing='{other.category}' in read_scorecard()",
                )
            raise self._refusal(
                lines[-1],
                f"`{field.name}` ends here, and the contract lets it be missing: add a line with the category "
                f"'{self._missing}'",
            )
        return gaps[0].points if gaps else np.nan, [line for line in lines if line not in gaps]

    def _twice(self, column: str, what: str, first: Line) -> str:
        return f"{what} of `{column}` has points already, in line {first.number}"

    def _categories(self, place: int, field: Domain, lines: list[Line], gap: float) -> Bands:
        """Give a category the band of its code: from a half below it to a half above."""
        is_flag = field.choices == (False, True)
        known: dict[str, Line] = {}
        for line in lines:
            word = str(FLAGS.get(line.category.lower(), line.category)) if is_flag else line.category
            if line.is_band:
                kind = "a flag: write true or false" if is_flag else "a category: write it"
                raise self._refusal(line, f"`{field.name}` is {kind} in place of from and to")
            if word not in _words(field):
                raise self._refusal(
                    line,
                    f"the contract's `{field.name}` has no '{line.category}'; it has {_listed(_words(field))}",
                )
            if word in known:
                raise self._refusal(line, self._twice(field.name, f"'{line.category}'", known[word]))
            known[word] = line
        if without := [word for word in _words(field) if word not in known]:
            last = lines[-1] if lines else self._of[field.name][-1]
            raise self._refusal(last, f"`{field.name}` ends here, without points for {_listed(without)}")
        points = [known[word].points for word in _words(field)]
        return _bands(place, [code + 0.5 for code in range(len(points) - 1)], points, gap)

    def _numbers(self, place: int, column: str, field: Domain | None, lines: list[Line], gap: float) -> Bands:
        if not lines:
            raise self._refusal(self._of[column][-1], f"`{column}` has no band, only points for a missing value")
        for line in lines:
            if line.category:
                raise self._refusal(
                    line, f"`{column}` is a number: write from and to in place of the category '{line.category}'"
                )
            if line.low >= line.high:
                raise self._refusal(line, f"from {line.low:g} is not below to {line.high:g}, as float32")
        lines = sorted(lines, key=lambda line: (line.low, line.high))
        for line, after in pairwise(lines):
            if after.low < line.high:
                raise self._refusal(after, self._twice(column, _part(after.low, min(line.high, after.high)), line))
            if after.low > line.high:
                end = "with" if self._closed == "to" else "before"
                raise self._refusal(
                    after,
                    f"{_part(line.high, after.low)} of `{column}` has no points: line {line.number} ends {end} "
                    f"{line.high:g}",
                )
        points = [line.points for line in lines]
        if field:
            first, last = self._reached(field, lines)
            return _bands(place, [line.high for line in lines[first:last]], points[first : last + 1], gap)
        edges = [lines[0].low, *(line.high for line in lines)]  # beyond its bands a heuristic's number has no points
        points = [*([] if np.isinf(edges[0]) else [np.nan]), *points, *([] if np.isinf(edges[-1]) else [np.nan])]
        return _bands(place, [edge for edge in edges if np.isfinite(edge)], points, gap)

    def _reached(self, field: Domain, lines: list[Line]) -> tuple[int, int]:
        """Find the bands of the smallest and of the largest number that the contract accepts: others are never met."""
        places = []
        for end, which, at, value in (("from", "first", 0, field.ends[0]), ("to", "last", -1, field.ends[1])):
            of_end = [place for place, line in enumerate(lines) if line.has(float(np.float32(value)), self._closed)]
            if not of_end:
                raise self._refusal(
                    lines[at],
                    f"the contract accepts `{field.name}` = {value:g}, which is in no band: leave {end} empty in the "
                    f"{which} one, or narrow the field",
                )
            places += of_end
        first, last = places
        for line in (*lines[:first], *lines[last + 1 :]):
            warnings.warn(
                f"{self._name}, line {line.number}: {_part(line.low, line.high)} of `{field.name}` is left out, for "
                f"the contract's go from {field.ends[0]:g} to {field.ends[1]:g}",
                stacklevel=2,
            )
        return first, last


def _bands(place: int, edges: Sequence[float], points: Sequence[float], gap: float) -> Bands:
    """Join neighbours of the same points."""
    joined_edges, joined = list[float](), [points[0]]
    for edge, value in zip(edges, points[1:], strict=True):
        if value != joined[-1]:
            joined_edges.append(edge)
            joined.append(value)
    return Bands(place, tuple(joined_edges), tuple(joined), gap)


def _lines(table: Table) -> Iterable[Line]:
    """Read the words of each line."""
    columns = {header.lower(): column for header, column in table.columns.items()}
    if absent := [header for header in ("column", "points") if header not in columns]:
        raise DeliverError(
            f"{table.name} has no column '{absent[0]}' in its header; a scorecard has {', '.join(HEADERS)}"
        )
    number = _number_of(table, columns)
    blank = [""] * len(table)
    words = (columns[header].words if header in columns else blank for header in HEADERS)
    for place, column, low, high, category, points in zip(table.lines, *words, strict=True):

        def read_as(header: str, word: str, none: float | None = None, at: int = place) -> float:
            if none is not None and word.lower() in OPEN:
                return none
            value = number(word) if number.fits(word) else None
            if value is None:
                what = f"is '{word}', which is not a number" if word else "is empty"
                raise DeliverError(f"{table.name}, line {at}: {header} {what}")
            return value

        if not column:
            raise DeliverError(f"{table.name}, line {place}: column is empty")
        ends = (np.float32(read_as("from", low, -np.inf)), np.float32(read_as("to", high, np.inf)))
        yield Line(place, column, float(ends[0]), float(ends[1]), category, read_as("points", points))


def _number_of(table: Table, columns: Mapping[str, Column]) -> Number:
    """Find how the table writes its numbers; where semicolons part the words, a comma is the decimal mark."""
    numeric = [header for header in ("from", "to", "points") if header in columns]
    words = [word for header in numeric for word in columns[header].words]
    usual = "," if table.separator == ";" else columns["points"].usual_mark
    known = [word for word in words if word.lower() not in OPEN]
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
    """Name a part of a number's range."""
    if np.isinf(low):
        return f"the part up to {high:g}" if np.isfinite(high) else "every number"
    return f"the part from {low:g} {f'to {high:g}' if np.isfinite(high) else 'on'}"


def _words(field: Domain) -> list[str]:
    return [" ".join(str(choice).split()) for choice in field.choices]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
