"""scikit-learn's trees go the model's way at every threshold, and at every gap and code, seen in training or not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor

from handover.conversion import to_graph
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data


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


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(leaf=st.integers(1, 30), seed=st.integers(0, 1000), gaps=st.booleans(), sets=st.sets(st.sampled_from([4, 5])))
def test_any_histogram_classifier_is_exact(leaf: int, seed: int, gaps: bool, sets: set[int]) -> None:
    features, labels = data(gaps=gaps, seed=seed, rows=150)
    model = HistGradientBoostingClassifier(
        max_iter=4, min_samples_leaf=leaf, categorical_features=sorted(sets) or None, early_stopping=False
    )
    assert_exact(model.fit(features, labels), features)


def test_a_code_that_the_training_never_saw_goes_where_what_is_missing_goes() -> None:
    features, labels = data(gaps=True)
    features[features[:, 4] == 3, 4] = 5
    model = HistGradientBoostingClassifier(max_iter=8, categorical_features=[4, 5]).fit(features, labels)
    unseen = features.copy()
    unseen[:, 4] = 3
    np.testing.assert_array_equal(
        model.predict_proba(unseen), model.predict_proba(np.where(np.arange(6) == 4, np.nan, unseen))
    )
    assert_exact(model, unseen)
