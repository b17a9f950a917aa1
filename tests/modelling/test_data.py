"""The raw data becomes rows of the contract."""

import csv
import hashlib
from pathlib import Path
from typing import Literal

import pytest

from delivery.contract import CONTRACT
from handover import agreement
from handover.agreement import Budgets, Contract, Field, Score
from modelling.data import DATA, FIELDS, DataError, read


def contract(**fields: object) -> Contract:
    """Make a contract of one row class with these annotated fields."""
    annotations = {name: annotation for name, (annotation, _) in fields.items()}  # type: ignore[misc]
    defaults = {name: field for name, (_, field) in fields.items()}  # type: ignore[misc]
    row = type("Row", (agreement.Row,), {"__annotations__": annotations, "__module__": __name__, **defaults})
    return Contract("x", "1.0.0", row, Score("s", 0.0, 1.0), {"yes": 1.0}, Budgets(1, 1, 1e-5, 0))


def test_every_row_of_the_data_is_a_row_of_the_contract() -> None:
    data = read(CONTRACT)

    assert len(data.rows) == len(data.labels) == 1000
    assert sum(data.labels) == 300
    assert data.absent == ()
    for row in data.rows:
        CONTRACT.row.model_validate(row)


def test_the_file_is_known_by_its_hash() -> None:
    assert read(CONTRACT).sha256 == hashlib.sha256(DATA.read_bytes()).hexdigest()


def test_every_word_of_a_mapped_column_is_in_the_data() -> None:
    records = list(csv.DictReader(DATA.read_text().splitlines()))

    for column, words in FIELDS.values():
        if words is not None:
            assert {record[column] for record in records} == set(words), column


def test_what_must_not_decide_is_not_in_the_contract() -> None:
    assert read(CONTRACT).unused == (
        "personal_status_and_sex",
        "number_of_people_being_liable_to_provide_maintenance_for",
        "telephone",
        "foreign_worker",
    )


def test_a_required_field_that_the_data_lacks_is_named_with_the_file_to_edit() -> None:
    asks = contract(income=(int, Field(ge=0, le=10, description="Income [DM]")))

    with pytest.raises(DataError) as raised:
        read(asks)

    assert str(raised.value) == (
        "the contract requires 'income', but german_credit.csv has no such column: name its column in FIELDS of "
        "modelling/data.py, or let it be missing in contract.py (| None = None)"
    )


def test_an_optional_field_that_the_data_lacks_is_missing_in_every_row() -> None:
    asks = contract(
        months=(int, Field(ge=4, le=72, description="Duration [months]")),
        income=(int | None, Field(default=None, ge=0, le=10, description="Income [DM]")),
    )

    data = read(asks)

    assert data.absent == ("income",)
    assert data.rows[0] == {"months": 6}


def test_a_field_named_like_its_column_needs_no_entry() -> None:
    asks = contract(foreign_worker=(Literal["yes", "no"], Field(description="As in the file")))

    assert read(asks).rows[0] == {"foreign_worker": "yes"}


def test_a_word_that_the_table_does_not_know_is_named(tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    changed.write_text(DATA.read_text().replace("radio/television", "vacation", 1))

    with pytest.raises(DataError) as raised:
        read(CONTRACT, changed)

    assert str(raised.value) == ("'purpose' is 'vacation' in the data, which FIELDS of modelling/data.py does not name")
