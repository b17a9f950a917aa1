"""Reads scikit-learn's decision trees, and the forests, bags and boosts that are made of them."""

import importlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion import from_histograms
from handover.conversion.errors import ConversionError
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.rows import Method, width
from handover.conversion.trees import Ensemble, Link, Node, Split, grow, sigmoid, softmax, splits

type Leaves = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def read(model: Any) -> Ensemble | None:
    """Read a fitted model; None where it is neither a tree nor a sum of trees.

    A classifier's sum is the probability of its second class, or of each of more; where it boosts, what its link makes
    them of.
    """
    listed = getattr(model, "estimators_", [])
    members = list(listed.ravel() if isinstance(listed, np.ndarray) else listed)  # a pipeline is a list of its own
    if hasattr(model, "tree_"):
        return _whole(model, [_tree(model)])
    reader = READERS.get(type(model).__name__)
    if reader is None or not all(hasattr(member, "tree_") for member in members):
        return None
    return reader(model, members)


def _forest(model: Any, members: list[Any]) -> Ensemble:
    return _mean(model, map(_tree, members))


def _bag(model: Any, members: list[Any]) -> Ensemble:
    return _mean(
        model,
        (
            _tree_of_columns(member, columns, width(model))
            for member, columns in zip(members, model.estimators_features_, strict=True)
        ),
    )


def _votes(model: Any, members: list[Any]) -> Ensemble:
    """Read AdaBoost: each tree votes with its weight."""
    classes = len(model.classes_)
    weights = model.estimator_weights_ / model.estimator_weights_.sum() * (2 if classes == 2 else 1)
    trees = [
        Ensemble([_tree(member, _votes_of)], 0).scaled(weight).trees[0]
        for member, weight in zip(members, weights, strict=False)
    ]
    if classes == 2:
        return _whole(model, trees, sigmoid)
    return _whole(model, trees, lambda graph, total: softmax(graph, graph.add("Div", total, classes - 1.0)))


def _mean(model: Any, trees: Iterable[Node]) -> Ensemble:
    whole = _whole(model, list(trees))
    return whole.scaled(1 / len(whole.trees))


def _whole(model: Any, trees: list[Node], link: Link | None = None) -> Ensemble:
    """Put trees together whose leaves have a number for each class, or one in all."""
    base = 0.0 if width(model) == 1 else np.zeros(width(model))
    return Ensemble(trees, model.n_features_in_, base, link)


def _boosted(model: Any, members: list[Any]) -> Ensemble:
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise ConversionError(
            f"{type(model).__name__} cannot be converted with init={type(model.init_).__name__}: leave init out"
        )
    anywhere = np.zeros((1, model.n_features_in_), dtype=np.float32)
    classifies, sums = hasattr(model, "classes_"), width(model)
    base = np.array((model.decision_function if classifies else model.predict)(anywhere), dtype=np.float64).reshape(-1)
    for place, member in enumerate(members):  # of each round, a tree for each sum
        base[place % sums] -= model.learning_rate * float(member.predict(anywhere)[0])
    trees: list[Node] = [_tree(member) for member in members]
    targets = [place % sums for place in range(len(trees))]
    boosted = Ensemble(trees, model.n_features_in_, targets=targets).scaled(model.learning_rate)
    if not classifies:
        return replace(boosted, base=base)
    if sums == 1 and model.loss == "exponential":
        return replace(boosted, base=base, link=lambda graph, total: sigmoid(graph, graph.add("Mul", total, 2.0)))
    return replace(boosted, base=base, link=softmax if sums > 1 else sigmoid)


def _tree(model: Any, leaves: Leaves | None = None) -> Node:
    """Read one tree, which compares ``x <= t``, t a float64, with x as a float32."""
    tree = model.tree_
    if tree.n_outputs != 1:
        raise ConversionError(f"{type(model).__name__} gives {tree.n_outputs} numbers for a row; a score is one")
    leaves = leaves or (_shares if hasattr(model, "classes_") else _values)
    columns, thresholds, values = tree.feature.tolist(), tree.threshold.tolist(), leaves(tree.value[:, 0])
    left, right, gaps = tree.children_left.tolist(), tree.children_right.tolist(), tree.missing_go_to_left.tolist()

    def node(index: int) -> Node:
        if left[index] < 0:
            return float(values[index]) if values.ndim == 1 else values[index].copy()
        return Split(columns[index], "<=", thresholds[index], left[index], right[index], missing=bool(gaps[index]))

    return grow(node)


def _tree_of_columns(model: Any, columns: NDArray[np.int64], sums: int) -> Node:
    """Read a tree that was given some columns and some rows only, as one of the whole row and of all classes."""

    def leaves(values: NDArray[np.float64]) -> NDArray[np.float64]:
        if not hasattr(model, "classes_"):
            return _values(values)
        shares = np.zeros((len(values), max(sums, 2)))  # its sample of the rows may have had some of the classes only
        shares[:, model.classes_.astype(int)] = values / values.sum(axis=1, keepdims=True)
        return shares if sums > 1 else shares[:, 1]

    tree = _tree(model, leaves)
    for split in splits([tree]):
        split.column = int(columns[split.column])
    return tree


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the second class's share of each leaf; of more than two, that of each."""
    shares = values / values.sum(axis=1, keepdims=True)
    return shares[:, -1] if values.shape[1] <= 2 else shares


def _votes_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vote for the second class with 1, for the first with -1; of more than two, for each."""
    classes = values.shape[1]
    if classes == 2:
        return np.where(values[:, -1] > values[:, 0], 1.0, -1.0)
    return np.where(np.arange(classes) == values.argmax(axis=1)[:, np.newaxis], 1.0, -1 / (classes - 1))


def _values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, 0]


READERS: dict[str, Callable[[Any, list[Any]], Ensemble]] = {
    "AdaBoostClassifier": _votes,
    "BaggingClassifier": _bag,
    "BalancedRandomForestClassifier": _forest,
    "BaggingRegressor": _bag,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingClassifier": _boosted,
    "GradientBoostingRegressor": _boosted,
    "HistGradientBoostingClassifier": lambda model, _: from_histograms.read(model),
    "HistGradientBoostingRegressor": lambda model, _: from_histograms.read(model),
    "RUSBoostClassifier": _votes,
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
