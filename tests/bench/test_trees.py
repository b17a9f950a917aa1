import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from bench.trees import breadth_first, next_above, to_xgboost

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Whole numbers, so that thresholds fall halfway, and halves beside them, so that rows lie on thresholds."""
    return np.random.default_rng(1).integers(0, 40, (300, 5)).astype(np.float32) / 2


@pytest.fixture(scope="module")
def model(features: np.ndarray) -> GradientBoostingClassifier:
    labels = (features[:, 0] + features[:, 1] * 2 > features[:, 2] + 20).astype(int)
    return GradientBoostingClassifier(n_estimators=30, random_state=1).fit(features, labels)


def test_the_xgboost_model_answers_as_scikit_learns_at_every_threshold_and_one_step_beside_it(
    model: GradientBoostingClassifier, features: np.ndarray
) -> None:
    rows = []
    for stage in model.estimators_[:, 0]:
        tree = stage.tree_
        for node in np.flatnonzero(tree.children_left >= 0):
            for side in (-np.inf, tree.threshold[node], np.inf):
                row = features[len(rows) % len(features)].copy()
                row[tree.feature[node]] = np.nextafter(np.float32(tree.threshold[node]), np.float32(side))
                rows.append(row)
    edges = np.array(rows)
    assert len(edges) > 300
    converted = to_xgboost(model, features[:20])
    np.testing.assert_allclose(converted.predict_proba(edges)[:, 1], model.predict_proba(edges)[:, 1], atol=1e-6)


def test_it_answers_one_row_alone_as_among_others(model: GradientBoostingClassifier, features: np.ndarray) -> None:
    converted = to_xgboost(model, features[:20])
    alone = [converted.predict_proba(features[index : index + 1])[0, 1] for index in range(20)]
    np.testing.assert_allclose(alone, model.predict_proba(features[:20])[:, 1], atol=1e-6)


@pytest.mark.parametrize("threshold", [0.1, 1 / 3, 1.0, -0.1, 16_777_217.0, 0.0])
def test_below_the_next_float32_is_at_most_the_threshold(threshold: float) -> None:
    (edge,) = next_above(np.array([threshold]))
    for x in (np.nextafter(edge, np.float32(-np.inf)), edge, np.nextafter(edge, np.float32(np.inf))):
        assert (x < edge) == (float(x) <= threshold)


def test_siblings_stand_side_by_side() -> None:
    left, right = np.array([1, 2, -1, -1, 5, -1, -1]), np.array([4, 3, -1, -1, 6, -1, -1])  # depth first
    order, parents = breadth_first(left, right)
    assert order == [0, 1, 4, 2, 3, 5, 6]
    assert parents == [2**31 - 1, 0, 0, 1, 1, 2, 2]
