"""Reads scikit-learn's HistGradientBoosting, whose trees stand in private attributes."""

from typing import Any

import numpy as np

from handover.conversion.errors import ConversionError, refused
from handover.conversion.trees import Ensemble, Link, Node, Split, exponential, grow, sigmoid, softmax

LINKS: dict[str, Link | None] = {
    "log_loss": sigmoid,
    **dict.fromkeys(("poisson", "gamma"), exponential),
    **dict.fromkeys(("squared_error", "absolute_error", "quantile")),
}
MOST_CODES = 256


def read(model: Any) -> Ensemble:
    """Read a fitted HistGradientBoostingClassifier or -Regressor."""
    if model.loss not in LINKS:
        raise refused(type(model).__name__, f"loss={model.loss!r}", f"with {', '.join(LINKS)}")
    categorical = np.zeros(model.n_features_in_, bool) if model.is_categorical_ is None else model.is_categorical_
    order = np.argsort(~categorical, kind="stable").tolist()  # the encoder in front puts the categories' columns first
    codes = _codes(model) if categorical.any() else {}
    base = np.array(model._baseline_prediction, dtype=np.float64).reshape(-1)
    trees = [_tree(predictor, order, codes) for round_ in model._predictors for predictor in round_]
    targets = [place % len(base) for place in range(len(trees))]  # of each round, a tree for each class
    link = softmax if len(base) > 1 else LINKS[model.loss]
    # Of more numbers than bins, a bin ends at one of them.
    return Ensemble(trees, base, link, wide=True, compares_with_what_it_saw=True, targets=targets)


def _tree(predictor: Any, order: list[int], codes: dict[int, dict[int, int]]) -> Node:
    nodes, left_sets = predictor.nodes, predictor.raw_left_cat_bitsets

    def node(index: int) -> Node:
        this = nodes[index]
        if this["is_leaf"]:
            return float(this["value"])
        column, missing = int(this["feature_idx"]), bool(this["missing_go_to_left"])
        left, right = int(this["left"]), int(this["right"])
        if not this["is_categorical"]:
            return Split(order[column], "<=", float(this["num_threshold"]), left, right, missing)
        bits = left_sets[this["bitset_idx"]]
        chosen = {place for place in codes[column] if bits[place // 32] >> (place % 32) & 1}
        # An unknown code goes the way of what is missing: so the set is of those that go the other way.
        if missing:
            chosen = codes[column].keys() - chosen
            left, right = right, left
        known = frozenset(codes[column][place] for place in chosen)
        return Split(order[column], "in", known, left, right, missing=False)

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
        known = enumerate(categories.tolist()[:MOST_CODES])
        codes[column] = {place: int(code) for place, code in known if not np.isnan(code)}
    return codes
