"""The columns that a model was fitted on are known by name wherever its author gave it names."""

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoostClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.conversion import own_columns

VALUES = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
LABELS = (VALUES[:, 0] > 0).astype(int)
FEW: dict[str, Any] = {"iterations": 2, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
LIGHT: dict[str, Any] = {"n_estimators": 2, "verbose": -1, "n_jobs": 1}


def lightgbm_booster(table: Any) -> Any:
    return lightgbm.LGBMClassifier(**LIGHT).fit(table, LABELS).booster_


def saved_by_lightgbm(table: Any) -> Any:
    return lightgbm.Booster(model_str=lightgbm_booster(table).model_to_string())


def xgboost_booster(table: Any) -> Any:
    return xgboost.train({"max_depth": 1}, xgboost.DMatrix(table, LABELS), 2)


def fit(model: Any) -> Callable[[Any], Any]:
    return lambda table: model.fit(table, LABELS)


MODELS: dict[str, Callable[[Any], Any]] = {
    "LightGBM's Booster": lightgbm_booster,
    "LightGBM's file": saved_by_lightgbm,
    "LightGBM": fit(lightgbm.LGBMClassifier(**LIGHT)),
    "XGBoost's Booster": xgboost_booster,
    "XGBoost": fit(xgboost.XGBClassifier(n_estimators=2)),
    "CatBoost": fit(CatBoostClassifier(**FEW)),
    "linear": fit(LogisticRegression()),
    "pipeline": fit(make_pipeline(StandardScaler(), LogisticRegression())),
    "pipeline of CatBoost": fit(make_pipeline(CatBoostClassifier(**FEW))),
    "pipeline of a step that passes through": fit(make_pipeline("passthrough", CatBoostClassifier(**FEW))),
    "search of CatBoost": fit(GridSearchCV(CatBoostClassifier(**FEW), {"depth": [1]}, cv=2)),
    "calibrated CatBoost": fit(CalibratedClassifierCV(CatBoostClassifier(**FEW), cv=2)),
    "vote of CatBoost": fit(VotingClassifier([("a", CatBoostClassifier(**FEW))], voting="soft")),
}


@pytest.mark.parametrize("names", [("a", "c", "b"), ("f0", "f2", "f1"), ("Column_0", "1", "x2")], ids="-".join)
@pytest.mark.parametrize("name", MODELS)
def test_names_are_the_authors(name: str, names: tuple[str, ...]) -> None:
    assert own_columns(MODELS[name](pd.DataFrame(VALUES, columns=list(names)))) == list(names)


@pytest.mark.parametrize("name", MODELS)
def test_numbers_of_an_array_are_no_names(name: str) -> None:
    assert own_columns(MODELS[name](VALUES)) == []
    assert own_columns(MODELS[name](pd.DataFrame(VALUES).rename(columns=str))) == []
