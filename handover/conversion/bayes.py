"""Classifiers that ask how likely a row is in each class: naive Bayes, and quadratic discriminant analysis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from handover.conversion.encoding import is_each
from handover.conversion.errors import ConversionError
from handover.conversion.rows import Method, Rows, width
from handover.conversion.trees import softmax


def answer(model: Any, rows: Rows, _: Method) -> str:
    """Add the probability of the second class, or of each of more."""
    graph = rows.graph
    likely = LIKELIHOODS[type(model).__name__](model, rows.changed(graph.double(rows.tensor), wide=True))
    each = softmax(graph, likely)
    return graph.add("Gather", each, np.array([1]), axis=1) if width(model) == 1 else each


def _gaussian(model: Any, rows: Rows) -> str:
    """Add the logarithm of each class's likelihood, as the others here do, but for what all classes share."""
    if model.theta_.dtype == np.float32:
        raise ConversionError(
            "GaussianNB cannot be converted exactly where it was trained on float32, in which it then adds up; it can "
            "be where it is fitted on matrix(...).values.astype(float)"
        )
    parts = []
    for mean, variance, prior in zip(model.theta_, model.var_, model.class_prior_, strict=True):
        apart = rows.graph.add("Sub", rows.tensor, mean.astype(np.float64))
        weights = -0.5 / variance.astype(np.float64)[:, np.newaxis]
        total = rows.graph.add("MatMul", rows.graph.add("Mul", apart, apart), weights)
        parts.append(rows.graph.add("Add", total, float(np.log(prior) - 0.5 * np.log(2 * np.pi * variance).sum())))
    return rows.graph.add("Concat", *parts, axis=1)


def _multinomial(model: Any, rows: Rows) -> str:
    return _weighted(rows, model.feature_log_prob_, model.class_log_prior_)


def _complement(model: Any, rows: Rows) -> str:
    return _weighted(rows, model.feature_log_prob_, np.zeros(len(model.classes_)))


def _bernoulli(model: Any, rows: Rows) -> str:
    if model.binarize is not None:
        rows = rows.changed(rows.graph.double(rows.graph.add("Greater", rows.tensor, float(model.binarize))))
    otherwise = np.log(1 - np.exp(model.feature_log_prob_))
    return _weighted(rows, model.feature_log_prob_ - otherwise, model.class_log_prior_ + otherwise.sum(axis=1))


def _categorical(model: Any, rows: Rows) -> str:
    parts = [
        rows.graph.double(is_each(column, np.arange(known.shape[1], dtype=np.float64)))
        for column, known in zip(rows.each(), model.feature_log_prob_, strict=True)
    ]
    each = rows.changed(rows.graph.add("Concat", *parts, axis=1))
    return _weighted(each, np.hstack(model.feature_log_prob_), model.class_log_prior_)


def _quadratic(model: Any, rows: Rows) -> str:
    parts = []
    for mean, rotation, scaling, prior in zip(
        model.means_, model.rotations_, model.scalings_, model.priors_, strict=True
    ):
        apart = rows.graph.add("Sub", rows.tensor, mean.astype(np.float64))
        turned = rows.graph.add("MatMul", apart, (rotation * scaling**-0.5).astype(np.float64))
        total = rows.graph.add("ReduceSum", rows.graph.add("Mul", turned, turned), np.array([1]))
        shift = float(np.log(prior) - 0.5 * np.log(scaling).sum())
        parts.append(rows.graph.add("Add", rows.graph.add("Mul", total, -0.5), shift))
    return rows.graph.add("Concat", *parts, axis=1)


def _weighted(rows: Rows, weights: Any, shift: Any) -> str:
    total = rows.graph.add("MatMul", rows.tensor, np.asarray(weights, dtype=np.float64).T)
    return rows.graph.add("Add", total, np.asarray(shift, dtype=np.float64))


LIKELIHOODS: dict[str, Callable[[Any, Rows], str]] = {
    "BernoulliNB": _bernoulli,
    "CategoricalNB": _categorical,
    "ComplementNB": _complement,
    "GaussianNB": _gaussian,
    "MultinomialNB": _multinomial,
    "QuadraticDiscriminantAnalysis": _quadratic,
}
