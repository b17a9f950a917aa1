"""A data file as the delimited text that a project keeps: its own bytes, or a CSV made of Parquet, JSON or Excel."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from glob import escape
from pathlib import Path
from typing import Any

from handover.errors import CannotRunError

# Rows times columns of what is made into a CSV: a draft keeps each in memory, in some 100 bytes.
MAX_WORDS = 50_000_000
FROM_ELSEWHERE = ("autoinstall_known_extensions", "autoload_known_extensions")  # what DuckDB must not do
BATCH = 10_000  # rows that are read from Parquet at a time
MAX_WHOLE = 1e15  # up to it a double has all digits of a whole number

PARQUET = b"PAR1"
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # Excel since 2007 and OpenDocument; Excel before
JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[{\[\]])')  # "[" may begin a header: [id],[income]
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|head|meta)", re.IGNORECASE)

type Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True)
class DataFile:
    """A table as delimited text, as a project keeps it and its training reads it."""

    name: str
    """What the project calls it."""
    content: bytes
    origin: str
    """The file that it is or was made of, as a person knows it."""
    notes: tuple[str, ...] = ()
    """What became of that file, in sentences."""


def as_csv(path: Path) -> DataFile:
    """Read a data file; what is not delimited text is made into a CSV (UTF-8, comma), each value as a word.

    No word says less than the value did: dates are ISO, decimals exact, doubles the shortest text that is read as the
    same number, lists and structs JSON; a gap is the empty word. ``CannotRunError`` when the file cannot be read, is
    empty, or is none of CSV, TSV, Parquet, JSON, JSON lines and a workbook; it says what to save it as.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}") from None
    name = path.name
    if not content.strip():
        raise CannotRunError(f"{name} is empty")
    if content.startswith(PARQUET):
        return _made(path, _parquet(path), "was read by DuckDB")
    if content.startswith((ZIP, OLE)):
        return _workbook(path, content)
    if JSON.match(content.removeprefix(b"\xef\xbb\xbf")) or path.suffix.lower() in {".json", ".jsonl", ".ndjson"}:
        return _made(path, _json(content, name), "was read as JSON")
    for signature, kind in COMPRESSED.items():
        if content.startswith(signature):
            raise CannotRunError(f"{name} is compressed ({kind}): unpack it first")
    is_page = MARKUP.match(content)
    if is_page or (b"\0" in content and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}):
        kind = "a page of HTML or XML, whatever its name says" if is_page else "not text"
        raise CannotRunError(f"{name} is {kind}: save its table as CSV, Parquet, JSON lines or Excel first")
    return DataFile(name, content, origin=name)


def _made(path: Path, rows: Rows, how: str, *notes: str, origin: str = "") -> DataFile:
    """Write rows, the header first, as a CSV. The header is quoted: one that begins with # would be a comment."""
    name = f"{path.stem}.csv"
    text, words = io.StringIO(newline=""), 0
    for row in rows:
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL if words else csv.QUOTE_ALL)
        writer.writerow(map(_word, row))
        words += len(row)
        if words > MAX_WORDS:
            raise CannotRunError(
                f"{path.name} has more than {MAX_WORDS // 10**6} million values: draft from a sample of its rows"
            )
    content = text.getvalue().replace("\0", "").encode(errors="replace")
    note = f"{path.name} {how}; modelling/data/{name} is made of it."
    return DataFile(name, content, origin or path.name, (note, *notes))


def _word(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < MAX_WHOLE:  # a workbook has no other numbers
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case str() | date() | time() | timedelta() | float() | int():
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def _parquet(path: Path) -> Iterator[Sequence[str | None]]:
    import duckdb  # noqa: PLC0415  heavy, and only for Parquet

    source, file = "FROM read_parquet(?, hive_partitioning = false)", [escape(str(path))]
    try:
        with duckdb.connect(config=dict.fromkeys(FROM_ELSEWHERE, False)) as database:
            database.execute("SET TimeZone = 'UTC'")
            columns = database.execute(f"SELECT * {source} LIMIT 0", file).description
            yield [name for name, *_ in columns]
            words = ", ".join(_as_word(name, kind.id) for name, kind, *_ in columns)
            result = database.execute(f"SELECT {words} {source}", file)
            while rows := result.fetchmany(BATCH):
                yield from rows
    except duckdb.Error as error:
        raise CannotRunError(f"{path.name} cannot be read as Parquet: {str(error).partition('\n')[0]}") from None


def _as_word(name: str, kind: str) -> str:
    """Write the expression of SQL that makes a word of a column's value."""
    column = '"' + name.replace('"', '""') + '"'
    if kind in {"list", "array", "struct", "map", "union", "variant"}:
        return f"to_json({column})::VARCHAR"
    if kind == "blob":  # some writers do not mark text as text
        return f"coalesce(try(decode({column})), {column}::VARCHAR)"
    return f"{column}::VARCHAR"


def json_values(text: str, decoder: json.JSONDecoder) -> list[Any]:
    """Read the values of a list of JSON, or values one after the other."""
    values, place = [], 0
    while begins := re.compile(r"\S").search(text, place):
        value, place = decoder.raw_decode(text, begins.start())
        values.append(value)
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _json(content: bytes, name: str) -> Iterator[Sequence[Any]]:
    """Read a list of objects, or objects one after the other; a number stays as it is written."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    try:
        records = json_values(content.decode("utf-8-sig"), decoder)
    except UnicodeDecodeError:
        raise CannotRunError(f"{name} is not in UTF-8, as JSON must be: save it so") from None
    except json.JSONDecodeError as error:
        raise CannotRunError(f"{name}, line {error.lineno}: this is not JSON ({error.msg}); mend the line") from None
    except RecursionError:
        raise CannotRunError(f"{name} is nested too deeply: it is not a table") from None
    are_objects = all(isinstance(record, dict) for record in records)
    if not are_objects or (len(records) == 1 and any(isinstance(value, list | dict) for value in records[0].values())):
        raise CannotRunError(
            f"{name} is not a list of objects, one for each row, as pandas writes by "
            "to_json(orient='records', lines=True)"
        )
    header = dict.fromkeys(key for record in records for key in record)
    yield list(header)
    for record in records:
        yield [record.get(key) for key in header]


def _workbook(path: Path, content: bytes) -> DataFile:
    """Read the first visible sheet that has a table."""
    import python_calamine as calamine  # noqa: PLC0415  only for workbooks

    shown = (calamine.SheetTypeEnum.WorkSheet, calamine.SheetVisibleEnum.Visible)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [sheet.name for sheet in book.sheets_metadata if (sheet.typ, sheet.visible) == shown]
        tables = {name: _table(book.get_sheet_by_name(name).to_python()) for name in sheets}
    except calamine.CalamineError as error:
        kind, what = "no workbook that can be read", "save"
        if content.startswith(ZIP):
            kind, what = "a zip archive, and no workbook", "unpack it, or save"
        raise CannotRunError(f"{path.name} is {kind} ({error}): {what} its table as CSV, without a password") from None
    tables = {name: (rows, above) for name, (rows, above) in tables.items() if len(rows) > 1 and len(rows[0]) > 1}
    if not tables:
        raise CannotRunError(f"{path.name} has no sheet with a table: a header, and rows below it")
    name, (rows, above) = next(iter(tables.items()))
    notes = [f"Rows above the header of {path.name}, which are not read: {above}."] if above else []
    others = ", ".join(f"'{other}'" for other in tables if other != name)
    how = f"was read by calamine{others and f": its sheet '{name}', and not {others}"}"
    return _made(path, rows, how, *notes, origin=path.name + (f" (sheet '{name}')" if others else ""))


def _table(cells: Rows) -> tuple[list[list[str]], int]:
    """Give a sheet's table, and how many rows stand above its header: the first that fills most of the columns."""
    rows = _filled([[_word(cell).strip() for cell in row] for row in cells])
    above = next((number for number, row in enumerate(rows) if 2 * sum(map(bool, row)) > len(row)), 0)
    return _filled(rows[above:]), above


def _filled(rows: list[list[str]]) -> list[list[str]]:
    rows = [row for row in rows if any(row)]
    places = [place for place, words in enumerate(zip(*rows, strict=True)) if any(words)]
    return [[row[place] for place in places] for row in rows]
