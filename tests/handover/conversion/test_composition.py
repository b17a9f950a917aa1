"""Models around models are exact: whatever asks the trees, and whatever is done to the columns before."""

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from handover.conversion import ConversionError, to_graph
from tests.handover.conversion.exact import COLUMNS, assert_exact, data, targets


def boosted() -> Any:
    return xgboost.XGBClassifier(n_estimators=6, n_jobs=1, random_state=0)


def light() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=6, n_jobs=1, verbose=-1)


def histogram() -> Any:
    return HistGradientBoostingClassifier(max_iter=6)


def forest() -> Any:
    return RandomForestClassifier(6, random_state=0)


def logistic() -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())


WITH_GAPS = {
    "imputer, boosted": make_pipeline(SimpleImputer(), boosted()),
    "imputer, LightGBM": make_pipeline(SimpleImputer(strategy="median"), light()),
    "stack": StackingClassifier([("a", boosted()), ("b", light()), ("c", forest()), ("d", histogram())], cv=2),
    "stack that passes the columns on": StackingClassifier(
        [("a", boosted()), ("b", forest())], passthrough=True, final_estimator=histogram(), cv=2
    ),
    "stack under a forest": StackingClassifier([("a", boosted()), ("b", light())], final_estimator=forest(), cv=2),
    "bag": BaggingClassifier(histogram(), n_estimators=3, max_features=0.5),
    "vote": VotingClassifier([("a", boosted()), ("b", light())], voting="soft", weights=[1, 3]),
    "vote without one": VotingClassifier(
        [("a", boosted()), ("b", "drop"), ("c", forest())], voting="soft", weights=[1, 9, 2]
    ),
    "search": GridSearchCV(boosted(), {"max_depth": [2, 3]}, cv=2),
    "another edge": FixedThresholdClassifier(boosted(), threshold=0.3),
    "calibrated": CalibratedClassifierCV(forest(), cv=2),
    "calibrated boosted": CalibratedClassifierCV(boosted(), cv=2),
    "calibrated LightGBM": CalibratedClassifierCV(light(), cv=2),
    "calibrated by log odds": CalibratedClassifierCV(histogram(), cv=2),
    "calibrated pipeline": CalibratedClassifierCV(make_pipeline(SimpleImputer(), light()), cv=2),
    "calibrated linear pipeline": CalibratedClassifierCV(logistic(), cv=2),
    "calibrated once": CalibratedClassifierCV(boosted(), cv=2, ensemble=False),
    "isotonic": CalibratedClassifierCV(forest(), method="isotonic", cv=2),
    "isotonic of log odds": CalibratedClassifierCV(histogram(), method="isotonic", cv=2),
    "isotonic of LightGBM": CalibratedClassifierCV(light(), method="isotonic", cv=2),
    "by temperature": CalibratedClassifierCV(forest(), method="temperature", cv=2),
    "by temperature of log odds": CalibratedClassifierCV(histogram(), method="temperature", cv=2),
}
WITHOUT_GAPS = {
    "discriminant analysis": LinearDiscriminantAnalysis(),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier()),
    "calibrated support vectors": make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=2)),
    "calibrated kernel": make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), cv=2)),
    "calibrated votes": CalibratedClassifierCV(AdaBoostClassifier(n_estimators=5), cv=2),
    "stack of decisions": StackingClassifier(
        [("a", GradientBoostingClassifier(n_estimators=5)), ("b", make_pipeline(StandardScaler(), SVC()))], cv=2
    ),
}


@pytest.mark.parametrize("name", WITH_GAPS)
def test_it_is_exact_where_values_are_missing(name: str) -> None:
    features, labels = data(gaps=True)
    assert_exact(WITH_GAPS[name].fit(features, labels), features)


@pytest.mark.parametrize("name", WITHOUT_GAPS)
def test_what_takes_no_gaps_is_exact_without(name: str) -> None:
    features, labels = data(gaps=False)
    assert_exact(WITHOUT_GAPS[name].fit(features, labels), features, gaps=False)


REGRESSORS = {
    "stack": StackingRegressor(
        [("a", xgboost.XGBRegressor(n_estimators=5)), ("b", RandomForestRegressor(5, random_state=0))], cv=2
    ),
    "vote": VotingRegressor([("a", RandomForestRegressor(5)), ("b", HistGradientBoostingRegressor(max_iter=5))]),
    "logarithm of the target": TransformedTargetRegressor(
        RandomForestRegressor(5, random_state=0), func=np.log1p, inverse_func=np.expm1
    ),
    "root of the target": TransformedTargetRegressor(
        RandomForestRegressor(5, random_state=0), func=np.sqrt, inverse_func=np.square
    ),
    "scaled target": TransformedTargetRegressor(RandomForestRegressor(5, random_state=0), transformer=StandardScaler()),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_is_exact(name: str) -> None:
    features, labels = data(gaps=True)
    assert_exact(REGRESSORS[name].fit(features, targets(features, labels)), features)


def test_nearest_neighbours_can_predict_numbers() -> None:
    features, labels = data(gaps=False)
    assert_exact(KNeighborsRegressor(3).fit(features, targets(features, labels)), features, gaps=False)


def test_a_model_that_was_fitted_before_is_exact() -> None:
    features, labels = data(gaps=True)
    frozen = FrozenEstimator(boosted().fit(features[:200], labels[:200]))
    assert_exact(CalibratedClassifierCV(frozen).fit(features[200:], labels[200:]), features)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            CalibratedClassifierCV(boosted(), method="isotonic", cv=2),
            (
                r"^CalibratedClassifierCV cannot be converted with method='isotonic' around a model that answers in "
                r"float32: the last bit of its answer moves the score by \S+ here; method='sigmoid' can be, and "
                r"isotonic around scikit-learn's or LightGBM's trees$"
            ),
        ),
        (
            KNeighborsClassifier(weights="distance"),
            (
                r"^KNeighborsClassifier cannot be converted with metric=euclidean and weights=distance; it can be with "
                r"metric='euclidean' and weights='uniform'$"
            ),
        ),
        (
            TransformedTargetRegressor(RandomForestRegressor(2), func=np.arctan, inverse_func=np.tan),
            (
                r"^TransformedTargetRegressor cannot be converted with inverse_func tan; it can be with a scaler, and "
                r"with numpy's absolute, exp, expm1, log, log1p, sqrt, square$"
            ),
        ),
    ],
    ids=["isotonic of float32", "neighbours by distance", "target"],
)
@pytest.mark.filterwarnings("ignore:The provided functions")
def test_what_cannot_be_converted_is_named(model: Any, sentence: str) -> None:
    features, labels = data(gaps=False)
    model.fit(features, labels)
    with pytest.raises(ConversionError, match=sentence):
        to_graph(model, COLUMNS, "test")
