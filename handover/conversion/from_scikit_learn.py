"""Reads scikit-learn's decision trees, and the forests, bags and boosts that are made of them."""

import importlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion import from_histograms
from handover.conversion.errors import ConversionError
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.graph import Graph
from handover.conversion.rows import Method
from handover.conversion.trees import Ensemble, Node, Split, grow, sigmoid, splits

type Leaves = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def read(model: Any) -> Ensemble | None:
    """Read a fitted model; None where it is neither a tree nor a sum of trees.

    A classifier's sum is the probability of its second class; where it boosts, what its link makes one of.
    """
    members: list[Any] = list(np.ravel(getattr(model, "estimators_", [])))
    if hasattr(model, "tree_"):
        return Ensemble([_tree(model)], model.n_features_in_)
    reader = READERS.get(type(model).__name__)
    if reader is None or not all(hasattr(member, "tree_") for member in members):
        return None
    return reader(model, members)


def _forest(model: Any, members: list[Any]) -> Ensemble:
    return _mean(model, map(_tree, members))


def _bag(model: Any, members: list[Any]) -> Ensemble:
    return _mean(model, map(_tree_of_columns, members, model.estimators_features_))


def _votes(model: Any, members: list[Any]) -> Ensemble:
    """Read AdaBoost: each tree votes with its weight."""
    weights = 2 * model.estimator_weights_ / model.estimator_weights_.sum()
    trees = [
        Ensemble([_tree(member, _votes_of)], 0).scaled(weight).trees[0]
        for member, weight in zip(members, weights, strict=False)
    ]
    return Ensemble(trees, model.n_features_in_, link=sigmoid)


def _mean(model: Any, trees: Iterable[Node]) -> Ensemble:
    whole = Ensemble(list(trees), model.n_features_in_)
    return whole.scaled(1 / len(whole.trees))


def _boosted(model: Any, members: list[Any]) -> Ensemble:
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise ConversionError(
            f"{type(model).__name__} cannot be converted with init={type(model.init_).__name__}: leave init out"
        )
    anywhere = np.zeros((1, model.n_features_in_), dtype=np.float32)
    classifies = hasattr(model, "classes_")
    total = float((model.decision_function if classifies else model.predict)(anywhere)[0])
    base = total - sum(model.learning_rate * float(member.predict(anywhere)[0]) for member in members)
    boosted = Ensemble([_tree(member) for member in members], model.n_features_in_).scaled(model.learning_rate)
    link = None if not classifies else _sigmoid_of_double if model.loss == "exponential" else sigmoid
    return Ensemble(boosted.trees, boosted.columns, base, link)


def _histograms(model: Any, _: list[Any]) -> Ensemble:
    return from_histograms.read(model)


def _sigmoid_of_double(graph: Graph, total: str) -> str:
    return sigmoid(graph, graph.add("Mul", total, 2.0))


def _tree(model: Any, leaves: Leaves | None = None) -> Node:
    """Read one tree, which compares ``x <= t``, t a float64, with x as a float32."""
    tree = model.tree_
    if tree.n_outputs != 1:
        raise ConversionError(f"{type(model).__name__} gives {tree.n_outputs} numbers for a row; a score is one")
    leaves = leaves or (_shares if hasattr(model, "classes_") else _values)
    columns, thresholds, values = tree.feature.tolist(), tree.threshold.tolist(), leaves(tree.value[:, 0]).tolist()
    left, right, gaps = tree.children_left.tolist(), tree.children_right.tolist(), tree.missing_go_to_left.tolist()

    def node(index: int) -> Node:
        if left[index] < 0:
            return float(values[index])
        return Split(columns[index], "<=", thresholds[index], left[index], right[index], missing=bool(gaps[index]))

    return grow(node)


def _tree_of_columns(model: Any, columns: NDArray[np.int64]) -> Node:
    """Read a tree that was given some columns only, as one of the whole row."""
    tree = _tree(model)
    if hasattr(model, "classes_") and len(model.classes_) == 1:  # its sample of the rows had one class
        return float(model.classes_[0])
    for split in splits([tree]):
        split.column = int(columns[split.column])
    return tree


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the second class's share of each leaf."""
    return values[:, -1] / values.sum(axis=1)


def _votes_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vote for the second class with 1, for the first with -1."""
    return np.where(values[:, -1] > values[:, 0], 1.0, -1.0)


def _values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, 0]


READERS: dict[str, Callable[[Any, list[Any]], Ensemble]] = {
    "AdaBoostClassifier": _votes,
    "BaggingClassifier": _bag,
    "BaggingRegressor": _bag,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingClassifier": _boosted,
    "GradientBoostingRegressor": _boosted,
    "HistGradientBoostingClassifier": _histograms,
    "HistGradientBoostingRegressor": _histograms,
    "RandomForestClassifier": _forest,
    "RandomForestRegressor": _forest,
}


def _ask(model: Any, method: Method, features: FloatRows) -> Any:
    """Name the columns where the model was trained on a DataFrame: what is inside may choose them by name."""
    names, rows = getattr(model, "feature_names_in_", None), features
    if names is not None:
        with suppress(ImportError):
            rows = importlib.import_module("pandas").DataFrame(features, columns=names)
    return getattr(model, method)(rows)


SCIKIT_LEARN = Framework("sklearn", "scikit-learn", read, unnamed=("", "x"), ask=_ask)
