"""The trees of a scikit-learn model, written down as an XGBoost model: the same questions, the same answers."""

from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from bench.templates import render

TOLERANCE = 1e-5
"""How far two contenders' scores may lie apart: a hundred float32 sums in another order differ by less."""

ROOTS_PARENT = 2**31 - 1
"""What XGBoost writes for the node that has none."""


def to_xgboost(model: Any, features: NDArray[np.float32]) -> xgboost.XGBClassifier:
    """Give the same model as XGBoost's, for two classes; on rows of ``features``, both must answer alike.

    XGBoost asks ``x < t`` of a float32, scikit-learn ``x <= t`` with a float64 threshold: on float32 values both are
    the same when XGBoost gets the next float32 above the largest one that does not exceed scikit-learn's threshold.
    Leaves are scikit-learn's times the learning rate, the base score is the prior's probability (XGBoost takes its
    log odds itself).
    """
    values = {
        "version": [int(part) for part in xgboost.__version__.split("+")[0].split(".")],
        "columns": int(model.n_features_in_),
        "prior": float(model.init_.class_prior_[1]),
        "trees": [tree_arrays(stage[0].tree_, model.learning_rate) for stage in model.estimators_],
    }
    converted = xgboost.XGBClassifier(n_jobs=1)
    converted.load_model(bytearray(render(Path(__file__).parent / "xgboost.json.jinja", values), "utf-8"))
    expected = model.predict_proba(features)[:, 1]
    alone = np.concatenate([converted.predict_proba(row[np.newaxis])[:, 1] for row in features])
    apart = max(np.abs(alone - expected).max(), np.abs(converted.predict_proba(features)[:, 1] - expected).max())
    if not apart <= TOLERANCE:
        raise ValueError(f"the XGBoost model answers otherwise than the scikit-learn model it was made of: by {apart}")
    return converted


def tree_arrays(tree: Any, rate: float) -> dict[str, list[Any]]:
    """Give one scikit-learn tree, node by node, as XGBoost's JSON model format has it, siblings side by side.

    XGBoost takes the right child to be the one after the left where it predicts a single row; scikit-learn numbers its
    nodes depth first.
    """
    order, parents = breadth_first(tree.children_left, tree.children_right)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    left, right = tree.children_left[order], tree.children_right[order]
    inner = left >= 0
    leaves = (tree.value[order, 0, 0] * rate).astype(np.float32)
    return {
        "leaves": leaves.tolist(),
        "left": np.where(inner, place[left], -1).tolist(),
        "right": np.where(inner, place[right], -1).tolist(),
        "parents": parents,
        "conditions": np.where(inner, next_above(tree.threshold[order]), leaves).tolist(),
        "columns": np.where(inner, tree.feature[order], 0).tolist(),
        "weights": tree.weighted_n_node_samples[order].tolist(),
    }


def breadth_first(left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Order a tree's nodes level by level: give the old number of each, and the new number of its parent."""
    order, parents = [0], [ROOTS_PARENT]
    for place, node in enumerate(order):  # grows while it is read
        if left[node] >= 0:
            order += [int(left[node]), int(right[node])]
            parents += [place, place]
    return order, parents


def next_above(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give the float32 ``t`` for which ``x < t`` is ``x <= threshold``, for every float32 ``x``."""
    rounded = thresholds.astype(np.float32)
    below = np.where(rounded.astype(np.float64) > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    above: NDArray[np.float32] = np.nextafter(below.astype(np.float32), np.float32(np.inf))
    return above
