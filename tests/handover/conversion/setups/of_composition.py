"""Models around models, and models fitted on a DataFrame."""

from typing import Any

import catboost
import lightgbm
import numpy as np
import polars
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it allows the import of HalvingGridSearchCV
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PowerTransformer, QuantileTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from tests.handover.conversion.setups.judge import Data, Fit, classifier, on_few, regressor
from tests.handover.conversion.setups.of_boosting import categories, frame

SEED: dict[str, Any] = {"random_state": 0}


def forest() -> Any:
    return RandomForestClassifier(6, max_depth=6, **SEED)


def numbers() -> Any:
    return RandomForestRegressor(6, max_depth=6, **SEED)


def boosted() -> Any:
    return xgboost.XGBClassifier(n_estimators=6, n_jobs=1, **SEED)


def light() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=6, n_jobs=1, verbose=-1, **SEED)


def histogram() -> Any:
    return HistGradientBoostingClassifier(max_iter=6, **SEED)


def scaled(model: Any) -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


def logistic() -> Any:
    return scaled(LogisticRegression(max_iter=10))


def calibrated(model: Any, **given: Any) -> Fit:
    return classifier(CalibratedClassifierCV(model, cv=2, **given))


def frozen(data: Data) -> Any:
    half = len(data.labels) // 2
    inside = FrozenEstimator(forest().fit(data.features[:half], data.labels[:half]))
    return CalibratedClassifierCV(inside).fit(data.features[half:], data.labels[half:])


def negative(data: Data) -> Any:
    """Train on classes in whose order the one that the score is of comes first."""
    return logistic().fit(data.features, np.array(["bad", "good"])[data.labels])


COMPOSITION: dict[str, Fit] = {
    "`CalibratedClassifierCV(LogisticRegression())`": calibrated(logistic()),
    "`CalibratedClassifierCV(RandomForestClassifier())`": calibrated(forest()),
    "`CalibratedClassifierCV(RandomForestClassifier(), ensemble=False)`": calibrated(forest(), ensemble=False),
    "`CalibratedClassifierCV(RandomForestClassifier(), method='isotonic')`": calibrated(forest(), method="isotonic"),
    "`CalibratedClassifierCV(RandomForestClassifier(), method='temperature')`": calibrated(
        forest(), method="temperature"
    ),
    "`CalibratedClassifierCV(HistGradientBoostingClassifier())`": calibrated(histogram()),
    "`CalibratedClassifierCV(HistGradientBoostingClassifier(), method='isotonic')`": calibrated(
        histogram(), method="isotonic"
    ),
    "`CalibratedClassifierCV(HistGradientBoostingClassifier(), method='temperature')`": calibrated(
        histogram(), method="temperature"
    ),
    "`CalibratedClassifierCV(LGBMClassifier(), method='isotonic')`": calibrated(light(), method="isotonic"),
    "`CalibratedClassifierCV(XGBClassifier(), method='isotonic')`": calibrated(boosted(), method="isotonic"),
    "`CalibratedClassifierCV(LogisticRegression(), method='isotonic')`": calibrated(logistic(), method="isotonic"),
    "`CalibratedClassifierCV(LinearSVC())`": calibrated(scaled(LinearSVC())),
    "`CalibratedClassifierCV(SVC())`": on_few(calibrated(scaled(SVC()))),
    "`CalibratedClassifierCV(GaussianNB())`": calibrated(scaled(GaussianNB())),
    "`CalibratedClassifierCV(AdaBoostClassifier())`": calibrated(
        make_pipeline(SimpleImputer(), AdaBoostClassifier(n_estimators=5, **SEED))
    ),
    "`CalibratedClassifierCV(FrozenEstimator(RandomForestClassifier()))`": frozen,
    "`VotingClassifier(voting='soft')`": classifier(
        VotingClassifier([("a", boosted()), ("b", light()), ("c", logistic())], voting="soft")
    ),
    "`VotingClassifier(voting='soft', weights=..., flatten_transform=False)`": classifier(
        VotingClassifier(
            [("a", boosted()), ("b", "drop"), ("c", forest())],
            voting="soft",
            weights=[1, 9, 2],
            flatten_transform=False,
        )
    ),
    "`VotingClassifier`": classifier(VotingClassifier([("a", forest()), ("b", logistic())])),
    "`VotingRegressor`": regressor(VotingRegressor([("a", numbers()), ("b", scaled(Ridge()))])),
    "`StackingClassifier`": classifier(
        StackingClassifier([("a", boosted()), ("b", light()), ("c", forest()), ("d", logistic())], cv=2)
    ),
    "`StackingClassifier(passthrough=True, final_estimator=HistGradientBoostingClassifier())`": classifier(
        StackingClassifier([("a", boosted()), ("b", forest())], passthrough=True, final_estimator=histogram(), cv=2)
    ),
    "`StackingClassifier(final_estimator=RandomForestClassifier())`": classifier(
        StackingClassifier([("a", light()), ("b", histogram())], final_estimator=forest(), cv=2)
    ),
    "`StackingClassifier(final_estimator=XGBClassifier())`": classifier(
        StackingClassifier([("a", light()), ("b", histogram())], final_estimator=boosted(), cv=2)
    ),
    "`StackingClassifier` of `SVC()` and `GradientBoostingClassifier()`": on_few(
        classifier(
            StackingClassifier(
                [
                    ("a", scaled(SVC())),
                    ("b", make_pipeline(SimpleImputer(), GradientBoostingClassifier(n_estimators=5, **SEED))),
                ],
                cv=2,
            )
        )
    ),
    "`StackingClassifier(stack_method='predict')`": classifier(
        StackingClassifier([("a", forest()), ("b", logistic())], stack_method="predict", cv=2)
    ),
    "`StackingRegressor`": regressor(
        StackingRegressor([("a", numbers()), ("b", scaled(Ridge()))], final_estimator=Ridge(), cv=2)
    ),
    "`BaggingClassifier(HistGradientBoostingClassifier(), max_features=0.5)`": classifier(
        BaggingClassifier(histogram(), n_estimators=3, max_features=0.5, **SEED)
    ),
    "`BaggingClassifier` of pipelines": classifier(BaggingClassifier(logistic(), n_estimators=3, **SEED)),
    "`BaggingClassifier(RandomForestClassifier())`": classifier(BaggingClassifier(forest(), n_estimators=3, **SEED)),
    "`BaggingClassifier(AdaBoostClassifier())`": classifier(
        make_pipeline(SimpleImputer(), BaggingClassifier(AdaBoostClassifier(n_estimators=5), n_estimators=3, **SEED))
    ),
    "`GridSearchCV`": classifier(GridSearchCV(boosted(), {"max_depth": [2, 3]}, cv=2)),
    "`RandomizedSearchCV` of a pipeline": classifier(
        RandomizedSearchCV(logistic(), {"logisticregression__C": [0.1, 1]}, n_iter=1, cv=2, **SEED)
    ),
    "`GridSearchCV(refit=False)`": classifier(GridSearchCV(boosted(), {"max_depth": [2, 3]}, cv=2, refit=False)),
    "`FixedThresholdClassifier`": classifier(FixedThresholdClassifier(boosted(), threshold=0.3)),
    "`TunedThresholdClassifierCV`": classifier(TunedThresholdClassifierCV(logistic(), cv=2, thresholds=10)),
    "`OneVsRestClassifier(LogisticRegression())`": classifier(OneVsRestClassifier(logistic())),
    "`TransformedTargetRegressor(func=np.log1p, inverse_func=np.expm1)`": regressor(
        TransformedTargetRegressor(numbers(), func=np.log1p, inverse_func=np.expm1)
    ),
    "`TransformedTargetRegressor(func=np.log, inverse_func=np.exp)` of a linear model": regressor(
        TransformedTargetRegressor(scaled(LinearRegression()), func=np.log, inverse_func=np.exp)
    ),
    "`TransformedTargetRegressor(transformer=StandardScaler())`": regressor(
        TransformedTargetRegressor(numbers(), transformer=StandardScaler())
    ),
    "`TransformedTargetRegressor(transformer=PowerTransformer())`": regressor(
        TransformedTargetRegressor(numbers(), transformer=PowerTransformer())
    ),
    "`TransformedTargetRegressor(transformer=QuantileTransformer())`": regressor(
        TransformedTargetRegressor(numbers(), transformer=QuantileTransformer(n_quantiles=50))
    ),
    "`TransformedTargetRegressor(func=np.sqrt, inverse_func=np.square)`": regressor(
        TransformedTargetRegressor(numbers(), func=np.sqrt, inverse_func=np.square)
    ),
    "`TransformedTargetRegressor(func=np.arctan, inverse_func=np.tan)`": regressor(
        TransformedTargetRegressor(numbers(), func=np.arctan, inverse_func=np.tan)
    ),
    "`HalvingGridSearchCV` of a pipeline": classifier(
        HalvingGridSearchCV(logistic(), {"logisticregression__C": [0.1, 1]}, cv=2, min_resources=100, **SEED)
    ),
    "`StackingClassifier` of XGBoost, LightGBM, CatBoost and a pipeline": classifier(
        StackingClassifier(
            [
                ("a", boosted()),
                ("b", light()),
                ("c", catboost.CatBoostClassifier(4, verbose=0, allow_writing_files=False, **SEED)),
                ("d", logistic()),
            ],
            cv=2,
        )
    ),
    "`StackingClassifier(cv='prefit')`": lambda data: StackingClassifier(
        [(kind, model.fit(data.features, data.labels)) for kind, model in (("a", boosted()), ("b", histogram()))],
        cv="prefit",
    ).fit(data.features, data.labels),
    "`MultiOutputClassifier`": lambda data: MultiOutputClassifier(boosted()).fit(
        data.features, np.column_stack([data.labels, 1 - data.labels])
    ),
    "a pipeline without a model": lambda data: make_pipeline(SimpleImputer(), StandardScaler()).fit(data.features),
    "`MultiOutputRegressor`": lambda data: MultiOutputRegressor(numbers()).fit(
        data.features, np.column_stack([data.numbers, data.numbers])
    ),
    "`SimpleImputer`, `StandardScaler`, `RandomForestClassifier`": classifier(scaled(forest())),
    "`SimpleImputer`, `StandardScaler`, `LGBMClassifier`": classifier(scaled(light())),
    "`FeatureUnion` of `PCA` and `SelectKBest`, weighted": classifier(
        make_pipeline(
            scaled(FeatureUnion([("a", PCA(2)), ("b", SelectKBest(k=3))], transformer_weights={"a": 2.0})),
            LogisticRegression(),
        )
    ),
    "a pipeline with `passthrough` and `None`": classifier(
        Pipeline([("a", "passthrough"), ("b", SimpleImputer()), ("c", None), ("d", forest())])
    ),
    "a pipeline in a pipeline": classifier(make_pipeline(SimpleImputer(), make_pipeline(StandardScaler(), forest()))),
    "a pipeline around a stack of pipelines": classifier(
        make_pipeline(
            SimpleImputer(),
            StackingClassifier([("a", make_pipeline(StandardScaler(), boosted())), ("b", logistic())], cv=2),
        )
    ),
    "a pipeline with `memory` and `verbose`": classifier(make_pipeline(SimpleImputer(), forest(), verbose=False)),
    "`RandomForestClassifier` on a DataFrame": lambda data: forest().fit(frame(data), data.labels),
    "`XGBClassifier` on a DataFrame of nullable types": lambda data: boosted().fit(
        frame(data).convert_dtypes(), data.labels
    ),
    "`HistGradientBoostingClassifier` on a DataFrame of nullable types": lambda data: histogram().fit(
        frame(data).convert_dtypes(), data.labels
    ),
    "`LogisticRegression` in a pipeline on a table of Polars": lambda data: logistic().fit(
        polars.DataFrame(data.features, schema=list(data.columns)), data.labels
    ),
    "`HistGradientBoostingClassifier` on a DataFrame of categories": lambda data: histogram().fit(
        categories(data), data.labels
    ),
    "`HistGradientBoostingClassifier` on a DataFrame of categories that are text": lambda data: histogram().fit(
        categories(data, "c{:02d}".format), data.labels
    ),
    "`HistGradientBoostingRegressor` on a DataFrame": lambda data: HistGradientBoostingRegressor(max_iter=5).fit(
        frame(data), data.numbers
    ),
    "`ColumnTransformer` by name, on a DataFrame": lambda data: make_pipeline(
        ColumnTransformer(
            [("some", StandardScaler(), list(data.columns[:2])), ("one", "passthrough", [data.columns[3]])],
            remainder="drop",
        ),
        forest(),
    ).fit(frame(data), data.labels),
    "`ColumnTransformer` by `make_column_selector`, on a DataFrame": lambda data: make_pipeline(
        ColumnTransformer(
            [
                (
                    "numbers",
                    make_pipeline(SimpleImputer(), StandardScaler()),
                    make_column_selector(dtype_include="number"),
                ),
                ("codes", OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
            ]
        ),
        LogisticRegression(max_iter=500),
    ).fit(categories(data), data.labels),
    "`ColumnTransformer(verbose_feature_names_out=False).set_output(transform='pandas')`": lambda data: make_pipeline(
        ColumnTransformer(
            [("some", StandardScaler(), list(data.columns[:2]))],
            remainder="passthrough",
            verbose_feature_names_out=False,
        ).set_output(transform="pandas"),
        ExtraTreesClassifier(6, max_depth=6, **SEED),
    ).fit(frame(data), data.labels),
}
