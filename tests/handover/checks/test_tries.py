"""The rows that heuristics are tried on: which there are, and that bisection meets the very number."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.checks.roots import roots
from handover.checks.tries import corners, draws, every_row
from handover.rows import Domain

pytestmark = pytest.mark.quick

AMOUNT = Domain("amount", True, False, low=250, high=20_000, step=1, whole=True)
RATE = Domain("rate", True, False, low=0, high=0.2)
SHARE = Domain("share", False, True, low=0, high=1, open_low=True, open_high=True)
DISCOUNT = Domain("discount", True, False, low=0, high=1, open_high=True, step=0.1)
PURPOSE = Domain("purpose", True, True, choices=("car", "home"))
FIELDS = (AMOUNT, RATE, SHARE, DISCOUNT, PURPOSE)


def test_few_rows_are_all_tried_the_simplest_first() -> None:
    grade = Domain("grade", True, False, low=-1, high=1, step=1, whole=True)

    assert list(every_row([grade, PURPOSE]) or ()) == [
        {"grade": number, "purpose": purpose} for number in (0, 1, -1) for purpose in ("car", "home", None)
    ]
    assert every_row([AMOUNT]) is every_row([RATE]) is None


def test_a_number_of_the_code_is_tried_with_its_neighbours() -> None:
    tried = [row["amount"] for row in corners([AMOUNT], [37, 18_777, 20_000, 1e300])]

    assert tried == [250, 251, 18_776, 18_777, 18_778, 19_999, 20_000]


def test_rows_of_many_corners_and_drawn_ones_lie_in_their_ranges() -> None:
    for rows in (corners(FIELDS, range(1000)), islice(draws(FIELDS), 5000)):
        for row in rows:
            assert 250 <= row["amount"] <= 20_000
            assert isinstance(row["amount"], int)
            assert 0 <= row["rate"] <= 0.2
            assert row["share"] is None or 0 < row["share"] < 1
            assert round(row["discount"], 9) in {tenth / 10 for tenth in range(10)}
            assert row["purpose"] in {"car", "home", None}


def side(value: float, other: float) -> int:
    return (value > other) - (value < other)


@given(st.integers(250, 20_000))
def test_bisection_meets_a_whole_number(root: int) -> None:
    met = {row["amount"] for row in roots([AMOUNT, PURPOSE], lambda row: {1: side(row["amount"], root)})}

    assert root in met


@given(st.floats(1e-12, 0.2))
def test_bisection_meets_a_float(root: float) -> None:
    met = {row["rate"] for row in roots([RATE], lambda row: {1: side(row["rate"], root)})}

    assert root in met


def test_a_row_on_which_the_heuristic_fails_is_tried() -> None:
    met = {row["amount"] for row in roots([AMOUNT], lambda row: None if row["amount"] > 19_999 else {})}

    assert met == {20_000}
