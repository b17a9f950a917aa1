"""Where a model itself parts its two classes: what the contract's decisions are compared with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handover.conversion.errors import title

CHOSEN = {"FixedThresholdClassifier": "threshold", "TunedThresholdClassifierCV": "best_threshold_"}
"""Models around another one that decide from a threshold on: where it is."""
USUAL = 0.5


def unlike(model: Any, scored: object, edges: Sequence[float]) -> str:
    """Say that a model decides elsewhere than the contract does, where its author chose that; else nothing.

    Parameters
    ----------
    scored
        The class whose probability is the score; None where that is the second.
    edges
        Those of the contract's decisions.
    """
    model, threshold = _chosen(model)
    if threshold is None:
        return ""
    asked = getattr(model, "response_method", "auto")
    by = f"by its {asked}, from {threshold:g} on" if asked == "decision_function" else f"at {threshold:g}"
    if asked != "decision_function":
        if scored is not None and scored != _positive(model):
            threshold = 1 - threshold
            by = f"at {threshold:g} of the score"
        if np.isclose(edges, threshold, rtol=0, atol=1e-6).any():
            return ""
    at = " and ".join(f"{edge:g}" for edge in edges) or "no score"
    meant = "" if asked == "decision_function" else f": where that is meant, make {threshold:g} an edge in contract.py"
    return f"{title(model)} decides {by}, and production by the contract, at {at}{meant}."


def _chosen(model: Any) -> tuple[Any, float | None]:
    """Find the model that has a threshold, and the threshold, in a search or at the end of a pipeline too."""
    while (inner := _inside(model)) is not None:
        model = inner
    if name := CHOSEN.get(type(model).__name__):
        threshold = getattr(model, name)
        return model, None if threshold == "auto" else float(threshold)
    if hasattr(model, "get_probability_threshold"):  # CatBoost's, for which 0.5 is as good as none
        threshold = model.get_probability_threshold()
        return model, None if threshold in {None, USUAL} else float(threshold)
    return model, None


def _inside(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return steps[-1][1] if steps else getattr(model, "best_estimator_", None)


def _positive(model: Any) -> object:
    known = getattr(model, "pos_label", None)
    return list(model.classes_)[1] if known is None else known
