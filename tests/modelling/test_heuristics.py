"""The heuristics of the credit model."""

import json
import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given

from delivery import heuristics
from delivery.contract import CONTRACT
from predictor.delivery import heuristics_in, validators
from tests.helpers.strategies import accepted_rows

pytestmark = pytest.mark.quick

COMPILED = CONTRACT.compiled()
FUNCTIONS = heuristics_in(heuristics)

ROW = SimpleNamespace(
    months=24, amount=4800, purpose="used_car", checking="below_200", savings="below_500", history="delayed",
    other_plans="bank", guarantor="none", instalment_share="below_35", credits="two_or_three", age=30, housing="rent",
    employed="below_4", resident="from_7", property="real_estate", job="skilled",
)  # fmt: skip

KNOWN = {
    "instalment": 200.0,
    "income": 200 / 0.3,
    "loan_in_incomes": 7.2,
    "reserve": 1.5,
    "liquidity": 400.0,
    "loan_to_savings": 16.0,
    "age_at_end": 32.0,
    "stability": 11.5,
    "started_work_at": 27.5,
    "obligations": 3,
    "trouble_before": True,
    "secured": True,
    "consumption": False,
    "long_for_its_size": 5.0,
}


@pytest.mark.parametrize("heuristic", FUNCTIONS, ids=lambda heuristic: heuristic.__name__)
def test_a_heuristic_gives_what_a_credit_officer_would(heuristic: Any) -> None:
    assert heuristic(ROW) == pytest.approx(KNOWN[heuristic.__name__])


def test_there_are_at_least_ten() -> None:
    assert len(FUNCTIONS) >= 10


@given(row=accepted_rows(COMPILED))
def test_every_row_that_the_contract_accepts_has_a_finite_number_or_none(row: dict[str, Any]) -> None:
    made = validators(COMPILED)[0].validate_json(json.dumps(row))

    for heuristic in FUNCTIONS:
        value = heuristic(made)
        assert value is None or math.isfinite(value), heuristic.__name__
        assert heuristic(made) == value


def test_what_is_not_known_is_none() -> None:
    row = SimpleNamespace(**(vars(ROW) | dict.fromkeys(("employed", "resident", "property"))))

    for name in ("stability", "started_work_at", "secured"):
        assert getattr(heuristics, name)(row) is None
    assert heuristics.secured(SimpleNamespace(**(vars(row) | {"guarantor": "guarantor"}))) is True
    assert heuristics.consumption(SimpleNamespace(**(vars(row) | {"purpose": "other"}))) is None


def test_money_that_nobody_has_seen_counts_as_none() -> None:
    row = SimpleNamespace(**(vars(ROW) | {"savings": "unknown_or_none"}))

    assert (heuristics.reserve(row), heuristics.liquidity(row), heuristics.loan_to_savings(row)) == (0.0, 100.0, None)
    assert heuristics.liquidity(SimpleNamespace(**(vars(row) | {"checking": "none"}))) == 0.0
    assert heuristics.liquidity(SimpleNamespace(**(vars(row) | {"checking": "negative"}))) == -100.0


@pytest.mark.parametrize(
    ("heuristic", "field", "true"),
    [
        ("trouble_before", "history", {"delayed", "critical"}),
        ("consumption", "purpose", {"furniture", "television", "appliances", "vacation"}),
    ],
)
def test_a_flag_is_up_for_the_categories_that_its_sentence_names(heuristic: str, field: str, true: set[str]) -> None:
    categories = next(declared["categories"] for declared in COMPILED["fields"] if declared["name"] == field)
    rows = {category: SimpleNamespace(**(vars(ROW) | {field: category})) for category in categories}

    assert true == {category for category, row in rows.items() if getattr(heuristics, heuristic)(row)}
