"""Reads LightGBM's models, from the text in which it saves them.

The numbers of this format stand in LightGBM's source (src/io/tree.cpp, include/LightGBM/tree.h).
"""

from dataclasses import replace
from typing import Any

import numpy as np

from handover.conversion.errors import refused, require_codes, title
from handover.conversion.framework import Framework
from handover.conversion.trees import Ensemble, Link, Node, Split, below, exponential, grow, sigmoid, softmax

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of a node's decision_type; those above are the kind of missing value
AS_NOUGHT, NOUGHT, NAN = 0, 1, 2  # NaN is read as 0; 0 and NaN are missing; NaN is missing
NEXT_TO_NOUGHT = float(np.float32(1e-35))
"""LightGBM's kZeroThreshold: a number up to it, of either sign, is read as 0."""
BELOW_NOUGHT = float(below(np.array(-NEXT_TO_NOUGHT)))
WHOLE = ("split_feature", "left_child", "right_child", "decision_type", "cat_boundaries", "cat_threshold")
"""What a tree lists in whole numbers: ``_tree`` takes them in this order."""
IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg")
LINKS: dict[str, Link | None] = {
    "cross_entropy": sigmoid,
    "multiclass": softmax,
    # log(1 + exp(x)); onnxruntime's own Softplus takes no float64
    "cross_entropy_lambda": lambda graph, total: graph.add("Log", graph.add("Add", graph.add("Exp", total), 1.0)),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), exponential),
    **dict.fromkeys(IDENTITY),
}


def read(model: Any) -> Ensemble:
    """Read a fitted LGBM model or a Booster, up to its best iteration as it predicts."""
    booster = getattr(model, "booster_", model)
    head, *bodies = booster.model_to_string().partition("end of trees")[0].split("\nTree=")
    require_codes(model, booster.pandas_categorical or (), "categorical_feature=[...]")
    facts = _facts(head)
    sums = int(facts["num_tree_per_iteration"])
    trees = [_facts(body) for body in bodies]
    if any(tree.get("is_linear") == "1" for tree in trees):
        raise refused(title(model), "linear_tree=True", "without")
    whole = Ensemble(list(map(_tree, trees)), np.zeros(sums), targets=[place % sums for place in range(len(trees))])
    if "average_output" in facts:
        whole = whole.scaled(sums / len(trees))
    zero = any(kind >> 2 & 3 == NOUGHT for tree in trees for kind in _numbers(tree, "decision_type", int))
    gaps = (-NEXT_TO_NOUGHT, NEXT_TO_NOUGHT) if zero else None
    return replace(whole, link=_link(model, facts.get("objective", "none")), wide=True, read_as_missing=gaps)


def _link(model: Any, objective: str) -> Link | None:
    name, *settings = objective.split(" ")
    if name in {"binary", "multiclassova"}:  # the second has as many models of yes or no as classes
        factor = next((float(s.removeprefix("sigmoid:")) for s in settings if s.startswith("sigmoid:")), 1.0)
        return sigmoid if factor == 1 else lambda graph, total: sigmoid(graph, graph.add("Mul", total, factor))
    if name == "regression" and "sqrt" in settings:
        return lambda graph, total: graph.add("Mul", total, graph.add("Abs", total))
    if name not in LINKS:
        can = ", ".join(sorted({"binary", "multiclassova", *LINKS}))
        raise refused(title(model), f"objective={name}", f"with {can}")
    return LINKS[name]


def _tree(tree: dict[str, str]) -> Node:
    leaves = _numbers(tree, "leaf_value", float)
    if len(leaves) == 1:
        return leaves[0]
    columns, left, right, kinds, starts, words = (_numbers(tree, name, int) for name in WHOLE)
    thresholds = _numbers(tree, "threshold", float)

    def node(index: int) -> Node:
        if index < 0:
            return leaves[~index]
        kind, threshold = kinds[index], thresholds[index]
        if kind & CATEGORICAL:
            bits = words[starts[int(threshold)] : starts[int(threshold) + 1]]
            codes = frozenset(code for code in range(32 * len(bits)) if bits[code // 32] >> (code % 32) & 1)
            return Split(columns[index], "in", codes, left[index], right[index], missing=False)
        missing = threshold >= 0 if kind >> 2 & 3 == AS_NOUGHT else bool(kind & DEFAULT_LEFT)
        if kind >> 2 & 3 != NOUGHT and -NEXT_TO_NOUGHT <= threshold < NEXT_TO_NOUGHT:
            threshold = BELOW_NOUGHT if threshold < 0 else NEXT_TO_NOUGHT
        return Split(columns[index], "<=", threshold, left[index], right[index], missing)

    return grow(node)


def _facts(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in text.splitlines())}


def _numbers[N: (int, float)](tree: dict[str, str], name: str, kind: type[N]) -> list[N]:
    return [kind(value) for value in tree.get(name, "").split()]


LIGHTGBM = Framework("lightgbm", "LightGBM", read, unnamed=("Column_",))
