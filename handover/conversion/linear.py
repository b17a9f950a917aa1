"""Linear classifiers whose decision function another model asks for, and discriminant analysis."""

from typing import Any

import numpy as np

from handover.conversion.rows import Method, Rows

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
    """Add the sum, and the probability that discriminant analysis makes of it."""
    columns = rows.graph.double(rows.tensor)
    total = rows.graph.add("MatMul", columns, model.coef_.astype(np.float64).reshape(-1, 1))
    total = rows.graph.add("Add", total, float(np.ravel(model.intercept_)[0]))
    return total if method == "decision_function" else rows.graph.add("Sigmoid", total)
