"""What a pipeline does to the columns before its trees: noughts of sparse matrices, thresholds behind scalers."""

from typing import Any

import lightgbm
import numpy as np
import onnx
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from handover.conversion import thresholds, to_graph, training_time_scores
from predictor.delivery import session
from tests.handover.conversion.exact import COLUMNS, assert_exact, data


def forest() -> Any:
    return RandomForestClassifier(6, random_state=0)


def boosted() -> Any:
    return xgboost.XGBClassifier(n_estimators=6, n_jobs=1, random_state=0)


def one_hot(**given: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **given)


CODES = [4, 5]


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


def test_a_threshold_behind_a_scaler_is_given_as_a_number_of_the_column() -> None:
    features, labels = data(gaps=False)
    plain = forest().fit(features, labels)
    scaled = make_pipeline(StandardScaler(), MinMaxScaler(), forest()).fit(features, labels)

    def columns(model: Any) -> dict[int, np.ndarray]:
        pairs = thresholds(onnx.load_from_string(to_graph(model, COLUMNS, "test")))
        return {column: np.array([value for at, value in pairs if at == column]) for column in range(6)}

    for column, values in columns(scaled).items():
        assert len(values)
        assert features[:, column].min() <= values.min() <= values.max() <= features[:, column].max()
    assert columns(plain).keys() == columns(scaled).keys()


def test_thresholds_of_what_no_column_has_are_left_out() -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(StandardScaler(), PCA(3), forest()).fit(features, labels)
    assert thresholds(onnx.load_from_string(to_graph(model, COLUMNS, "test"))) == []
