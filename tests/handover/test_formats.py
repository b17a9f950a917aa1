"""Parquet, JSON and workbooks become the CSV that a project keeps, and draft the contract that the CSV drafts."""

import csv
import io
import json
import pickle
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handover.draft import drafted, formats
from handover.draft.formats import as_csv
from handover.errors import CannotRunError
from tests.helpers.drafts import train, write

HEADER = ["id", "# of pieces", "weight (kg)", "service", "paid", "note", "late"]


def table(seed: int = 1, rows: int = 60) -> list[list[Any]]:
    """Make rows with whole numbers, decimals, words, flags and gaps."""
    draw = random.Random(seed)
    return [
        [
            f"{draw.randrange(10**6):07d}",
            draw.choice([1, 2, 3, None]),
            draw.choice([round(draw.uniform(0.05, 30), 3), 1 / 3, None]),
            draw.choice(["express", "standard", 'so "called", überseeisch', " two\nlines"]),
            draw.choice([True, False]),
            draw.choice(["", "-1.50", "seven"]),
            draw.choice(["yes", "no"]),
        ]
        for _ in range(rows)
    ]


def as_text(rows: Sequence[Sequence[Any]], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(HEADER)
        csv.writer(file).writerows(
            [str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows
        )
    return path


def as_parquet(rows: Sequence[Sequence[Any]], path: Path) -> Path:
    kinds = ["VARCHAR", "INTEGER", "DOUBLE", "VARCHAR", "BOOLEAN", "VARCHAR", "VARCHAR"]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(HEADER, kinds, strict=True))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE data ({columns})")
        database.executemany("INSERT INTO data VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute(f"COPY data TO '{path}' (FORMAT parquet)")
    return path


def as_json_lines(rows: Sequence[Sequence[Any]], path: Path) -> Path:
    records = [{key: value for key, value in zip(HEADER, row, strict=True) if value is not None} for row in rows]
    records[0] = dict(zip(HEADER, rows[0], strict=True))
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n")
    return path


def as_json(rows: Sequence[Sequence[Any]], path: Path) -> Path:
    path.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows], indent=2))
    return path


def as_workbook(rows: Sequence[Sequence[Any]], path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [HEADER, *rows]:
        book.active.append(row)
    book.save(path)
    return path


WRITERS: dict[str, tuple[Callable[..., Path], str]] = {
    "data.parquet": (as_parquet, "was read by DuckDB"),
    "data.jsonl": (as_json_lines, "was read as JSON"),
    "data.json": (as_json, "was read as JSON"),
    "data.xlsx": (as_workbook, "was read by calamine"),
}


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_one_table_drafts_one_contract_whatever_it_is_saved_as(seed: int) -> None:
    with TemporaryDirectory() as folder:
        rows = table(seed)
        by_text = drafted("parcels", as_text(rows, Path(folder) / "data.csv"), "late")
        assert by_text.data.notes == ()
        for name, (written, how) in WRITERS.items():
            draft = drafted("parcels", written(rows, Path(folder) / name), "late")
            assert draft.contract == by_text.contract.replace("Read off data.csv", f"Read off {name}")
            assert draft.heuristics == by_text.heuristics
            assert draft.report.notes == (f"{name} {how}; modelling/data/data.csv is made of it.",)


def test_a_project_keeps_the_table_as_a_csv_and_trains_on_it(tmp_path: Path) -> None:
    draft = drafted("parcels", as_parquet(table(), tmp_path / "data.parquet"), "late")
    project = write(draft, tmp_path / "parcels")
    trained = train(project)
    assert (trained.returncode, trained.stderr) == (0, "")
    assert [file.name for file in (project.training.parent / "data").iterdir()] == ["data.csv"]
    assert draft.report.text().startswith("parcels: a contract of 5 fields, read off 60 rows of data.parquet.\n")


def words_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(path).content.decode(), newline="")))


def test_delimited_text_is_kept_as_it_is(tmp_path: Path) -> None:
    for name, content in {"a.csv": b"x;y\r\n1,5;2\r\n", "b.tsv": b"[id]\t{y}\n1\t2\n", "c.xls": b"\xff\xfex\0"}.items():
        (tmp_path / name).write_bytes(content)
        assert as_csv(tmp_path / name) == formats.DataFile(name, content, origin=name)


def test_parquet_loses_nothing_as_words(tmp_path: Path) -> None:
    values = {
        "0.1::DOUBLE": "0.1",
        "1/3::DOUBLE": "0.3333333333333333",
        "0.1::FLOAT": "0.1",
        "3.0::DOUBLE": "3.0",
        "'nan'::DOUBLE": "nan",
        "12345678901234567890.12::DECIMAL(22, 2)": "12345678901234567890.12",
        "9007199254740993": "9007199254740993",
        "DATE '2024-01-31'": "2024-01-31",
        "TIMESTAMP '2024-01-31 10:00:00'": "2024-01-31 10:00:00",
        "TIMESTAMPTZ '2024-01-31 10:00:00+02'": "2024-01-31 08:00:00+00",
        "true": "true",
        "NULL::INTEGER": "",
        "'007'": "007",
        "'a'::ENUM('a', 'b')": "a",
        "encode('größer')": "größer",
        "'\\xFF'::BLOB": "\\xFF",
        "[1, 2]": "[1,2]",
        "{'a': 1, 'b': 'ü'}": '{"a":1,"b":"ü"}',
        "MAP {'k': 1}": '{"k":1}',
    }
    columns = ", ".join(f'{value} AS "a ""column"" {place}"' for place, value in enumerate(values))
    path = tmp_path / "year=1" / "data[1]*.parquet"  # neither a partition nor a pattern
    path.parent.mkdir()
    duckdb.sql(f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet)")
    header, row = words_of(path)
    assert row == list(values.values())
    assert header[0] == 'a "column" 0'


def test_json_lines_may_vary_and_lack_keys(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text(
        '\ufeff{"a": "007", "b": 1.10, "c": true}\r\n\n{"b": "two", "d": [1, {"e": null}]}\n'
        '{"a": null, "c": 12345678901234567890, "b": NaN}{"a": "\\ud800\\u0000"}'
    )
    assert words_of(tmp_path / "data.jsonl") == [
        ["a", "b", "c", "d"],
        ["007", "1.10", "true", ""],
        ["", "two", "", '["1", {"e": null}]'],
        ["", "NaN", "12345678901234567890", ""],
        ["?", "", "", ""],
    ]


def workbook(path: Path, sheets: dict[str, dict[str, Any]], hidden: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, cells in sheets.items():
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if title in hidden else "visible"
        for place, value in cells.items():
            sheet[place] = value
    book.save(path)
    return path


def test_the_cells_of_a_workbook_are_words(tmp_path: Path) -> None:
    values = {
        3.0: "3",
        2.5: "2.5",
        1 / 3: "0.3333333333333333",
        True: "true",
        date(2024, 1, 31): "2024-01-31",
        datetime(2024, 1, 31, 10, 30): "2024-01-31 10:30:00",
        time(10, 11): "10:11:00",
        timedelta(days=1, hours=2): "1 day, 2:00:00",
        "007": "007",
        "#DIV/0!": "",
        1e20: "1e+20",
    }
    cells = {"A1": "n", "B1": 2019.0} | {f"A{row}": row for row in range(2, 2 + len(values))}
    cells |= {f"B{row}": value for row, value in enumerate(values, start=2)}
    header, *rows = words_of(workbook(tmp_path / "data.xlsx", {"Sheet1": cells}))
    assert header == ["n", "2019"]
    assert [word for _, word in rows] == list(values.values())


def test_the_first_sheet_with_a_table_is_read_without_what_stands_around_it(tmp_path: Path) -> None:
    data = {"B2": "Loans of 2024", "B3": "as of May", "B5": "x", "C5": "y", "E5": "z"}
    data |= {"B6": 1, "C6": 2, "E6": "a", "B8": 3, "E8": "b"}
    sheets = {"Cover": {"A1": "Report", "A2": "Confidential"}, "Lists": {"A1": 1, "B1": 2, "A2": 3}}
    sheets |= {"Data": data, "More": {"A1": "x", "B1": "y", "A2": 1, "B2": 2}}
    path = workbook(tmp_path / "loans.xlsx", sheets, hidden=["Lists"])
    assert words_of(path) == [["x", "y", "z"], ["1", "2", "a"], ["3", "", "b"]]
    assert as_csv(path).notes == (
        "loans.xlsx was read by calamine: its sheet 'Data', and not 'More'; modelling/data/loans.csv is made of it.",
        "Rows above the header of loans.xlsx, which are not read: 2.",
    )
    with pytest.raises(CannotRunError, match=r"loans\.xlsx \(sheet 'Data'\) has no column 'w'; it has x, y, z"):
        drafted("m", path, "w")


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), text)  # dated 1980: these are names of tests
    return file.getvalue()


def test_open_document_is_read_too(tmp_path: Path) -> None:
    cells = [["x", "y"], ["a", "b"]]
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{word}</text:p></table:table-cell>' for word in row
        )
        + "</table:table-row>"
        for row in cells
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"/>'
    with zipfile.ZipFile(tmp_path / "data.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    assert words_of(tmp_path / "data.ods") == cells


SAVE = "save its table as CSV, Parquet, JSON lines or Excel first"
OBJECTS = "data is not a list of objects, one for each row, as pandas writes by to_json(orient='records', lines=True)"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "data is empty"),
        (b"\x1f\x8b\x08\0", "data is compressed (gzip): unpack it first"),
        (pickle.dumps({"x": [1]}), f"data is not text: {SAVE}"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", f"data is not text: {SAVE}"),
        (b"<html><table>", f"data is a page of HTML or XML, whatever its name says: {SAVE}"),
        (b"x,y\n\0,1\n", f"data is not text: {SAVE}"),
        (
            zipped(data_csv="x,y\n"),
            (
                "data is a zip archive, and no workbook (Cannot detect file format): "
                "unpack it, or save its table as CSV, without a password"
            ),
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            (
                "data is no workbook that can be read (Cannot detect file format): "
                "save its table as CSV, without a password"
            ),
        ),
        (
            b"PAR1 PAR1",
            "data cannot be read as Parquet: Invalid Input Error: File 'FILE' too small to be a Parquet file",
        ),
        (
            b'{"x": 1}\n{"x": 1,}',
            "data, line 2: this is not JSON (Illegal trailing comma before end of object); mend the line",
        ),
        (b'{"x": {"0": 1, "1": 2}}', OBJECTS),
        (b"[[1, 2]]", OBJECTS),
        (b'{"x": 1}\n[1]', OBJECTS),
        (b'{"x": "\xfc"}', "data is not in UTF-8, as JSON must be: save it so"),
        (b"[" * 100_000, "data is nested too deeply: it is not a table"),
    ],
    ids=str,
)
def test_what_holds_no_table_is_one_sentence(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(content)
    with pytest.raises(CannotRunError) as caught:
        as_csv(tmp_path / "data")
    assert str(caught.value).replace(str(tmp_path / "data"), "FILE") == sentence


def test_a_workbook_without_a_table_is_one_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "data.xlsx", {"Cover": {"A1": "Report", "A2": "none"}, "Empty": {}})
    with pytest.raises(CannotRunError, match=r"^data\.xlsx has no sheet with a table: a header, and rows below it$"):
        as_csv(path)


def test_more_than_a_draft_reads_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_parquet(table(), tmp_path / "data.parquet")
    monkeypatch.setattr(formats, "MAX_WORDS", 60 * len(HEADER))  # one row too few: the header counts
    with pytest.raises(CannotRunError, match=r"^data\.parquet has more than 0 million values: draft"):
        as_csv(path)


def test_who_drafts_from_text_waits_for_no_other_reader() -> None:
    program = "import sys, handover.draft; print({'duckdb', 'python_calamine'} & sys.modules.keys())"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout == "set()\n"
