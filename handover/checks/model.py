"""M, the model file: one small graph that the layer's onnxruntime opens, and that says what it takes and gives."""

import json
import re
from typing import Any

import numpy as np
import onnx
import onnxruntime
from hypothesis import HealthCheck, find, settings
from hypothesis.errors import NoSuchExample
from onnx import TensorProto

from handover.checks.manifest import damage
from handover.context import DeliveryContext
from handover.finding import Broken, Check, Outcome, Skipped, clause
from handover.rows import accepted_rows
from predictor import delivery as serving

DOMAINS = {"": "ai.onnx", "ai.onnx": "ai.onnx", "ai.onnx.ml": "ai.onnx.ml"}
CONTROL_FLOW = {"If", "Loop", "Scan", "SequenceMap"}
RANDOM = {
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
    "Dropout",
}
KIB = 1024
EXAMPLES = 500
# What stands before the sentence in a message of onnxruntime: its error class, and the place in its own source.
OF_ONNXRUNTIME = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?(/\S+:\d+ .*?\) (?=[A-Z]))?"
)


FILE = ("M101", "M102")


@clause(
    "M102",
    topic="loads",
    owner="modelling",
    requires=("M101",),
    suppressed_by=("M105", "M106", "M107"),
    rule="the layer's onnxruntime opens the model",
    broken="onnxruntime does not open the model",
)
def loads(context: DeliveryContext) -> Broken | None:
    """The layer's onnxruntime opens the file."""
    path = context.folder / "model.onnx"
    try:
        context.model  # noqa: B018  opening it is the check
    except Exception as error:  # onnxruntime has a class of its own for each way to fail
        said = str(error).strip().splitlines()[0]
        said = said.partition("This is an invalid model. ")[2] or OF_ONNXRUNTIME.sub("", said)
        return Broken(f"onnxruntime {onnxruntime.__version__} says: {said}", path, cause=_not_onnx(path.read_bytes()))
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
        return damage(content) or "The file is cut off, or is no ONNX model."
    return ""


def _of_the_graph(check: Check) -> Check:
    """Skip a clause of the graph when the file holds none: that it cannot be read is told by the clause of that."""

    def held(context: DeliveryContext) -> Outcome:
        try:
            context.graph  # noqa: B018  reading it is the question
        except Exception:  # protobuf has a class of its own for each way to fail
            return Skipped("requires M102", blocked_by=("M102",))
        return check(context)

    held.__doc__ = check.__doc__
    return held


@clause(
    "M103",
    topic="input",
    owner="modelling",
    requires=FILE,
    rule="the model takes one float32 row of the agreed columns",
    broken="the model does not take the agreed row",
)
def one_input(context: DeliveryContext) -> Broken | None:
    """The one input is ``features``, float32 [N, K], K the number of columns."""
    width = len(context.manifest["columns"])
    given = {tensor.name for tensor in context.graph.graph.initializer}
    inputs = [value for value in context.graph.graph.input if value.name not in given]
    if len(inputs) == 1 and _is(inputs[0], "features", 2) and _width(inputs[0]) == width:
        return None
    said = ", ".join(map(_said, inputs)) or "none"
    return Broken(f"The inputs are {said}; it should be features: float32[N, {width}].", context.folder / "model.onnx")


@clause(
    "M104",
    topic="output",
    owner="modelling",
    requires=(*FILE, "M103"),
    rule="the model gives one float32 score for each row",
    broken="the model does not give one score for each row",
)
def one_score(context: DeliveryContext) -> Broken | None:
    """The one output is ``score``, float32 [N]: as many scores as rows, whatever the number of rows."""
    path = context.folder / "model.onnx"
    outputs = list(context.graph.graph.output)
    if len(outputs) != 1 or not _is(outputs[0], "score", 1):
        return Broken(f"The outputs are {', '.join(map(_said, outputs))}; it should be score: float32[N].", path)
    for rows in (1, 3):
        try:
            scores = context.model(np.zeros((rows, len(context.manifest["columns"])), dtype=np.float32))
        except Exception as error:  # onnxruntime has a class of its own for each way to fail
            said = OF_ONNXRUNTIME.sub("", str(error).strip().splitlines()[0])
            return Broken(f"A batch of {rows} ends in: {said}", path)
        if scores.shape != (rows,):
            return Broken(f"A batch of {rows} gives scores of shape {scores.shape}; it should be ({rows},).", path)
    return None


def _is(value: onnx.ValueInfoProto, name: str, rank: int) -> bool:
    tensor = value.type.tensor_type
    return value.name == name and tensor.elem_type == TensorProto.FLOAT and len(tensor.shape.dim) == rank


def _width(value: onnx.ValueInfoProto) -> int:
    width: int = value.type.tensor_type.shape.dim[-1].dim_value
    return width


def _said(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    sizes = ", ".join(size.dim_param or str(size.dim_value) for size in tensor.shape.dim)
    name = TensorProto.DataType.Name(tensor.elem_type).lower()
    kind = {"float": "float32", "double": "float64"}.get(name, name)
    return f"{value.name}: {kind}[{sizes}]"


@clause(
    "M105",
    topic="operators",
    owner="modelling",
    requires=("M101",),
    rule="the model uses standard operators only",
    broken="the model needs operators that production does not have",
)
@_of_the_graph
def known_operators(context: DeliveryContext) -> Broken | None:
    """Operators come from ai.onnx and ai.onnx.ml only, and no function of its own is in the file."""
    path = context.folder / "model.onnx"
    foreign = sorted(
        {f"{node.domain}.{node.op_type}" for node in context.graph.graph.node if node.domain not in DOMAINS}
    )
    if foreign:
        return Broken(f"It uses {', '.join(foreign)}: only ai.onnx and ai.onnx.ml are in every onnxruntime.", path)
    if context.graph.functions:
        return Broken(f"It defines functions of its own: {', '.join(f.name for f in context.graph.functions)}.", path)
    return None


@clause(
    "M106",
    topic="control flow",
    owner="modelling",
    requires=("M101",),
    rule="the model runs straight through",
    broken="the model branches, loops or draws lots",
)
@_of_the_graph
def straight(context: DeliveryContext) -> Broken | None:
    """The graph runs straight through: no branch, no loop, nothing drawn at random."""
    nodes = context.graph.graph.node
    # Dropout draws only when its third input, training_mode, says so (ONNX, Dropout since version 12).
    idle = [node for node in nodes if node.op_type == "Dropout" and not any(node.input[2:])]
    odd = sorted({node.op_type for node in nodes if node not in idle} & (CONTROL_FLOW | RANDOM))
    if not odd:
        return None
    return Broken(
        f"It has {', '.join(odd)}: latency or answer would not be the same twice.", context.folder / "model.onnx"
    )


@clause(
    "M107",
    topic="external data",
    owner="modelling",
    requires=("M101",),
    rule="all weights are in the model's file",
    broken="the model keeps weights outside of its file",
)
@_of_the_graph
def self_contained(context: DeliveryContext) -> Broken | None:
    """All weights are in the file."""
    tensors = list(context.graph.graph.initializer)
    tensors += [a.t for node in context.graph.graph.node for a in node.attribute if a.HasField("t")]
    outside = [tensor.name for tensor in tensors if tensor.data_location == TensorProto.EXTERNAL]
    if not outside:
        return None
    return Broken(f"In another file: {', '.join(outside)}.", context.folder / "model.onnx")


@clause(
    "M108",
    topic="size",
    owner="modelling",
    requires=("C102", "C103", "C111", "C112", "M101"),
    rule="the model is within its budget",
    broken="the model is too large",
)
def small(context: DeliveryContext) -> Broken | None:
    """The file is within the contract's budget."""
    kib = (context.folder / "model.onnx").stat().st_size / KIB
    budget = context.contract.budgets.model_kib
    if kib <= budget:
        return None
    return Broken(
        f"model.onnx has {kib:.0f} KiB, the budget is {budget} KiB.",
        context.folder / "model.onnx",
        cause="More or deeper trees, or a wider network, than both teams agreed; fewer would do, or agree on more.",
    )


@clause(
    "M109",
    topic="columns",
    owner="modelling",
    requires=("C109", "H106", "M101"),
    rule="the model was trained on the columns that the encoder gives",
    broken="the model was trained on other columns",
)
def same_columns(context: DeliveryContext) -> Broken | None:
    """The columns that the model was trained on are those that the encoder gives today."""
    trained = [column["name"] for column in context.manifest["columns"]]
    encoded = list(context.encoder.columns)
    if trained == encoded:
        return None
    missing, new = [c for c in trained if c not in encoded], [c for c in encoded if c not in trained]
    said = [f"no longer there: {', '.join(missing)}"] if missing else []
    said += [f"new since: {', '.join(new)}"] if new else []
    return Broken(
        f"The columns are not those of the training; {'; '.join(said) or 'their order changed'}.",
        context.folder / serving.MANIFEST,
        cause=f"contract.py or heuristics.py changed after the training; train again: {context.delivers}.",
    )


@clause(
    "M110",
    topic="range",
    owner="modelling",
    requires=("M104", "M109", "H107", "P201"),
    suppressed_by=("M106", "H102", "H103", "H108"),
    rule="the score stays in the contract's range",
    broken="the model leaves the score's range",
)
def within_range(context: DeliveryContext) -> Broken | None:
    """The score stays in the contract's range for every row that the contract accepts."""
    score = context.contract.score
    low, high = np.float32(score.low), np.float32(score.high)
    outside = [index for index, given in enumerate(context.model(context.golden_matrix)) if not low <= given <= high]
    if outside:
        given = context.model(context.golden_matrix)[outside[0]]
        return _outside(context, f"golden row {outside[0] + 1}", given)
    quiet = settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )

    def given_by(row: dict[str, Any]) -> np.float32:
        if context.refusal(row):  # drawn beyond the contract, as a multiple of 0.1 may be by its last bit
            return low
        made = context.validator.validate_json(json.dumps(row))
        answer: np.float32 = context.model(context.encoder.vector(made))[0]
        return answer

    try:
        row = find(accepted_rows(context.compiled), lambda row: not low <= given_by(row) <= high, settings=quiet)
    except NoSuchExample:
        return None
    return _outside(context, "a row that the contract accepts", given_by(row), json.dumps(row, indent=2))


def _outside(context: DeliveryContext, which: str, given: np.float32, details: str = "") -> Broken:
    score = context.contract.score
    missing = "A score that is not a number often comes from a missing value that the model was not trained for."
    return Broken(
        f"The contract promises {score.low:g} to {score.high:g}, but {which} gives {given:g}.",
        context.folder / "model.onnx",
        cause=missing if np.isnan(given) else "",
        details=details,
    )
