"""Reads an ONNX file of another tool: its graph takes what the contract gives, and gives one score."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from handover.conversion.errors import ConversionError, line_of
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.graph import inputs_of
from handover.conversion.rows import Method, Rows
from handover.limit import TooLongError, within

type Columns = Mapping[str, tuple[str, ...]]
"""The columns of the model's input, each with the words of its codes; none for a number."""

STANDARD = {"", "ai.onnx", "ai.onnx.ml"}
OLDEST = 13  # since when what we write around a file means the same
NUMBERS = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64, TensorProto.FLOAT16: np.float16}
KINDS: dict[int, Any] = NUMBERS | {
    TensorProto.INT64: np.int64,
    TensorProto.INT32: np.int32,
    TensorProto.BOOL: np.bool_,
    TensorProto.STRING: np.object_,
}
ANSWER_S = 60.0  # by the clock, for the busiest machine; it takes hundredths of a second
LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")


@dataclass(frozen=True)
class OnnxFile:
    """A model that is here as its graph alone: it cannot be asked for the answers of its training."""

    file_name: str
    model: onnx.ModelProto
    """Its graph, whose one output is the score, or has it in its last column."""
    columns: Columns
    classes_: list[Any] | None
    """The classes of an output of several columns, in their order; None where it has one."""


def read(path: Path, columns: Columns, output: str | None = None) -> OnnxFile:
    """Read a file, with the weights that lie beside it.

    Its ``output`` is the score, or the probabilities of the classes; it is needed where several may be.
    ``ConversionError`` when it is no ONNX file, takes something else than rows of the contract's columns, gives no such
    output, or has what onnxruntime has not.
    """
    model = _loaded(path)
    _require_plain(model, path.name)
    chosen, labels = _output(model, path.name, output)
    for value in inputs_of(model):  # the graph takes any number of rows, if it was exported for one
        for size in value.type.tensor_type.shape.dim[:1]:
            size.dim_param = "N"
    del model.graph.value_info[:]
    model.graph.ClearField("output")
    model.graph.output.append(chosen)
    size = _numbers_a_row(model, path.name, columns)
    classes = None if size == 1 else labels if len(labels) == size else list(range(size))
    return OnnxFile(path.name, model, columns, classes)


def answer(file: OnnxFile, rows: Rows, _: Method) -> str:
    """Add the file's graph; name its answer, float64 [N, C], of two classes for the second alone."""
    graph = rows.graph
    graph.opsets = {opset.domain: opset.version for opset in file.model.opset_import if opset.domain in STANDARD}
    (given,) = graph.embed(file.model, *_feeds(file, rows))
    width = len(file.classes_ or [None])
    table = graph.add("Reshape", graph.double(given), np.array([-1, width]))
    return graph.add("Gather", table, np.array([1]), axis=1) if width == 2 else table


def _loaded(path: Path) -> onnx.ModelProto:
    from onnx.external_data_helper import load_external_data_for_model
    from onnx.inliner import inline_local_functions
    from onnx.version_converter import convert_version

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # protobuf has a class of its own for each way to fail
        model = onnx.ModelProto()
    if not model.graph.output:
        raise ConversionError(f"{path.name} is not a whole ONNX file: it is cut off, or another thing")
    try:
        load_external_data_for_model(model, str(path.parent))
    except Exception as error:  # a file that is missing, or is not where it may be
        raise ConversionError(
            f"{path.name} keeps its weights in another file, which belongs beside it: {line_of(error)}"
        ) from None
    model = inline_local_functions(model)
    version = next((opset.version for opset in model.opset_import if opset.domain in {"", "ai.onnx"}), 0)
    if version >= OLDEST:
        return model
    try:
        return convert_version(model, OLDEST)
    except Exception as error:  # the converter has no class of its own: it raises what its adapters do
        raise ConversionError(
            f"{path.name} is of the operator set {version}, which is not brought to {OLDEST} ({line_of(error)}): "
            f"export it with opset {OLDEST} or later"
        ) from None


def _require_plain(model: onnx.ModelProto, name: str) -> None:
    foreign = sorted({f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in STANDARD})
    if foreign:
        raise ConversionError(
            f"{name} uses {', '.join(foreign)}: only ai.onnx and ai.onnx.ml are in every onnxruntime; export it "
            f"without optimisations and custom operators"
        )
    graphs = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
    branches = sorted({node.op_type for node in model.graph.node if any(a.type in graphs for a in node.attribute)})
    if branches or model.graph.sparse_initializer:
        raise ConversionError(
            f"{name} has {', '.join(branches) or 'sparse weights'}, and a model must run straight through: export it "
            f"without"
        )


def _output(model: onnx.ModelProto, name: str, wanted: str | None) -> tuple[onnx.ValueInfoProto, list[Any]]:
    """Find the output that is meant, and the classes that the graph names; what ZipMap makes maps of is taken."""
    makers = {output: node for node in model.graph.node for output in node.output}
    tensors = {}
    for value in model.graph.output:
        maker = makers.get(value.name)
        if maker is not None and maker.op_type == "ZipMap":
            tensors[value.name] = helper.make_tensor_value_info(maker.input[0], TensorProto.FLOAT, None)
        elif value.type.tensor_type.elem_type in NUMBERS:
            tensors[value.name] = value
    named = ", ".join(value.name for value in model.graph.output)
    if wanted is not None and wanted not in tensors:
        raise ConversionError(f"output={wanted!r} is no output of {name} that has numbers; its outputs are {named}")
    if not tensors:
        raise ConversionError(
            f"{name} gives {named}, and no number among them: export it with its probabilities or its prediction"
        )
    if wanted is None and len(tensors) > 1:
        likely = next((one for one in tensors if "prob" in one.lower()), next(iter(tensors)))
        raise ConversionError(f"{name} gives {named}: say which is the score, as in output={likely!r}")
    listed = [helper.get_attribute_value(a) for node in model.graph.node for a in node.attribute if a.name in LABELS]
    labels = [one.decode() if isinstance(one, bytes) else one for one in next(iter(filter(None, listed)), [])]
    return tensors[wanted or next(iter(tensors))], labels


def _numbers_a_row(model: onnx.ModelProto, name: str, columns: Columns) -> int:
    """Ask the graph for two rows of noughts, and count what it gives for each."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it says is in the exception
    feeds = _noughts(inputs_of(model), name, columns)
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for size in bare.graph.output[0].type.tensor_type.shape.dim:
        size.Clear()

    def asked() -> Any:
        session = onnxruntime.InferenceSession(bare.SerializeToString(), options, ["CPUExecutionProvider"])
        try:
            return session.run(None, feeds)[0]
        except Exception as error:  # onnxruntime has a class of its own for each way to fail
            raise ConversionError(
                f"{name} does not answer two rows at once ({line_of(error)}): export it with a first dimension that is "
                f"free, as dynamic_axes or dynamic_shapes of torch.onnx.export make it"
            ) from None

    try:
        given = np.asarray(within(ANSWER_S, asked))
    except TooLongError:
        raise ConversionError(
            f"{name} has not answered two rows within {ANSWER_S:g} s, and a caller waits for milliseconds: a size in "
            f"it is wrong, or it was exported for other data"
        ) from None
    except ConversionError:
        raise
    except Exception as error:  # as above
        raise ConversionError(f"onnxruntime {onnxruntime.__version__} does not open {name}: {line_of(error)}") from None
    if given.ndim not in {1, 2} or len(given) != 2 or not given.size:
        raise ConversionError(
            f"{name} gives an answer of shape {list(given.shape)} for two rows; a score is one number a row, or the "
            f"probabilities of its classes; if its first dimension is not the rows', export it so"
        )
    return given.size // 2


def _noughts(inputs: list[onnx.ValueInfoProto], name: str, columns: Columns) -> dict[str, Any]:
    """Give each input two rows of noughts, or of words, and require that it takes what the contract gives."""
    feeds: dict[str, Any] = {}
    unknown = [value.name for value in inputs if value.name not in columns]
    for value in inputs:
        kind, sizes = value.type.tensor_type.elem_type, value.type.tensor_type.shape.dim
        if kind not in KINDS:
            named = TensorProto.DataType.Name(kind).lower() if kind else "no tensor"
            raise ConversionError(
                f"the input {value.name} of {name} is {named}; it should be float32, or one of numbers"
            )
        if len(sizes) not in {1, 2}:
            raise ConversionError(
                f"the input {value.name} of {name} has {len(sizes)} dimensions; a table of rows has two, "
                f"[N, {len(columns)}]"
            )
        if unknown and len(inputs) > 1:
            raise ConversionError(
                f"{name} takes {', '.join(unknown)}, and the contract has no such column: export it with one input of "
                f"{len(columns)} columns, or with inputs of these names: {', '.join(columns)}"
            )
        whole, words = _whole(value, columns), columns.get(value.name)
        width = 1 if len(sizes) == 1 else sizes[1].dim_value or (len(columns) if whole else 1)
        if whole and width != len(columns):
            raise ConversionError(
                f"{name} takes {width} columns, and the contract gives {len(columns)}: {', '.join(columns)}; train it "
                f"on all of them, in this order"
            )
        if kind == TensorProto.STRING and not words:
            raise ConversionError(
                f"{name} takes words as {value.name}, which are numbers in the contract: train it on numbers, where a "
                f"category is its code"
            )
        nought = words[0] if words and kind == TensorProto.STRING else 0
        feeds[value.name] = np.full((2, width)[: len(sizes)], nought, dtype=KINDS[kind])
    return feeds


def _whole(value: onnx.ValueInfoProto, columns: Columns) -> bool:
    """Tell whether an input takes all columns, and not the one that it is named after."""
    return value.name not in columns or len(columns) == 1


def _feeds(file: OnnxFile, rows: Rows) -> list[str]:
    """Give each input of the graph what it takes of the rows."""
    graph, places, feeds = rows.graph, list(file.columns), []
    for value in inputs_of(file.model):
        kind, rank = value.type.tensor_type.elem_type, len(value.type.tensor_type.shape.dim)
        column = rows if _whole(value, file.columns) else rows.of(np.array([places.index(value.name)]))
        if kind == TensorProto.STRING:
            tensor = _words(column, file.columns[value.name])
        else:
            tensor = graph.add("Cast", column.tensor, to=kind)
        feeds.append(graph.add("Reshape", tensor, np.array([-1])) if rank == 1 else tensor)
    return feeds


def _words(column: Rows, words: tuple[str, ...]) -> str:
    """Give the words of a column's codes; of a missing one an empty word, as skl2onnx's imputers take it."""
    graph = column.graph
    numbers = graph.double(column.tensor)
    known = graph.add("Where", graph.add("IsNaN", numbers), float(len(words)), numbers)
    return graph.add("Gather", np.array([*words, ""], dtype=object), graph.whole(known))


def _ask(model: Any, _: Method, __: FloatRows) -> Any:
    raise ConversionError(
        f"{model.file_name} cannot be asked for the answers of its training: write rows with "
        f"`handover proof-rows --model {model.file_name} > rows.csv`, score them where it was trained, and pass "
        f"scores='scores.csv', or pass as scores= a function that answers as it does there"
    )


ONNX = Framework(__name__, "ONNX", lambda _: None, ask=_ask, gives_probabilities=lambda _: True)
