"""A model of several classes is exact, whatever order the contract lists them in."""

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from handover.conversion import ConversionError, to_graph, training_time_scores
from predictor.delivery import session
from tests.handover.conversion.exact import CLASSES, COLUMNS, assert_exact, data, of_classes

pytestmark = pytest.mark.filterwarnings(r"ignore:.*booster=\w+. is deprecated")  # XGBoost's own, of names in use
FEW: dict[str, Any] = {"n_estimators": 5, "random_state": 0}
LIGHT: dict[str, Any] = {**FEW, "verbose": -1, "n_jobs": 1}
TREES: dict[str, Any] = {
    "forest": RandomForestClassifier(**FEW),
    "histograms": HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "XGBoost": xgboost.XGBClassifier(**FEW),
    "LightGBM": lightgbm.LGBMClassifier(**LIGHT),
    "vote": VotingClassifier(
        [("a", RandomForestClassifier(**FEW)), ("b", xgboost.XGBClassifier(**FEW))], voting="soft", weights=[2, 1]
    ),
}
"""Which other models of classes are exact, docs/models.md lists, and its tests."""


@pytest.mark.parametrize("name", ["forest", "histograms", "LightGBM", "vote"])
def test_scores_stand_in_the_order_of_the_contract(name: str) -> None:
    features, _ = data(gaps=False)
    model = TREES[name].fit(features, np.array(CLASSES)[of_classes(features)])
    assert list(model.classes_) == ["large", "middle", "small"]
    wanted = model.predict_proba(features)[:, [2, 1, 0]]
    np.testing.assert_array_equal(training_time_scores(model, features, classes=CLASSES), wanted)
    graph = assert_exact(model, features, gaps=False, classes=CLASSES)
    np.testing.assert_allclose(session(graph)(features), wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["XGBoost", "LightGBM"])
def test_a_booster_knows_classes_by_their_places(name: str) -> None:
    features, _ = data(gaps=True)
    model = TREES[name].fit(features, of_classes(features))
    booster = model.get_booster() if name == "XGBoost" else model.booster_
    assert_exact(booster, features, classes=CLASSES)


def test_trees_of_one_leaf_are_numbers() -> None:
    features, _ = data(gaps=True)
    labels = of_classes(features)
    for model in (
        DecisionTreeClassifier(min_samples_leaf=300),
        RandomForestClassifier(2, min_samples_leaf=300),
        HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=300),
        lightgbm.LGBMClassifier(min_child_samples=300, **LIGHT),
    ):
        assert_exact(model.fit(features, labels), features, classes=CLASSES)


def refused(model: Any, classes: tuple[str, ...] = CLASSES, **given: Any) -> str:
    features, _ = data(gaps=False)
    with pytest.raises(ConversionError) as by_scores:
        training_time_scores(model, features, classes=classes, **given)
    with pytest.raises(ConversionError) as by_graph:
        to_graph(model, COLUMNS, "test", classes=classes, **given)
    assert str(by_scores.value) == str(by_graph.value)
    return str(by_scores.value)


def forest(labels: Any) -> Any:
    features, _ = data(gaps=False)
    return RandomForestClassifier(2, random_state=0).fit(features, np.array(labels)[of_classes(features)])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["small", "middle", "middle"], "it lacks 'large'"),
        (["small", "middle", "huge"], "it lacks 'large' and knows 'huge' beside them"),
        ([1, 2, 3], "it lacks 'small', 'middle', 'large' and knows '1', '2', '3' beside them"),
        ([0, 1, 1], "it lacks 'small', 'middle', 'large' and knows '0', '1' beside them"),
    ],
)
def test_other_classes_than_the_contracts_are_refused(labels: list[Any], sentence: str) -> None:
    assert refused(forest(labels)) == (
        f"the classes of RandomForestClassifier are not the contract's: {sentence}; train it on labels that are the "
        f"contract's classes, or their places from 0 to 2"
    )


def test_a_number_is_no_class() -> None:
    features, labels = data(gaps=False)
    assert refused(LinearRegression().fit(features, labels)) == (
        "LinearRegression gives a number, and the contract has 3 classes: train a classifier"
    )


def test_no_class_is_the_positive_one() -> None:
    assert refused(forest(CLASSES), positive="small") == (
        "positive='small' names one class, and the contract has them all: leave it out"
    )


def test_numbers_that_are_the_contracts_words_are_no_places() -> None:
    features, _ = data(gaps=False)
    model = forest([0, 1, 2])
    scores = training_time_scores(model, features, classes=("2", "1", "0"))
    np.testing.assert_array_equal(scores, model.predict_proba(features)[:, ::-1])


def test_floats_and_a_booster_are_no_places_either() -> None:
    features, _ = data(gaps=False)
    model = TREES["histograms"].fit(features, of_classes(features).astype(float))
    wanted = model.predict_proba(features)[:, ::-1]
    np.testing.assert_array_equal(training_time_scores(model, features, classes=("2", "1", "0")), wanted)
    booster = TREES["XGBoost"].fit(features, of_classes(features)).get_booster()
    wanted = training_time_scores(booster, features, classes=("0", "1", "2"))[:, ::-1]
    np.testing.assert_array_equal(training_time_scores(booster, features, classes=("2", "1", "0")), wanted)
    assert_exact(booster, features, classes=("2", "1", "0"))


def test_two_classes_for_three_are_refused() -> None:
    features, labels = data(gaps=False)
    assert refused(xgboost.train({}, xgboost.DMatrix(features, labels), 2)) == (
        "Booster gives 1 number for a row; the contract has 3 classes: train with a number for each, multi:softprob of "
        "XGBoost or multiclass of LightGBM"
    )


def test_several_numbers_in_a_leaf_are_refused() -> None:
    features, _ = data(gaps=False)
    model = xgboost.XGBClassifier(multi_strategy="multi_output_tree", **FEW).fit(features, of_classes(features))
    with pytest.raises(ConversionError) as refusal:
        to_graph(model, COLUMNS, "test", classes=CLASSES)
    assert str(refusal.value) == (
        "XGBClassifier gives several numbers at once (objective=multi:softprob); a score is one: train a model for "
        "each target or quantile, and classes with multi_strategy='one_output_per_tree'"
    )
