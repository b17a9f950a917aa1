"""XGBoost is exact with every setting that is not refused."""

from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from handover import parity
from handover.conversion import ConversionError, at_thresholds, to_graph, training_time_scores
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data, targets

# Since 3.4 XGBoost says so of its boosters by name, which are in use.
pytestmark = pytest.mark.filterwarnings(r"ignore:.*booster=\w+. is deprecated")
FEW: dict[str, Any] = {"n_estimators": 10, "random_state": 0, "n_jobs": 1}
CODES = {"enable_categorical": True, "feature_types": ["q"] * 4 + ["c"] * 2}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "DART": {"booster": "dart", "rate_drop": 0.3},
    "trees dropped": {"rate_drop": 0.3},
    "several trees a round": {"num_parallel_tree": 3, "subsample": 0.7},
    "base score": {"base_score": 0.3},
    "weighted": {"scale_pos_weight": 3.0},
    "by loss": {"grow_policy": "lossguide", "max_leaves": 9},
    "exact thresholds": {"tree_method": "exact"},
    "hinge": {"objective": "binary:hinge"},
    "raw": {"objective": "binary:logitraw", "base_score": 0.3},
    "nought is missing": {"missing": 0.0},
    "categories in sets": {**CODES, "max_cat_to_onehot": 1},
    "categories one by one": {**CODES, "max_cat_to_onehot": 100},
    "categories of which the first is missing": {**CODES, "missing": 0.0},
}
OBJECTIVES = [
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:gamma",
    "reg:tweedie",
    "count:poisson",
]


def classifier(**given: Any) -> Any:
    return xgboost.XGBClassifier(**FEW | given)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("seen", [True, False], ids=["gaps in training", "none in training"])
def test_a_classifier_is_exact(name: str, seen: bool) -> None:
    features, labels = data(gaps=seen)
    assert_exact(classifier(**CLASSIFIERS[name]).fit(features, labels), features)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:tweedie", "reg:gamma", "reg:squarederror"])
def test_hundreds_of_trees_add_up_to_hundreds_in_its_own_float32(objective: str) -> None:
    features, labels = data(gaps=True)
    model = xgboost.XGBRegressor(objective=objective, **FEW | {"n_estimators": 300})
    model.fit(features, 100 * targets(features, labels))
    scores = model.predict(features)
    assert scores.max() > 400
    graph = to_graph(model, COLUMNS, "test")
    rows = np.concatenate([features, at_thresholds(graph, features)])
    assert parity.differing(session(graph)(rows), training_time_scores(model, rows), 1e-5) == []


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_regressor_is_exact(objective: str) -> None:
    features, labels = data(gaps=True)
    model = xgboost.XGBRegressor(objective=objective, **FEW)
    assert_exact(model.fit(features, targets(features, labels)), features)


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic"])
def test_a_logistic_regressor_is_exact(objective: str) -> None:
    features, labels = data(gaps=True)
    assert_exact(xgboost.XGBRegressor(objective=objective, **FEW).fit(features, labels), features)


@pytest.mark.parametrize(
    "settings_", [{"num_parallel_tree": 3, "subsample": 0.7}, {"booster": "dart", "rate_drop": 0.3}]
)
def test_what_stopped_early_is_exact(settings_: dict[str, Any]) -> None:
    features, labels = data(gaps=True)
    model = classifier(n_estimators=60, early_stopping_rounds=3, **settings_)
    model.fit(features, labels, eval_set=[(features[:50], 1 - labels[:50])], verbose=False)
    assert model.best_iteration < 59
    assert_exact(model, features)


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror"])
def test_a_booster_is_exact(objective: str) -> None:
    features, labels = data(gaps=True)
    assert_exact(xgboost.train({"objective": objective}, xgboost.DMatrix(features, labels), 10), features)


def test_names_of_the_models_own_do_not_matter() -> None:
    features, labels = data(gaps=True)
    names = ["a", "b", "c", "d", "e", "f"]
    sets = xgboost.DMatrix(features, labels, feature_names=names)
    assert_exact(xgboost.train({"objective": "binary:logistic"}, sets, 5), features)
    named = classifier().fit(features, labels)
    named.get_booster().feature_names = names
    assert_exact(named, features)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(
    depth=st.integers(1, 8),
    seed=st.integers(0, 1000),
    gaps=st.booleans(),
    one_by_one=st.sampled_from([0, 1, 5, 100]),
    dart=st.booleans(),
)
def test_any_classifier_is_exact(depth: int, seed: int, gaps: bool, one_by_one: int, dart: bool) -> None:
    features, labels = data(gaps=gaps, seed=seed, rows=150)
    codes: dict[str, Any] = {**CODES, "max_cat_to_onehot": one_by_one} if one_by_one else {}
    booster: dict[str, Any] = {"booster": "dart", "rate_drop": 0.5} if dart else {}
    model = classifier(n_estimators=4, max_depth=depth, random_state=seed, **codes, **booster)
    assert_exact(model.fit(features, labels), features)


def test_a_booster_of_three_classes_is_refused() -> None:
    features, labels = data(gaps=False)
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, xgboost.DMatrix(features, labels), 2)
    with pytest.raises(ConversionError) as raised:
        to_graph(booster, COLUMNS, "test")
    assert str(raised.value) == "Booster gives 3 numbers for a row; a score is one"


def test_an_unknown_objective_is_named_with_those_that_are_known() -> None:
    features, labels = data(gaps=False)
    booster = xgboost.train({"objective": "survival:cox"}, xgboost.DMatrix(features, labels + 1), 2)
    with pytest.raises(ConversionError) as raised:
        to_graph(booster, COLUMNS, "test")
    assert str(raised.value) == (
        "Booster cannot be converted with objective=survival:cox; it can be with binary:hinge, binary:logistic, "
        "binary:logitraw, count:poisson, multi:softmax, multi:softprob, rank:map, rank:ndcg, rank:pairwise, "
        "reg:absoluteerror, reg:expectileerror, reg:gamma, reg:logistic, reg:pseudohubererror, reg:quantileerror, "
        "reg:squarederror, reg:squaredlogerror, reg:tweedie"
    )
    assert np.isfinite(features).all()
