"""What a graph asks of its columns: which numbers its trees compare them with, and whether they have gaps."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from handover.conversion.framework import FloatRows
from handover.conversion.graph import FEATURES
from handover.conversion.trees import Floats
from predictor.encoder import FLOAT32_MAX

KEEP_NUMBERS = {"Cast": 0, "Identity": 0, "Imputer": 0, "Where": 2}
"""Operators that a number goes through as it is, and which of their inputs that is."""
ASK_FOR_GAPS = {"IsNaN", "Imputer"}
ALL = slice(None)
INVERSE = {"Add": np.subtract, "Sub": np.add, "Mul": np.divide, "Div": np.multiply}
OF_NUMBERS = {b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT"}
FIRST_OF_EQUALITY = 4  # the kinds of test of TreeEnsemble: those below compare numbers, those from here on codes


def thresholds(model: onnx.ModelProto) -> list[tuple[int, float]]:
    """List what the trees of a model ask for: the column's index and the threshold, a float32, each pair once.

    A threshold behind a scaler is given as the number of the column that the scaler puts there. Where something else
    stands before the trees, they compare numbers that no column has: these are left out, as are sets of categories.
    """
    asked: set[tuple[int, float]] = set()
    for node in model.graph.node:
        if node.op_type.startswith("TreeEnsemble") and (traced := _traced(model, node.input[0], *_asked(node))):
            columns, values = traced
            finite = np.abs(values) <= FLOAT32_MAX
            asked |= set(zip(columns[finite].tolist(), values[finite].astype(np.float32).tolist(), strict=True))
    return sorted(asked)


def filled(model: onnx.ModelProto, width: int) -> set[int]:
    """Give the columns, of ``width``, for whose gaps a graph has an answer of its author: an imputer's, mostly.

    Where what it asks was computed of several columns, all of them count.
    """
    asking = (node.input[0] for node in model.graph.node if node.op_type in ASK_FOR_GAPS)
    traced = (_traced(model, tensor, ALL, np.empty(0)) for tensor in asking)
    return {column for columns in traced for column in np.arange(width)[columns[0] if columns else ALL].tolist()}


def _asked(node: onnx.NodeProto) -> tuple[NDArray[np.int64], Floats]:
    """Give columns and thresholds of a node's tests of numbers, of any version of the operator."""
    attributes: dict[str, Any] = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "TreeEnsemble":
        wanted = numpy_helper.to_array(attributes["nodes_modes"]) < FIRST_OF_EQUALITY
        values = numpy_helper.to_array(attributes["nodes_splits"])
    else:
        wanted = np.array([mode in OF_NUMBERS for mode in attributes["nodes_modes"]], dtype=bool)
        wide = attributes.get("nodes_values_as_tensor")
        values = numpy_helper.to_array(wide) if wide else np.array(attributes["nodes_values"])
    columns = np.array(attributes["nodes_featureids"], dtype=np.int64)
    return columns[wanted], values[wanted].astype(np.float64)


def _traced(model: onnx.ModelProto, tensor: str, columns: Any, values: Floats) -> tuple[Any, Floats] | None:
    """Go back to the model's input: give what is asked of columns of a tensor as asked of the input's.

    None where something else stands between than what keeps a column's numbers, or computes with a constant.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    constants = {constant.name: constant for constant in model.graph.initializer}
    while node := makers.get(tensor):
        tensor = node.input[KEEP_NUMBERS.get(node.op_type, 0)]
        if node.op_type in KEEP_NUMBERS:
            continue
        if len(node.input) != 2 or node.input[1] not in constants:
            return None
        constant = numpy_helper.to_array(constants[node.input[1]])
        if node.op_type == "Gather" and any(one.name == "axis" and one.i in {1, -1} for one in node.attribute):
            columns = constant.reshape(-1)[columns]
        elif node.op_type not in INVERSE:
            return None
        elif len(values):
            numbers = np.abs(values) < FLOAT32_MAX  # the largest one parts what is missing from all else
            columns, values = columns[numbers], values[numbers]
            constant = constant.astype(np.float64).reshape(-1)
            with np.errstate(all="ignore"):
                values = INVERSE[node.op_type](values, constant[columns] if len(constant) > 1 else constant)
    return (columns, values) if tensor == FEATURES else None


def at_thresholds(graph: bytes, features: FloatRows) -> FloatRows:
    """Make rows at which the trees are most easily wrong: on each threshold, and one float32 step to either side.

    A threshold that the framework keeps as float64 and onnxruntime as float32 sends exactly such a row the other way.
    Rows of the model's input, float32 (N, K), are taken in turn, and each gets one column changed.

    Returns
    -------
    float32, shape (M, K): M is 3 for each threshold, without those that no finite number lies beyond.
    """
    asked = np.array(thresholds(onnx.load_from_string(graph))).reshape(-1, 2)
    values = asked[:, 1:].astype(np.float32)
    with np.errstate(over="ignore"):
        near = np.nextafter(values, np.hstack([values - np.inf, values, values + np.inf])).ravel()
    finite = np.isfinite(near)  # LightGBM parts what is missing from all else at the largest number
    place = np.arange(finite.sum())
    rows: FloatRows = features[place % len(features)].astype(np.float32)
    rows[place, asked[:, 0].astype(np.int64).repeat(3)[finite]] = near[finite]
    return rows
