"""Sums of weighted columns are added up in float64."""

import numpy as np
from sklearn.linear_model import SGDClassifier

from handover.conversion import to_graph
from predictor.delivery import session


def test_modified_hubers_probability_is_a_clipped_sum_of_float64() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(300, 3)).astype(np.float32) + np.float32(100)
    labels = (features[:, 0] > 100).astype(np.int64)
    model = SGDClassifier(loss="modified_huber", random_state=0).fit(features, labels)
    model.coef_ = np.array([[50.0, -30.0, -20.0]])  # which cancel each other out
    model.intercept_ = np.array([0.1])

    scores = session(to_graph(model, ("a", "b", "c"), "test"))(features)[:, 0]
    exact = (np.clip(features.astype(np.float64) @ model.coef_[0] + 0.1, -1, 1) + 1) / 2
    assert ((exact > 0) & (exact < 1)).any()
    np.testing.assert_allclose(scores, exact, atol=1e-7)
