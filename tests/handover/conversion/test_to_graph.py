"""A model of any supported framework becomes one graph that answers as the model did."""

import hashlib
import os
import subprocess
import sys
from typing import Any

import lightgbm
import numpy as np
import onnx
import pytest
import xgboost
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from handover.conversion import ConversionError, at_thresholds, thresholds, to_graph, training_time_scores
from predictor.delivery import session

COLUMNS = ("a", "b", "c", "d")


def data(gaps: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(3)
    features = random.normal(size=(300, 4)).astype(np.float32)
    labels = (features[:, 0] + features[:, 1] ** 2 + random.normal(size=300) > 1).astype(np.int64)
    if gaps:
        features[random.random(features.shape) < 0.1] = np.nan
    return features, labels


MODELS = {
    "xgboost classifier": (xgboost.XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1), True),
    "xgboost regressor": (xgboost.XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1), True),
    "lightgbm classifier": (lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1), True),
    "sklearn logistic pipeline": (make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), True),
    "sklearn trees": (
        make_pipeline(SimpleImputer(), GradientBoostingClassifier(n_estimators=15, random_state=0)),
        True,
    ),
    "sklearn regressor": (LinearRegression(), False),
    "sklearn network": (
        make_pipeline(SimpleImputer(), StandardScaler(), MLPClassifier((8,), max_iter=2000, random_state=0)),
        True,
    ),
    "sklearn support vectors": (make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=2)), False),
    "sklearn that calls what is inside score": (make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss")), False),
    "sklearn forest": (RandomForestRegressor(n_estimators=5, random_state=0), False),
}


@pytest.fixture(params=MODELS)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, NDArray[np.float32]]:
    model, gaps = MODELS[request.param]
    features, labels = data(gaps)
    return model.fit(features, labels), features


def test_the_graph_answers_as_the_model_does(fitted: tuple[Any, NDArray[np.float32]]) -> None:
    model, features = fitted

    scores = session(to_graph(model, COLUMNS, "test"))(features)

    assert (scores.dtype, scores.shape) == (np.float32, (300, 1))
    np.testing.assert_allclose(scores, training_time_scores(model, features), atol=1e-5)


def test_one_row_gives_what_it_gives_among_others(fitted: tuple[Any, NDArray[np.float32]]) -> None:
    model, features = fitted
    score = session(to_graph(model, COLUMNS, "test"))

    np.testing.assert_allclose([score(row[np.newaxis])[0] for row in features], score(features), atol=1e-6)


def test_the_graph_takes_features_and_gives_score(fitted: tuple[Any, NDArray[np.float32]]) -> None:
    graph = onnx.load_from_string(to_graph(fitted[0], COLUMNS, "test"))

    (features,), (score,) = graph.graph.input, graph.graph.output
    assert (features.name, score.name) == ("features", "score")
    assert [d.dim_param or d.dim_value for d in features.type.tensor_type.shape.dim] == ["N", 4]
    assert [d.dim_param for d in score.type.tensor_type.shape.dim] == ["N"]
    assert {p.key: p.value for p in graph.metadata_props} == {"columns": '["a", "b", "c", "d"]'}


def test_the_same_model_gives_the_same_bytes(fitted: tuple[Any, NDArray[np.float32]]) -> None:
    assert to_graph(fitted[0], COLUMNS, "test") == to_graph(fitted[0], COLUMNS, "test")


def test_another_process_gives_the_same_bytes() -> None:
    program = "from tests.handover.conversion.test_to_graph import hashed\nprint(hashed())\n"
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # another one than this process has
    command = [sys.executable, "-W", "ignore", "-c", program]

    run = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == hashed()


def hashed() -> str:
    model, gaps = MODELS["sklearn logistic pipeline"]
    return hashlib.sha256(to_graph(model.fit(*data(gaps)), COLUMNS, "test")).hexdigest()


@pytest.mark.parametrize("name", ["xgboost classifier", "lightgbm classifier", "sklearn trees", "sklearn forest"])
def test_at_every_threshold_and_one_step_beside_it_the_graph_goes_the_models_way(name: str) -> None:
    model, gaps = MODELS[name]
    features, labels = data(gaps)
    model.fit(features, labels)
    graph = to_graph(model, COLUMNS, "test")

    rows = at_thresholds(graph, features)

    assert len(rows) > 80
    np.testing.assert_allclose(session(graph)(rows), training_time_scores(model, rows), atol=1e-5)


def test_rows_at_thresholds_differ_from_a_row_in_one_column() -> None:
    model, gaps = MODELS["xgboost classifier"]
    features, labels = data(gaps)
    graph = to_graph(model.fit(features, labels), COLUMNS, "test")

    rows = at_thresholds(graph, features[:1])

    changed = (rows != features[:1]) & ~(np.isnan(rows) & np.isnan(features[:1]))
    assert set(changed.sum(axis=1)) <= {0, 1}
    assert (np.diff(rows[:3, 0]) > 0).all()


def test_without_trees_there_are_no_thresholds() -> None:
    features, labels = data(gaps=False)
    graph = to_graph(LinearRegression().fit(features, labels), COLUMNS, "test")

    assert at_thresholds(graph, features).shape == (0, 4)


def test_more_than_two_classes_are_refused() -> None:
    features, labels = data(gaps=False)
    model = LogisticRegression().fit(features, labels + (features[:, 2] > 1))

    with pytest.raises(
        ConversionError, match=r"^the model knows 3 classes; a score needs exactly two, or write classes="
    ):
        training_time_scores(model, features)


def test_a_framework_that_cannot_be_converted_is_named() -> None:
    with pytest.raises(ConversionError) as raised:
        to_graph(object(), COLUMNS, "test")

    assert str(raised.value) == (
        "an object of the type object is no model: deliver a fitted one of scikit-learn, XGBoost, LightGBM, CatBoost, "
        "or a model's file by its path"
    )


def test_the_shares_of_a_forest_add_up_to_no_more_than_all_of_it() -> None:
    features, labels = data(gaps=False)
    model = RandomForestClassifier(n_estimators=20, random_state=1).fit(features, labels)

    scores = session(to_graph(model, COLUMNS, "test"))(features)

    assert (scores.min(), scores.max()) == (0.0, 1.0)


def test_what_is_missing_is_parted_from_all_else_without_a_row_beyond_all_numbers() -> None:
    features, _ = data(gaps=True)
    labels = np.isnan(features[:, 1]).astype(np.int64)
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1).fit(features, labels)
    graph = to_graph(model, COLUMNS, "test")

    assert max(value for _, value in thresholds(onnx.load_from_string(graph))) > 1e38
    rows = at_thresholds(graph, features)
    assert np.nanmax(rows) == np.finfo(np.float32).max
    np.testing.assert_allclose(session(graph)(rows), training_time_scores(model, rows), atol=1e-5)
