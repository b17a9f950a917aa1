"""Permutation importance: it is scikit-learn's, the same each time, and of a column that nobody asks for it is 0."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.inspection import permutation_importance as of_scikit_learn

from handover import importance
from handover.importance import permutation_importance
from handover.quality import HeldOut
from tests.helpers.judged import one_score

COLUMNS = ("strong", "weak", "unused")


def drawn(rows: int = 600, seed: int = 1) -> tuple[Any, Any]:
    features = np.random.default_rng(seed).normal(size=(rows, 3)).astype(np.float32)
    return features, 3 * features[:, 0] + features[:, 1]


def yes_or_no(rows: int = 600) -> tuple[Any, HeldOut, Any]:
    features, total = drawn(rows)
    model = RandomForestClassifier(20, max_depth=4, random_state=1).fit(features[:, :2], total > 0)
    return (
        lambda rows: model.predict_proba(rows[:, :2])[:, [1]].astype(np.float32),
        one_score(model.predict_proba(features[:, :2])[:, 1], (total > 0).astype(np.float64)),
        features,
    )


def falls(record: dict[str, Any]) -> dict[str, float]:
    return {column["name"]: column["fall"] for column in record["columns"]}


def test_it_is_scikit_learns_but_for_chance() -> None:
    features, total = drawn()
    labels = (total + np.random.default_rng(2).normal(size=len(total))).astype(np.float64)
    model = RandomForestRegressor(20, max_depth=4, random_state=1).fit(features, labels)
    held_out = one_score(model.predict(features), labels)

    record = permutation_importance(lambda rows: model.predict(rows)[:, np.newaxis], features, held_out, COLUMNS)

    expected = of_scikit_learn(model, features, labels, scoring="r2", n_repeats=30, random_state=1)
    assert (record["figure"], record["rows"], record["repeats"]) == ("R2", 600, 5)
    for column, mean, spread in zip(
        record["columns"], expected.importances_mean, expected.importances_std, strict=True
    ):
        assert column["fall"] == pytest.approx(mean, abs=4 * spread / np.sqrt(5) + 1e-4)
        assert column["spread"] < 4 * spread + 1e-4


def test_what_the_model_leans_on_comes_first_and_what_it_never_asks_for_is_nothing() -> None:
    ask, held_out, features = yes_or_no()
    record = permutation_importance(ask, features, held_out, COLUMNS)

    assert record["figure"] == "AUC"
    assert falls(record)["strong"] > 0.2 > falls(record)["weak"] > 0.01
    assert record["columns"][2] == {"name": "unused", "fall": 0.0, "spread": 0.0}


def test_it_is_the_same_each_time() -> None:
    ask, held_out, features = yes_or_no()
    assert permutation_importance(ask, features, held_out, COLUMNS) == permutation_importance(
        ask, features, held_out, COLUMNS
    )


def test_of_many_rows_some_of_each_outcome_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "MAX_ROWS", 40)
    features, _ = drawn(2000)
    labels = np.zeros(2000)
    labels[7] = 1

    record = permutation_importance(lambda rows: rows[:, [0]], features, one_score(np.full(2000, 0.5), labels), COLUMNS)

    assert record["rows"] == 40
    assert record["figure"] == "AUC"  # so the one row is among them


def test_a_regression_of_0_and_1_may_leave_them_when_shuffled() -> None:
    labels = np.array([0.0, 1.0] * 10)
    features = np.column_stack([labels, -labels]).astype(np.float32)

    record = permutation_importance(
        lambda rows: rows[:, [0]] * 2 + rows[:, [1]], features, one_score(labels, labels), ("up", "down")
    )

    assert record["figure"] == "AUC"
    assert 0 < falls(record)["up"] <= 1
    assert falls(record)["down"] == 0  # what it adds is beyond 0 and 1
