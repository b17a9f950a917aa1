"""CatBoost is exact with every setting that is not refused, and for every code that a contract may have."""

from typing import Any

import catboost
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.conversion import ConversionError, own_columns, to_graph
from tests.handover.conversion.exact import CATEGORIES, COLUMNS, Features, assert_exact, data, targets

FEW: dict[str, Any] = {
    "iterations": 10,
    "depth": 4,
    "verbose": 0,
    "random_seed": 0,
    "thread_count": 1,
    "allow_writing_files": False,
}
CODES: dict[str, Any] = {"cat_features": list(CATEGORIES), "max_ctr_complexity": 1}
NUMBERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "level by level": {"grow_policy": "Depthwise"},
    "by loss": {"grow_policy": "Lossguide", "max_leaves": 9},
    "gaps are the largest": {"nan_mode": "Max"},
    "few borders": {"border_count": 5},
    "weighted": {"auto_class_weights": "Balanced"},
    "ordered": {"boosting_type": "Ordered"},
    "cross entropy": {"loss_function": "CrossEntropy"},
    "focal": {"loss_function": "Focal:focal_alpha=0.5;focal_gamma=2"},
}
CATEGORICAL: dict[str, dict[str, Any]] = {
    "statistics": {},
    "one by one": {"one_hot_max_size": 100},
    "one by one and statistics": {"one_hot_max_size": 20},
    "level by level": {"grow_policy": "Depthwise"},
    "by loss, one by one": {"grow_policy": "Lossguide", "one_hot_max_size": 100},
    "buckets": {"simple_ctr": ["Buckets", "Counter"]},
    "means": {"simple_ctr": ["BinarizedTargetMeanValue"]},
    "priors": {"simple_ctr": ["Borders:Prior=0.3/1:CtrBorderCount=31"]},
    "all counted": {"counter_calc_method": "Full", "simple_ctr": ["Counter"]},
}
OBJECTIVES = ["RMSE", "MAE", "Quantile:alpha=0.3", "Poisson", "Tweedie:variance_power=1.5", "Huber:delta=1", "LogCosh"]


def classifier(**given: Any) -> Any:
    return catboost.CatBoostClassifier(**FEW | given)


def as_codes(features: Features, write: Any = int, gap: Any = "nan") -> Any:
    """Give rows as CatBoost takes categories, which may be no floats."""
    rows = features.astype(object)
    for column in CATEGORIES:
        rows[:, column] = [gap if np.isnan(code) else write(int(code)) for code in features[:, column]]
    return rows


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("seen", [True, False], ids=["gaps in training", "none in training"])
def test_a_classifier_is_exact(name: str, seen: bool) -> None:
    features, labels = data(gaps=seen)
    assert_exact(classifier(**NUMBERS[name]).fit(features, labels), features)


@pytest.mark.parametrize("name", CATEGORICAL)
@pytest.mark.parametrize("seen", [True, False], ids=["gaps in training", "none in training"])
def test_categories_are_exact(name: str, seen: bool) -> None:
    features, labels = data(gaps=seen)
    assert_exact(classifier(**CODES | CATEGORICAL[name]).fit(as_codes(features), labels), features)


@pytest.mark.parametrize("write", [str, float], ids=["words", "words of floats"])
@pytest.mark.parametrize("gap", ["nan", "", "None", "-1"])
def test_however_the_codes_were_written(write: Any, gap: str) -> None:
    features, labels = data(gaps=True)
    rows = as_codes(features, lambda code: str(write(code)), gap)
    assert_exact(classifier(**CODES).fit(rows, labels), features)


def test_a_code_that_the_training_had_not_is_exact() -> None:
    features, labels = data(gaps=True)
    known = ~((features[:, 4] > 8) | (features[:, 5] > 40))
    for hot in (1, 100):
        model = classifier(**CODES, one_hot_max_size=hot).fit(as_codes(features[known]), labels[known])
        assert_exact(model, features)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_regressor_is_exact(objective: str) -> None:
    features, labels = data(gaps=True)
    model = catboost.CatBoostRegressor(**FEW | CODES, loss_function=objective)
    assert_exact(model.fit(as_codes(features), targets(features, labels)), features)


@pytest.mark.parametrize("objective", ["Logloss", "RMSE", "Poisson", "PairLogit"])
def test_the_native_model_is_asked_as_its_classifier_or_regressor(objective: str) -> None:
    features, labels = data(gaps=True)
    groups = np.repeat(np.arange(40), 10) if objective == "PairLogit" else None
    pool = catboost.Pool(as_codes(features), labels, cat_features=list(CATEGORIES), group_id=groups)
    model = catboost.CatBoost(FEW | {"loss_function": objective, "max_ctr_complexity": 1}).fit(pool)
    assert_exact(model, features)


def test_what_stopped_early_is_exact() -> None:
    features, labels = data(gaps=True)
    model = classifier(iterations=100, early_stopping_rounds=3)
    model.fit(features, labels, eval_set=(features[:50], 1 - labels[:50]))
    assert model.tree_count_ < 100
    assert_exact(model, features)


def test_classes_may_be_words() -> None:
    features, labels = data(gaps=True)
    words = np.where(labels, "good", "bad")
    for positive in ("good", "bad"):
        assert_exact(classifier().fit(features, words), features, positive=positive)
    with pytest.raises(ConversionError, match="say which is the score's"):
        to_graph(classifier().fit(features, words), COLUMNS, "test")


def test_the_end_of_a_pipeline_is_exact() -> None:
    features, labels = data(gaps=True)
    assert_exact(make_pipeline(StandardScaler(), classifier()).fit(features, labels), features)


@pytest.mark.parametrize(
    "around",
    [
        lambda model: CalibratedClassifierCV(model, cv=2),
        lambda model: VotingClassifier([("one", model), ("other", classifier(depth=2))], voting="soft"),
        lambda model: StackingClassifier([("one", model)], cv=2),
        lambda model: GridSearchCV(model, {"depth": [2, 3]}, cv=2),
    ],
    ids=["calibrated", "voting", "stacking", "search"],
)
def test_inside_of_scikit_learn_s_models_it_is_exact(around: Any) -> None:
    features, labels = data(gaps=True)
    assert_exact(around(classifier()).fit(features, labels), features)


def test_names_of_columns_are_the_models_own() -> None:
    features, labels = data(gaps=True)
    named = classifier().fit(catboost.Pool(features, labels, feature_names=list(COLUMNS)))
    assert own_columns(named) == list(COLUMNS)
    assert own_columns(classifier().fit(features, labels)) == []


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    depth=st.integers(1, 7),
    seed=st.integers(0, 1000),
    gaps=st.booleans(),
    one_by_one=st.sampled_from([1, 20, 100]),
    policy=st.sampled_from(["SymmetricTree", "Depthwise", "Lossguide"]),
)
def test_any_classifier_is_exact(depth: int, seed: int, gaps: bool, one_by_one: int, policy: str) -> None:
    features, labels = data(gaps=gaps, seed=seed, rows=150)
    shape = {"iterations": 4, "depth": depth, "random_seed": seed, "grow_policy": policy}
    model = classifier(**CODES | shape, one_hot_max_size=one_by_one)
    assert_exact(model.fit(as_codes(features), labels), features)


def refusal(model: Any) -> str:
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    return str(raised.value)


def test_statistics_of_several_columns_are_named() -> None:
    features, labels = data(gaps=False)
    labels = ((features[:, 4] + features[:, 5]) % 2).astype(np.int64)
    model = classifier(cat_features=list(CATEGORIES), max_ctr_complexity=2, iterations=50)
    assert refusal(model.fit(as_codes(features), labels)) == (
        "CatBoostClassifier cannot be converted with statistics of several columns together; it can be with "
        "max_ctr_complexity=1"
    )


def test_categories_that_are_no_codes_are_named() -> None:
    features, labels = data(gaps=False)
    model = classifier(**CODES).fit(as_codes(features, "shop {}".format), labels)
    assert refusal(model) == (
        "CatBoostClassifier was trained on categories that are not the codes of matrix(...), in column 4: train it on "
        "matrix(...).values, with these columns as whole numbers"
    )


def test_several_numbers_for_a_row_are_named() -> None:
    features, labels = data(gaps=False)
    model = catboost.CatBoostRegressor(**FEW, loss_function="RMSEWithUncertainty").fit(features, labels)
    assert refusal(model) == (
        "CatBoostRegressor gives several numbers for a row (loss_function=RMSEWithUncertainty); a score is one, as of "
        "Logloss and RMSE, or one for each class, as of MultiClass"
    )


def test_a_model_that_is_not_fitted_is_named() -> None:
    assert refusal(classifier()) == (
        "CatBoostClassifier is not fitted: call its fit(...) with matrix(...).values and the labels"
    )
