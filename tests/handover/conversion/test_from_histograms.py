"""HistGradientBoosting is exact: gaps, categories in sets, categories that its training never saw."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from tests.handover.conversion.exact import assert_exact, data


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
