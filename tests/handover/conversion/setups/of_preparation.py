"""What is done to the columns before the model: in front of XGBoost's trees, and of a logistic regression.

XGBoost's thresholds are numbers of the training, so that the last bit counts.
"""

from functools import cache
from typing import Any

import numpy as np
import xgboost
from sklearn.base import clone
from sklearn.cluster import FeatureAgglomeration, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, PCA, FactorAnalysis, FastICA, IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomTreesEmbedding,
)
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  it allows the import of IterativeImputer
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFpr,
    SelectFromModel,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.random_projection import GaussianRandomProjection

from tests.handover.conversion.setups.judge import Data, Fit, on_few

SEED: dict[str, Any] = {"random_state": 0}
LAST = {
    "forest": RandomForestClassifier(6, max_depth=6, random_state=0),
    "deep": RandomForestClassifier(40, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=6, max_depth=4, random_state=0),
    "boosted": xgboost.XGBClassifier(n_estimators=6, max_depth=4, n_jobs=1, random_state=0),
    "logistic": make_pipeline(SimpleImputer(), MaxAbsScaler(), LogisticRegression(max_iter=10)),
}
BLURRING = (
    "`FactorAnalysis`",
    "`FastICA`",
    "`FeatureAgglomeration`",
    "`FunctionTransformer(np.log1p)`",
    "`GaussianRandomProjection`",
    "`IncrementalPCA`",
    "`KernelPCA(kernel='rbf')`",
    "`LinearDiscriminantAnalysis` as a step",
    "`Normalizer`",
    "`PCA(whiten=True)`",
    "`PCA`",
    "`PowerTransformer(method='box-cox')`",
    "`PowerTransformer`",
    "`TruncatedSVD`",
)
"""Steps behind which XGBoost and HistGradientBoosting are refused, and a forest is not."""
KEEPS_ROWS = "`KernelPCA(kernel='rbf')`"
WIDE = "`FunctionTransformer(np.float64)`"
MODELS = {"deep": "a forest of 40 deep trees", "boosted": "XGBoost", "histogram": "HistGradientBoosting"}


def setups(data: Data) -> dict[str, tuple[Fit, ...]]:
    """Give each with the models that it is judged in front of."""
    names = list(steps(data))
    listed = {name: (of(name, "forest" if name in BLURRING else "boosted"), of(name, "logistic")) for name in names}
    alone = [
        ("`Normalizer`", "deep"),
        *((name, "boosted") for name in BLURRING),
        *((name, "histogram") for name in ("`FunctionTransformer(np.log1p)`", "`PCA`")),
        (f"{WIDE}, `Normalizer`", "deep"),
        *((f"{WIDE}, {name}", "boosted") for name in ("`FunctionTransformer(np.log1p)`", "`PCA`")),
        (f"{WIDE}, `PCA`", "histogram"),
    ]
    listed |= {f"{name}, in front of {MODELS[last]}": (of(name, last),) for name, last in alone}
    return {name: tuple(map(on_few, fits)) if name.startswith(KEEPS_ROWS) else fits for name, fits in listed.items()}


def twice(filled: float) -> float:
    return filled * 2


def steps(data: Data) -> dict[str, list[Any]]:
    codes = list(data.codes)
    numbers = [place for place in range(len(data.columns)) if place not in codes]

    def coded(encoder: Any) -> list[Any]:
        return [ColumnTransformer([("codes", encoder, codes)], remainder="passthrough")]

    def filled(*steps: Any) -> list[Any]:
        return [SimpleImputer(), *steps]

    return {
        "`SimpleImputer`": [SimpleImputer()],
        "`SimpleImputer(strategy='median')`": [SimpleImputer(strategy="median")],
        "`SimpleImputer(strategy='most_frequent')`": [SimpleImputer(strategy="most_frequent")],
        "`SimpleImputer(strategy='constant', fill_value=-1)`": [SimpleImputer(strategy="constant", fill_value=-1)],
        "`SimpleImputer(add_indicator=True)`": [SimpleImputer(add_indicator=True)],
        "`SimpleImputer(missing_values=0)`": [SimpleImputer(), SimpleImputer(missing_values=0)],
        "`MissingIndicator` in a `FeatureUnion`": [
            FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator(features="all"))])
        ],
        "`KNNImputer`": [KNNImputer()],
        "`IterativeImputer`": [IterativeImputer(max_iter=2, **SEED)],
        "`StandardScaler`": [StandardScaler()],
        "`SimpleImputer`, `StandardScaler`": filled(StandardScaler()),
        "`StandardScaler(with_mean=False)`": [StandardScaler(with_mean=False)],
        "`MinMaxScaler`": [MinMaxScaler()],
        "`MinMaxScaler((-2, 3), clip=True)`": [MinMaxScaler((-2, 3), clip=True)],
        "`MaxAbsScaler`": [MaxAbsScaler()],
        "`MaxAbsScaler(clip=True)`": [MaxAbsScaler(clip=True)],
        "`RobustScaler`": [RobustScaler()],
        "`RobustScaler(with_centering=False, unit_variance=True)`": [
            RobustScaler(with_centering=False, unit_variance=True)
        ],
        "`Normalizer`": filled(Normalizer()),
        "`Normalizer(norm='max')`": filled(Normalizer("max")),
        "`Binarizer`": filled(Binarizer(threshold=1.5)),
        "`Binarizer(threshold=0.1)`": filled(MinMaxScaler(clip=True), Binarizer(threshold=0.1)),
        "`OneHotEncoder`": coded(OneHotEncoder(handle_unknown="ignore")),
        "`OneHotEncoder(sparse_output=False)`": coded(OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        "`OneHotEncoder(drop='first')`": coded(OneHotEncoder(drop="first", handle_unknown="ignore")),
        "`OneHotEncoder(drop='if_binary')`": coded(OneHotEncoder(drop="if_binary", handle_unknown="ignore")),
        "`OneHotEncoder(min_frequency=...)`": coded(
            OneHotEncoder(min_frequency=0.1, handle_unknown="infrequent_if_exist")
        ),
        "`OneHotEncoder(max_categories=...)`": coded(
            OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist")
        ),
        "`OrdinalEncoder`": coded(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        "`OrdinalEncoder(encoded_missing_value=-2)`": coded(
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        ),
        "`OrdinalEncoder(min_frequency=...)`": coded(
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=0.1)
        ),
        "`TargetEncoder`": coded(TargetEncoder(**SEED)),
        "`KBinsDiscretizer`": filled(KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")),
        "`KBinsDiscretizer(encode='ordinal', strategy='uniform')`": filled(
            KBinsDiscretizer(4, encode="ordinal", strategy="uniform")
        ),
        "`KBinsDiscretizer(strategy='kmeans')`": filled(KBinsDiscretizer(3, strategy="kmeans", **SEED)),
        "`PolynomialFeatures`": filled(SelectKBest(k=3), PolynomialFeatures()),
        "`PolynomialFeatures(3, interaction_only=True)`": filled(
            SelectKBest(k=3), PolynomialFeatures(3, interaction_only=True, include_bias=False)
        ),
        "`StandardScaler`, `PolynomialFeatures`": filled(
            StandardScaler(), SelectKBest(k=3), PolynomialFeatures(include_bias=False)
        ),
        "`SplineTransformer`": filled(SplineTransformer(n_knots=3)),
        "`PowerTransformer`": filled(PowerTransformer()),
        "`PowerTransformer(method='box-cox')`": filled(MinMaxScaler((1, 2), clip=True), PowerTransformer("box-cox")),
        "`QuantileTransformer`": filled(QuantileTransformer(n_quantiles=50, **SEED)),
        "`QuantileTransformer(output_distribution='normal')`": filled(
            QuantileTransformer(n_quantiles=50, output_distribution="normal", **SEED)
        ),
        "`FunctionTransformer(np.log1p)`": filled(MinMaxScaler(clip=True), FunctionTransformer(np.log1p)),
        "`FunctionTransformer(np.sqrt)`": filled(MinMaxScaler(clip=True), FunctionTransformer(np.sqrt)),
        "`FunctionTransformer()`": [FunctionTransformer()],
        "`FunctionTransformer` of a function of one's own": filled(FunctionTransformer(twice)),
        "`VarianceThreshold`": [VarianceThreshold(0.1)],
        "`SelectKBest`": filled(SelectKBest(k=4)),
        "`SelectPercentile`": filled(SelectPercentile(percentile=50)),
        "`SelectFpr`": filled(SelectFpr(alpha=0.5)),
        "`GenericUnivariateSelect`": filled(GenericUnivariateSelect(mode="k_best", param=3)),
        "`SelectFromModel`": [SelectFromModel(ExtraTreesClassifier(5, **SEED), threshold="0.5*median")],
        "`RFE`": filled(RFE(ExtraTreesClassifier(5, **SEED), n_features_to_select=4, step=0.5)),
        "`RFECV`": filled(RFECV(ExtraTreesClassifier(3, **SEED), step=0.5, cv=2)),
        "`SequentialFeatureSelector`": filled(
            SelectKBest(k=4), SequentialFeatureSelector(ExtraTreesClassifier(3, **SEED), n_features_to_select=2, cv=2)
        ),
        "`PCA`": filled(StandardScaler(), PCA(3)),
        "`PCA(whiten=True)`": filled(StandardScaler(), PCA(3, whiten=True)),
        "`IncrementalPCA`": filled(StandardScaler(), IncrementalPCA(3)),
        "`TruncatedSVD`": filled(StandardScaler(), TruncatedSVD(3, **SEED)),
        "`KernelPCA(kernel='rbf')`": filled(StandardScaler(), KernelPCA(3, kernel="rbf", **SEED)),
        "`FactorAnalysis`": filled(StandardScaler(), FactorAnalysis(2, max_iter=20)),
        "`FastICA`": filled(StandardScaler(), FastICA(2, whiten="unit-variance", **SEED)),
        "`NMF`": filled(MinMaxScaler(clip=True), NMF(2, max_iter=20, **SEED)),
        "`LinearDiscriminantAnalysis` as a step": filled(StandardScaler(), LinearDiscriminantAnalysis()),
        "`KMeans` as a step": filled(StandardScaler(), KMeans(3, n_init=1, **SEED)),
        "`FeatureAgglomeration`": filled(StandardScaler(), FeatureAgglomeration(3)),
        "`RandomTreesEmbedding`": filled(RandomTreesEmbedding(3, max_depth=3, **SEED)),
        "`GaussianRandomProjection`": filled(StandardScaler(), GaussianRandomProjection(3, **SEED)),
        "`Nystroem`": filled(StandardScaler(), Nystroem(n_components=5, **SEED)),
        "`RBFSampler`": filled(StandardScaler(), RBFSampler(n_components=5, **SEED)),
        "`ColumnTransformer`": [
            ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", "drop", [1])], remainder=SimpleImputer())
        ],
        "`ColumnTransformer(remainder='drop')`": [ColumnTransformer([("a", "passthrough", numbers)])],
        "`ColumnTransformer` of pipelines": [
            ColumnTransformer(
                [
                    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
                    (
                        "codes",
                        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
                        codes,
                    ),
                ]
            )
        ],
        "`ColumnTransformer` in a `ColumnTransformer`": [
            ColumnTransformer(
                [("a", ColumnTransformer([("b", StandardScaler(), [1])], remainder="passthrough"), [0, 2, 3])],
                remainder="passthrough",
            )
        ],
        "`FeatureUnion`": [FeatureUnion([("a", StandardScaler()), ("b", "passthrough"), ("c", "drop")])],
        "`FeatureUnion(transformer_weights=...)`": [
            FeatureUnion([("a", StandardScaler()), ("b", "passthrough")], transformer_weights={"a": 0.5})
        ],
        "`'passthrough'` as a step": ["passthrough", None],
    }


def of(name: str, last: str) -> Fit:
    """Fit a pipeline of these steps and one of the models: the steps once for all models, as a pipeline fits them."""

    def fit(data: Data) -> Any:
        fitted, prepared = _prepared(name, data)
        return make_pipeline(*fitted, clone(LAST[last]).fit(prepared, data.labels))

    return fit


@cache
def _prepared(name: str, data: Data) -> tuple[list[Any], Any]:
    """Give the fitted steps, and what they make of the data."""
    first = [FunctionTransformer(np.float64)] if name.startswith(WIDE) else []
    pipeline = make_pipeline(*first, *map(_copy, steps(data)[name.removeprefix(f"{WIDE}, ")]))
    prepared = pipeline.fit_transform(data.features, data.labels)
    return [step for _, step in pipeline.steps], prepared


def _copy(step: Any) -> Any:
    return step if step is None or isinstance(step, str) else clone(step)
