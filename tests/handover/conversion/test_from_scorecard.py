"""A scorecard is exact: at each edge of each band, a step of float32 beside it, and where a value is missing."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handover.conversion import ConversionError, to_graph
from handover.conversion.from_scorecard import Bands, Closed, Scaling, Scorecard
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data

pytestmark = pytest.mark.quick
NUMBERS = st.floats(-1e6, 1e6, width=32)
POINTS = st.one_of(st.integers(-99, 99).map(float), st.floats(-9, 9))


@st.composite
def scorecards(draw: Any) -> Scorecard:
    bands = []
    for column in range(draw(st.integers(1, 3))):
        edges = tuple(sorted(draw(st.sets(NUMBERS, max_size=9))))
        points = tuple(draw(POINTS) for _ in range(len(edges) + 1))
        bands.append(Bands(column, edges, points, draw(st.one_of(POINTS, st.just(math.nan)))))
    scaling = draw(st.sampled_from([None, Scaling(), Scaling.by_pdo(20, points=600, odds=50)]))
    closed = draw(st.sampled_from(["from", "to"]))
    return Scorecard(COLUMNS[: len(bands)], tuple(bands), draw(POINTS), scaling, closed)


def beside(edges: tuple[float, ...]) -> list[np.float32]:
    return [np.nextafter(np.float32(edge), np.float32(side)) for edge in edges for side in (-np.inf, edge, np.inf)]


def naive(scorecard: Scorecard, row: Any) -> float:
    """Score a row as a clerk would, band by band."""
    total = scorecard.base
    for bands in scorecard.bands:
        value = float(row[bands.column])
        lows, highs = (-math.inf, *bands.edges), (*bands.edges, math.inf)
        inside = [
            low <= value < high if scorecard.closed == "from" else low < value <= high
            for low, high in zip(lows, highs, strict=True)
        ]
        total += bands.missing if math.isnan(value) else bands.points[inside.index(True)]
    if scorecard.scaling is None or math.isnan(total):
        return total
    odds = -(total - scorecard.scaling.offset) / scorecard.scaling.factor
    return 1 / (1 + math.exp(odds)) if odds < 700 else 0.0


@given(scorecards())
@settings(max_examples=150, deadline=None)
def test_each_band_is_exact_at_its_edges_and_a_step_beside_them(scorecard: Scorecard) -> None:
    rows = []
    for bands in scorecard.bands:
        for value in [*beside(bands.edges), np.float32(0), np.float32(np.nan), np.float32(3e38), np.float32(-3e38)]:
            row = np.zeros(len(scorecard.bands), dtype=np.float32)
            row[bands.column] = value
            rows.append(row)
    asked = np.array(rows)
    graph = to_graph(scorecard, scorecard.feature_names_in_, "test")
    right = np.array([naive(scorecard, row) for row in asked])

    np.testing.assert_allclose(scorecard.predict(asked), right, rtol=1e-12, atol=1e-12)
    answers, own = session(graph)(asked)[:, 0], scorecard.predict(asked).astype(np.float32)
    if scorecard.scaling is None:
        np.testing.assert_array_equal(answers, own)
    np.testing.assert_allclose(answers, own, rtol=5e-7, atol=1e-15)


@pytest.mark.parametrize("scaling", [None, Scaling(), Scaling.by_pdo(20, points=600, odds=50)])
@pytest.mark.parametrize("closed", ["from", "to"])
def test_the_standard_says_the_same(scaling: Scaling | None, closed: Closed) -> None:
    features, _ = data(gaps=True)
    bands = (
        Bands(0, (-5.0, 0.0, 5.0), (1.0, 2.0, 3.5, -4.0), 0.5),
        Bands(3, (1.0,), (-10.0, 10.0), 0.0),
        Bands(4, tuple(code + 0.5 for code in range(13)), tuple(map(float, range(14))), -1.0),
        Bands(5, (), (7.0,), 8.0),
    )
    assert_exact(Scorecard(COLUMNS, bands, 12.0, scaling, closed), features)


def test_points_double_the_odds_of_good() -> None:
    given_points = np.array([580.0, 600.0, 620.0])
    bad = Scaling.by_pdo(20, points=600, odds=50).probability(given_points)
    np.testing.assert_allclose((1 - bad) / bad, [25, 50, 100])
    np.testing.assert_allclose(Scaling().probability(np.log([0.25, 1, 3])), [0.2, 0.5, 0.75])


@pytest.mark.parametrize(
    "make", [lambda: Scaling(0, 0), lambda: Scaling(math.nan, 1), lambda: Scaling.by_pdo(0, points=1, odds=1)]
)
def test_a_scaling_without_a_factor_is_refused(make: Any) -> None:
    with pytest.raises(ConversionError, match="offset and factor are numbers, and the factor is not 0"):
        make()


def test_odds_are_above_nought() -> None:
    with pytest.raises(ConversionError, match=r"^odds=0: write how many good ones there are to one bad"):
        Scaling.by_pdo(20, points=600, odds=0)
