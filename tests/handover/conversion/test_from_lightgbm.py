"""LightGBM is exact with every setting that is not refused, next to nought too, which it reads as nought."""

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

from handover.conversion import ConversionError, to_graph, training_time_scores
from handover.conversion.from_lightgbm import NEXT_TO_NOUGHT
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data, targets

FEW: dict[str, Any] = {"n_estimators": 10, "random_state": 0, "n_jobs": 1, "verbose": -1}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "DART": {"boosting_type": "dart"},
    "forest": {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    "sampled by gradient": {"data_sample_strategy": "goss"},
    "steeper sigmoid": {"sigmoid": 2.0},
    "gaps read as nought": {"use_missing": False},
    "nought read as a gap": {"zero_as_missing": True},
    "unbalanced": {"is_unbalance": True},
}
REGRESSORS: dict[str, dict[str, Any]] = {
    "plain": {},
    "root": {"reg_sqrt": True},
    **{
        objective: {"objective": objective}
        for objective in ["poisson", "gamma", "tweedie", "quantile", "mape", "huber", "fair", "regression_l1"]
    },
}


def classifier(**given: Any) -> Any:
    return lightgbm.LGBMClassifier(**FEW | given)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("seen", [True, False], ids=["gaps in training", "none in training"])
def test_a_classifier_is_exact(name: str, seen: bool) -> None:
    features, labels = data(gaps=seen)
    assert_exact(classifier(**CLASSIFIERS[name]).fit(features, labels), features)


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_is_exact(name: str) -> None:
    features, labels = data(gaps=True)
    model = lightgbm.LGBMRegressor(**FEW, **REGRESSORS[name])
    assert_exact(model.fit(features, targets(features, labels)), features)


@pytest.mark.parametrize("objective", ["cross_entropy", "cross_entropy_lambda"])
def test_a_regression_on_shares_is_exact(objective: str) -> None:
    features, labels = data(gaps=True)
    model = lightgbm.LGBMRegressor(objective=objective, **FEW).fit(features, labels * 0.8 + 0.1)
    assert_exact(model, features)


CATEGORIES: dict[str, dict[str, Any]] = {
    "sets": {"min_data_per_group": 1, "cat_smooth": 1, "cat_l2": 0},
    "one against the rest": {"max_cat_to_onehot": 100},
    "nought read as a gap": {"zero_as_missing": True},
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_categories_are_exact(name: str) -> None:
    features, labels = data(gaps=True)
    model = classifier(**CATEGORIES[name]).fit(features, labels, categorical_feature=[4, 5])
    assert "cat_threshold" in model.booster_.model_to_string()
    assert_exact(model, features)


def test_what_stopped_early_is_exact() -> None:
    features, labels = data(gaps=True)
    model = classifier(n_estimators=60)
    model.fit(
        features,
        labels,
        eval_X=features[:50],
        eval_y=1 - labels[:50],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )
    assert model.best_iteration_ < 60
    assert_exact(model, features)


def test_a_booster_is_exact() -> None:
    features, labels = data(gaps=True)
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(features, labels), 10)
    assert_exact(booster, features)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(
    leaves=st.integers(2, 31),
    seed=st.integers(0, 1000),
    gaps=st.booleans(),
    sets=st.sets(st.sampled_from([4, 5])),
    gap=st.sampled_from([{}, {"use_missing": False}, {"zero_as_missing": True}]),
)
def test_any_classifier_is_exact(leaves: int, seed: int, gaps: bool, sets: set[int], gap: dict[str, bool]) -> None:
    features, labels = data(gaps=gaps, seed=seed, rows=150)
    model = classifier(n_estimators=4, num_leaves=leaves, min_child_samples=5, **gap)
    assert_exact(model.fit(features, labels, categorical_feature=sorted(sets)), features)


def test_the_thresholds_beside_nought_are_there() -> None:
    """As LightGBM draws them in columns of both signs: what lies between is nought to it."""
    features, labels = data(gaps=False)
    model = classifier().fit(features, (features[:, 2] < 0).astype(int))
    assert f"{-NEXT_TO_NOUGHT:.17g}" in model.booster_.model_to_string()
    graph = assert_exact(model, features)
    row = np.zeros((5, 6), dtype=np.float32)
    row[:, 2] = [-1e-35, -1e-36, 0, 1e-36, 1e-35]
    assert len(set(session(graph)(row)[:, 0])) == 1
    assert labels.any()


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            classifier(linear_tree=True),
            "LGBMClassifier cannot be converted with linear_tree=True; it can be without",
        ),
        (
            lightgbm.LGBMRegressor(objective=lambda y, p: (p - y, np.ones_like(y)), **FEW),
            (
                "LGBMRegressor cannot be converted with objective=none; it can be with binary, cross_entropy, "
                "cross_entropy_lambda, fair, gamma, huber, lambdarank, mape, multiclass, multiclassova, poisson, "
                "quantile, rank_xendcg, regression, regression_l1, tweedie"
            ),
        ),
    ],
    ids=["linear trees", "an objective of one's own"],
)
def test_what_cannot_be_converted_is_named(model: Any, sentence: str) -> None:
    features, labels = data(gaps=False)
    model.fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == sentence


def test_a_booster_of_three_classes_is_refused() -> None:
    features, labels = data(gaps=False)
    sets = lightgbm.Dataset(features, labels)
    booster = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1}, sets, 2)
    with pytest.raises(ConversionError, match=r"^Booster gives 3 numbers for a row; a score is one$"):
        to_graph(booster, COLUMNS, "test")


WRAPPED: dict[str, Callable[[], Any]] = {
    "pipeline": lambda: make_pipeline("passthrough", lightgbm.LGBMClassifier(**FEW)),
    "calibrated": lambda: CalibratedClassifierCV(lightgbm.LGBMClassifier(**FEW), cv=2),
    "XGBoost, calibrated": lambda: CalibratedClassifierCV(xgboost.XGBClassifier(n_estimators=10, n_jobs=1), cv=2),
}


def table_of_codes(words: tuple[str, ...] = ()) -> tuple[Any, Any, Any]:
    """Give a DataFrame with a column of categories, their codes as rows, and labels."""
    random = np.random.default_rng(0)
    codes, labels = random.integers(0, 3, 600), random.integers(0, 2, 600)
    numbers = random.normal(size=600) + labels
    kind = pd.Categorical(np.array(words)[codes] if words else codes)
    return pd.DataFrame({"a": numbers, "c": kind}), np.column_stack([numbers, codes]).astype(np.float32), labels


@pytest.mark.parametrize("name", WRAPPED)
def test_codes_of_a_dataframe_inside_of_another_model_are_asked_as_numbers(name: str) -> None:
    table, rows, labels = table_of_codes()
    model = WRAPPED[name]().fit(table, labels)

    answers = session(to_graph(model, ("a", "c"), "codes"))(rows)[:, 0]

    assert answers == pytest.approx(training_time_scores(model, rows)[:, 0], abs=1e-6)


@pytest.mark.parametrize("name", WRAPPED)
def test_words_of_a_dataframe_inside_of_another_model_are_refused_in_a_sentence(name: str) -> None:
    table, _, labels = table_of_codes(("x", "y", "z"))

    with pytest.raises(ConversionError, match=r"train it on matrix\(\.\.\.\)\.values with (categ|feature_ty)"):
        to_graph(WRAPPED[name]().fit(table, labels), ("a", "c"), "words")


def test_a_dataframe_of_categories_whose_columns_are_chosen_by_name_is_refused_in_a_sentence() -> None:
    table, rows, labels = table_of_codes()
    chosen = ColumnTransformer([("all", "passthrough", ["a", "c"])]).set_output(transform="pandas")
    model = make_pipeline(chosen, lightgbm.LGBMClassifier(**FEW)).fit(table, labels)

    with pytest.raises(ConversionError) as refused:
        training_time_scores(model, rows)
    assert str(refused.value) == (
        "Pipeline of ColumnTransformer, LGBMClassifier has a model inside that was trained on a DataFrame of "
        "categories and takes no numbers: train it on matrix(...).values with categorical_feature=[...]"
    )
