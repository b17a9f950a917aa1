"""Delimited text of unknown make as a table of words: separator, header and what stands above it are found."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from handover.draft.encodings import decoded
from handover.draft.formats import DataFile
from handover.draft.naming import distinct
from handover.draft.words import Column, usual_mark
from handover.errors import CannotRunError

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 200  # records that the separator is judged by
MAX_WORD_LENGTH = 1 << 20  # characters; one unclosed quote would otherwise swallow the file and be called a word
MINUS = re.compile(r"(?<!\w)\u2212(?=[\d.,])")  # the minus sign that typesetters write

type Lines = list[tuple[int, list[str]]]
"""The words of each record, with the number of its last line."""


@dataclass(frozen=True)
class Table:
    """The file's words, and how it writes them; what they mean is not decided here."""

    name: str
    """The file that it comes from, as a person knows it."""
    columns: dict[str, Column]
    """By header, in the file's order. A header that stands there twice is told apart: ``x``, ``x (2)``."""
    repeated: frozenset[str]
    """Headers that stand there more than once."""
    lines: tuple[int, ...]
    """Of each row, the number of its last line in the file."""
    separator: str
    encoding: str
    preamble: int
    """Lines above the header."""
    has_minus: bool
    """Whether the typesetters' minus sign was read as one."""
    notes: tuple[str, ...]
    """What was left out of the reading, in sentences."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).words)


def read(file: DataFile) -> Table:
    """Read a table.

    ``CannotRunError`` when it has no row beside its header, or one of another length; it says which line is at fault.
    """
    text, encoding = decoded(file.content, file.origin)
    text, minus_signs = MINUS.subn("-", text)
    stated = re.match(r'"?sep=(.)"?[;,]*\r?\n', text)  # Excel's way to state it, in a line of its own
    preamble = 1 if stated else _comments(text)
    text = text.split("\n", preamble)[preamble]
    separator = stated[1] if stated else _separator(text)
    ((_, header), *rows), above = _lines(text, separator, file.origin, preamble)
    if not rows:
        raise CannotRunError(f"{file.origin} has a header and no row below it")
    sign = "tab" if separator == "\t" else separator
    notes = []
    if preamble and not stated:
        notes.append(f"Lines of comment (#) above the header, which are not read: {preamble}.")
    if not header[-1].strip() and {len(words) for _, words in rows} == {len(header) - 1}:
        del header[-1]
        notes.append(f"The header of {file.origin} ends with a {sign} that no row has: it is not read.")
    _require_width(rows, len(header), sign, file.origin)
    header = [" ".join(name.split()) or f"column {place}" for place, name in enumerate(header, start=1)]
    names = distinct(header, "{} ({})".format)
    columns = []
    for name, words in zip(names, zip(*(words for _, words in rows), strict=True), strict=True):
        stripped = {word: " ".join(word.split()) for word in set(words)}
        blanks = {word: plain for word, plain in stripped.items() if word != plain}
        columns.append(Column(name, [stripped[word] for word in words], blanks=blanks))
    mark = usual_mark(column.words for column in columns)
    return Table(
        name=file.origin,
        columns={column.header: replace(column, usual_mark=mark) for column in columns},
        repeated=frozenset(name for name, times in Counter(header).items() if times > 1),
        lines=tuple(number for number, _ in rows),
        separator=separator,
        encoding=encoding,
        preamble=above,
        has_minus=minus_signs > 0,
        notes=tuple(notes),
    )


def _comments(text: str) -> int:
    """Count the lines of comment above the header.

    The last line that begins with # is the header itself where a row with a number and as many words stands below it.
    """
    if not text.startswith("#"):
        return 0
    lines = text.split("\n")
    count = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    separator = _separator("\n".join(lines[count:]))
    last, below = (line.split(separator) for line in [*lines, ""][count - 1 : count + 1])
    return count - (len(last) == len(below) and any(Column("", [word.strip(' "\r')]).number for word in below))


def _lines(text: str, separator: str, name: str, preamble: int) -> tuple[Lines, int]:
    """Give the records that are not blank, and how many lines stand above the first."""
    lines: Lines = []
    above = preamble
    reader = _reader(text, separator)
    try:
        for words in reader:
            if any(map(str.strip, words)):
                lines.append((reader.line_num + preamble, words))
            elif not lines:
                above = reader.line_num + preamble
    except csv.Error as error:
        raise CannotRunError(f"{name}, line {reader.line_num + preamble}: {error}; is a quote not closed?") from None
    if not lines:
        raise CannotRunError(f"{name} is empty")
    return lines, above


def _require_width(rows: Lines, width: int, sign: str, name: str) -> None:
    """Require as many words in each row as the header has; separators at a row's end are taken off."""
    for _, words in rows:
        if len(words) > width and not any(map(str.strip, words[width:])):
            del words[width:]
    one_more = {len(words) for _, words in rows} == {width + 1}
    if one_more and 1 < len(rows) == len({words[0] for _, words in rows}):
        raise CannotRunError(
            f"{name}: each row has a word more than the header, as where R writes the names of rows; "
            f"give them a header too, or write without them (row.names = FALSE)"
        )
    for number, words in rows:
        if len(words) != width:
            raise CannotRunError(
                f"{name}, line {number}: {len(words)} word{'s' * (len(words) != 1)} where the header has {width}; "
                f"mend the line (a word with a {sign} in it needs quotes)"
            )


def _reader(text: str, separator: str) -> Any:
    csv.field_size_limit(MAX_WORD_LENGTH)
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != "\t", strict=True
    )


def _separator(text: str) -> str:
    """Choose the separator that cuts the most records into as many words as the header has: more than one."""

    def evenness(separator: str) -> tuple[float, int]:
        filled = (words for words in _reader(text, separator) if any(map(str.strip, words)))
        try:
            lengths = [len(words) for words in islice(filled, LOOKED_AT)]
        except csv.Error:
            lengths = []
        return (lengths.count(lengths[0]) / len(lengths), lengths[0]) if lengths and lengths[0] > 1 else (0.0, 0)

    return max(SEPARATORS, key=evenness)  # of equals the first
