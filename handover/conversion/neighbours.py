"""Nearest neighbours, by the distances to every row of the training."""

from typing import Any

import numpy as np

from handover.conversion.errors import ConversionError
from handover.conversion.rows import Method, Rows, width

EUCLIDEAN = {"euclidean", "minkowski"}


def answer(model: Any, rows: Rows, _: Method) -> str:
    """Add the mean label of the nearest rows; for a classifier the share of its second class, or of each of more."""
    name = type(model).__name__
    if model.effective_metric_ not in EUCLIDEAN or model.weights not in {"uniform", None}:
        raise ConversionError(
            f"{name} cannot be converted with metric={model.effective_metric_} and weights={model.weights}; it can be "
            f"with metric='euclidean' and weights='uniform'"
        )
    graph = rows.graph
    known = np.asarray(model._fit_X, dtype=np.float64)
    apart = graph.add("Sub", graph.add("Unsqueeze", graph.double(rows.tensor), np.array([1])), known)
    distances = graph.add("ReduceSum", graph.add("Mul", apart, apart), np.array([2]), keepdims=0)
    nearest = graph.add_several("TopK", 2, distances, np.array([model.n_neighbors]), axis=1, largest=0)[1]
    labels = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)
    if width(model) > 1:
        labels = np.eye(width(model))[labels[:, 0].astype(int)]
    return graph.add("ReduceMean", graph.add("Gather", labels, nearest), np.array([1]), keepdims=0)
