"""imbalanced-learn's models are scikit-learn's, trained on other rows: exact."""

import warnings
from typing import Any

import numpy as np
import pytest
from imblearn import ensemble, over_sampling, pipeline, under_sampling
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from tests.handover.conversion.exact import assert_exact, data

SEED: dict[str, Any] = {"random_state": 0}


def sampled(model: Any, sampler: Any = None) -> Any:
    return pipeline.make_pipeline(SimpleImputer(), sampler or over_sampling.SMOTE(**SEED), StandardScaler(), model)


MODELS: dict[str, Any] = {
    "SMOTE": sampled(LogisticRegression()),
    "undersampling in front of XGBoost": pipeline.make_pipeline(
        under_sampling.RandomUnderSampler(**SEED), XGBClassifier(n_estimators=5)
    ),
    "in a search": GridSearchCV(sampled(LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2),
    "calibrated": CalibratedClassifierCV(sampled(RandomForestClassifier(5, max_depth=4, **SEED)), cv=2),
    "BalancedRandomForest": ensemble.BalancedRandomForestClassifier(5, max_depth=4, **SEED),
    "BalancedBagging": ensemble.BalancedBaggingClassifier(n_estimators=3, **SEED),
    "EasyEnsemble": pipeline.make_pipeline(SimpleImputer(), ensemble.EasyEnsembleClassifier(n_estimators=3, **SEED)),
    "RUSBoost": pipeline.make_pipeline(SimpleImputer(), ensemble.RUSBoostClassifier(n_estimators=3, **SEED)),
}


def takes_gaps(name: str) -> bool:
    return isinstance(MODELS[name], pipeline.Pipeline) or name in {"in a search", "calibrated"}


@pytest.mark.parametrize(("name", "gaps"), [(name, gaps) for name in MODELS for gaps in {False, takes_gaps(name)}])
def test_it_is_exact(name: str, gaps: bool) -> None:
    features, labels = data(gaps=gaps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MODELS[name].fit(features, np.asarray(labels))
        assert_exact(model, features, gaps=gaps)
