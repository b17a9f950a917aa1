"""Columns that become others, to the last bit: products, bins of two, and logarithms next to nought."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
)

from handover.conversion import to_graph, training_time_scores
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.preparation import prepared
from handover.conversion.rows import Rows
from predictor.delivery import session

type Features = NDArray[np.float32]


def given(step: Any, features: Features) -> Features:
    """Give what a graph makes of rows by a fitted step."""
    graph = Graph()
    rows = prepared(step, Rows(graph, FEATURES, features.shape[1]))
    names = [str(place) for place in range(rows.width)]
    columns = tuple(map(str, range(features.shape[1])))
    return session(graph.finish(rows.tensor, columns, "test", classes=names))(features)


def columns(*scales: float, rows: int = 400) -> Features:
    random = np.random.default_rng(0)
    return (random.normal(size=(rows, len(scales))) * scales).astype(np.float32)


@pytest.mark.parametrize(
    "step",
    [
        PolynomialFeatures(3),
        PolynomialFeatures(4, interaction_only=True, include_bias=False),
        PolynomialFeatures((2, 3)),
        make_pipeline(FunctionTransformer(np.float64), PolynomialFeatures(3)),
    ],
    ids=str,
)
def test_products_are_multiplied_in_the_order_of_the_training(step: Any) -> None:
    features = columns(1e6, 1e-4, 3.0, 50.0)
    np.testing.assert_array_equal(given(step.fit(features), features), step.transform(features).astype(np.float32))


def test_products_of_a_sparse_matrix_are_multiplied_in_their_own_order() -> None:
    features = np.random.default_rng(0).integers(0, 3, (60, 3)).astype(np.float32)
    scaled = make_pipeline(OneHotEncoder(dtype=np.float32), MaxAbsScaler(), PolynomialFeatures(3)).fit(features)
    scaled[1].scale_ = np.linspace(0.1, 1.7, 9)  # numbers whose products depend on the order
    np.testing.assert_array_equal(given(scaled, features), scaled.transform(features).toarray())


@pytest.mark.parametrize("threshold", [0.1, np.float64(0.1)])
def test_a_number_is_beyond_a_threshold_in_the_type_in_which_numpy_compares_them(threshold: float) -> None:
    features = np.array([[0.1], [np.nextafter(np.float32(0.1), np.float32(1))], [0.0]], dtype=np.float32)
    step = Binarizer(threshold=threshold).fit(features)
    np.testing.assert_array_equal(given(step, features), step.transform(features))


def test_bernoullis_threshold_is_compared_so_too() -> None:
    features = np.array([[0.1, 1.0], [0.3, 0.0], [0.1, 0.0], [0.3, 1.0]], dtype=np.float32)
    model = BernoulliNB(binarize=0.1).fit(features, [0, 1, 0, 1])
    scores = session(to_graph(model, ("a", "b"), "test"))(features)
    np.testing.assert_allclose(scores, training_time_scores(model, features), atol=1e-6)


def test_logarithms_next_to_nought_keep_their_digits() -> None:
    features = np.array([[0.0], [1e-20], [-3e-12], [1e-8], [0.5], [3e9]], dtype=np.float32)
    step = FunctionTransformer(np.log1p).fit(features)
    np.testing.assert_allclose(given(step, features), step.transform(features), rtol=2e-7)


def test_a_targets_way_back_next_to_nought_keeps_its_digits() -> None:
    features, targets = columns(1.0), np.geomspace(1e-18, 1e-14, 400)
    model = TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1).fit(features, targets)
    scores = session(to_graph(model, ("a",), "test"))(features)
    np.testing.assert_allclose(scores, training_time_scores(model, features), rtol=1e-5)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("wide", [True, False])
def test_powers_are_those_of_the_training(*, wide: bool, standardize: bool) -> None:
    features = columns(1.0, 3e4, 1e-4, 1.0, 1.0, 1.0)
    power = PowerTransformer(standardize=standardize).fit(features)
    power.lambdas_[3:] = [0, 2, -1]  # the ends of its two formulas, and below
    step = make_pipeline(FunctionTransformer(np.float64), power) if wide else power
    wanted = step.transform(features)
    np.testing.assert_allclose(given(step, features), wanted, rtol=2e-6, atol=1e-6 * np.abs(wanted).max())


def test_powers_of_positive_columns_are_those_of_the_training() -> None:
    features = np.exp(columns(1.0, 0.3, 2.0))
    step = PowerTransformer("box-cox").fit(features)
    step.lambdas_[2] = 0
    np.testing.assert_allclose(given(step, features), step.transform(features), rtol=1e-6, atol=1e-6)


def test_powers_of_a_large_column_that_hardly_varies_are_computed_in_its_own_steps() -> None:
    features = (1e6 + columns(3e4)).astype(np.float32)
    step = PowerTransformer().fit(features)
    apart = np.abs(given(step, features) - step.transform(features))
    assert np.quantile(apart, 0.9) < 1e-6
