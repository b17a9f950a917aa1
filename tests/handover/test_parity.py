"""Many scores are judged as the function judges its first golden row."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover import parity
from predictor import files

pytestmark = pytest.mark.quick
SCORES = st.floats(-1e6, 1e6, width=32)


@given(st.lists(st.tuples(SCORES, st.integers(-9, 9))), st.sampled_from([0.0, 1e-5, 0.5]))
def test_rows_differ_exactly_where_the_function_would_not_start(rows: list[tuple[float, int]], budget: float) -> None:
    trained = np.array([score for score, _ in rows], dtype=np.float32)
    given_here = trained + np.array([steps for _, steps in rows], dtype=np.float32) * np.spacing(np.abs(trained))
    pairs = zip(given_here.tolist(), trained.tolist(), strict=True)
    apart = [
        not files.agrees({"score": now, "decision": "soon"}, {"score": then, "decision": "soon"}, budget)
        for now, then in pairs
    ]
    assert parity.differing(given_here[:, np.newaxis], trained[:, np.newaxis], budget) == np.flatnonzero(apart).tolist()


def test_what_is_no_number_differs() -> None:
    given, trained = [[math.nan], [1.0], [math.nan], [math.inf]], [[1.0], [math.nan], [math.nan], [math.inf]]
    assert parity.differing(given, trained, 1.0) == [0, 1, 2, 3]


def test_of_several_scores_one_is_enough_to_differ() -> None:
    assert parity.differing([[0.1, 0.9], [0.2, 0.8]], [[0.1, 0.9], [0.2, 0.7]], 1e-5) == [1]


def test_scores_are_written_by_their_names() -> None:
    assert parity.in_words({"score": 0.25}) == "0.25"
    assert parity.in_words({"adelie": 0.9, "gentoo": 0.1}) == "adelie 0.9, gentoo 0.1"


def test_the_limit_names_the_steps_only_where_they_count() -> None:
    assert parity.limit([[0.5], [31.0]], 1e-5) == "1e-05"
    assert parity.limit([[0.5, 33.0]], 1e-5) == "1e-05 (or 4 steps of float32 where these are more)"


def test_answers_are_judged_by_the_rows_that_are_too_far_off_and_the_worst_of_them() -> None:
    trained = [[0.5], [33.0], [0.25], [0.75]]

    assert parity.compared(trained, trained, 1e-5) is None
    assert parity.compared([[0.75], [33.0], [0.5], [1.25]], trained, 1e-5) == parity.Apart([0, 2, 3], 3, 0.5, "1e-05")


def test_what_is_no_number_is_furthest_off() -> None:
    apart = parity.compared([[0.1, 0.9], [math.nan, 0.8]], [[0.5, 0.5], [0.2, 0.8]], 1e-5)
    assert apart == parity.Apart([0, 1], 1, math.inf, "1e-05")
