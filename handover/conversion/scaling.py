"""Scalers as scikit-learn computes them, float32 by float32; and a target's way back."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.encoding import FUNCTIONS
from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph
from handover.conversion.rows import Rows

type Steps = list[tuple[str, NDArray[Any] | None]]

INVERSE = {"Sub": "Add", "Add": "Sub", "Mul": "Div", "Div": "Mul"}


def scaled(step: Any, rows: Rows) -> Rows:
    """Add a scaler: each operation in its constant's type, then rounded to float32, as numpy does it in place."""
    tensor = rows.tensor
    for operator, constant in SCALERS[type(step).__name__](step):
        if constant is None:
            continue
        wide = constant.dtype == np.float64
        tensor = rows.graph.add(operator, rows.graph.double(tensor) if wide else rows.graph.single(tensor), constant)
        tensor = rows.graph.single(tensor) if wide else tensor
    if getattr(step, "clip", False):
        low, high = np.array(getattr(step, "feature_range", (-1, 1)), dtype=np.float32)
        tensor = rows.graph.add("Clip", tensor, low, high)
    return rows.changed(tensor)


def _standard(step: Any) -> Steps:
    """Give the steps of a scaler that turns its constants into the rows' type first."""
    mean, scale = step.mean_ if step.with_mean else None, step.scale_
    return [("Sub", _single(mean)), ("Div", _single(scale))]


def _single(constant: NDArray[Any] | None) -> NDArray[Any] | None:
    return None if constant is None else constant.astype(np.float32)


SCALERS: dict[str, Callable[[Any], Steps]] = {
    "MaxAbsScaler": lambda step: [("Div", step.scale_)],
    "MinMaxScaler": lambda step: [("Mul", step.scale_), ("Add", step.min_)],
    "RobustScaler": lambda step: [("Sub", step.center_), ("Div", step.scale_)],
    "StandardScaler": _standard,
}


def undone(step: Any, given: str, graph: Graph, whose: str) -> str:
    """Add the inverse of what a regressor's target went through, float64 [N, 1]."""
    name = type(step).__name__
    if name in SCALERS:
        for operator, constant in reversed(SCALERS[name](step)):
            if constant is not None:
                given = graph.add(INVERSE[operator], given, constant.astype(np.float64))
        return given
    inverse = getattr(getattr(step, "inverse_func", None), "__name__", name)
    if inverse not in FUNCTIONS:
        raise ConversionError(
            f"{whose} cannot be converted with inverse_func {inverse}; it can be with a scaler, and with numpy's "
            f"{', '.join(FUNCTIONS)}"
        )
    return FUNCTIONS[inverse](graph, given)
