"""Sums of weighted columns: linear models of every kind, and what each makes of its sum."""

from typing import Any

import numpy as np

from handover.conversion.rows import Method, Rows
from handover.conversion.trees import exponential, sigmoid

PACKAGES = ("sklearn.linear_model", "sklearn.svm", "sklearn.cross_decomposition", "sklearn.discriminant_analysis")
LOGISTIC = {"LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV"}
"""Classifiers whose probabilities are the sigmoid of the sum."""


def answers(model: Any, method: Method) -> bool:
    """Say whether what the model's method gives is a sum of weighted columns, or made of one as is known here."""
    if not type(model).__module__.startswith(PACKAGES) or not hasattr(model, "coef_"):
        return False
    is_logistic = type(model).__name__ in LOGISTIC or getattr(model, "loss", None) == "log_loss"
    return is_logistic or method != "predict_proba"


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add the sum, and the probability or the mean that the model makes of it."""
    slopes = np.atleast_2d(model.coef_).astype(np.float64).T
    at_nought = np.ravel(model.intercept_).astype(np.float64)
    if hasattr(model, "_x_mean"):  # partial least squares
        at_nought = at_nought - model._x_mean @ slopes
    total = rows.graph.add("MatMul", rows.graph.double(rows.tensor), slopes)
    total = rows.graph.add("Add", total, at_nought)
    if method == "predict_proba":
        return sigmoid(rows.graph, total)
    link = type(getattr(getattr(model, "_base_loss", None), "link", None)).__name__
    return exponential(rows.graph, total) if method == "predict" and link == "LogLink" else total
