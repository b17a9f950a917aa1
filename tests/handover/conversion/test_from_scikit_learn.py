"""scikit-learn's trees go the model's way at every threshold, and at every gap, seen in training or not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from handover.conversion import ConversionError, to_graph
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data, targets

FEW = {"n_estimators": 8, "random_state": 0}
WITH_GAPS = {
    "decision tree": DecisionTreeClassifier(random_state=0),
    "decision tree of few leaves": DecisionTreeClassifier(min_samples_leaf=20, random_state=0),
    "extra tree": ExtraTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(**FEW),
    "forest of weighted classes": RandomForestClassifier(class_weight="balanced", **FEW),
    "extra trees": ExtraTreesClassifier(**FEW),
    "bag of trees of some columns": BaggingClassifier(
        DecisionTreeClassifier(), max_features=0.6, bootstrap_features=True, **FEW
    ),
}
REGRESSORS_WITH_GAPS = {
    "decision tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(**FEW),
    "extra trees": ExtraTreesRegressor(**FEW),
    "bag": BaggingRegressor(DecisionTreeRegressor(), max_features=0.6, **FEW),
}
WITHOUT_GAPS = {
    "boosted": GradientBoostingClassifier(**FEW),
    "boosted by exponential loss": GradientBoostingClassifier(loss="exponential", **FEW),
    "boosted from nought": GradientBoostingClassifier(init="zero", **FEW),
    "AdaBoost of stumps": AdaBoostClassifier(**FEW),
    "AdaBoost of trees": AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), **FEW),
    "bag whose samples have one class": BaggingClassifier(DecisionTreeClassifier(), max_samples=2, **FEW),
}


@pytest.mark.parametrize("name", WITH_GAPS)
@pytest.mark.parametrize("seen", [True, False], ids=["gaps in training", "none in training"])
def test_a_classifier_is_exact_where_values_are_missing(name: str, seen: bool) -> None:
    features, labels = data(gaps=seen)
    assert_exact(WITH_GAPS[name].fit(features, labels), features)


@pytest.mark.parametrize("name", REGRESSORS_WITH_GAPS)
def test_a_regressor_is_exact_where_values_are_missing(name: str) -> None:
    features, labels = data(gaps=True)
    assert_exact(REGRESSORS_WITH_GAPS[name].fit(features, targets(features, labels)), features)


@pytest.mark.parametrize("name", WITHOUT_GAPS)
def test_what_takes_no_gaps_is_exact_without(name: str) -> None:
    features, labels = data(gaps=False)
    assert_exact(WITHOUT_GAPS[name].fit(features, labels), features, gaps=False)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_a_boosted_regressor_is_exact(loss: str) -> None:
    features, labels = data(gaps=False)
    model = GradientBoostingRegressor(loss=loss, **FEW).fit(features, targets(features, labels))
    assert_exact(model, features, gaps=False)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    kind=st.sampled_from([RandomForestClassifier, ExtraTreesClassifier]),
    depth=st.sampled_from([1, 3, None]),
    leaf=st.integers(1, 30),
    seed=st.integers(0, 1000),
    gaps=st.booleans(),
)
def test_any_forest_is_exact(kind: Any, depth: int | None, leaf: int, seed: int, gaps: bool) -> None:
    features, labels = data(gaps=gaps, seed=seed, rows=150)
    assert_exact(kind(4, max_depth=depth, min_samples_leaf=leaf, random_state=seed).fit(features, labels), features)


@pytest.mark.parametrize("trees", [30, 70, 100, 130, 300])
def test_the_mean_of_ones_is_one(trees: int) -> None:
    features, labels = data(gaps=False)
    model = RandomForestRegressor(trees, bootstrap=False).fit(features, labels.astype(float))
    scores = session(to_graph(model, COLUMNS, "test"))(features)
    assert (scores.min(), scores.max()) == (0.0, 1.0)


def test_a_model_of_one_leaf_gives_it() -> None:
    features, _ = data(gaps=False)
    model = DecisionTreeRegressor().fit(features, np.full(len(features), 0.3))
    assert set(session(to_graph(model, COLUMNS, "test"))(features)[:, 0]) == {np.float32(0.3)}


def test_a_first_guess_by_another_model_is_refused() -> None:
    features, labels = data(gaps=False)
    model = GradientBoostingClassifier(init=LogisticRegression(max_iter=2000), **FEW).fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == (
        "GradientBoostingClassifier cannot be converted with init=LogisticRegression: leave init out"
    )
