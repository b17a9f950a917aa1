"""Small ONNX files, as other tools write them."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

COLUMNS = {"age": (), "city": ("home", "away", "island: far"), "sum": ()}
WEIGHTS = np.array([[0.3], [-0.2], [0.1]])


def sigmoid_of_sum(features: NDArray[Any]) -> NDArray[np.float64]:
    """Give what the files below answer, computed by numpy alone; what is missing counts as 0."""
    known = np.nan_to_num(features.astype(np.float64))
    return (1 / (1 + np.exp(-(known @ WEIGHTS)))).reshape(-1)


def value(name: str, sizes: list[Any], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, sizes)


def linear(given: str, kind: Any = np.float32, to: str = "score") -> tuple[list[Any], list[Any]]:
    """Nodes and constants from rows, with gaps, to a probability [N, 1]."""
    constants = [
        numpy_helper.from_array(WEIGHTS.astype(kind), "weights"),
        numpy_helper.from_array(np.zeros(1, kind), "nought"),
    ]
    nodes = [
        helper.make_node("IsNaN", [given], ["gap"]),
        helper.make_node("Where", ["gap", "nought", given], ["known"]),
        helper.make_node("MatMul", ["known", "weights"], ["total"]),
        helper.make_node("Sigmoid", ["total"], [to]),
    ]
    return nodes, constants


def both(to: str = "both", kind: Any = np.float32) -> tuple[list[Any], list[Any]]:
    """Nodes that make [N, 2] of the probability."""
    nodes = [
        helper.make_node("Sub", ["one", "score"], ["other"]),
        helper.make_node("Concat", ["other", "score"], [to], axis=1),
    ]
    return nodes, [numpy_helper.from_array(np.ones(1, kind), "one")]


def save(
    path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any], **changes: Any
) -> Path:
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", changes.pop("opset", 17)), helper.make_opsetid("ai.onnx.ml", 3)]
    opsets += changes.pop("opsets", [])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8, **changes), path)
    return path


def plain(path: Path, rows: Any = "N", kind: Any = np.float32, **changes: Any) -> Path:
    """One input of all columns, one output of probabilities."""
    nodes, constants = linear("x", kind)
    tensor = TensorProto.DOUBLE if kind is np.float64 else TensorProto.FLOAT
    return save(path, nodes, [value("x", [rows, 3], tensor)], [value("score", [rows, 1], tensor)], constants, **changes)


def by_column(path: Path) -> Path:
    """One input for each column, the city as a word, as skl2onnx writes for a DataFrame."""
    nodes, constants = linear("x")
    coded = helper.make_node(
        "LabelEncoder", ["city"], ["code"], domain="ai.onnx.ml", keys_strings=list(COLUMNS["city"]),
        values_floats=[0.0, 1.0, 2.0], default_float=0.0,
    )  # fmt: skip
    whole = helper.make_node("Concat", ["sum", "age", "code"], ["mixed"], axis=1)
    place = numpy_helper.from_array(np.array([1, 2, 0]), "place")
    nodes = [coded, whole, helper.make_node("Gather", ["mixed", "place"], ["x"], axis=1), *nodes]
    inputs = [value("sum", ["N", 1]), value("age", ["N", 1]), value("city", ["N", 1], TensorProto.STRING)]
    return save(path, nodes, inputs, [value("score", ["N", 1])], [*constants, place])


def classifier(path: Path, zipped: bool = False) -> Path:
    """A label and probabilities of two classes with names, in a map where ``zipped``."""
    nodes, constants = linear("x")
    more, ones = both()
    labels = [
        helper.make_node("ArgMax", ["both"], ["place"], axis=1, keepdims=0),
        helper.make_node("LabelEncoder", ["place"], ["label"], domain="ai.onnx.ml",
                         keys_int64s=[0, 1], values_strings=["good", "bad"]),
        helper.make_node("ZipMap", ["both"], ["map"], domain="ai.onnx.ml", classlabels_strings=["good", "bad"]),
    ]  # fmt: skip
    kind = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    maps = helper.make_value_info("map", helper.make_sequence_type_proto(kind))
    given = maps if zipped else value("both", ["N", 2])
    outputs = [value("label", ["N"], TensorProto.STRING), given]
    return save(path, [*nodes, *more, *labels], [value("x", ["N", 3])], outputs, [*constants, *ones])
