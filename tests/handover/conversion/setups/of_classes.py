"""Models of three classes; those that take no gaps stand behind an imputer and a scaler."""

from typing import Any

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, TargetEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from tests.handover.conversion.setups.judge import Data, Fit, of_kinds, on_few
from tests.handover.conversion.setups.of_scikit_learn import scaled

FEW: dict[str, Any] = {"n_estimators": 5, "max_depth": 5, "random_state": 0}
LIGHT: dict[str, Any] = {**FEW, "verbose": -1, "n_jobs": 1}
QUIET: dict[str, Any] = {"iterations": 5, "depth": 3, "verbose": 0, "random_seed": 0, "allow_writing_files": False}
FOREST = RandomForestClassifier(**FEW)


def as_float64(model: Any) -> Fit:
    """Fit a copy on float64: what float32 adds up is not exact."""
    return lambda data: scaled(clone(model)).fit(data.features.astype(float), data.kinds)


def on_codes(data: Data) -> Any:
    """Fit CatBoost on the codes of categories, as whole numbers."""
    rows = data.features.astype(object)
    for column in data.codes:
        rows[:, column] = ["nan" if np.isnan(code) else str(int(code)) for code in data.features[:, column]]
    model = CatBoostClassifier(max_ctr_complexity=1, cat_features=list(data.codes), **QUIET)
    return model.fit(rows, data.kinds)


CLASSES: dict[str, Fit] = {
    "`LogisticRegression`": of_kinds(scaled(LogisticRegression())),
    "`LogisticRegression` in `OneVsRestClassifier`": of_kinds(scaled(OneVsRestClassifier(LogisticRegression()))),
    "`RidgeClassifier`": of_kinds(scaled(RidgeClassifier())),
    "`LogisticRegression` in `OneVsOneClassifier`": of_kinds(scaled(OneVsOneClassifier(LogisticRegression()))),
    "`LogisticRegression` behind `TargetEncoder`": lambda data: make_pipeline(
        ColumnTransformer([("codes", TargetEncoder(random_state=0), list(data.codes))], remainder=SimpleImputer()),
        MaxAbsScaler(),
        LogisticRegression(),
    ).fit(data.features, data.kinds),
    "`MLPClassifier`": of_kinds(scaled(MLPClassifier((5,), max_iter=20, random_state=0))),
    "`SVC(probability=True)`": on_few(of_kinds(scaled(SVC(probability=True, random_state=0, max_iter=300)))),
    "`LinearDiscriminantAnalysis`": of_kinds(scaled(LinearDiscriminantAnalysis())),
    "`QuadraticDiscriminantAnalysis(reg_param=0.1)`": as_float64(QuadraticDiscriminantAnalysis(reg_param=0.1)),
    "`GaussianNB`, trained on float64": as_float64(GaussianNB()),
    "`KNeighborsClassifier`": on_few(of_kinds(scaled(KNeighborsClassifier(7))), 150),
    "`DecisionTreeClassifier`": of_kinds(DecisionTreeClassifier(max_depth=5, random_state=0)),
    "`RandomForestClassifier`": of_kinds(FOREST),
    "`ExtraTreesClassifier`": of_kinds(ExtraTreesClassifier(**FEW)),
    "`GradientBoostingClassifier`": of_kinds(GradientBoostingClassifier(n_estimators=5, random_state=0)),
    "`HistGradientBoostingClassifier`": of_kinds(HistGradientBoostingClassifier(max_iter=5, random_state=0)),
    "`HistGradientBoostingClassifier(categorical_features=...)`": lambda data: HistGradientBoostingClassifier(
        max_iter=5, categorical_features=list(data.codes)
    ).fit(data.features, data.kinds),
    "`AdaBoostClassifier`": of_kinds(scaled(AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5))),
    "`BaggingClassifier`": of_kinds(BaggingClassifier(max_samples=8, max_features=0.6, random_state=0)),
    "`BaggingClassifier(GaussianNB())`, trained on float64": as_float64(
        BaggingClassifier(GaussianNB(), max_samples=0.1, max_features=0.6, n_estimators=5, random_state=0)
    ),
    "`VotingClassifier(voting='soft')`": of_kinds(
        VotingClassifier([("a", FOREST), ("b", XGBClassifier(**FEW))], voting="soft", weights=[2, 1])
    ),
    "`StackingClassifier`": of_kinds(StackingClassifier([("a", FOREST)], LogisticRegression(), cv=2)),
    "`StackingClassifier(passthrough=True)`": of_kinds(
        StackingClassifier([("a", FOREST)], DecisionTreeClassifier(max_depth=3), cv=2, passthrough=True)
    ),
    "`CalibratedClassifierCV`": of_kinds(CalibratedClassifierCV(FOREST, cv=2)),
    "`CalibratedClassifierCV(method='isotonic')`": of_kinds(CalibratedClassifierCV(FOREST, method="isotonic", cv=2)),
    "`CalibratedClassifierCV(SVC(), method='isotonic')`": of_kinds(
        scaled(CalibratedClassifierCV(SVC(), method="isotonic", cv=2))
    ),
    "`CalibratedClassifierCV(method='temperature')`": of_kinds(
        scaled(CalibratedClassifierCV(LogisticRegression(), method="temperature", cv=2))
    ),
    "`GridSearchCV`": of_kinds(GridSearchCV(FOREST, {"max_depth": [2, 3]}, cv=2)),
    "`XGBClassifier`": of_kinds(XGBClassifier(**FEW)),
    "`XGBClassifier(objective='multi:softmax')`": of_kinds(XGBClassifier(objective="multi:softmax", **FEW)),
    "`XGBClassifier(num_parallel_tree=2)`": of_kinds(XGBClassifier(num_parallel_tree=2, subsample=0.7, **FEW)),
    "`XGBClassifier(booster='gblinear')`": of_kinds(XGBClassifier(booster="gblinear", n_estimators=5)),
    "`XGBClassifier(multi_strategy='multi_output_tree')`": of_kinds(
        XGBClassifier(multi_strategy="multi_output_tree", **FEW)
    ),
    "`XGBClassifier(booster='dart')`": of_kinds(XGBClassifier(booster="dart", rate_drop=0.3, **FEW)),
    "`LGBMClassifier`": of_kinds(LGBMClassifier(**LIGHT)),
    "`LGBMClassifier(categorical_feature=...)`": lambda data: LGBMClassifier(**LIGHT).fit(
        data.features, data.kinds, categorical_feature=list(data.codes)
    ),
    "`LGBMClassifier(objective='multiclassova')`": of_kinds(LGBMClassifier(objective="multiclassova", **LIGHT)),
    "`LGBMClassifier(boosting_type='dart')`": of_kinds(LGBMClassifier(boosting_type="dart", **LIGHT)),
    "`LGBMClassifier(boosting_type='rf')`": of_kinds(
        LGBMClassifier(boosting_type="rf", bagging_fraction=0.6, bagging_freq=1, **LIGHT)
    ),
    "`CatBoostClassifier`": of_kinds(CatBoostClassifier(**QUIET)),
    "`CatBoostClassifier(loss_function='MultiClassOneVsAll')`": of_kinds(
        CatBoostClassifier(loss_function="MultiClassOneVsAll", **QUIET)
    ),
    "`CatBoostClassifier(cat_features=..., max_ctr_complexity=1)`": on_codes,
}
