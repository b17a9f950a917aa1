"""A row becomes the model's input."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from predictor.encoder import Encoder, HeuristicError

pytestmark = pytest.mark.quick

FIELDS = [
    {"name": "months", "kind": "number"},
    {"name": "own", "kind": "flag"},
    {"name": "colour", "kind": "category", "categories": ["red", "green"]},
]


def row(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**({"months": 12, "own": True, "colour": "green"} | fields))


def encoder(*heuristics: Any) -> Encoder:
    return Encoder(FIELDS, heuristics)


def years(row: Any) -> float:
    return float(row.months / 12)


def unknown(row: Any) -> None:
    return None


def test_columns_are_the_fields_then_the_heuristics() -> None:
    assert encoder(years, unknown).columns == ("months", "own", "colour", "years", "unknown")


def test_a_row_is_laid_out_as_one_float32_row() -> None:
    vector = encoder(years).vector(row())

    assert (vector.dtype, vector.shape) == (np.float32, (1, 4))
    assert vector.tolist() == [[12, 1, 1, 1]]


def test_what_is_missing_is_nan_never_zero() -> None:
    vector = encoder(unknown).vector(row(months=None, own=None, colour=None))

    assert np.isnan(vector).all()


def test_a_category_is_its_place_in_the_contract() -> None:
    assert encoder().matrix([row(colour="red"), row(colour="green")])[:, 2].tolist() == [0, 1]


def test_rows_below_each_other_are_the_same_as_alone() -> None:
    rows = [row(months=months) for months in (1, 2, 3)]

    assert np.array_equal(encoder(years).matrix(rows), np.vstack([encoder(years).vector(one) for one in rows]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e39, 3.5e38, 10**40])
def test_a_heuristic_that_float32_cannot_hold_is_named(value: float) -> None:
    def odd(row: Any) -> float:
        return value

    with pytest.raises(HeuristicError, match=r"^heuristic odd: ArithmeticError$"):
        encoder(odd).vector(row())


def test_a_heuristic_that_raises_is_named_without_its_message() -> None:
    def fails(row: Any) -> float:
        raise KeyError(row.colour)

    with pytest.raises(HeuristicError) as raised:
        encoder(fails).vector(row(colour="green"))

    assert str(raised.value) == "heuristic fails: KeyError"
    assert isinstance(raised.value.__cause__, KeyError)


def test_a_heuristic_that_gives_no_number_is_named() -> None:
    def text(row: Any) -> Any:
        return "12"

    with pytest.raises(HeuristicError, match=r"^heuristic text: TypeError$"):
        encoder(text).vector(row())
