"""Scalers as scikit-learn computes them, in the type of the rows; and a target's way back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.encoding import FUNCTIONS
from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph
from handover.conversion.rows import Rows

SCALERS = {
    "MaxAbsScaler": (("Div", "scale_"),),
    "MinMaxScaler": (("Mul", "scale_"), ("Add", "min_")),
    "RobustScaler": (("Sub", "center_"), ("Div", "scale_")),
    "StandardScaler": (("Sub", "mean_"), ("Div", "scale_")),
}
"""What each does, in its order: the operator, and the attribute that has its constant."""
INVERSE = {"Sub": "Add", "Add": "Sub", "Mul": "Div", "Div": "Mul"}


def scaled(step: Any, rows: Rows) -> Rows:
    """Add a scaler: each operation in the wider type of rows and constant, then rounded to the rows', as numpy does."""
    graph, tensor = rows.graph, rows.tensor
    for operator, constant in _operations(step, np.float64 if rows.wide else np.float32, sparse=rows.sparse):
        if constant.dtype == np.float64 or rows.wide:
            tensor = rows.computed(graph.add(operator, graph.double(tensor), constant.astype(np.float64))).tensor
        else:
            tensor = graph.add(operator, tensor, constant)
    if getattr(step, "clip", False):
        low, high = np.array(getattr(step, "feature_range", (-1, 1)), dtype=np.float64 if rows.wide else np.float32)
        tensor = graph.add("Clip", tensor, low, high)
    return rows.changed(tensor)


def _operations(
    step: Any, of_rows: type[np.floating[Any]] = np.float64, *, sparse: bool = False
) -> list[tuple[str, NDArray[Any]]]:
    """Give what a scaler does, without what its settings leave out; columns of a sparse matrix it multiplies."""
    operations = []
    for operator, name in SCALERS[type(step).__name__]:
        constant = getattr(step, name)
        if constant is None or (name == "mean_" and not step.with_mean):
            continue
        if type(step).__name__ == "StandardScaler":  # it turns its constants into the rows' type first
            constant = constant.astype(of_rows)
        operations.append(("Mul", 1 / constant) if sparse and operator == "Div" else (operator, constant))
    return operations


def undone(step: Any, given: str, graph: Graph, whose: str) -> str:
    """Add the inverse of what a regressor's target went through, float64 [N, 1]."""
    name = type(step).__name__
    if name in SCALERS:
        for operator, constant in reversed(_operations(step)):
            given = graph.add(INVERSE[operator], given, constant.astype(np.float64))
        return given
    if name == "FunctionTransformer" and step.inverse_func is None:
        return given
    inverse = getattr(getattr(step, "inverse_func", None), "__name__", name)
    if inverse not in FUNCTIONS:
        raise ConversionError(
            f"{whose} cannot be converted with inverse_func {inverse}; it can be with a scaler, and with numpy's "
            f"{', '.join(FUNCTIONS)}"
        )
    return FUNCTIONS[inverse](graph, given)
