"""Where a model decides elsewhere than the contract, a sentence says so: its threshold is no part of a delivery."""

from typing import Any

import catboost
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.conversion import unlike

pytestmark = pytest.mark.quick

FEATURES = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
LABELS = (FEATURES[:, 0] > 0.2).astype(int)
WORDS = np.array(["bad", "good"])[LABELS]


def fixed(**settings: Any) -> Any:
    return FixedThresholdClassifier(LogisticRegression(), **{"threshold": 0.3, **settings}).fit(FEATURES, LABELS)


def tuned(threshold: float) -> Any:
    model = TunedThresholdClassifierCV(LogisticRegression(), cv=2, thresholds=2).fit(FEATURES, LABELS)
    model.best_threshold_ = threshold
    return model


def by_catboost(threshold: float) -> Any:
    model = catboost.CatBoostClassifier(2, verbose=0, allow_writing_files=False).fit(FEATURES, LABELS)
    model.set_probability_threshold(threshold)
    return model


@pytest.mark.parametrize(
    ("model", "scored", "sentence"),
    [
        (
            fixed(),
            None,
            (
                "FixedThresholdClassifier decides at 0.3, and production by the contract, at 0.2 and 0.6: where that "
                "is meant, make 0.3 an edge in contract.py."
            ),
        ),
        (
            fixed(threshold=-1.2, response_method="decision_function"),
            None,
            (
                "FixedThresholdClassifier decides by its decision_function, from -1.2 on, and production by the "
                "contract, at 0.2 and 0.6."
            ),
        ),
        (
            FixedThresholdClassifier(LogisticRegression(), threshold=0.3, pos_label="bad").fit(FEATURES, WORDS),
            "good",
            (
                "FixedThresholdClassifier decides at 0.7 of the score, and production by the contract, at 0.2 and "
                "0.6: where that is meant, make 0.7 an edge in contract.py."
            ),
        ),
        (
            tuned(0.25),
            1,
            (
                "TunedThresholdClassifierCV decides at 0.25, and production by the contract, at 0.2 and 0.6: where "
                "that is meant, make 0.25 an edge in contract.py."
            ),
        ),
        (
            by_catboost(0.35),
            None,
            (
                "CatBoostClassifier decides at 0.35, and production by the contract, at 0.2 and 0.6: where that is "
                "meant, make 0.35 an edge in contract.py."
            ),
        ),
        (tuned(0.6), None, ""),
        (fixed(threshold="auto"), None, ""),
        (by_catboost(0.5), None, ""),
        (LogisticRegression().fit(FEATURES, LABELS), None, ""),
    ],
)
def test_a_threshold_that_is_no_edge_of_the_contract_is_named(model: Any, scored: object, sentence: str) -> None:
    assert unlike(model, scored, [0.2, 0.6]) == sentence


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), FixedThresholdClassifier(LogisticRegression(), threshold=0.3)),
        GridSearchCV(FixedThresholdClassifier(LogisticRegression(), threshold=0.3), {"estimator__C": [1]}, cv=2),
    ],
)
def test_it_is_found_in_a_pipeline_and_in_a_search(model: Any) -> None:
    assert "decides at 0.3" in unlike(model.fit(FEATURES, LABELS), None, [0.5])
