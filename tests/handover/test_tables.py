"""Data as its owner has it: a table of any library is what an application would send, or one sentence says why not."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handover import Budgets, Contract, DeliverError, Field, Row, Score, matrix, tables
from handover.rows import domains
from predictor.delivery import heuristics_in, load_source, validators
from predictor.encoder import Encoder, FloatRows

SOURCE = b'''"""What a heuristic sees is what is sent, and not what float32 makes of it."""


def digits(row):
    """How many characters the share has."""
    return None if row.share is None else len(repr(row.share))


def is_whole(row):
    """Whether the months came as a whole number."""
    return isinstance(row.months, int)
'''


class Loan(Row):
    """A row with a field of each kind."""

    share: float | None = Field(default=None, ge=-100, le=100, description="[1]")
    months: int | None = Field(default=None, ge=-9, le=72, description="[month]")
    age: int = Field(ge=0, le=99, description="[year]")
    secured: bool | None = Field(default=None, description="[1]")
    known: bool = Field(description="[1]")
    zone: Literal["home", "abroad", "1"] | None = Field(default=None, description="Where")


CONTRACT = Contract(
    name="loans",
    version="1.0.0",
    row=Loan,
    score=Score("s", 0.0, 1.0),
    decisions={"all": 1.0},
    budgets=Budgets(model_kib=1, layers_mib=1, parity=1e-5, flipped_decisions=0),
)
FIELDS = domains(CONTRACT.compiled())
HEURISTICS = load_source(SOURCE, Path("heuristics.py"))
HEURISTICS.__name__ = "heuristics"
ROW = {"share": 0.1, "months": 12, "age": 30, "secured": True, "known": False, "zone": "home"}

SENT = st.fixed_dictionaries({
    "share": st.none() | st.integers(-99_999, 99_999).map(lambda thousandths: thousandths / 1000),
    "months": st.none() | st.integers(-9, 72),
    "age": st.integers(0, 99),
    "secured": st.none() | st.booleans(),
    "known": st.booleans(),
    "zone": st.none() | st.sampled_from(["home", "abroad", "1"]),
})  # fmt: skip
POLARS = {
    "share": pl.Float64, "months": pl.Int16, "age": pl.UInt8, "secured": pl.Boolean, "known": pl.Boolean,
    "zone": pl.String,
}  # fmt: skip
ARROW = pa.schema([
    ("zone", pa.string()), ("known", pa.bool_()), ("secured", pa.bool_()), ("age", pa.int8()),
    ("months", pa.int64()), ("share", pa.float32()),
])  # fmt: skip

type Sent = list[dict[str, Any]]


def in_short(rows: Sent) -> pd.DataFrame:
    """Make a table as it looks after an afternoon's work: float32, flags as 0 and 1, categoricals, another index."""
    table = pd.DataFrame(rows)[["zone", "known", "months", "age", "share", "secured"]]
    table["zone"] = pd.Categorical(table["zone"], categories=["home", "abroad", "1", "unseen"])
    kinds = {"share": "float32", "months": "float64", "known": "int8", "age": "float32", "secured": "float64"}
    return table.astype(kinds).set_index(table.index + 100)


def objects(rows: Sent) -> Sent:
    """Write rows with numpy's numbers, decimals, and each way to say that one is missing."""
    missing = [None, np.nan, pd.NA, pd.NaT, float("nan"), Decimal("NaN"), np.datetime64("NaT", "s"), np.float32("nan")]

    def value(place: int, name: str, sent: Any) -> Any:
        if sent is None:
            return missing[(place + len(name)) % len(missing)]
        kinds: dict[type, tuple[Callable[[Any], Any], ...]] = {
            float: (np.float32, np.float64, lambda number: Decimal(str(number))),
            int: (np.int64, Decimal, np.float32, np.int8),
            bool: (np.bool, int, np.uint8, float),
            str: (np.str_, str),
        }
        chosen = kinds[type(sent)]
        return chosen[place % len(chosen)](sent)

    return [{name: value(place, name, sent) for name, sent in row.items()} for place, row in enumerate(rows)]


TABLES: dict[str, Callable[[Sent], Any]] = {
    "pandas": pd.DataFrame,
    "pandas, nullable": lambda rows: pd.DataFrame(rows).convert_dtypes(),
    "pandas, of Arrow": lambda rows: pd.DataFrame(rows).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, in short": in_short,
    "pandas, objects": lambda rows: pd.DataFrame(objects(rows), dtype=object),
    "dicts of a table": lambda rows: pd.DataFrame(rows).to_dict("records"),
    "dicts of objects": objects,
    "dicts of JSON": lambda rows: rows,
    "polars": lambda rows: pl.DataFrame(rows, schema=POLARS),
    "polars, categorical": lambda rows: pl.DataFrame(rows, schema=POLARS | {"zone": pl.Categorical}),
    "polars, lazy": lambda rows: pl.LazyFrame(rows, schema=POLARS | {"share": pl.Float32, "months": pl.Float32}),
    "arrow": lambda rows: pa.Table.from_pylist(rows, schema=ARROW),
    "arrow, a batch": lambda rows: pa.RecordBatch.from_pylist(rows, schema=ARROW),
    "arrow, a reader of batches": lambda rows: pa.Table.from_pylist(rows, schema=ARROW).to_reader(max_chunksize=2),
    "arrow, a data set": lambda rows: pyarrow.dataset.dataset(pa.Table.from_pylist(rows, schema=ARROW)),
    "duckdb": lambda rows: duckdb.from_arrow(pa.Table.from_pylist(rows, schema=ARROW)),
}


def by_the_function(rows: Sent) -> FloatRows:
    """Lay rows out as the function does, which is sent them as JSON."""
    compiled = CONTRACT.compiled()
    validator, _ = validators(compiled)
    encoder = Encoder(compiled["fields"], heuristics_in(HEURISTICS))
    return encoder.matrix([validator.validate_json(json.dumps(row)) for row in rows])


@pytest.mark.parametrize("name", TABLES)
@given(st.lists(SENT, min_size=1, max_size=12))
@settings(max_examples=25)
def test_a_table_is_what_an_application_would_send(name: str, sent: Sent) -> None:
    values = matrix(TABLES[name](sent), contract=CONTRACT, heuristics=HEURISTICS).values

    np.testing.assert_array_equal(values, by_the_function(sent))


@given(st.floats(width=32, allow_nan=False, min_value=-100, max_value=100))
def test_a_float32_is_sent_as_the_shortest_decimal_that_means_it(number: float) -> None:
    ((row,), _) = tables.read(pl.DataFrame([ROW | {"share": number}], schema=POLARS | {"share": pl.Float32}), FIELDS)

    assert np.float32(row["share"]) == np.float32(number)
    assert len(repr(row["share"])) <= len(repr(number))


def refusal(rows: Any) -> str:
    with pytest.raises(DeliverError) as raised:
        matrix(rows, contract=CONTRACT, heuristics=HEURISTICS)
    return str(raised.value)


def table(**columns: Any) -> pd.DataFrame:
    """Make a table of three rows, which somebody else's split has left."""
    return pd.DataFrame({name: [value] * 3 for name, value in ROW.items()}, index=[7, 1, 30]).assign(**columns)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            table(share=pd.to_datetime(["2026-01-01", None, None])),
            ("row 0 (index 7), field share: a pandas.Timestamp is no number, flag or word; make one of what matters in "
            "it, as of a date the days since"),
        ),
        (
            [ROW | {"age": np.timedelta64(3, "D")}],
            (
                "row 0, field age: a numpy.timedelta64 is no number, flag or word; make one of what matters in it, as "
                "of a date the days since"
            ),
        ),
        (
            [ROW, ROW | {"months": date(2026, 1, 1)}],
            ("row 1, field months: a datetime.date is no number, flag or word; make one of what matters in it, as of a "
            "date the days since"),
        ),
        (
            table(months=[1, 1.5, 2]),
            ("row 1, field months: Input should be a valid integer, but it is 1.5. "
            "Fix the row, or widen the field in contract.py"),
        ),
        (
            table(age=[30, np.nan, 30]),
            ("row 1, field age is missing, which the contract does not allow. Fix the row, leave it out, or let the "
            "field be missing in contract.py (| None = None)"),
        ),
        (
            [{name: value for name, value in ROW.items() if name != "age"}],
            ("row 0, field age is missing, which the contract does not allow. Fix the row, leave it out, or let the "
            "field be missing in contract.py (| None = None)"),
        ),
        (
            table(secured=[0, 2, 1]),
            ("row 1, field secured: Input should be a valid boolean, but it is 2. Fix the row, or widen the field in "
            "contract.py"),
        ),
        (
            table(zone=1),
            ("row 0 (index 7), field zone: Input should be 'home', 'abroad' or '1', but it is 1. Fix the row, or widen "
            "the field in contract.py"),
        ),
        (
            table(share=np.inf),
            ("row 0 (index 7), field share: Input should be a finite number, but it is inf. Fix the row, or widen the "
            "field in contract.py"),
        ),
        (
            table().rename(columns={"age": "Age", "zone": "Zone"}),
            ("the table has no column for the contract's age, zone; it has Age, Zone, which the contract has not: "
            "say in FIELDS of the training which column it is read from, rename one, or add one of None"),
        ),
        (
            table().drop(columns="age"),
            (
                "the table has no column for the contract's age: say in FIELDS of the training which column it is "
                "read from, rename one, or add one of None"
            ),
        ),
        (
            pd.concat([table(), table()[["age"]]], axis="columns"),
            "the table has columns of one name ('age' 2 times): give each a name of its own",
        ),
        (
            [ROW | {"colour": np.int64(3)}],
            ("row 0, field colour: Extra inputs are not permitted, but it is '3'. Fix the row, or widen the field in "
            "contract.py"),
        ),
        (
            table()["age"],
            "row 0 is a int: write it as a dict, from the contract's fields to values",
        ),
        *(
            (rows, f"rows are a {kind}: give a table of pandas, Polars or Arrow, or a list of dicts, one for each row")
            for rows, kind in [
                (7, "int"), ("rows.csv", "str"), ({"age": [30]}, "dict"), (np.ones((2, 6)), "ndarray"),
            ]
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_one_sentence(rows: Any, sentence: str) -> None:
    assert refusal(rows) == sentence


def test_columns_that_the_contract_has_not_are_left_out_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"^columns that the contract has not are left out: id, late$") as raised:
        values = matrix(table(id=1, late="yes"), contract=CONTRACT, heuristics=HEURISTICS).values

    np.testing.assert_array_equal(values, by_the_function([ROW] * 3))
    assert raised[0].filename == __file__


def test_of_many_columns_a_warning_names_the_first() -> None:
    wide = pd.DataFrame([ROW | {f"column_{place}": 0 for place in range(300)}])

    with pytest.warns(UserWarning, match=r"^columns that .* are left out: column_0, .*, column_9 and 290 more$"):
        tables.read(wide, FIELDS)


def test_no_more_is_read_than_asked_for() -> None:
    assert len(tables.read((ROW for _ in count()), FIELDS, most=5)[0]) == 5
    assert len(tables.read(table(), FIELDS, most=2)[0]) == 2


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (pd.Series(["good", None, "bad"], dtype="category"), ["good", None, "bad"]),
        (pd.Series([True, pd.NA, False], dtype="boolean"), [True, None, False]),
        (pd.Series([1, pd.NA, 0], dtype="Int64"), [1, None, 0]),
        (pd.Series([0.5, np.nan], dtype="float32"), [0.5, None]),
        (pd.DataFrame({"late": [1, 0]}), [1, 0]),
        (pl.Series([1, None]), [1, None]),
        (pa.chunked_array([[True, None]]), [True, None]),
        (pl.DataFrame({"late": ["yes", "no"]}), ["yes", "no"]),
        (pl.LazyFrame({"late": [1, 0]}), [1, 0]),
    ],
)
def test_labels_may_be_a_column_of_any_library(labels: Any, values: list[Any]) -> None:
    assert tables.label_values(labels) == values


def test_other_labels_stay_as_they_are() -> None:
    given_labels = np.array([1, 0])

    assert tables.label_values(given_labels) is given_labels


def test_a_label_that_is_a_date_is_one_sentence() -> None:
    with pytest.raises(DeliverError, match=r"^a label is a datetime\.datetime: give numbers, or the classes that"):
        tables.label_values(pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]))


def test_labels_with_the_index_of_the_rows_stand_in_its_order() -> None:
    rows = pd.DataFrame({"width": [1.0, 2.0, 3.0]})
    labels = pd.Series([0, 1, 1], index=[0, 1, 2])
    tables.require_beside(rows, labels)
    tables.require_beside(rows, labels.set_axis([7, 8, 9]))  # of another table: by place
    tables.require_beside(rows, labels.tolist())
    tables.require_beside(rows.to_dict("records"), labels[::-1])
    with pytest.raises(DeliverError) as raised:
        tables.require_beside(rows, labels[::-1])
    assert str(raised.value) == "labels have the index of the rows in another order: give labels.loc[rows.index]"
