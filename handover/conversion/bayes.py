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
    each = softmax(graph, _quadratic(model, wide) if name in QUADRATIC else _linear(model, name, rows))
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
    graph, parts = rows.graph, []
    for mean, turn, spread, prior in zip(means, turns, spreads, priors, strict=True):
        apart = graph.add("Sub", rows.tensor, mean.astype(np.float64))
        turned = graph.add(operator, apart, turn.astype(np.float64))
        total = graph.add("ReduceSum", graph.add("Mul", turned, turned), np.array([1]))
        shift = float(np.log(prior) - 0.5 * np.log(spread).sum())
        parts.append(graph.add("Add", graph.add("Mul", total, -0.5), shift))
    return graph.add("Concat", *parts, axis=1)


QUADRATIC = ("GaussianNB", "QuadraticDiscriminantAnalysis")
CLASSIFIERS = ("BernoulliNB", "CategoricalNB", "ComplementNB", "MultinomialNB", *QUADRATIC)
