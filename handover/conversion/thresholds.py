"""Where the trees of a graph change their mind: which numbers they compare with which column."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from handover.conversion.graph import FEATURES
from predictor.encoder import FLOAT32_MAX

type FloatRows = NDArray[np.float32]
type Constants = dict[str, NDArray[Any]]

KEEP_NUMBERS = {"Cast": 0, "Identity": 0, "Imputer": 0, "Where": 2}
"""Operators that a number goes through as it is, and which of their inputs that is."""
INVERSE = {"Add": np.subtract, "Sub": np.add, "Mul": np.divide, "Div": np.multiply}
OF_NUMBERS = {b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT"}
FIRST_OF_EQUALITY = 4  # the kinds of test of TreeEnsemble: those below compare numbers, those from here on codes


def thresholds(model: onnx.ModelProto) -> list[tuple[int, float]]:
    """List what the trees of a model ask for: the column's index and the threshold, a float32, each pair once.

    A threshold behind a scaler is given as the number of the column that the scaler puts there. Where something else
    stands before the trees, they compare numbers that no column has: these are left out, as are sets of categories.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    asked: set[tuple[int, float]] = set()
    for node in model.graph.node:
        if not node.op_type.startswith("TreeEnsemble"):
            continue
        columns, values = _asked(node)
        place: str = node.input[0]
        while place in makers and len(columns):
            place, columns, values = _before(makers[place], columns, values, constants)
        if place == FEATURES:
            finite = np.abs(values) <= FLOAT32_MAX
            asked |= set(zip(columns[finite].tolist(), values[finite].astype(np.float32).tolist(), strict=True))
    return sorted(asked)


def _asked(node: onnx.NodeProto) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
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


def _before(
    node: onnx.NodeProto, columns: NDArray[np.int64], values: NDArray[np.float64], constants: Constants
) -> tuple[str, NDArray[np.int64], NDArray[np.float64]]:
    """Go back over one node: give its input, and what was asked of its output as asked of that."""
    if node.op_type in KEEP_NUMBERS:
        return node.input[KEEP_NUMBERS[node.op_type]], columns, values
    second = constants.get(node.input[1]) if len(node.input) == 2 else None
    if second is not None and node.op_type == "Gather":
        return node.input[0], second[columns].astype(np.int64), values
    if second is not None and node.op_type in INVERSE:
        second = second.astype(np.float64).reshape(-1)
        numbers = np.abs(values) < FLOAT32_MAX  # the largest one parts what is missing from all else
        columns, values = columns[numbers], values[numbers]
        with np.errstate(all="ignore"):
            return node.input[0], columns, INVERSE[node.op_type](values, second[columns] if len(second) > 1 else second)
    return node.output[0], columns[:0], values[:0]


def at_thresholds(graph: bytes, features: FloatRows) -> FloatRows:
    """Make rows at which the trees are most easily wrong: on each threshold, and one float32 step to either side.

    A threshold that the framework keeps as float64 and onnxruntime as float32 sends exactly such a row the other way.

    Parameters
    ----------
    graph
        A serialized model with trees; without trees there are no such rows.
    features
        Rows of the model's input, float32 (N, K), taken in turn: each gets one column changed.

    Returns
    -------
    float32, shape (M, K): M is 3 for each threshold, without those that no finite number lies beyond.
    """
    rows: list[NDArray[np.float32]] = []
    for column, value in thresholds(onnx.load_from_string(graph)):
        for side in (-np.inf, value, np.inf):
            row = features[len(rows) % len(features)].copy()
            with np.errstate(over="ignore"):
                row[column] = np.nextafter(np.float32(value), np.float32(side))
            if np.isfinite(row[column]):  # LightGBM parts what is missing from all else at the largest number
                rows.append(row)
    return np.array(rows, dtype=np.float32).reshape(-1, features.shape[1])
