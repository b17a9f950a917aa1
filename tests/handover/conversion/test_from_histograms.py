"""HistGradientBoosting is exact: gaps, categories in sets, categories that its training never saw."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tests.handover.conversion.exact import assert_exact, data, targets

SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "categories": {"categorical_features": [4, 5]},
    "one column of categories": {"categorical_features": [5]},
    "early stopping": {"early_stopping": True},
    "monotone": {"monotonic_cst": [1, 0, 0, 0, 0, 0]},
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("gaps", [True, False], ids=["gaps in training", "none in training"])
def test_a_classifier_is_exact(name: str, gaps: bool) -> None:
    features, labels = data(gaps=gaps)
    assert_exact(HistGradientBoostingClassifier(max_iter=8, **SETTINGS[name]).fit(features, labels), features)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "gamma", "poisson", "quantile"])
def test_a_regressor_is_exact(loss: str) -> None:
    features, labels = data(gaps=True)
    model = HistGradientBoostingRegressor(max_iter=8, loss=loss, quantile=0.7, categorical_features=[4])
    assert_exact(model.fit(features, targets(features, labels)), features)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(leaf=st.integers(1, 30), seed=st.integers(0, 1000), gaps=st.booleans(), sets=st.sets(st.sampled_from([4, 5])))
def test_any_classifier_is_exact(leaf: int, seed: int, gaps: bool, sets: set[int]) -> None:
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
