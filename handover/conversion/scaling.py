"""Scalers and PowerTransformer as scikit-learn computes them, in the type of the rows; and a target's way back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.encoding import FUNCTIONS, expm1, log1p
from handover.conversion.errors import refused
from handover.conversion.graph import Graph
from handover.conversion.rows import Rows

type Powers = NDArray[np.floating[Any]]

SCALERS = {
    "MaxAbsScaler": (("Div", "scale_"),),
    "MinMaxScaler": (("Mul", "scale_"), ("Add", "min_")),
    "RobustScaler": (("Sub", "center_"), ("Div", "scale_")),
    "StandardScaler": (("Sub", "mean_"), ("Div", "scale_")),
}
"""What each does, in its order: the operator, and the attribute that has its constant."""
INVERSE = {"Sub": "Add", "Add": "Sub", "Mul": "Div", "Div": "Mul"}
NO_POWER = 1e-19
"""A power below it is nought to scipy.special.boxcox."""


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
        raise refused(whose, f"inverse_func {inverse}", f"with a scaler, and with numpy's {', '.join(FUNCTIONS)}")
    return FUNCTIONS[inverse](graph, given)


def powered(step: Any, rows: Rows) -> Rows:
    """Add a PowerTransformer, and its scaler."""
    powers = np.asarray(step.lambdas_)
    if step.method == "yeo-johnson":
        given = _yeo_johnson(powers, rows)
    else:  # what scipy computes in float64 whatever the rows are
        wide, flat = rows.changed(rows.graph.double(rows.tensor), wide=True), np.abs(powers) < NO_POWER
        given = _risen(powers.astype(np.float64), flat, rows.graph.add("Log", wide.tensor), wide)
    changed = rows.computed(given, blurred_by=step)
    return scaled(step._scaler, changed) if step.standardize else changed


def _yeo_johnson(powers: Powers, rows: Rows) -> str:
    """Add what scipy computes in the wider type of rows and powers; below nought, with two less the power."""
    graph, kind = rows.graph, np.result_type(powers, np.float64 if rows.wide else np.float32)
    typed, columns = rows.changed(rows.tensor, wide=kind == np.float64), graph.double(rows.tensor)
    smallest = np.finfo(kind).eps
    logarithms = typed.rounded(log1p(graph, graph.add("Abs", columns)))
    above = _risen(powers, np.abs(powers) < smallest, logarithms, typed)
    below = _risen(2 - powers, np.abs(powers - 2) <= smallest, logarithms, typed)
    return graph.add("Where", graph.add("GreaterOrEqual", columns, 0.0), above, graph.add("Neg", below))


def _risen(powers: Powers, flat: NDArray[np.bool_], logarithms: str, typed: Rows) -> str:
    """Add (x to the power - 1) / power of the logarithms of x: where it is ``flat``, these themselves."""
    graph, divisors = typed.graph, np.where(flat, 1, powers).astype(np.float64)
    high = typed.rounded(graph.add("Mul", logarithms, divisors))
    risen = graph.add("Div", typed.rounded(expm1(graph, high)), divisors)
    return graph.add("Where", flat, logarithms, risen) if flat.any() else risen
