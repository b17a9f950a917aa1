"""A CSV file of unknown make as a table of words: encoding, separator and header are worked out here."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from handover.new.words import DecimalMark, usual_mark

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 200  # records that the separator is judged by
LARGEST_WORD = 1 << 20  # characters; one unclosed quote would otherwise swallow the file and be called a word


class TableError(ValueError):
    """The file is no table that can be read; the message says which line is at fault, or what to save it as."""


@dataclass(frozen=True)
class Table:
    """The file's words, stripped of blanks around them; what they mean is not decided here."""

    name: str
    """The file's name."""
    columns: dict[str, list[str]]
    """The words of each column, by its header. A header that stands there twice is told apart: ``x``, ``x (2)``."""
    repeated: frozenset[str]
    """Headers that stand there more than once."""
    separator: str
    encoding: str

    @property
    def records(self) -> list[dict[str, str]]:
        """The rows, each a word by header."""
        return [dict(zip(self.columns, words, strict=True)) for words in zip(*self.columns.values(), strict=True)]

    @cached_property
    def decimal_mark(self) -> DecimalMark:
        """The mark that its numbers are written with, where the column alone does not tell."""
        return usual_mark(self.columns.values())

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def read(path: Path) -> Table:
    """Read a CSV file.

    Raises
    ------
    TableError
        When the file is not there, is not text, has no row beside its header, or has a row of another length.
    """
    text, encoding = _decoded(path)
    text = re.sub(r"(?<!\w)\u2212(?=[\d.,])", "-", text)  # the minus sign that typesetters write
    said = re.match(r'"?sep=(.)"?[;,]*\r?\n', text)  # Excel's way to say it, in a line of its own
    separator = said[1] if said else _separator(text)
    lines: list[tuple[int, list[str]]] = []
    try:
        reader = _reader(text, separator)
        if said:
            next(reader)
        for words in reader:
            stripped = [" ".join(word.split()) for word in words]
            if any(stripped):
                lines.append((reader.line_num, stripped))
    except csv.Error as error:
        raise TableError(f"{path.name}, line {reader.line_num}: {error}; is a quote not closed?") from None
    if not lines:
        raise TableError(f"{path.name} is empty")
    (_, header), *rows = lines
    if not rows:
        raise TableError(f"{path.name} has a header and no row below it")
    width = len(header)
    for number, words in rows:
        if len(words) > width and not any(words[width:]):
            del words[width:]
        if len(words) != width:
            raise TableError(
                f"{path.name}, line {number}: {_counted(len(words), 'word')} where the header has {width}; "
                f"mend the line (a word with a {_said(separator)} in it needs quotes)"
            )
    names, repeated = _told_apart(header)
    columns = dict(zip(names, map(list, zip(*(words for _, words in rows), strict=True)), strict=True))
    return Table(path.name, columns, repeated, separator, encoding)


def _decoded(path: Path) -> tuple[str, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise TableError(f"{path.name} is empty")
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings = ["utf-16"]
    elif b"\0" in content or content[:2] in {b"PK", b"\x1f\x8b"}:
        raise TableError(f"{path.name} is not text: save it as CSV first (an Excel sheet: as 'CSV UTF-8')")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise TableError(f"{path.name} is in an encoding that cannot be told: save it as UTF-8")


def _reader(text: str, separator: str) -> Any:
    csv.field_size_limit(LARGEST_WORD)
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != "\t", strict=True
    )


def _separator(text: str) -> str:
    """Choose the separator that cuts the most records into as many words as the header has: more than one."""

    def evenness(separator: str) -> tuple[float, int]:
        lengths: list[int] = []
        try:
            for words in _reader(text, separator):
                if any(word.strip() for word in words):
                    lengths.append(len(words))
                if len(lengths) == LOOKED_AT:
                    break
        except csv.Error:
            return (0.0, 0)
        if not lengths or lengths[0] == 1:
            return (0.0, 0)
        return (lengths.count(lengths[0]) / len(lengths), lengths[0])

    best = max(SEPARATORS, key=evenness)
    return best if evenness(best)[1] else ","


def _told_apart(header: list[str]) -> tuple[list[str], frozenset[str]]:
    named = [name or f"column {place}" for place, name in enumerate(header, start=1)]
    count = Counter(named)
    seen: Counter[str] = Counter()
    names: list[str] = []
    for name in named:
        seen[name] += 1
        told = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while told in names or (seen[name] > 1 and told in count):
            told += "'"
        names.append(told)
    return names, frozenset(name for name, times in count.items() if times > 1)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _said(separator: str) -> str:
    return "tab" if separator == "\t" else separator
