"""Models that compare a row with rows of the training: support vectors, as libsvm computes them, and neighbours."""

from typing import Any

import numpy as np

from handover.conversion import others
from handover.conversion.errors import refused
from handover.conversion.graph import Graph
from handover.conversion.rows import Method, Rows, width

LEAST = 1e-7
TOLERANCE = 0.0025
EUCLIDEAN = {"euclidean", "minkowski"}
SWEEPS = 2  # what libsvm's own bound needs at most for two classes: tried for 210,000 probabilities


def support_vectors(model: Any, rows: Rows, method: Method) -> str:
    """Add a number or a decision, and the probability that libsvm makes of it, float64 [N, 1]."""
    if width(model) > 1:
        return others.answer(model, rows, method)
    graph = rows.graph
    alike = _likeness(model, graph, graph.double(rows.tensor))
    total = graph.add("MatMul", alike, np.asarray(model.dual_coef_, dtype=np.float64).T)
    total = graph.add("Add", total, float(model.intercept_[0]))
    if method != "predict_proba":
        return total
    odds = graph.add("Sub", graph.add("Mul", total, float(model.probA_[0])), float(model.probB_[0]))
    return _coupled(graph, graph.add("Clip", graph.add("Sigmoid", odds), LEAST, 1 - LEAST))


def _coupled(graph: Graph, first: str) -> str:
    """Search for the two probabilities as libsvm does, which stops early (svm.cpp, ``multiclass_probability``)."""
    other = graph.add("Sub", 1.0, first)
    shares = [graph.add("Add", graph.add("Mul", first, 0.0), 0.5)] * 2
    for _ in range(SWEEPS):
        apart = _apart(graph, shares, other, first)
        square = graph.add("Mul", apart, apart)
        error_of_other = graph.add("Abs", graph.add("Sub", graph.add("Mul", other, apart), square))
        error_of_first = graph.add("Abs", graph.add("Add", graph.add("Mul", first, apart), square))
        done = graph.add("Less", graph.add("Max", error_of_other, error_of_first), TOLERANCE)
        moved = _moved(graph, shares, graph.add("Sub", square, graph.add("Mul", other, apart)), other)
        apart = _apart(graph, moved, other, first)
        step = graph.add("Add", graph.add("Mul", apart, apart), graph.add("Mul", first, apart))
        moved = _moved(graph, moved[::-1], step, first)[::-1]
        shares = [graph.add("Where", done, *pair) for pair in zip(shares, moved, strict=True)]
    return shares[1]


def _apart(graph: Graph, shares: list[str], other: str, first: str) -> str:
    return graph.add("Sub", graph.add("Mul", other, shares[0]), graph.add("Mul", first, shares[1]))


def _moved(graph: Graph, shares: list[str], step: str, weight: str) -> list[str]:
    """Move the first share, and make both add up to one again."""
    step = graph.add("Div", step, graph.add("Mul", weight, weight))
    whole = graph.add("Add", step, 1.0)
    return [graph.add("Div", graph.add("Add", shares[0], step), whole), graph.add("Div", shares[1], whole)]


def _likeness(model: Any, graph: Graph, columns: str) -> str:
    """Compare each row with each support vector, float64 [N, S]."""
    vectors = np.asarray(model.support_vectors_, dtype=np.float64)
    products = graph.add("MatMul", columns, vectors.T)
    if model.kernel == "linear":
        return products
    gamma = float(model._gamma)
    if model.kernel == "rbf":
        squares = graph.add("ReduceSum", graph.add("Mul", columns, columns), np.array([1]))
        apart = graph.add("Sub", graph.add("Add", squares, (vectors**2).sum(axis=1)), graph.add("Mul", products, 2.0))
        return graph.add("Exp", graph.add("Mul", apart, -gamma))
    inside = graph.add("Add", graph.add("Mul", products, gamma), float(model.coef0))
    if model.kernel == "poly":
        return graph.add("Pow", inside, float(model.degree))
    if model.kernel == "sigmoid":
        return graph.add("Tanh", inside)
    raise refused(type(model).__name__, f"kernel={model.kernel}", "with linear, rbf, poly and sigmoid")


def neighbours(model: Any, rows: Rows, _: Method) -> str:
    """Add the mean label of the nearest rows; for a classifier the share of its second class, or of each of more."""
    if model.effective_metric_ not in EUCLIDEAN or model.weights not in {"uniform", None}:
        setting = f"metric={model.effective_metric_} and weights={model.weights}"
        raise refused(type(model).__name__, setting, "with metric='euclidean' and weights='uniform'")
    graph = rows.graph
    known = np.asarray(model._fit_X, dtype=np.float64)
    apart = graph.add("Sub", graph.add("Unsqueeze", graph.double(rows.tensor), np.array([1])), known)
    distances = graph.add("ReduceSum", graph.add("Mul", apart, apart), np.array([2]), keepdims=0)
    nearest = graph.add_several("TopK", 2, distances, np.array([model.n_neighbors]), axis=1, largest=0)[1]
    labels = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)
    if width(model) > 1:
        labels = np.eye(width(model))[labels[:, 0].astype(int)]
    return graph.add("ReduceMean", graph.add("Gather", labels, nearest), np.array([1]), keepdims=0)
