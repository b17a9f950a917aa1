"""Linear classifiers whose decision function another model asks for, logistic regression, discriminant analysis."""

from typing import Any

import numpy as np

from handover.conversion.rows import Method, Rows, width
from handover.conversion.trees import sigmoid, softmax

CLASSIFIERS = {
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
}
"""Models whose ``decision_function`` is a sum of weighted columns, which skl2onnx has not or gives in float32."""


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add the sums, one for each class or one, and the probabilities that are made of them."""
    columns = rows.graph.double(rows.tensor)
    totals = rows.graph.add("MatMul", columns, np.atleast_2d(model.coef_).astype(np.float64).T)
    totals = rows.graph.add("Add", totals, np.ravel(model.intercept_).astype(np.float64))
    if method == "decision_function":
        return totals
    return sigmoid(rows.graph, totals) if width(model) == 1 else softmax(rows.graph, totals)
