"""Classifiers that ask how likely a row is in each class: naive Bayes, and quadratic discriminant analysis."""

from typing import Any

import numpy as np

from handover.conversion.encoding import is_beyond, is_each
from handover.conversion.errors import ConversionError
from handover.conversion.rows import Method, Rows, width
from handover.conversion.trees import softmax


def answer(model: Any, rows: Rows, _: Method) -> str:
    """Add the probability of the second class, or of each of more."""
    graph, name = rows.graph, type(model).__name__
    wide = rows.changed(graph.double(rows.tensor), wide=True)
    each = softmax(graph, QUADRATIC[name](model, wide) if name in QUADRATIC else _linear(model, name, rows))
    return graph.add("Gather", each, np.array([1]), axis=1) if width(model) == 1 else each


def _linear(model: Any, name: str, rows: Rows) -> str:
    """Add the logarithm of each class's likelihood, but for what all classes share: here a sum of weighted columns."""
    graph, tensor, weights = rows.graph, rows.graph.double(rows.tensor), model.feature_log_prob_
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


def _gaussian(model: Any, rows: Rows) -> str:
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


def _quadratic(model: Any, rows: Rows) -> str:
    parts = []
    classes = zip(model.means_, model.rotations_, model.scalings_, model.priors_, strict=True)
    for mean, rotation, scaling, prior in classes:
        apart = rows.graph.add("Sub", rows.tensor, mean.astype(np.float64))
        turned = rows.graph.add("MatMul", apart, (rotation * scaling**-0.5).astype(np.float64))
        total = rows.graph.add("ReduceSum", rows.graph.add("Mul", turned, turned), np.array([1]))
        shift = float(np.log(prior) - 0.5 * np.log(scaling).sum())
        parts.append(rows.graph.add("Add", rows.graph.add("Mul", total, -0.5), shift))
    return rows.graph.add("Concat", *parts, axis=1)


QUADRATIC = {"GaussianNB": _gaussian, "QuadraticDiscriminantAnalysis": _quadratic}
CLASSIFIERS = ("BernoulliNB", "CategoricalNB", "ComplementNB", "MultinomialNB", *QUADRATIC)
