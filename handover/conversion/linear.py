"""Sums of weighted columns, and of their squares: linear models of every kind, naive Bayes, and discriminants."""

from typing import Any

import numpy as np

from handover.conversion.encoding import is_beyond, is_each
from handover.conversion.errors import ConversionError
from handover.conversion.rows import Method, Rows, width
from handover.conversion.trees import exponential, sigmoid, softmax

PACKAGES = ("sklearn.linear_model", "sklearn.svm", "sklearn.cross_decomposition", "sklearn.discriminant_analysis")
LOGISTIC = {"LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV"}
"""Classifiers whose probabilities are the sigmoid of the sum, or the softmax of several."""
QUADRATIC = ("GaussianNB", "QuadraticDiscriminantAnalysis")
GENERATIVE = ("BernoulliNB", "CategoricalNB", "ComplementNB", "MultinomialNB", *QUADRATIC)
"""Classifiers that ask how likely a row is in each class."""


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
    totals = rows.graph.add("Add", rows.graph.add("MatMul", rows.graph.double(rows.tensor), slopes), at_nought)
    if method == "predict_proba" and huber:
        return rows.graph.add("Mul", rows.graph.add("Add", rows.graph.add("Clip", totals, -1.0, 1.0), 1.0), 0.5)
    if method == "predict_proba":
        return sigmoid(rows.graph, totals) if width(model) == 1 else softmax(rows.graph, totals)
    link = type(getattr(getattr(model, "_base_loss", None), "link", None)).__name__
    return exponential(rows.graph, totals) if method == "predict" and link == "LogLink" else totals


def generative(model: Any, rows: Rows, _: Method) -> str:
    """Add the probability of the second class, or of each of more."""
    likelihoods = _quadratic if type(model).__name__ in QUADRATIC else _linear
    each = softmax(rows.graph, likelihoods(model, rows))
    return rows.graph.add("Gather", each, np.array([1]), axis=1) if width(model) == 1 else each


def _linear(model: Any, rows: Rows) -> str:
    """Add the logarithm of each class's likelihood, but for what all classes share: here a sum of weighted columns."""
    graph, tensor, weights = rows.graph, rows.graph.double(rows.tensor), model.feature_log_prob_
    name = type(model).__name__
    shift = np.zeros(len(model.classes_)) if name == "ComplementNB" else model.class_log_prior_
    if name == "BernoulliNB":
        if model.binarize is not None:
            tensor = graph.double(is_beyond(rows, model.binarize))
        otherwise = np.log(1 - np.exp(weights))
        weights, shift = weights - otherwise, shift + otherwise.sum(axis=1)
    if name == "CategoricalNB":
        columns = zip(rows.each(), weights, strict=True)
        each = [graph.double(is_each(column, np.arange(float(known.shape[1])))) for column, known in columns]
        tensor, weights = graph.add("Concat", *each, axis=1), np.hstack(weights)
    total = graph.add("MatMul", tensor, np.asarray(weights, dtype=np.float64).T)
    return graph.add("Add", total, np.asarray(shift, dtype=np.float64))


def _quadratic(model: Any, rows: Rows) -> str:
    """Add the same of normal distributions: how far a row is from each class's middle, turned and scaled, squared."""
    if hasattr(model, "theta_"):
        if model.theta_.dtype == np.float32:
            raise ConversionError(
                "GaussianNB cannot be converted exactly where it was trained on float32, in which it then adds up; it "
                "can be where it is fitted on matrix(...).values.astype(float)"
            )
        operator, means, priors, spreads = "Mul", model.theta_, model.class_prior_, 2 * np.pi * model.var_
        turns = model.var_**-0.5
    else:
        operator, means, priors, spreads = "MatMul", model.means_, model.priors_, model.scalings_
        turns = [rotation * scaling**-0.5 for rotation, scaling in zip(model.rotations_, spreads, strict=True)]
    graph, tensor, parts = rows.graph, rows.graph.double(rows.tensor), []
    for mean, turn, spread, prior in zip(means, turns, spreads, priors, strict=True):
        apart = graph.add("Sub", tensor, mean.astype(np.float64))
        turned = graph.add(operator, apart, turn.astype(np.float64))
        total = graph.add("ReduceSum", graph.add("Mul", turned, turned), np.array([1]))
        shift = float(np.log(prior) - 0.5 * np.log(spread).sum())
        parts.append(graph.add("Add", graph.add("Mul", total, -0.5), shift))
    return graph.add("Concat", *parts, axis=1)
