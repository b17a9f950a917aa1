"""M, the model file: one small graph that the layer's onnxruntime opens, and that says what it takes and gives."""

import json
import re
from collections.abc import Iterable
from functools import partial

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from handover import clipping, skips
from handover.checks.running import damage
from handover.checks.tries import corners
from handover.checks.values import as_trained, changed_heuristics
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Skipped, clause
from handover.rows import domains
from handover.session import WHY, SlowGraphError
from predictor import files
from predictor.problems import MAX_BATCH_ROWS

DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}  # an empty one is ai.onnx
CONTROL_FLOW = {"If", "Loop", "Scan", "SequenceMap"}
RANDOM = {
    "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
}  # fmt: skip
KIB = 1024
MAX_ROWS = 1000  # at the ends of ranges, where a model leaves its own
# What stands before the sentence in a message of onnxruntime: its error class, and the place in its own source.
OF_ONNXRUNTIME = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?(/\S+:\d+ .*?\) (?=[A-Z]))?"
)

EXTRAPOLATES = (
    "Between the rows that deliver() drew the model answers beyond its range: clip=True of deliver() clips that."
)
WEIGHTS = {"base_values", "class_weights", "coefficients", "intercepts", "leaf_weights", "target_weights"}
"""Attributes of ONNX's operators for trees and linear models, whose numbers become the score."""
NO_NUMBER = (
    "The training gave it, as labels do that are missing or infinite, or the file was damaged: train and deliver anew."
)
MISSING = "A score that is not a number often comes from a missing value that the model was not trained for."

FILE = ("M101", "M102")
of_the_model = partial(clause, requires=("M101",))
CONVERTS = "deliver(model, ...) converts it so."


def _broken(context: DeliveryContext, evidence: str, cause: str = "", details: str = "") -> Broken:
    return Broken(evidence, context.folder / "model.onnx", cause=cause, details=details)


def _graph(context: DeliveryContext) -> onnx.ModelProto:
    """Give the model as ONNX, which may be so though onnxruntime does not open it."""
    try:
        return context.graph
    except Exception:  # protobuf has a class of its own for each way to fail
        raise Skipped(blocked_by=("M102",)) from None


def _message(error: Exception) -> str:
    """Give the sentence of an error of onnxruntime, which has a class of its own for each way to fail."""
    line = str(error).strip().splitlines()[0]
    return line.partition("This is an invalid model. ")[2] or OF_ONNXRUNTIME.sub("", line)


@of_the_model(
    "M102",
    topic="loads",
    suppressed_by=("M105", "M106", "M107"),
    rule="the layer's onnxruntime opens the model",
    broken="onnxruntime does not open the model",
)
def loads(context: DeliveryContext) -> Broken | None:
    try:
        context.model  # noqa: B018  opening it is the check
    except SlowGraphError as error:
        return _broken(context, f"It {error.what}.", WHY)
    except Exception as error:  # onnxruntime has a class of its own for each way to fail
        cause = _not_onnx((context.folder / "model.onnx").read_bytes())
        return _broken(context, f"onnxruntime {onnxruntime.__version__} says: {_message(error)}", cause)
    return None


def _not_onnx(content: bytes) -> str:
    """Say what the file is instead of an ONNX model, where that can be seen."""
    if not content:
        return "The file is empty."
    if content[:1] == b"\x80" or content[:2] == b"PK":
        return "It looks like a Python pickle, joblib or torch file: deliver() makes an ONNX model of the model."
    try:
        onnx.load_model_from_string(content)
    except Exception:  # protobuf has a class of its own for each way to fail
        return damage(content)[0] or "The file is cut off, or is not an ONNX model."
    return ""


@clause(
    "M103",
    topic="input",
    requires=FILE,
    rule="the model takes one float32 row of the agreed columns",
    broken="the model does not take the agreed row",
)
def one_input(context: DeliveryContext) -> Broken | None:
    width = len(context.manifest["columns"])
    constants = {tensor.name for tensor in context.graph.graph.initializer}
    inputs = [value for value in context.graph.graph.input if value.name not in constants]
    if [_is(value, "features", 2) and _last_size(value) == width for value in inputs] == [True]:
        return None
    given = _listed(inputs) or "none"
    return _broken(context, f"The inputs are {given}; it should be features: float32[N, {width}]. {CONVERTS}")


@clause(
    "M104",
    topic="output",
    requires=(*FILE, "C109", "M103", "M121"),
    rule="the model gives float32 scores for each row: one, or one for each class",
    broken="the model does not give the agreed scores for each row",
)
def agreed_scores(context: DeliveryContext) -> Broken | None:
    outputs, classes = list(context.graph.graph.output), len(context.contract.classes)
    is_agreed = len(outputs) == 1 and _is(outputs[0], "score", 2 if classes else 1)
    if not is_agreed or (classes and _last_size(outputs[0]) != classes):
        agreed = f"float32[N, {classes}]" if classes else "float32[N]"
        return _broken(context, f"The outputs are {_listed(outputs)}; it should be score: {agreed}. {CONVERTS}")
    for rows in (1, 3):
        try:
            scores = context.model(np.zeros((rows, len(context.manifest["columns"])), dtype=np.float32))
        except Exception as error:  # onnxruntime has a class of its own for each way to fail
            return _broken(context, f"A batch of {rows} ends in: {_message(error)}")
        if scores.shape != (shape := (rows, classes or 1)):
            return _broken(context, f"A batch of {rows} gives scores of shape {scores.shape}; it should be {shape}.")
    return None


def _is(value: onnx.ValueInfoProto, name: str, rank: int) -> bool:
    tensor = value.type.tensor_type
    return value.name == name and tensor.elem_type == TensorProto.FLOAT and len(tensor.shape.dim) == rank


def _last_size(value: onnx.ValueInfoProto) -> int:
    return int(value.type.tensor_type.shape.dim[-1].dim_value)


def _listed(values: Iterable[onnx.ValueInfoProto]) -> str:
    """Write each as ``name: type[sizes]``."""
    written = []
    for value in values:
        tensor = value.type.tensor_type
        sizes = ", ".join(size.dim_param or str(size.dim_value) for size in tensor.shape.dim)
        name = TensorProto.DataType.Name(tensor.elem_type).lower()
        kind = {"float": "float32", "double": "float64"}.get(name, name)
        written.append(f"{value.name}: {kind}[{sizes}]")
    return ", ".join(written)


@clause(
    "M121",
    topic="time",
    requires=("M102", "M103", "M105", "M106"),
    rule="the model soon answers",
    broken="the model does not answer",
)
def soon(context: DeliveryContext) -> Broken | None:
    """What loops is not run, M106 says so; without loops all rows take the same time, which is asked of these."""
    rows = np.zeros((MAX_BATCH_ROWS, len(context.manifest["columns"])), dtype=np.float32)
    try:
        context.model(rows)
    except SlowGraphError as error:
        return _broken(context, f"It {error.what}; a caller waits for milliseconds.", WHY)
    except Exception:  # onnxruntime has a class of its own for each way to fail
        return None  # M104 says how
    return None


@of_the_model(
    "M105",
    topic="operators",
    rule="the model uses standard operators only",
    broken="the model needs operators that production does not have",
)
def known_operators(context: DeliveryContext) -> Broken | None:
    model = _graph(context)
    foreign = sorted({f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in DOMAINS})
    if foreign:
        only = f"only ai.onnx and ai.onnx.ml are in every onnxruntime. {CONVERTS}"
        return _broken(context, f"It uses {', '.join(foreign)}: {only}")
    if model.functions:
        return _broken(context, f"It defines functions of its own: {', '.join(f.name for f in model.functions)}.")
    return None


@of_the_model(
    "M106",
    topic="control flow",
    rule="the model runs straight through",
    broken="the model branches, loops or draws lots",
)
def straight(context: DeliveryContext) -> Broken | None:
    nodes = _graph(context).graph.node
    # Dropout draws only when its third input, training_mode, says so (ONNX, Dropout since version 12).
    idle = [node for node in nodes if node.op_type == "Dropout" and not any(node.input[2:])]
    odd = sorted({node.op_type for node in nodes if node not in idle} & (CONTROL_FLOW | RANDOM))
    if not odd:
        return None
    evidence = f"It has the operator {', '.join(odd)}: latency or answer would not be the same twice."
    return _broken(context, f"{evidence} Export it in evaluation mode, and write short loops out.")


@of_the_model(
    "M107",
    topic="external data",
    rule="all weights are in the model's file",
    broken="the model keeps weights outside of its file",
)
def self_contained(context: DeliveryContext) -> Broken | None:
    graph = _graph(context).graph
    tensors = [*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t"))]
    outside = [tensor.name for tensor in tensors if tensor.data_location == TensorProto.EXTERNAL]
    if not outside:
        return None
    return _broken(context, f"In another file are the weights {', '.join(outside)}. Save the model as one file.")


@clause(
    "M108",
    topic="size",
    requires=("C102", "C103", "C111", "C112", "M101"),
    rule="the model is within its budget",
    broken="the model is too large",
)
def small(context: DeliveryContext) -> Broken | None:
    kib = (context.folder / "model.onnx").stat().st_size / KIB
    budget = context.contract.budgets.model_kib
    if kib <= budget:
        return None
    cause = (
        "More or deeper trees, or a wider network, than both teams agreed: try fewer, or agree on a larger model_kib, "
        f"which deployment signs in {skips.FILE} where a smaller one was agreed before (C113)."
    )
    evidence = f"model.onnx has {kib:.0f} KiB, the budget is {budget} KiB."
    return Broken(evidence, context.training or context.folder / files.MODEL, cause=cause)


@clause(
    "M109",
    topic="columns",
    requires=("C109", "H106", "M101"),
    rule="the model was trained on the columns that the encoder gives",
    broken="the model was trained on other columns",
)
def same_columns(context: DeliveryContext) -> Broken | None:
    trained = [column["name"] for column in context.manifest["columns"]]
    encoded = list(context.encoder.columns)
    if trained == encoded:
        return None
    gone, new = [c for c in trained if c not in encoded], [c for c in encoded if c not in trained]
    changes = [f"no longer there: {', '.join(gone)}"] if gone else []
    changes += [f"new since: {', '.join(new)}"] if new else []
    moved = [column for column, before in zip(encoded, trained, strict=False) if column != before]
    if not changes:
        changes = [f"in another order: {', '.join(moved)}, and not {', '.join(c for c in trained if c in moved)}"]
    fields, at_fault = [field["name"] for field in context.compiled["fields"]], [*new, *gone, *moved]
    before = [column["name"] for column in context.manifest["columns"] if column.get("kind") != "heuristic"]
    of_fields = before != fields
    file, line_of = ("contract.py", context.contract_line) if of_fields else (files.HEURISTICS, context.heuristic_line)
    line = next(filter(None, map(line_of, at_fault)), None)
    evidence = f"The columns are not those of the training; {'; '.join(changes)}."
    cause = f"{file} changed after the training; take that back, or train again: {context.delivers}."
    return Broken(evidence, context.folder / file, line, cause)


@clause(
    "M110",
    topic="range",
    requires=("M104", "M109", "H107", "P201"),
    suppressed_by=("M106", "H102", "H103", "H108"),
    rule="the score stays in the contract's range",
    broken="the model leaves the score's range",
)
def within_range(context: DeliveryContext) -> Broken | Kept | None:
    score = context.contract.score

    def outside(given: NDArray[np.float32]) -> bool:
        return not bool(((given >= np.float32(score.low)) & (given <= np.float32(score.high))).all())

    if weight := _weight_that_is_no_number(context.graph):
        return _broken(context, f"{weight}: a row that comes to it gets no answer.", NO_NUMBER)
    for number, given in enumerate(context.model(context.golden_matrix), start=1):
        if outside(given):
            if changed_heuristics(context, context.golden_matrix, as_trained(context)):
                raise Skipped(blocked_by=("P203",))  # which names the heuristic
            return _beyond_range(context, f"golden row {number}", given)
    for row in corners(domains(context.compiled), (), MAX_ROWS):
        vector = context.vector(row)
        if vector is not None and outside(given := context.model(vector)[0]):
            which = "a row that the contract accepts"
            return _beyond_range(context, which, given, EXTRAPOLATES, json.dumps(row, indent=2))
    return _clipped(context) if "clip" in context.manifest else None


def _weight_that_is_no_number(model: onnx.ModelProto) -> str:
    """Name a weight that is not finite, of trees above all: no row may come to that leaf before a caller's does."""
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name.removesuffix("_as_tensor") in WEIGHTS:
                tensor = numpy_helper.to_array(attribute.t) if attribute.HasField("t") else attribute.floats
                values = np.asarray(tensor, dtype=np.float64).ravel()
                for place in np.flatnonzero(~np.isfinite(values)):
                    operator = f"{node.op_type} {node.name}".rstrip()
                    return f"{attribute.name}[{place}] of {operator} is {values[place]}"
    return ""


def _clipped(context: DeliveryContext) -> Kept | None:
    try:
        return Kept(clipping.in_words(context.held_out.scores, context.contract.score))
    except ValueError:
        return None  # M111 says that its rows cannot be read


def _beyond_range(
    context: DeliveryContext, which: str, given: NDArray[np.float32], cause: str = "", details: str = ""
) -> Broken:
    score = context.contract.score
    evidence = f"The contract promises {score.low:g} to {score.high:g}, but {which} gives {context.in_words(given)}."
    return _broken(context, evidence, MISSING if np.isnan(given).any() else cause, details)
