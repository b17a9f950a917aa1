"""What of a model computes in float32 is named; and trees that compare with numbers of the training need sharp ones."""

from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from handover.conversion import ConversionError, in_float32, to_graph
from tests.handover.conversion.exact import COLUMNS, assert_exact, data


def forest() -> Any:
    return RandomForestClassifier(4, max_depth=3, random_state=0)


def precise() -> Any:
    return FunctionTransformer(np.float64)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (LinearRegression(), ("LinearRegression",)),
        (make_pipeline(StandardScaler(), LogisticRegression()), ("LogisticRegression",)),
        (make_pipeline(StandardScaler(), PCA(2), LogisticRegression()), ("PCA", "LogisticRegression")),
        (make_pipeline(Normalizer(), forest()), ("Normalizer",)),
        (make_pipeline(ColumnTransformer([("a", PCA(2), [0, 1, 2])]), forest()), ("PCA",)),
        (GridSearchCV(make_pipeline(Normalizer(), forest()), {}, cv=2), ("Normalizer",)),
        (TransformedTargetRegressor(LinearRegression()), ("LinearRegression",)),
        (make_pipeline(StandardScaler(), forest()), ()),
        (forest(), ()),
        (xgboost.XGBClassifier(n_estimators=2), ()),
        (make_pipeline(precise(), PCA(2), LogisticRegression()), ()),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_adds_up_in_float32_is_named(model: Any, named: tuple[str, ...]) -> None:
    features, labels = data(gaps=False)
    assert in_float32(model.fit(features, labels), features.shape[1]) == named


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            make_pipeline(StandardScaler(), PCA(3), xgboost.XGBClassifier(n_estimators=2)),
            "LightGBM and CatBoost can be; or make FunctionTransformer(np.float64) the first step of all",
        ),
        (
            make_pipeline(StandardScaler(), PCA(3), HistGradientBoostingClassifier(max_iter=2)),
            "There a forest, LightGBM and CatBoost can be",
        ),
        (
            make_pipeline(precise(), PCA(3), HistGradientBoostingClassifier(max_iter=2)),
            "There a forest, LightGBM and CatBoost can be",
        ),
    ],
    ids=["XGBoost", "HistGradientBoosting", "HistGradientBoosting of float64"],
)
def test_trees_that_compare_with_numbers_they_saw_are_refused_behind_sums(model: Any, sentence: str) -> None:
    features, labels = data(gaps=False)
    with pytest.raises(ConversionError, match="cannot be converted behind PCA: the last bit") as raised:
        to_graph(model.fit(features, labels), COLUMNS, "test")
    assert str(raised.value).endswith(sentence)


def test_xgboosts_trees_do_not_see_the_last_bit_of_a_float64() -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(precise(), StandardScaler(), PCA(3), xgboost.XGBClassifier(n_estimators=8, n_jobs=1))
    assert_exact(model.fit(features, labels), features, gaps=False)


def test_what_the_members_of_a_stack_answered_in_training_others_did() -> None:
    features, labels = data(gaps=False)
    model = StackingClassifier([("a", forest())], HistGradientBoostingClassifier(max_iter=4), cv=2)
    assert_exact(model.fit(features, labels), features, gaps=False)
