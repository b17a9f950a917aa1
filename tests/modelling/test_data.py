"""The raw data becomes rows of the contract."""

import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest

from delivery.contract import CONTRACT
from handover import Budgets, Contract, Field, Row, Score
from modelling.data import DATA, FIELDS, DataError, read

pytestmark = pytest.mark.quick

# Rows and bad loans by the code's meaning, as the corrected data set counts them (Groemping 2019; DOI 10.24432/C5QG88).
# One good loan is of a tenant there and of an owner here.
COUNTED = {
    "checking": {"none": (274, 135), "negative": (269, 105), "below_200": (63, 14), "from_200": (394, 46)},
    "history": {
        "delayed": (40, 25),
        "critical": (49, 28),
        "none_or_repaid": (530, 169),
        "paid_so_far": (88, 28),
        "repaid_here": (293, 50),
    },
    "purpose": {
        "new_car": (103, 17),
        "used_car": (181, 58),
        "furniture": (280, 62),
        "television": (12, 4),
        "appliances": (22, 8),
        "repairs": (50, 22),
        "vacation": (9, 1),
        "retraining": (97, 34),
        "business": (12, 5),
        "other": (234, 89),
    },
    "savings": {
        "unknown_or_none": (603, 217),
        "below_100": (103, 34),
        "below_500": (63, 11),
        "below_1000": (48, 6),
        "from_1000": (183, 32),
    },
    "property": {
        "unknown_or_none": (282, 60),
        "car_or_other": (232, 71),
        "building_society": (332, 102),
        "real_estate": (154, 67),
    },
    "housing": {"free": (179, 70), "rent": (713, 186), "own": (108, 44)},
    "employed": {
        "unemployed": (62, 23),
        "below_1": (172, 70),
        "below_4": (339, 104),
        "below_7": (174, 39),
        "from_7": (253, 64),
    },
}


def contract(**fields: object) -> Contract:
    """Make a contract of one row class with these annotated fields."""
    annotations = {name: annotation for name, (annotation, _) in fields.items()}  # type: ignore[misc]
    defaults = {name: field for name, (_, field) in fields.items()}  # type: ignore[misc]
    row = type("Row", (Row,), {"__annotations__": annotations, "__module__": __name__, **defaults})
    return Contract(
        name="x",
        version="1.0.0",
        row=row,
        score=Score("s", 0.0, 1.0),
        decisions={"yes": 1.0},
        budgets=Budgets(1, 1, 1e-5, 0),
    )


def test_every_row_of_the_data_is_a_row_of_the_contract() -> None:
    data = read(CONTRACT)

    assert len(data.rows) == len(data.labels) == 1000
    assert sum(data.labels) == 300
    assert data.absent == ()
    for row in data.rows:
        CONTRACT.row.model_validate(row)


def test_the_file_is_known_by_its_hash() -> None:
    assert read(CONTRACT).sha256 == hashlib.sha256(DATA.read_bytes()).hexdigest()


def test_the_file_is_as_it_was_published() -> None:
    assert read(CONTRACT).sha256 == "2c0bae00275c028fc853a1ea72cc7a68002c3f6876c41300c5c948711540c8c6"


@pytest.mark.parametrize("field", COUNTED)
def test_a_word_of_the_file_becomes_what_its_code_means(field: str) -> None:
    data = read(CONTRACT)
    loans = Counter(row[field] for row in data.rows)
    bad = Counter(row[field] for row, label in zip(data.rows, data.labels, strict=True) if label)

    assert {category: (loans[category], bad[category]) for category in loans} == COUNTED[field]


def test_who_owns_the_home_owns_real_estate() -> None:
    """Under the words of 1994 it was who lives rent-free that had no property, and seven of ten owned their home."""
    homes = Counter(row["property"] for row in read(CONTRACT).rows if row["housing"] == "own")

    assert homes["real_estate"] / homes.total() > 0.95


@pytest.mark.parametrize("field", ["checking", "history", "savings"])
def test_the_first_category_is_a_worse_risk_than_the_last(field: str) -> None:
    """The training takes the order of the categories for the order of the risk."""
    categories = next(declared["categories"] for declared in CONTRACT.compiled()["fields"] if declared["name"] == field)
    data = read(CONTRACT)
    first, last = (
        [label for row, label in zip(data.rows, data.labels, strict=True) if row[field] == category]
        for category in (categories[0], categories[-1])
    )

    assert sum(first) / len(first) > 2 * sum(last) / len(last)


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
    assert data.rows[0] == {"months": 6, "income": None}


def test_a_field_named_like_its_column_needs_no_entry() -> None:
    asks = contract(foreign_worker=(Literal["yes", "no"], Field(description="As in the file")))

    assert read(asks).rows[0] == {"foreign_worker": "yes"}


def test_a_word_that_the_table_does_not_know_is_named(tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    changed.write_text(DATA.read_text().replace("radio/television", "vacation", 1))

    with pytest.raises(DataError) as raised:
        read(CONTRACT, changed)

    assert str(raised.value) == ("'purpose' is 'vacation' in the data, which FIELDS of modelling/data.py does not name")
