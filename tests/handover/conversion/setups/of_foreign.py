"""Stand-ins for packages that no test should have to install: they are refused by their names."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.handover.conversion.setups.judge import Data, Fit


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  scikit-learn has no types
    """Gives everyone the same chance."""

    def fit(self, features: Any, labels: Any) -> Any:
        self.classes_, self.n_features_in_ = [0, 1], features.shape[1]
        return self

    def predict_proba(self, features: Any) -> Any:
        return [[0.5, 0.5]] * len(features)


class Transformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  scikit-learn has no types
    """Changes nothing."""

    def fit(self, *_: Any) -> Any:
        return self

    def transform(self, features: Any) -> Any:
        return features


def of(package: str, name: str, base: type = Classifier) -> Any:
    return type(name, (base,), {"__module__": f"{package}.one"})()


def alone(package: str, name: str) -> Fit:
    return lambda data: of(package, name).fit(data.features, data.labels)


def in_front(package: str, name: str) -> Fit:
    def fit(data: Data) -> Any:
        filled = np.nan_to_num(data.features)
        return make_pipeline(of(package, name, Transformer), LogisticRegression(max_iter=3000)).fit(filled, data.labels)

    return fit


FOREIGN: dict[str, Fit] = {
    "interpret's `ExplainableBoostingClassifier`": alone("interpret", "ExplainableBoostingClassifier"),
    "NGBoost's `NGBClassifier`": alone("ngboost", "NGBClassifier"),
    "pyGAM's `LogisticGAM`": alone("pygam", "LogisticGAM"),
    "statsmodels' `Logit`": alone("statsmodels", "BinaryResultsWrapper"),
    "a module of PyTorch": alone("torch", "Module"),
    "skorch's `NeuralNetClassifier`": alone("skorch", "NeuralNetClassifier"),
    "a model of Keras": alone("keras", "Sequential"),
    "a model of Spark": alone("pyspark", "PipelineModel"),
    "a model of H2O": alone("h2o", "H2OGradientBoostingEstimator"),
    "a class of one's own": alone("mine", "Mine"),
    "category_encoders' `WOEEncoder` in a pipeline": in_front("category_encoders", "WOEEncoder"),
    "category_encoders' `OrdinalEncoder` in a pipeline": in_front("category_encoders", "OrdinalEncoder"),
    "feature-engine's `MeanMedianImputer` in a pipeline": in_front("feature_engine", "MeanMedianImputer"),
    "a transformer of one's own in a pipeline": in_front("mine", "Ratio"),
}
