"""What skl2onnx does not know, or does not finish, ends in one sentence."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from handover.conversion import ConversionError, others, to_graph
from tests.handover.conversion.exact import COLUMNS, assert_exact, data

pytestmark = pytest.mark.quick

CAN = (
    "scikit-learn's linear models, networks, scalers and imputers can be, and the trees of scikit-learn, XGBoost, "
    "LightGBM and CatBoost"
)


def test_a_model_that_is_not_known_is_named() -> None:
    features, labels = data(gaps=False)
    model = make_pipeline(StandardScaler(), NearestCentroid()).fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == (f"NearestCentroid cannot be converted to ONNX (skl2onnx does not know it); {CAN}")


def test_what_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "MOST_SECONDS", 0.1)
    features, labels = data(gaps=False)
    model = make_pipeline(QuantileTransformer(n_quantiles=300), LogisticRegression()).fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == f"QuantileTransformer takes longer than 0.1 s to convert; {CAN}"


def test_probabilities_that_float32_would_change_are_computed_in_float64() -> None:
    features, labels = data(gaps=False)
    assert_exact(GaussianNB().fit(np.abs(features), labels), np.abs(features), gaps=False)
