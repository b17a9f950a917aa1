"""The ONNX graph that a conversion writes, node by node."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from handover.conversion.errors import ConversionError, line_of

FEATURES, SCORE = "features", "score"
OPSET = 21
TREES, OTHERS = 5, 3
"""Versions of ai.onnx.ml: TreeEnsemble is in the one, and skl2onnx writes the other."""


def inputs_of(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """Give what a graph is to be given: in a file of an old version its constants are among its inputs too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


class Graph:
    """Nodes and constants; every method that adds one gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.opsets: dict[str, int] = {}
        """The versions of another tool's file that was embedded, where they are not ours."""
        self._known: dict[tuple[str, str, bytes], str] = {}
        self._casts: dict[tuple[str, int], str] = {}

    def constant(self, value: NDArray[Any]) -> str:
        """Add a tensor; the same one again costs nothing."""
        content = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
        key = (str(value.dtype), str(value.shape), content)
        if key not in self._known:
            self._known[key] = f"constant_{len(self.constants)}"
            self.constants[self._known[key]] = numpy_helper.from_array(value, self._known[key])
        return self._known[key]

    def add(self, operator: str, *inputs: str | float | NDArray[Any], domain: str = "", **attributes: Any) -> str:
        """Add a node of one output. A number among the inputs is a float64, an array a constant of its own type."""
        return self.add_several(operator, 1, *inputs, domain=domain, **attributes)[0]

    def add_several(
        self, operator: str, outputs: int, *inputs: str | float | NDArray[Any], domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node of several outputs; give the names of all."""
        names = [value if isinstance(value, str) else self.constant(np.asarray(value)) for value in inputs]
        name = f"{len(self.nodes)}_{operator}"
        given = [name, *(f"{name}_{place}" for place in range(1, outputs))]
        self.nodes.append(helper.make_node(operator, names, given, name=name, domain=domain, **attributes))
        return given

    def shared(self, numbers: str, total: str) -> str:
        """Divide by a total, where it is not 0."""
        return self.add("Div", numbers, self.add("Where", self.add("Equal", total, 0.0), 1.0, total))

    def double(self, tensor: str) -> str:
        """Give the tensor as float64."""
        return self._cast(tensor, TensorProto.DOUBLE)

    def single(self, tensor: str) -> str:
        """Give the tensor as float32."""
        return self._cast(tensor, TensorProto.FLOAT)

    def whole(self, tensor: str) -> str:
        """Give the tensor as int64."""
        return self._cast(tensor, TensorProto.INT64)

    def _cast(self, tensor: str, to: int) -> str:
        if (tensor, to) not in self._casts:
            self._casts[tensor, to] = self.add("Cast", tensor, to=to)
        return self._casts[tensor, to]

    def embed(self, model: onnx.ModelProto, *inputs: str) -> list[str]:
        """Add all of another graph, which has no graph within; give the names of its outputs."""
        names = {"": ""} | {value.name: given for value, given in zip(inputs_of(model), inputs, strict=True)}
        for tensor in model.graph.initializer:
            names[tensor.name] = self.constant(numpy_helper.to_array(tensor))
        for node in model.graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.name = f"{len(self.nodes)}_{node.op_type}"
            copy.doc_string = ""
            del copy.metadata_props[:]  # PyTorch notes there which line of whose program a node is of
            names |= {output: f"{copy.name}_{place}" for place, output in enumerate(node.output) if output}
            copy.input[:] = [names[given] for given in node.input]
            copy.output[:] = [names[output] for output in node.output]
            self.nodes.append(copy)
        return [names[output.name] for output in model.graph.output]

    def finish(
        self,
        scores: str,
        columns: tuple[str, ...],
        name: str,
        *,
        classes: Sequence[str] = (),
        clip: tuple[float, float] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> bytes:
        """Write the file: input ``features`` float32 [N, K], output ``score`` float32 [N], or [N, C] of classes.

        What it says ``about`` itself stands in it beside the columns.
        """
        answer, sizes = self.single(scores), [len(classes)] if classes else []
        if clip:  # as float32, in which the contract's ends are compared; what is not a number stays so
            answer = self.add("Clip", answer, *(np.array(end, dtype=np.float32) for end in clip))
        shape = self.constant(np.array([-1, *sizes]))
        self.nodes.append(helper.make_node("Reshape", [answer, shape], [SCORE], name=SCORE))
        self._drop_what_nobody_reads()
        operators = {node.op_type for node in self.nodes if node.domain == "ai.onnx.ml"}
        version = {"ai.onnx.ml": TREES if "TreeEnsemble" in operators else OTHERS} if operators else {}
        opsets = self.opsets or {"": OPSET, **version}
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                name,
                [helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["N", len(columns)])],
                [helper.make_tensor_value_info(SCORE, TensorProto.FLOAT, ["N", *sizes])],
                list(self.constants.values()),
            ),
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in opsets.items()],
            ir_version=10,
            producer_name="handover",
        )
        explained = {"columns": json.dumps(columns)} | ({"classes": json.dumps(classes)} if classes else {})
        helper.set_model_props(model, explained | dict(about or {}))
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ConversionError(f"it does not become a valid ONNX graph: {line_of(error)}") from None
        return bytes(model.SerializeToString(deterministic=True))

    def _drop_what_nobody_reads(self) -> None:
        """Leave out labels, and whatever else a converter writes that no score comes of."""
        read = {SCORE}
        kept = []
        for node in reversed(self.nodes):  # they stand in the order in which they run
            if read & set(node.output):
                read |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.constants = {name: tensor for name, tensor in self.constants.items() if name in read}
