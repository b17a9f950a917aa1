"""Reads scikit-learn's decision trees, and the forests, bags and boosts that are made of them."""

import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError, refused, title
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.rows import Method, width
from handover.conversion.trees import Ensemble, Floats, Link, Node, Split, exponential, grow, sigmoid, softmax

type Leaves = Callable[[Floats], Floats]

HISTOGRAM_LINKS: dict[str, Link | None] = {
    "log_loss": sigmoid,
    **dict.fromkeys(("poisson", "gamma"), exponential),
    **dict.fromkeys(("squared_error", "absolute_error", "quantile")),
}
MAX_CODES = 256
NO_CATEGORIES = {
    "categorical_feature do not match": "categorical_feature=[...]",
    "Invalid new DataFrame input": "feature_types=[..., 'c', ...]",
}
"""What LightGBM and XGBoost say of numbers in a DataFrame, where they know its categories: how to train on codes."""


def read(model: Any) -> Ensemble | None:
    """Read a fitted model; None where it is neither a tree nor a sum of trees.

    A classifier's sum is the probability of its second class, or of each of more; where it boosts, what its link makes
    them of.
    """
    listed = getattr(model, "estimators_", [])
    members = list(listed.ravel() if isinstance(listed, np.ndarray) else listed)  # a pipeline is a list of its own
    if hasattr(model, "tree_"):
        places = np.arange(len(model.classes_)) if hasattr(model, "classes_") else None
        return _whole(model, [_tree(model, lambda values: _shares(values, places, width(model)))])
    reader = READERS.get(type(model).__name__)
    if reader is None or not all(hasattr(member, "tree_") for member in members):
        return None
    return reader(model, members)


def _averaged(model: Any, members: list[Any]) -> Ensemble:
    """Read a forest, or a bag, whose trees were given some columns and some rows only."""
    trees = []
    for place, member in enumerate(members):
        columns = model.estimators_features_[place] if hasattr(model, "estimators_features_") else None
        classes = member.classes_.astype(int) if hasattr(member, "classes_") else None
        trees.append(_tree(member, partial(_shares, classes=classes, sums=width(model)), columns))
    return _whole(model, trees).scaled(1 / len(trees))


def _votes(model: Any, members: list[Any]) -> Ensemble:
    """Read AdaBoost: each tree votes with its weight."""
    classes = len(model.classes_)
    weights = model.estimator_weights_ / model.estimator_weights_.sum() * (2 if classes == 2 else 1)
    voting = zip(members, weights, strict=False)
    trees = [Ensemble([_tree(member, _votes_of)]).scaled(weight).trees[0] for member, weight in voting]
    if classes == 2:
        return _whole(model, trees, sigmoid)
    return _whole(model, trees, lambda graph, total: softmax(graph, graph.add("Div", total, classes - 1.0)))


def _whole(model: Any, trees: list[Node], link: Link | None = None) -> Ensemble:
    """Put trees together whose leaves have a number for each class, or one in all."""
    return Ensemble(trees, np.zeros(width(model)) if width(model) > 1 else 0.0, link)


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
    trees: list[Node] = [_tree(member, lambda values: values[:, 0]) for member in members]
    boosted = Ensemble(trees, targets=[place % sums for place in range(len(trees))]).scaled(model.learning_rate)
    link: Link | None = (softmax if sums > 1 else sigmoid) if classifies else None
    if link is sigmoid and model.loss == "exponential":
        return replace(boosted, base=base, link=lambda graph, total: sigmoid(graph, graph.add("Mul", total, 2.0)))
    return replace(boosted, base=base, link=link)


def _tree(model: Any, leaves: Leaves, chosen: NDArray[np.int64] | None = None) -> Node:
    """Read one tree, of all columns or of these, which compares ``x <= t``, t a float64, with x as a float32."""
    tree = model.tree_
    if tree.n_outputs != 1:
        raise ConversionError(f"{type(model).__name__} gives {tree.n_outputs} numbers for a row; a score is one")
    columns = tree.feature if chosen is None else chosen[np.maximum(tree.feature, 0)]  # a leaf has none
    thresholds, values = tree.threshold.tolist(), leaves(tree.value[:, 0])
    left, right, gaps = tree.children_left.tolist(), tree.children_right.tolist(), tree.missing_go_to_left.tolist()

    def node(index: int) -> Node:
        if left[index] < 0:
            return float(values[index]) if values.ndim == 1 else values[index].copy()
        return Split(int(columns[index]), "<=", thresholds[index], left[index], right[index], missing=bool(gaps[index]))

    return grow(node)


def _shares(values: Floats, classes: NDArray[np.int64] | None, sums: int) -> Floats:
    """Give the second class's share of each leaf, or that of each; a regressor's values where there are no classes."""
    if classes is None:
        return values[:, 0]
    shares = np.zeros((len(values), max(sums, 2)))  # a bag's sample of the rows may have had some of the classes only
    shares[:, classes] = values / values.sum(axis=1, keepdims=True)
    return shares if sums > 1 else shares[:, 1]


def _votes_of(values: Floats) -> Floats:
    """Vote for the second class with 1, for the first with -1; of more than two, for each."""
    classes = values.shape[1]
    if classes == 2:
        return np.where(values[:, -1] > values[:, 0], 1.0, -1.0)
    return np.where(np.arange(classes) == values.argmax(axis=1)[:, np.newaxis], 1.0, -1 / (classes - 1))


def _histograms(model: Any, _: list[Any]) -> Ensemble:
    """Read HistGradientBoosting, whose trees stand in private attributes."""
    if model.loss not in HISTOGRAM_LINKS:
        raise refused(type(model).__name__, f"loss={model.loss!r}", f"with {', '.join(HISTOGRAM_LINKS)}")
    categorical = np.zeros(model.n_features_in_, bool) if model.is_categorical_ is None else model.is_categorical_
    order = np.argsort(~categorical, kind="stable").tolist()  # the encoder in front puts the categories' columns first
    codes = _codes(model) if categorical.any() else {}
    base = np.array(model._baseline_prediction, dtype=np.float64).reshape(-1)
    trees = [_binned_tree(predictor, order, codes) for round_ in model._predictors for predictor in round_]
    targets = [place % len(base) for place in range(len(trees))]  # of each round, a tree for each class
    link = softmax if len(base) > 1 else HISTOGRAM_LINKS[model.loss]
    # Of more numbers than bins, a bin ends at one of them.
    return Ensemble(trees, base, link, wide=True, compares_with_what_it_saw=True, targets=targets)


def _binned_tree(predictor: Any, order: list[int], codes: dict[int, dict[int, int]]) -> Node:
    nodes, left_sets = predictor.nodes, predictor.raw_left_cat_bitsets

    def node(index: int) -> Node:
        this = nodes[index]
        if this["is_leaf"]:
            return float(this["value"])
        column, missing = int(this["feature_idx"]), bool(this["missing_go_to_left"])
        left, right = int(this["left"]), int(this["right"])
        if not this["is_categorical"]:
            return Split(order[column], "<=", float(this["num_threshold"]), left, right, missing)
        # An unknown code goes the way of what is missing: so the set is of those that go the other way.
        bits, known = left_sets[this["bitset_idx"]], codes[column].items()
        others = frozenset(code for place, code in known if (bits[place // 32] >> (place % 32) & 1) != missing)
        return Split(order[column], "in", others, *((right, left) if missing else (left, right)), missing=False)

    return grow(node)


def _codes(model: Any) -> dict[int, dict[int, int]]:
    """Give for each column of categories the code that stands at each place of its encoder."""
    codes = {}
    for column, categories in enumerate(model._preprocessor.named_transformers_["encoder"].categories_):
        if not np.issubdtype(categories.dtype, np.number):
            raise ConversionError(
                f"{type(model).__name__} was trained on categories that are text: train it on matrix(...).values, "
                f"with the numbers of their columns as categorical_features"
            )
        known = enumerate(categories.tolist()[:MAX_CODES])
        codes[column] = {place: int(code) for place, code in known if not np.isnan(code)}
    return codes


FOR_EITHER: dict[str, Callable[[Any, list[Any]], Ensemble]] = {
    "Bagging": _averaged,
    "ExtraTrees": _averaged,
    "GradientBoosting": _boosted,
    "HistGradientBoosting": _histograms,
    "RandomForest": _averaged,
}
READERS = {f"{name}{kind}": reader for name, reader in FOR_EITHER.items() for kind in ("Classifier", "Regressor")} | {
    "AdaBoostClassifier": _votes,
    "BalancedRandomForestClassifier": _averaged,
    "RUSBoostClassifier": _votes,
}


def _ask(model: Any, method: Method, features: FloatRows) -> Any:
    """Name the columns where the model was trained on a DataFrame: what is inside may choose them by name.

    LightGBM or XGBoost inside, trained on a DataFrame of categories, takes codes without names only.
    """
    names, rows, ask = getattr(model, "feature_names_in_", None), features, getattr(model, method)
    if names is not None:
        with suppress(ImportError):
            rows = importlib.import_module("pandas").DataFrame(features, columns=names)
    try:
        return ask(rows)
    except ValueError as error:
        how = next((how for message, how in NO_CATEGORIES.items() if message in str(error)), None)
        if how is None:
            raise
        with suppress(Exception):  # a step before it chooses columns by their names, and fails in a way of its own
            return ask(features)
        raise ConversionError(
            f"{title(model)} has a model inside that was trained on a DataFrame of categories and takes no numbers: "
            f"train it on matrix(...).values with {how}"
        ) from error


SCIKIT_LEARN = Framework("sklearn", "scikit-learn", read, unnamed=("", "x"), ask=_ask)
