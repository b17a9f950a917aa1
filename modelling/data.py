"""The raw data becomes rows of the contract: one table says which column and which words become what."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.contract import Contract

DATA = Path(__file__).parent / "data" / "german_credit.csv"
TARGET = "creditability"
BAD = "bad"

YEARS = {
    "unemployed": "unemployed",
    "... < 1 year": "below_1",
    "1 <= ... < 4 years": "below_4",
    "4 <= ... < 7 years": "below_7",
    "... >= 7 years": "from_7",
}

# Field of the contract -> column of the data, and what its words are called in the contract (None: a whole number).
#
# The file has the words of the codebook of 1994, which put many of them beside the wrong code. Each becomes what its
# code means by the corrected codebook: Groemping, South German Credit Data: Correcting a Widely Used Data Set, Report
# 4/2019, Beuth University of Applied Sciences Berlin; data set DOI 10.24432/C5QG88. So in `checking`, `history`,
# `purpose`, `savings`, `property` and `housing` a word on the left does not mean what it says.
FIELDS: dict[str, tuple[str, Mapping[str, Any] | None]] = {
    "months": ("duration_in_month", None),
    "amount": ("credit_amount", None),
    "age": ("age_in_years", None),
    "checking": (
        "status_of_existing_checking_account",
        {
            "... < 0 DM": "none",
            "0 <= ... < 200 DM": "negative",
            "... >= 200 DM / salary assignments for at least 1 year": "below_200",
            "no checking account": "from_200",
        },
    ),
    "history": (
        "credit_history",
        {
            "no credits taken/ all credits paid back duly": "delayed",
            "all credits at this bank paid back duly": "critical",
            "existing credits paid back duly till now": "none_or_repaid",
            "delay in paying off in the past": "paid_so_far",
            "critical account/ other credits existing (not at this bank)": "repaid_here",
        },
    ),
    "purpose": (
        "purpose",
        {
            "car (new)": "other",
            "car (used)": "new_car",
            "furniture/equipment": "used_car",
            "radio/television": "furniture",
            "domestic appliances": "television",
            "repairs": "appliances",
            "education": "repairs",
            "retraining": "vacation",
            "business": "retraining",
            "others": "business",
        },
    ),
    "savings": (
        "savings_account_and_bonds",
        {
            "... < 100 DM": "unknown_or_none",
            "100 <= ... < 500 DM": "below_100",
            "500 <= ... < 1000 DM": "below_500",
            "... >= 1000 DM": "below_1000",
            "unknown/ no savings account": "from_1000",
        },
    ),
    "employed": ("present_employment_since", YEARS),
    "resident": ("present_residence_since", {"1": "below_1", "2": "below_4", "3": "below_7", "4": "from_7"}),
    "instalment_share": (
        "installment_rate_in_percentage_of_disposable_income",
        {"1": "from_35", "2": "below_35", "3": "below_25", "4": "below_20"},
    ),
    "guarantor": (
        "other_debtors_or_guarantors",
        {"none": "none", "co-applicant": "co_applicant", "guarantor": "guarantor"},
    ),
    "property": (
        "property",
        {
            "real estate": "unknown_or_none",
            "building society savings agreement/ life insurance": "car_or_other",
            "car or other, not in attribute Savings account/bonds": "building_society",
            "unknown / no property": "real_estate",
        },
    ),
    "other_plans": ("other_installment_plans", {"none": "none", "bank": "bank", "stores": "stores"}),
    "housing": ("housing", {"rent": "free", "own": "rent", "for free": "own"}),
    "credits": (
        "number_of_existing_credits_at_this_bank",
        {"1": "one", "2": "two_or_three", "3": "four_or_five", "4": "six_or_more"},
    ),
    "job": (
        "job",
        {
            "unemployed/ unskilled - non-resident": "unskilled_non_resident",
            "unskilled - resident": "unskilled",
            "skilled employee / official": "skilled",
            "management/ self-employed/ highly qualified employee/ officer": "management",
        },
    ),
}


class DataError(ValueError):
    """The data cannot give what the contract asks for; the message says what to write where."""


@dataclass(frozen=True)
class Data:
    """The raw data as rows of the contract."""

    rows: list[dict[str, Any]]
    labels: list[int]
    """1 where the loan went bad, else 0."""
    absent: tuple[str, ...]
    """Fields of the contract that the data does not have: missing in every row."""
    unused: tuple[str, ...]
    """Columns of the data that no field of the contract is made of."""
    sha256: str
    """Of the file."""


def read(contract: Contract, path: Path = DATA) -> Data:
    """Read the file as rows of the contract.

    A field that ``FIELDS`` does not name is taken from the column of its own name; where there is none, an optional
    field is missing in every row.

    Raises
    ------
    DataError
        When the data lacks a field that the contract requires, or has a word that ``FIELDS`` does not name.
    """
    content = path.read_bytes()
    records = list(csv.DictReader(content.decode().splitlines()))
    schema = contract.row.model_json_schema()
    sources, absent = {}, []
    for field in schema["properties"]:
        column, words = FIELDS.get(field, (field, None))
        if column in records[0]:
            sources[field] = (column, words)
        elif field in schema.get("required", ()):
            raise DataError(
                f"the contract requires '{field}', but {path.name} has no such column: name its column in FIELDS of "
                f"modelling/data.py, or let it be missing in contract.py (| None = None)"
            )
        else:
            absent.append(field)
    rows = [
        {field: _value(field, record[column], words) for field, (column, words) in sources.items()}
        | dict.fromkeys(absent)
        for record in records
    ]
    labels = [int(record[TARGET] == BAD) for record in records]
    used = {TARGET, *(column for column, _ in sources.values())}
    unused = tuple(column for column in records[0] if column not in used)
    return Data(rows, labels, tuple(absent), unused, hashlib.sha256(content).hexdigest())


def _value(field: str, word: str, words: Mapping[str, Any] | None) -> Any:
    if words is not None:
        if word not in words:
            raise DataError(f"'{field}' is '{word}' in the data, which FIELDS of modelling/data.py does not name")
        return words[word]
    try:
        return int(word)
    except ValueError:
        return word
