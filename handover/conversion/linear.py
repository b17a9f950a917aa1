"""Sums of weighted columns: linear models of every kind, and what each makes of its sum."""

from typing import Any

import numpy as np

from handover.conversion.rows import Method, Rows, width
from handover.conversion.trees import exponential, sigmoid, softmax

PACKAGES = ("sklearn.linear_model", "sklearn.svm", "sklearn.cross_decomposition", "sklearn.discriminant_analysis")
LOGISTIC = {"LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV"}
"""Classifiers whose probabilities are the sigmoid of the sum, or the softmax of several."""


def answer(model: Any, rows: Rows, method: Method) -> str | None:
    """Add the sums, one or one for each class, and the probabilities or the mean that the model makes of them.

    None where what its method gives is no sum of weighted columns, and not made of one as is known here.
    """
    logistic = type(model).__name__ in LOGISTIC or (getattr(model, "loss", "") == "log_loss" and width(model) == 1)
    huber = getattr(model, "loss", "") == "modified_huber" and width(model) == 1
    known = type(model).__module__.startswith(PACKAGES) and hasattr(model, "coef_")
    if not known or (method == "predict_proba" and not (logistic or huber)):
        return None
    slopes = np.atleast_2d(model.coef_).astype(np.float64).T
    at_nought = np.ravel(model.intercept_).astype(np.float64)
    if hasattr(model, "_x_mean"):  # partial least squares
        at_nought = at_nought - model._x_mean @ slopes
    totals = rows.graph.add("MatMul", rows.graph.double(rows.tensor), slopes)
    totals = rows.graph.add("Add", totals, at_nought)
    if method == "predict_proba" and huber:
        return rows.graph.add("Mul", rows.graph.add("Add", rows.graph.add("Clip", totals, -1.0, 1.0), 1.0), 0.5)
    if method == "predict_proba":
        return sigmoid(rows.graph, totals) if width(model) == 1 else softmax(rows.graph, totals)
    link = type(getattr(getattr(model, "_base_loss", None), "link", None)).__name__
    return exponential(rows.graph, totals) if method == "predict" and link == "LogLink" else totals
