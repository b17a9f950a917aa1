"""The score is of the class that is named; a model that cannot give one is refused in one sentence."""

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.conversion import ConversionError, to_graph, training_time_scores
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data

pytestmark = pytest.mark.quick

FEATURES, LABELS = data(gaps=False)


def forest(labels: Any) -> Any:
    return RandomForestClassifier(5, random_state=0).fit(FEATURES, labels)


def refused(model: Any, positive: object = None) -> str:
    """Give the sentence; both must say the same, for deliver() asks for the scores first."""
    with pytest.raises(ConversionError) as by_scores:
        training_time_scores(model, FEATURES, positive=positive)
    with pytest.raises(ConversionError) as by_graph:
        to_graph(model, COLUMNS, "test", positive=positive)
    assert str(by_scores.value) == str(by_graph.value)
    return str(by_scores.value)


@pytest.mark.parametrize("classes", [(0, 1), (False, True), (-1, 1), (0.0, 1.0)])
def test_of_ordinary_classes_the_second_is_the_scores(classes: tuple[Any, Any]) -> None:
    model = forest(np.array(classes)[LABELS])
    np.testing.assert_array_equal(training_time_scores(model, FEATURES), model.predict_proba(FEATURES)[:, 1:])


@pytest.mark.parametrize(("positive", "place"), [("bad", 0), ("good", 1)])
def test_of_other_classes_the_score_is_the_named_ones(positive: str, place: int) -> None:
    model = forest(np.array(["bad", "good"])[LABELS])
    wanted = model.predict_proba(FEATURES)[:, [place]]
    np.testing.assert_array_equal(training_time_scores(model, FEATURES, positive=positive), wanted)
    assert_exact(model, FEATURES, gaps=False, positive=positive)


@pytest.mark.parametrize("model", [LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())])
def test_that_holds_for_what_skl2onnx_converts(model: Any) -> None:
    model.fit(FEATURES / 10, np.array(["bad", "good"])[LABELS])
    scores = session(to_graph(model, COLUMNS, "test", positive="bad"))(FEATURES / 10)
    np.testing.assert_allclose(scores, model.predict_proba(FEATURES / 10)[:, :1], atol=1e-6)


def test_nought_can_be_named_too() -> None:
    model = forest(LABELS)
    np.testing.assert_array_equal(
        training_time_scores(model, FEATURES, positive=0), model.predict_proba(FEATURES)[:, :1]
    )


def test_other_classes_ask_for_a_name() -> None:
    assert refused(forest(np.array(["bad", "good"])[LABELS])) == (
        "say which is the score's: the classes of RandomForestClassifier, 'bad' and 'good': pass positive='good' or "
        "positive='bad'"
    )


def test_a_name_that_is_no_class_is_refused() -> None:
    assert refused(forest(np.array(["bad", "good"])[LABELS]), "Good") == (
        "positive='Good' is not among the classes of RandomForestClassifier, 'bad' and 'good': pass positive='good' or "
        "positive='bad'"
    )


def test_a_class_of_a_regression_is_refused() -> None:
    model = RandomForestRegressor(2).fit(FEATURES, LABELS)
    assert refused(model, "good") == ("positive='good' names a class, but RandomForestRegressor has none: leave it out")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            LogisticRegression(),
            "LogisticRegression is not fitted: call its fit(...) with matrix(...).values and the labels",
        ),
        (
            make_pipeline(StandardScaler(), xgboost.XGBClassifier()),
            (
                "Pipeline of StandardScaler, XGBClassifier is not fitted: call its fit(...) with matrix(...).values "
                "and the labels"
            ),
        ),
        (
            lightgbm.LGBMClassifier(),
            "LGBMClassifier is not fitted: call its fit(...) with matrix(...).values and the labels",
        ),
        (
            forest(np.zeros_like(LABELS)),
            "RandomForestClassifier was trained on one class only, 0; train it on rows of both outcomes",
        ),
        (
            forest(np.arange(len(LABELS)) % 3),
            (
                "the model knows 3 classes; a score needs exactly two, or write classes=(...) in the contract, in "
                "place of score and decisions"
            ),
        ),
        (
            Perceptron().fit(FEATURES, LABELS),
            (
                "Perceptron gives classes and no probabilities (no predict_proba): wrap it in CalibratedClassifierCV, "
                "or train a LogisticRegression; VotingClassifier takes voting='soft', SVC probability=True"
            ),
        ),
        (
            VotingClassifier([("a", RandomForestClassifier(2))]).fit(FEATURES, LABELS),
            (
                "VotingClassifier gives classes and no probabilities (no predict_proba): wrap it in "
                "CalibratedClassifierCV, or train a LogisticRegression; VotingClassifier takes voting='soft', SVC "
                "probability=True"
            ),
        ),
        (
            RandomForestRegressor(2).fit(FEATURES, np.column_stack([LABELS, LABELS])),
            "RandomForestRegressor gives 2 numbers for a row; a score is one",
        ),
        (
            RandomForestClassifier(2).fit(FEATURES[:, :3], LABELS),
            (
                "RandomForestClassifier was trained on 3 columns, and the contract gives 6: train it on "
                "matrix(...).values, all of its columns in their order"
            ),
        ),
        (
            object(),
            (
                "an object of the type object is no model: deliver a fitted one of scikit-learn, XGBoost, LightGBM, "
                "CatBoost, or a model's file by its path"
            ),
        ),
        (
            RandomForestClassifier,
            "RandomForestClassifier is a class and no model: deliver an object of it that is fitted",
        ),
        (
            pytest.MonkeyPatch(),
            (
                "MonkeyPatch of _pytest cannot be converted; deliver one of scikit-learn, XGBoost, LightGBM, CatBoost; "
                "an ONNX file of it comes in as onnx=, with scores= of its training"
            ),
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_gives_no_score_is_told_so(model: Any, sentence: str) -> None:
    assert refused(model) == sentence


def test_two_numbers_for_a_row_are_refused_where_no_attribute_tells() -> None:
    model = LinearRegression().fit(FEATURES, np.column_stack([LABELS, LABELS]))
    with pytest.raises(ConversionError, match=r"^LinearRegression gives 2 numbers for a row; a score is one$"):
        training_time_scores(model, FEATURES)
