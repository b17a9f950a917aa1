"""What a contract accepts: every value that is named for a field is taken, and none next to the ends is missed."""

from random import Random
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover import Budgets, Contract, Field, Row, Score
from handover.rows import Domain, domains, drawn_row
from predictor.delivery import validators
from tests.helpers.strategies import accepted_rows

pytestmark = pytest.mark.quick


class Odd(Row):
    """A row with a field of each kind."""

    whole: int = Field(ge=-3, le=72, description="[1]")
    open_whole: int = Field(gt=0, lt=10, description="[1]")
    even: int = Field(ge=1, le=9, multiple_of=2, description="[1]")
    share: float = Field(ge=0.1, le=0.2, description="[1]")
    open_share: float = Field(gt=0, lt=0.2, description="[1]")
    cents: float = Field(ge=0, le=10, multiple_of=0.25, description="[1]")
    one: int = Field(ge=5, le=5, description="[1]")
    flag: bool | None = Field(description="null must be sent")
    word: Literal["a", "b", "c"] | None = Field(default=None, description="may be missing")
    single: Literal["only"] = Field(description="one category")


COMPILED = Contract(
    name="odd",
    version="1.0.0",
    row=Odd,
    score=Score("s", 0.0, 1.0),
    decisions={"all": 1.0},
    budgets=Budgets(1, 1, 1e-5, 0),
).compiled()  # fmt: skip
FIELDS = {field.name: field for field in domains(COMPILED)}
VALID = validators(COMPILED)[0]


def row(**changes: Any) -> dict[str, Any]:
    return drawn_row(FIELDS.values(), Random(1)) | changes


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("whole", (-3, -2, 71, 72)),
        ("open_whole", (1, 2, 8, 9)),
        ("even", (2, 4, 6, 8)),
        ("cents", (0.0, 0.25, 9.75, 10.0)),
        ("one", (5,)),
        ("flag", (False, True)),
        ("word", ("a", "b", "c")),
        ("single", ("only",)),
    ],
)
def test_the_edge_values_of_a_field(name: str, values: tuple[Any, ...]) -> None:
    assert FIELDS[name].edge_values == values
    assert [type(value) for value in FIELDS[name].edge_values] == [type(value) for value in values]


def test_beside_an_end_that_is_no_float32_stands_the_next_float32_inside() -> None:
    first, second, _, last = FIELDS["share"].edge_values

    assert (first, last) == (0.1, 0.2)
    assert np.float32(second) == np.nextafter(np.float32(0.1), np.float32(1))


@pytest.mark.parametrize("name", FIELDS)
def test_every_edge_value_is_accepted(name: str) -> None:
    for value in FIELDS[name].edge_values:
        VALID.validate_python(row(**{name: value}))


@given(st.sampled_from(sorted(FIELDS)), st.floats(-5, 100, width=32))
def test_values_beside_a_threshold_are_accepted_and_next_to_it(name: str, threshold: float) -> None:
    for value in FIELDS[name].beside(threshold):
        made = VALID.validate_python(row(**{name: value}))
        code = FIELDS[name].choices.index(value) if FIELDS[name].choices else getattr(made, name)
        step = FIELDS[name].step or (1 if FIELDS[name].choices else 2 * np.spacing(np.float32(abs(threshold))))
        assert abs(code - threshold) <= step


def test_a_category_is_only_what_it_can_be() -> None:
    assert FIELDS["word"].beside(0.5) == ["a", "b"]
    assert FIELDS["word"].beside(2.0000002) == ["c"]
    assert FIELDS["flag"].beside(0.5) == [False, True]
    assert FIELDS["whole"].beside(71.5) == [71, 72]


@given(st.integers(0, 2**32))
def test_every_drawn_row_is_accepted(seed: int) -> None:
    VALID.validate_python(drawn_row(FIELDS.values(), Random(seed)))


@given(accepted_rows(COMPILED))
def test_every_row_that_hypothesis_draws_is_accepted(drawn: dict[str, Any]) -> None:
    VALID.validate_python(drawn)


def test_different_values_are_counted() -> None:
    assert [FIELDS[name].count for name in ("share", "one", "word")] == [float("inf"), 1, 4]
    assert Domain("x", required=True, nullable=True, low=0, high=10, step=1, whole=True).count == 12
    assert Domain("x", required=True, nullable=False, low=-(2**70), high=2**70, step=1, whole=True).count == 2**71 + 1


@pytest.mark.parametrize(
    ("low", "high", "step"), [(0, 1.7, 0.1), (0, 0.3, 0.1), (0, 0.35, 0.01), (0.3, 0.3, 0.1), (-0.7, 0.29, 0.01)]
)
def test_multiples_reach_the_ends_whatever_floats_say(low: float, high: float, step: float) -> None:
    field = Domain("x", required=True, nullable=False, low=low, high=high, step=step)

    assert field.ends == (low, high)
    assert all(low <= value <= high for value in field.edge_values)
