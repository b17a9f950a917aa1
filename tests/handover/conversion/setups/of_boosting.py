"""XGBoost's, LightGBM's and CatBoost's models, by their scikit-learn interface and by their own."""

from collections.abc import Callable
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import polars
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.handover.conversion.setups.judge import Data, Fit, classifier, regressor

X: dict[str, Any] = {"n_estimators": 6, "n_jobs": 1, "random_state": 0}
L: dict[str, Any] = {"n_estimators": 6, "n_jobs": 1, "random_state": 0, "verbose": -1}


def xgb(**given: Any) -> Fit:
    return classifier(xgboost.XGBClassifier(**X | given))


def xgb_numbers(**given: Any) -> Fit:
    return regressor(xgboost.XGBRegressor(**X | given))


def lgb(**given: Any) -> Fit:
    return classifier(lightgbm.LGBMClassifier(**L | given))


def lgb_numbers(**given: Any) -> Fit:
    return regressor(lightgbm.LGBMRegressor(**L | given))


def shares(kind: Any, **given: Any) -> Fit:
    """Fit a regressor on numbers from 0 to 1."""
    return lambda data: kind(**given).fit(data.features, data.labels * 0.8 + 0.1)


def kinds(data: Data) -> list[str]:
    return ["c" if place in data.codes else "q" for place in range(len(data.columns))]


def xgb_categories(**given: Any) -> Fit:
    return lambda data: xgboost.XGBClassifier(
        **X | given, enable_categorical=True, feature_types=kinds(data), tree_method="hist"
    ).fit(data.features, data.labels)


def frame(data: Data) -> pd.DataFrame:
    return pd.DataFrame(data.features, columns=list(data.columns))


def categories(data: Data, text: Callable[[int], Any] = int) -> pd.DataFrame:
    """Give a DataFrame whose codes are of the dtype category."""
    table = frame(data)
    for column, count in data.codes.items():
        values = [None if np.isnan(code) else text(int(code)) for code in data.features[:, column]]
        table[data.columns[column]] = pd.Categorical(values, categories=[text(code) for code in range(count)])
    return table


def seen_categories(data: Data) -> pd.DataFrame:
    """Give a DataFrame whose codes are of the dtype category, without those that no row has."""
    table = frame(data)
    first = data.columns[next(iter(data.codes))]
    table.loc[table[first] == 1, first] = 2
    for column in data.codes:
        table[data.columns[column]] = table[data.columns[column]].astype("Int64").astype("category")
    return table


def stopped(kind: Any, **given: Any) -> Fit:
    if kind is lightgbm.LGBMClassifier:
        return lambda data: kind(**L | {"n_estimators": 60, "learning_rate": 0.5} | given).fit(
            data.features,
            data.labels,
            eval_X=data.features[:80],
            eval_y=1 - data.labels[:80],
            callbacks=[lightgbm.early_stopping(3, verbose=False)],
        )
    return lambda data: kind(**X | {"n_estimators": 60, "learning_rate": 0.5, "early_stopping_rounds": 3} | given).fit(
        data.features, data.labels, eval_set=[(data.features[:80], 1 - data.labels[:80])], verbose=False
    )


def own_objective(y: Any, p: Any) -> Any:
    return p - y, np.ones_like(y)


XGBOOST: dict[str, Fit] = {
    "`XGBClassifier`": xgb(),
    "`XGBClassifier(tree_method='exact')`": xgb(tree_method="exact"),
    "`XGBClassifier(tree_method='approx')`": xgb(tree_method="approx"),
    "`XGBClassifier(base_score=0.3, scale_pos_weight=2)`": xgb(base_score=0.3, scale_pos_weight=2),
    "`XGBClassifier(grow_policy='lossguide', max_leaves=8)`": xgb(grow_policy="lossguide", max_leaves=8),
    "`XGBClassifier(monotone_constraints=...)`": lambda data: xgboost.XGBClassifier(
        **X, monotone_constraints=(1,) + (0,) * (len(data.columns) - 1)
    ).fit(data.features, data.labels),
    "`XGBClassifier(early_stopping_rounds=...)`": stopped(xgboost.XGBClassifier),
    "`XGBClassifier(num_parallel_tree=3, early_stopping_rounds=...)`": stopped(
        xgboost.XGBClassifier, num_parallel_tree=3, subsample=0.7
    ),
    "`XGBClassifier(booster='dart')`": xgb(booster="dart", rate_drop=0.3),
    "`XGBClassifier(booster='gblinear')`": xgb(booster="gblinear"),
    "`XGBClassifier(missing=0.0)`": xgb(missing=0.0),
    "`XGBClassifier(missing=-999.0)`": xgb(missing=-999.0),
    "`XGBClassifier(objective='binary:hinge')`": xgb(objective="binary:hinge"),
    "`XGBClassifier(objective='binary:logitraw')`": xgb(objective="binary:logitraw"),
    "`XGBClassifier(objective='multi:softmax', num_class=2)`": xgb(objective="multi:softmax", num_class=2),
    "`XGBClassifier(objective='multi:softprob', num_class=2, booster='gblinear')`": xgb(
        objective="multi:softprob", num_class=2, booster="gblinear"
    ),
    "`XGBClassifier(objective='reg:logistic')`": xgb(objective="reg:logistic"),
    "`XGBClassifier` of an objective of one's own": xgb(objective=own_objective),
    "`XGBClassifier(enable_categorical=True)`, one against the rest": xgb_categories(max_cat_to_onehot=99),
    "`XGBClassifier(enable_categorical=True)`, sets": xgb_categories(max_cat_to_onehot=1),
    "`XGBClassifier` on a DataFrame": lambda data: xgboost.XGBClassifier(**X).fit(frame(data), data.labels),
    "`XGBClassifier` on a DataFrame of categories": lambda data: xgboost.XGBClassifier(
        **X, enable_categorical=True
    ).fit(categories(data), data.labels),
    "`XGBClassifier` on a DataFrame of categories, one never seen": lambda data: xgboost.XGBClassifier(
        **X, enable_categorical=True
    ).fit(seen_categories(data), data.labels),
    "`XGBClassifier` on a DataFrame of categories that are text": lambda data: xgboost.XGBClassifier(
        **X, enable_categorical=True
    ).fit(categories(data, "c{:02d}".format), data.labels),
    "`XGBRFClassifier`": lambda data: xgboost.XGBRFClassifier(**X).fit(data.features, data.labels),
    "`XGBRFRegressor`": lambda data: xgboost.XGBRFRegressor(**X).fit(data.features, data.numbers),
    "`XGBRegressor`": xgb_numbers(),
    "`XGBRegressor(booster='gblinear')`": xgb_numbers(booster="gblinear"),
    **{
        f"`XGBRegressor(objective='{objective}')`": xgb_numbers(objective=objective)
        for objective in (
            "count:poisson",
            "reg:absoluteerror",
            "reg:gamma",
            "reg:pseudohubererror",
            "reg:squaredlogerror",
            "reg:tweedie",
        )
    },
    "`XGBRegressor(objective='reg:quantileerror', quantile_alpha=0.7)`": xgb_numbers(
        objective="reg:quantileerror", quantile_alpha=0.7
    ),
    "`XGBRegressor(objective='reg:quantileerror', quantile_alpha=[0.1, 0.9])`": xgb_numbers(
        objective="reg:quantileerror", quantile_alpha=[0.1, 0.9]
    ),
    "`XGBRegressor(objective='reg:expectileerror')`": xgb_numbers(objective="reg:expectileerror", expectile_alpha=0.7),
    "`XGBRegressor(objective='survival:cox')`": xgb_numbers(objective="survival:cox"),
    "`XGBRegressor(objective='binary:logistic')`": shares(xgboost.XGBRegressor, objective="binary:logistic", **X),
    "`XGBRegressor(objective='reg:logistic')`": shares(xgboost.XGBRegressor, objective="reg:logistic", **X),
    "`XGBRegressor` of two targets": lambda data: xgboost.XGBRegressor(**X).fit(
        data.features, np.column_stack([data.numbers, data.labels])
    ),
    "`XGBRanker`": lambda data: xgboost.XGBRanker(**X).fit(
        data.features, data.labels, qid=np.arange(len(data.labels)) // 10
    ),
    "`xgboost.train`": lambda data: xgboost.train(
        {"objective": "binary:logistic"}, xgboost.DMatrix(data.features, data.labels), 6
    ),
    "`xgboost.train` on a DataFrame": lambda data: xgboost.train(
        {"objective": "binary:logistic"}, xgboost.DMatrix(frame(data), data.labels), 6
    ),
    "`xgboost.train(early_stopping_rounds=...)`": lambda data: xgboost.train(
        {"objective": "binary:logistic", "learning_rate": 0.5},
        xgboost.DMatrix(data.features, data.labels),
        60,
        evals=[(xgboost.DMatrix(data.features[:80], 1 - data.labels[:80]), "held_out")],
        early_stopping_rounds=3,
        verbose_eval=False,
    ),
    "`xgboost.train`, objective `multi:softmax`": lambda data: xgboost.train(
        {"objective": "multi:softmax", "num_class": 2}, xgboost.DMatrix(data.features, data.labels), 6
    ),
    "a `DMatrix`": lambda data: xgboost.DMatrix(data.features, data.labels),
    "`StandardScaler`, `XGBClassifier`": classifier(make_pipeline(StandardScaler(), xgboost.XGBClassifier(**X))),
    "`CalibratedClassifierCV(XGBClassifier())`": classifier(CalibratedClassifierCV(xgboost.XGBClassifier(**X), cv=2)),
}

LIGHTGBM: dict[str, Fit] = {
    "`LGBMClassifier`": lgb(),
    "`LGBMClassifier(is_unbalance=True)`": lgb(is_unbalance=True),
    "`LGBMClassifier(class_weight='balanced')`": lgb(class_weight="balanced"),
    "`LGBMClassifier(monotone_constraints=...)`": lambda data: lightgbm.LGBMClassifier(
        **L, monotone_constraints=[1] + [0] * (len(data.columns) - 1)
    ).fit(data.features, data.labels),
    "`LGBMClassifier`, early stopping": stopped(lightgbm.LGBMClassifier),
    "`LGBMClassifier(boosting_type='dart')`": lgb(boosting_type="dart"),
    "`LGBMClassifier(boosting_type='rf')`": lgb(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
    "`LGBMClassifier(data_sample_strategy='goss')`": lgb(data_sample_strategy="goss"),
    "`LGBMClassifier(extra_trees=True)`": lgb(extra_trees=True),
    "`LGBMClassifier(linear_tree=True)`": lgb(linear_tree=True),
    "`LGBMClassifier(use_missing=False)`": lgb(use_missing=False),
    "`LGBMClassifier(zero_as_missing=True)`": lgb(zero_as_missing=True),
    "`LGBMClassifier(sigmoid=2)`": lgb(sigmoid=2.0),
    "`LGBMClassifier(max_bin=15, enable_bundle=False)`": lgb(max_bin=15, enable_bundle=False),
    "`LGBMClassifier` of an objective of one's own": lgb(objective=own_objective),
    "`LGBMClassifier`, `fit(categorical_feature=...)`": lambda data: lightgbm.LGBMClassifier(
        **L, min_data_per_group=1, cat_smooth=1
    ).fit(data.features, data.labels, categorical_feature=list(data.codes)),
    "`LGBMClassifier(max_cat_to_onehot=99)`, `fit(categorical_feature=...)`": lambda data: lightgbm.LGBMClassifier(
        **L, max_cat_to_onehot=99
    ).fit(data.features, data.labels, categorical_feature=list(data.codes)),
    "`LGBMClassifier` on a DataFrame": lambda data: lightgbm.LGBMClassifier(**L).fit(frame(data), data.labels),
    "`LGBMClassifier` on a DataFrame of categories": lambda data: lightgbm.LGBMClassifier(**L).fit(
        categories(data), data.labels
    ),
    "`LGBMClassifier` on a DataFrame of categories, one never seen": lambda data: lightgbm.LGBMClassifier(**L).fit(
        seen_categories(data), data.labels
    ),
    "`LGBMClassifier` on a DataFrame of categories that are text": lambda data: lightgbm.LGBMClassifier(**L).fit(
        categories(data, "c{:02d}".format), data.labels
    ),
    "`LGBMClassifier(objective='multiclass', num_class=2)`": lgb(objective="multiclass", num_class=2),
    "`LGBMClassifier` on a table of Arrow": lambda data: lightgbm.LGBMClassifier(**L).fit(
        polars.DataFrame(data.features, schema=list(data.columns)).to_arrow(), data.labels
    ),
    "`LGBMRegressor`": lgb_numbers(),
    "`LGBMRegressor(reg_sqrt=True)`": lgb_numbers(reg_sqrt=True),
    **{
        f"`LGBMRegressor(objective='{objective}')`": lgb_numbers(objective=objective)
        for objective in ("fair", "gamma", "huber", "mape", "poisson", "quantile", "regression_l1", "tweedie")
    },
    "`LGBMRegressor(objective='cross_entropy')`": shares(lightgbm.LGBMRegressor, objective="cross_entropy", **L),
    "`LGBMRegressor(objective='cross_entropy_lambda')`": shares(
        lightgbm.LGBMRegressor, objective="cross_entropy_lambda", **L
    ),
    "`LGBMRanker`": lambda data: lightgbm.LGBMRanker(**L).fit(
        data.features, data.labels, group=[10] * (len(data.labels) // 10)
    ),
    "`lightgbm.train`": lambda data: lightgbm.train(
        {"objective": "binary", "verbose": -1}, lightgbm.Dataset(data.features, data.labels), 6
    ),
    "`lightgbm.cv(return_cvbooster=True)`": lambda data: lightgbm.cv(
        {"objective": "binary", "verbose": -1},
        lightgbm.Dataset(data.features, data.labels),
        6,
        nfold=2,
        return_cvbooster=True,
    )["cvbooster"],
    "`CalibratedClassifierCV(LGBMClassifier())`": classifier(
        CalibratedClassifierCV(lightgbm.LGBMClassifier(**L), cv=2)
    ),
}

CAT: dict[str, Any] = {
    "iterations": 6,
    "depth": 4,
    "verbose": 0,
    "random_seed": 0,
    "thread_count": 1,
    "allow_writing_files": False,
}


def cat(**given: Any) -> Fit:
    return lambda data: catboost.CatBoostClassifier(**CAT | given).fit(data.features, data.labels)


def cat_numbers(**given: Any) -> Fit:
    return lambda data: catboost.CatBoostRegressor(**CAT | given).fit(data.features, data.numbers)


def cat_categories(**given: Any) -> Fit:
    """Fit on codes as whole numbers, which is what CatBoost takes for categories."""

    def fit(data: Data) -> Any:
        rows = data.features.astype(object)
        for column in data.codes:
            rows[:, column] = ["nan" if np.isnan(code) else int(code) for code in data.features[:, column]]
        return catboost.CatBoostClassifier(**CAT | given, cat_features=list(data.codes)).fit(rows, data.labels)

    return fit


CATBOOST: dict[str, Fit] = {
    "`CatBoostClassifier`": cat(),
    "`CatBoostClassifier(grow_policy='Depthwise')`": cat(grow_policy="Depthwise"),
    "`CatBoostClassifier(grow_policy='Lossguide')`": cat(grow_policy="Lossguide", max_leaves=9),
    "`CatBoostClassifier(nan_mode='Max')`": cat(nan_mode="Max"),
    "`CatBoostClassifier(auto_class_weights='Balanced')`": cat(auto_class_weights="Balanced"),
    "`CatBoostClassifier(loss_function='MultiClass')` of two classes": cat(loss_function="MultiClass"),
    "`CatBoostClassifier(loss_function='MultiLogloss')`": lambda data: catboost.CatBoostClassifier(
        **CAT, loss_function="MultiLogloss"
    ).fit(data.features, np.column_stack([data.labels, 1 - data.labels])),
    "`CatBoostClassifier(loss_function='Focal:...')`": cat(loss_function="Focal:focal_alpha=0.5;focal_gamma=1"),
    "`CatBoostClassifier(loss_function='CrossEntropy')`": cat(loss_function="CrossEntropy"),
    "`CatBoostClassifier(cat_features=..., max_ctr_complexity=1)`": cat_categories(max_ctr_complexity=1),
    "`CatBoostClassifier(cat_features=..., one_hot_max_size=100)`": cat_categories(one_hot_max_size=100),
    "`CatBoostClassifier` on a table of Polars": lambda data: catboost.CatBoostClassifier(**CAT).fit(
        polars.DataFrame(data.features, schema=list(data.columns)), data.labels
    ),
    "`CatBoostRanker`": lambda data: catboost.CatBoostRanker(**CAT).fit(
        data.features, data.labels, group_id=np.arange(len(data.labels)) // 10
    ),
    "`catboost.sum_models`": lambda data: catboost.sum_models(
        [catboost.CatBoostClassifier(**CAT | {"random_seed": seed}).fit(data.features, data.labels) for seed in (1, 2)]
    ),
    "`CatBoostRegressor(loss_function='RMSEWithUncertainty')`": cat_numbers(loss_function="RMSEWithUncertainty"),
    "`CatBoostRegressor`": cat_numbers(),
    **{
        f"`CatBoostRegressor(loss_function='{loss}')`": cat_numbers(loss_function=loss)
        for loss in ("MAE", "Quantile:alpha=0.3", "Poisson", "Tweedie:variance_power=1.5")
    },
}
