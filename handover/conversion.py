"""A trained model of any supported framework becomes one ONNX graph: ``features`` in, ``score`` out."""

import json
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.utils import Extractor

from predictor.encoder import FLOAT32_MAX

type FloatRows = NDArray[np.float32]

INNER_SCORE = "score_inside"
OTHERS = (
    "scikit-learn's forests, linear models and networks can be, XGBoost's and LightGBM's models outside of a pipeline"
)


class ConversionError(ValueError):
    """The model cannot become a graph of the agreed shape; the message says what can."""


def training_time_scores(model: Any, features: FloatRows, positive: object = None) -> NDArray[np.float64]:
    """Ask the model itself, in its own framework: the answers that production is held to.

    Returns
    -------
    float64, shape (N,): the probability of the second class where the model classifies, else its prediction.
    """
    if hasattr(model, "predict_proba"):
        probabilities: NDArray[np.float64] = np.asarray(model.predict_proba(features), dtype=np.float64)
        if probabilities.shape[1] != 2:
            raise ConversionError(f"the model knows {probabilities.shape[1]} classes; a score needs exactly two")
        return probabilities[:, 1]
    return np.asarray(model.predict(features), dtype=np.float64).reshape(-1)


def to_graph(model: Any, columns: tuple[str, ...], name: str, positive: object = None) -> bytes:
    """Convert the model; the same model gives the same bytes.

    Parameters
    ----------
    model
        scikit-learn (a pipeline too), XGBoost or LightGBM, by its scikit-learn interface, trained on float32 (N, K).
    columns
        The K columns of the model's input, written into the file so that it explains itself.
    name
        The graph's name.

    Returns
    -------
    A serialized ``ModelProto``: input ``features`` float32 [N, K], output ``score`` float32 [N].

    Raises
    ------
    ConversionError
        When the framework is not one of these, or its converter does not know the model.
    """
    framework, converter = _converter(model)
    try:
        converted = converter(model, len(columns))
    except Exception as error:  # a converter has a way of its own to fail for each model that it does not know
        raise ConversionError(f"{_title(model)} cannot be converted to ONNX ({_root_of(error)}); {OTHERS}") from error
    names = [output.name for output in converted.graph.output]
    source = names[-1]  # a classifier gives its label first, then the probabilities; a regressor only its prediction
    graph = Extractor(converted).extract_model(["features"], [source]).graph
    nodes = list(graph.node)
    for node in nodes:  # a converter may have called something else so
        node.input[:] = [INNER_SCORE if name == "score" else name for name in node.input]
        node.output[:] = [INNER_SCORE if name == "score" else name for name in node.output]
    source = INNER_SCORE if source == "score" else source
    constants = list(graph.initializer)
    if hasattr(model, "predict_proba"):
        constants.append(helper.make_tensor("second_class", TensorProto.INT64, [], [1]))
        nodes.append(helper.make_node("Gather", [source, "second_class"], ["score"], axis=1))
        if framework == "sklearn":  # a forest's shares, added up in float32, can come to 1.0000001
            nodes[-1].output[:] = ["added_up"]
            constants += [helper.make_tensor(str(end), TensorProto.FLOAT, [], [end]) for end in (0.0, 1.0)]
            nodes.append(helper.make_node("Clip", ["added_up", "0.0", "1.0"], ["score"]))
    else:
        constants.append(helper.make_tensor("one_dimension", TensorProto.INT64, [1], [-1]))
        nodes.append(helper.make_node("Reshape", [source, "one_dimension"], ["score"]))
    for index, node in enumerate(nodes):  # converters draw names at random; a build must repeat
        node.name = f"{index}_{node.op_type}"
        node.doc_string = ""
    opsets = {opset.domain: opset.version for opset in converted.opset_import}
    opsets[""] = max(opsets.get("", 0), 13)
    proto = helper.make_model(
        helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", len(columns)])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"])],
            constants,
        ),
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in sorted(opsets.items())],
        ir_version=10,
        producer_name="handover",
    )
    helper.set_model_props(proto, {"columns": json.dumps(columns)})
    onnx.checker.check_model(proto, full_check=True)
    serialized: bytes = proto.SerializeToString(deterministic=True)
    return serialized


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
            row[column] = np.nextafter(np.float32(value), np.float32(side))
            if np.isfinite(row[column]):  # LightGBM parts what is missing from all else at the largest number
                rows.append(row)
    return np.array(rows, dtype=np.float32).reshape(-1, features.shape[1])


def thresholds(model: onnx.ModelProto) -> list[tuple[int, float]]:
    """List what the trees of a model ask for: the column's index and the threshold, a float32, each pair once."""
    found: set[tuple[int, float]] = set()
    for node in model.graph.node:
        if not node.op_type.startswith("TreeEnsemble"):
            continue
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        inner = [mode != b"LEAF" for mode in attributes["nodes_modes"]]
        columns = np.array(attributes["nodes_featureids"])[inner]
        values = np.array(attributes["nodes_values"], dtype=np.float32)[inner]
        found |= set(zip(columns.tolist(), values.tolist(), strict=True))
    return sorted(found)


def _title(model: Any) -> str:
    """Name a model as its author knows it, a pipeline with its steps."""
    steps = [step for _, step in getattr(model, "steps", [])]
    return type(model).__name__ + (f" of {', '.join(type(step).__name__ for step in steps)}" if steps else "")


def _root_of(error: BaseException) -> str:
    """Give what was first raised, in a line: what converters make of it fills pages."""
    while error.__cause__:
        error = error.__cause__
    return textwrap.shorten(str(error).strip().partition("\n")[0].rstrip("."), 120, placeholder=" ...")


def _converter(model: Any) -> tuple[str, Callable[[Any, int], Any]]:
    converters = {"sklearn": _from_sklearn, "xgboost": _from_xgboost, "lightgbm": _from_lightgbm}
    framework = type(model).__module__.partition(".")[0]
    if framework not in converters:
        raise ConversionError(f"a model of {framework} cannot be converted; deliver one of {', '.join(converters)}")
    return framework, converters[framework]


def _from_sklearn(model: Any, width: int) -> Any:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    return to_onnx(model, initial_types=[("features", FloatTensorType([None, width]))], options=options)


def _from_xgboost(model: Any, width: int) -> Any:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    return onnxmltools.convert_xgboost(model, initial_types=[("features", FloatTensorType([None, width]))])


def _from_lightgbm(model: Any, width: int) -> Any:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [("features", FloatTensorType([None, width]))]
    converted = onnxmltools.convert_lightgbm(model, initial_types=types, zipmap=False)
    _round_thresholds_down(converted, model.booster_.dump_model()["tree_info"])
    return converted


def _round_thresholds_down(converted: Any, trees: list[dict[str, Any]]) -> None:
    """Put each threshold at the largest float32 that does not exceed the model's own, which is a float64.

    LightGBM asks ``value <= threshold`` in float64, onnxruntime in float32. A threshold that was rounded up would send
    the one float32 between the two the other way.
    """
    exact: dict[tuple[int, int, np.float32], float] = {}
    for tree in trees:
        waiting = [tree["tree_structure"]]
        while waiting:
            node = waiting.pop()
            if "threshold" in node:
                threshold = min(float(node["threshold"]), FLOAT32_MAX)  # beyond it: what is there, and what is missing
                exact[tree["tree_index"], node["split_feature"], np.float32(threshold)] = threshold
                waiting += [node["left_child"], node["right_child"]]
    (ensemble,) = (node for node in converted.graph.node if node.op_type.startswith("TreeEnsemble"))
    attributes = {attribute.name: attribute for attribute in ensemble.attribute}
    values = attributes["nodes_values"].floats
    places = zip(attributes["nodes_treeids"].ints, attributes["nodes_featureids"].ints, strict=True)
    for index, (tree_id, column) in enumerate(places):
        rounded = np.float32(values[index])
        if float(rounded) > exact.get((tree_id, column, rounded), np.inf):  # as float64, or both would be rounded
            values[index] = np.nextafter(rounded, np.float32(-np.inf))
