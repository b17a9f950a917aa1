"""Reads XGBoost's models, from the JSON in which it saves them."""

import json
import math
from typing import Any

import numpy as np

from handover.conversion.errors import ConversionError, refused, require_codes, title
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.rows import Method
from handover.conversion.trees import Ensemble, Leaf, Link, Node, Split, exponential, grow, sigmoid, softmax

CATEGORICAL = 1
OF_ERRORS = ("absolute", "expectile", "pseudohuber", "quantile", "squared", "squaredlog")
LINKS: dict[str, Link | None] = {
    "binary:hinge": lambda graph, total: graph.double(graph.add("Greater", total, 0.0)),
    **dict.fromkeys(("binary:logistic", "reg:logistic"), sigmoid),
    **dict.fromkeys(("count:poisson", "reg:gamma", "reg:tweedie"), exponential),
    **dict.fromkeys(("multi:softmax", "multi:softprob"), softmax),
    **dict.fromkeys(("binary:logitraw", "rank:map", "rank:ndcg", "rank:pairwise")),
    **{f"reg:{kind}error": None for kind in OF_ERRORS},
}


def read(model: Any) -> Ensemble:
    """Read a fitted XGB model, up to the iteration at which it stopped early, or all of a Booster."""
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = json.loads(booster.save_raw("json").decode())["learner"]
    facts, trees = learner["learner_model_param"], learner["gradient_booster"]
    missing = float(getattr(model, "missing", np.nan))
    gaps = None if math.isnan(missing) else (missing, missing)
    each = np.array(facts["base_score"].strip("[]").split(","), dtype=np.float32)  # XGBoost 3 writes a list
    sums = max(1, int(facts["num_class"]))
    objective = learner["objective"]["name"]
    if objective == "multi:softmax" and booster is model:
        raise ConversionError(
            f"{title(model)} answers with the number of a class (objective=multi:softmax): train it with "
            f"multi:softprob, which gives the probability of each"
        )
    base, link = _link(model, objective, float(each[0]))
    if sums > 1:
        base = np.broadcast_to(each, sums).astype(np.float64)
    if trees["name"] == "gblinear":
        weights = np.array(trees["model"]["weights"], dtype=np.float32).astype(np.float64).reshape(-1, sums)
        slopes, bias = weights[:-1], weights[-1]
        base = base if sums == 1 else float(each[0])  # XGBoost 3.4 begins all classes with the first one's, here alone
        return Ensemble([], base + bias, link, slopes=slopes, read_as_missing=gaps, targets=[])
    grown = trees.get("gbtree", trees)["model"]  # dart nests what gbtree has
    encoded = grown.get("cats", {"enc": []})["enc"]  # as text, each has the offsets of its letters
    known = [None if "offsets" in kind else kind["values"] for kind in encoded if kind.get("values")]
    require_codes(model, known, "feature_types=[..., 'c', ...]")
    count = len(grown["trees"])
    if int(facts["num_target"]) > 1 or any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in grown["trees"]):
        raise ConversionError(
            f"{title(model)} gives several numbers at once (objective={objective}); a score is one: "
            f"train a model for each target or quantile, and classes with multi_strategy='one_output_per_tree'"
        )
    if booster is not model and model.early_stopping_rounds is not None:
        count = grown["iteration_indptr"][model.best_iteration + 1]
    dropped = trees.get("weight_drop") or grown.get("weight_drop") or [1.0] * count
    nodes = [_tree(tree, missing, weight) for tree, weight in zip(grown["trees"][:count], dropped, strict=False)]
    # Its sums are float32. A sigmoid flattens what that does to them, an exponential makes more of it.
    single, targets = link is not sigmoid, grown["tree_info"][:count]
    return Ensemble(
        nodes, base, link, single=single, compares_with_what_it_saw=True, read_as_missing=gaps, targets=targets
    )


def _link(model: Any, objective: str, base: float) -> tuple[Leaf, Link | None]:
    """Give what the sum begins with, where there is one, and what makes an answer of it."""
    if objective not in LINKS:
        raise refused(title(model), f"objective={objective}", f"with {', '.join(sorted(LINKS))}")
    link = LINKS[objective]
    if link is sigmoid:
        return math.log(base / (1 - base)), link
    return math.log(base) if link is exponential else base, link


def _tree(tree: dict[str, Any], missing: float, weight: float) -> Node:
    """Read one tree, which compares ``x < t``, both as float32; a category in its set goes right."""
    columns, values, kinds = tree["split_indices"], tree["split_conditions"], tree["split_type"]
    left, right, to_left = tree["left_children"], tree["right_children"], tree["default_left"]
    segments = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    sets = {node: frozenset(tree["categories"][start : start + size]) for node, start, size in segments}

    def node(index: int) -> Node:
        if left[index] < 0:
            return float(np.float32(values[index])) * weight
        gap = bool(to_left[index])
        if kinds[index] != CATEGORICAL:
            return Split(columns[index], "<", float(np.float32(values[index])), left[index], right[index], gap)
        codes = sets[index]
        if not math.isnan(missing):  # this code means that the value is missing
            codes = codes - {int(missing)} if gap else codes | {int(missing)}
        return Split(columns[index], "in", codes, right[index], left[index], missing=not gap)

    return grow(node)


def _ask(model: Any, method: Method, features: FloatRows) -> Any:
    if hasattr(model, "inplace_predict"):  # a Booster, which has but this: its columns' names are its own affair
        return model.inplace_predict(features, validate_features=False)
    return getattr(model, method)(features)


XGBOOST = Framework("xgboost", "XGBoost", read, unnamed=("", "f"), ask=_ask, reads_sparse_zero_as_missing=True)
