"""What a pipeline does to the columns is done to the last bit: trees behind it go the same way at every threshold."""

from typing import Any

import lightgbm
import numpy as np
import onnx
import pytest
import xgboost
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from handover.conversion import ConversionError, thresholds, to_graph, training_time_scores
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data


def forest() -> Any:
    return RandomForestClassifier(6, random_state=0)


def boosted() -> Any:
    return xgboost.XGBClassifier(n_estimators=6, n_jobs=1, random_state=0)


def one_hot(**given: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **given)


NUMBERS, CODES = [0, 1, 2, 3], [4, 5]
WITH_GAPS = {
    "standard": [StandardScaler()],
    "standard without means": [StandardScaler(with_mean=False)],
    "robust": [RobustScaler()],
    "robust without centres": [RobustScaler(with_centering=False)],
    "from 0 to 1": [MinMaxScaler()],
    "clipped": [MinMaxScaler((-2, 3), clip=True)],
    "by the largest": [MaxAbsScaler()],
    "filled and scaled": [SimpleImputer(), StandardScaler()],
    "filled and marked": [SimpleImputer(add_indicator=True)],
    "nothing": ["passthrough", FunctionTransformer()],
    "codes one by one, the rest as it is": [
        ColumnTransformer([("a", one_hot(sparse_output=False), CODES)], remainder="passthrough")
    ],
    "some scaled, one dropped, the rest filled": [
        ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", "drop", [1])], remainder=SimpleImputer())
    ],
    "side by side": [FeatureUnion([("a", StandardScaler()), ("b", "passthrough")])],
}
WITHOUT_GAPS = {
    "codes one by one, sparse": [
        ColumnTransformer([("a", one_hot(), CODES)], remainder=SimpleImputer(), sparse_threshold=1.0)
    ],
    "bins": [KBinsDiscretizer(5, encode="ordinal", strategy="uniform")],
    "codes but one": [ColumnTransformer([("a", one_hot(drop="first"), slice(4, 6))], remainder="passthrough")],
    "selected": [SelectKBest(k=3)],
    "components": [StandardScaler(), PCA(3)],
}


@pytest.mark.parametrize("name", WITH_GAPS)
@pytest.mark.parametrize("last", [boosted(), forest()], ids=["boosted", "forest"])
def test_trees_behind_it_are_exact(name: str, last: Any) -> None:
    features, labels = data(gaps=True)
    assert_exact(make_pipeline(*WITH_GAPS[name], last).fit(features, labels), features)


@pytest.mark.parametrize("name", WITHOUT_GAPS)
def test_what_takes_no_gaps_is_exact_without(name: str) -> None:
    features, labels = data(gaps=False)
    assert_exact(make_pipeline(*WITHOUT_GAPS[name], forest()).fit(features, labels), features, gaps=False)


def of_sparse_codes(last: Any) -> Any:
    return make_pipeline(
        ColumnTransformer([("a", one_hot(), CODES)], remainder="passthrough", sparse_threshold=1.0), last
    )


def test_noughts_of_a_sparse_matrix_are_missing_values_to_xgboost() -> None:
    features, labels = data(gaps=True)
    model = of_sparse_codes(boosted()).fit(features, labels)
    assert model[0].sparse_output_
    assert_exact(model, features)


def test_noughts_of_a_sparse_matrix_are_noughts_to_lightgbm() -> None:
    features, labels = data(gaps=True)
    model = of_sparse_codes(lightgbm.LGBMClassifier(n_estimators=6, verbose=-1)).fit(features, labels)
    scores = session(to_graph(model, COLUMNS, "test"))(features)
    np.testing.assert_allclose(scores, training_time_scores(model, features), atol=1e-6)


LINEAR = {
    "filled and marked": [SimpleImputer(add_indicator=True), StandardScaler()],
    "numbers scaled, codes one by one, a gap among them": [
        ColumnTransformer([("n", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS), ("c", one_hot(), CODES)])
    ],
    "bins one by one": [SimpleImputer(), KBinsDiscretizer(4, strategy="uniform")],
    "products": [SimpleImputer(), MinMaxScaler(clip=True), PolynomialFeatures()],
}


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_model_behind_it_is_exact(name: str) -> None:
    features, labels = data(gaps=True)
    features = np.clip(features, -30, 70)
    assert_exact(make_pipeline(*LINEAR[name], LogisticRegression(max_iter=3000)).fit(features, labels), features)


@pytest.mark.parametrize("function", [np.log1p, np.sqrt, np.square, np.absolute])
def test_a_function_of_numpy_is_exact(function: Any) -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(MinMaxScaler(clip=True), FunctionTransformer(function), LogisticRegression())
    assert_exact(model.fit(features, labels), features, gaps=False)


def test_a_threshold_behind_a_scaler_is_given_as_a_number_of_the_column() -> None:
    features, labels = data(gaps=False)
    plain = forest().fit(features, labels)
    scaled = make_pipeline(StandardScaler(), MinMaxScaler(), forest()).fit(features, labels)

    def columns(model: Any) -> dict[int, np.ndarray]:
        found = thresholds(onnx.load_from_string(to_graph(model, COLUMNS, "test")))
        return {column: np.array([value for at, value in found if at == column]) for column in range(6)}

    for column, values in columns(scaled).items():
        assert len(values)
        assert features[:, column].min() <= values.min() <= values.max() <= features[:, column].max()
    assert columns(plain).keys() == columns(scaled).keys()


def test_thresholds_of_what_no_column_has_are_left_out() -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(StandardScaler(), PCA(3), forest()).fit(features, labels)
    assert thresholds(onnx.load_from_string(to_graph(model, COLUMNS, "test"))) == []


def of_text(codes: np.ndarray) -> np.ndarray:
    return np.char.mod("%d", codes)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            FunctionTransformer(of_text),
            (
                "FunctionTransformer cannot be converted with func=of_text; it can be with numpy's absolute, exp, "
                "expm1, log, log1p, sqrt, square; what else a column needs is a heuristic's work"
            ),
        ),
        (
            OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist"),
            "OneHotEncoder cannot be converted with infrequent categories; it can be without",
        ),
        (
            FeatureUnion([("a", StandardScaler())], transformer_weights={"a": 2.0}),
            "FeatureUnion cannot be converted with transformer_weights; it can be without",
        ),
        (
            SimpleImputer(missing_values=0.0),
            (
                "SimpleImputer cannot be converted with missing_values=0.0; it can be with nan, which is what "
                "matrix(...) gives"
            ),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseEstimator) else "",
)
def test_what_cannot_be_converted_is_named(step: Any, sentence: str) -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(step, forest()).fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == sentence
