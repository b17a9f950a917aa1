"""Where a model itself parts its two classes: what the contract's decisions are compared with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handover.conversion.errors import title

CHOSEN = {"FixedThresholdClassifier": "threshold", "TunedThresholdClassifierCV": "best_threshold_"}
"""Models around another one that decide from a threshold on: where it is."""
USUAL = 0.5


def unlike(model: Any, scored: object, edges: Sequence[float]) -> str:
    """Say that a model decides elsewhere than at the contract's edges, where its author chose that; else nothing.

    ``scored`` is the class whose probability is the score; None where that is the second.
    """
    while hasattr(model, "steps") or hasattr(model, "best_estimator_"):
        model = model.steps[-1][1] if hasattr(model, "steps") else model.best_estimator_
    if name := CHOSEN.get(type(model).__name__):
        threshold = getattr(model, name)
    else:  # CatBoost's, for which 0.5 is as good as none
        threshold = getattr(model, "get_probability_threshold", lambda: None)()
        threshold = None if threshold == USUAL else threshold
    if threshold in {None, "auto"}:
        return ""
    production = f"and production by the contract, at {' and '.join(f'{edge:g}' for edge in edges) or 'no score'}"
    if (asked := getattr(model, "response_method", "auto")) == "decision_function":
        return f"{title(model)} decides by its {asked}, from {threshold:g} on, {production}."
    known, of = getattr(model, "pos_label", None), ""
    if scored is not None and scored != (list(model.classes_)[1] if known is None else known):
        threshold, of = 1 - threshold, " of the score"
    if np.isclose(edges, threshold, rtol=0, atol=1e-6).any():
        return ""
    meant = f"where that is meant, make {threshold:g} an edge in contract.py"
    return f"{title(model)} decides at {threshold:g}{of}, {production}: {meant}."
