"""In which columns of its input a graph asks for gaps, so that something stands for them."""

import onnx
from onnx import numpy_helper

ASK = {"IsNaN", "Imputer"}
KEEP = {"Cast", "Identity"}


def filled(model: onnx.ModelProto, width: int) -> set[int]:
    """Give the columns, of ``width``, for whose gaps a graph has an answer of its author: an imputer's, mostly.

    Where what it asks was computed of columns before, all of them count.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}

    def columns(name: str) -> list[int]:
        node = makers.get(name)
        if node is not None and node.op_type in KEEP:
            return columns(node.input[0])
        if node is not None and node.op_type == "Gather" and node.input[1] in constants and _of_columns(node):
            before, places = columns(node.input[0]), constants[node.input[1]].ravel()
            return [before[place] for place in places if place < len(before)]
        return list(range(width))

    asking = (node.input[0] for node in model.graph.node if node.op_type in ASK)
    return {column for name in asking for column in columns(name)}


def _of_columns(gather: onnx.NodeProto) -> bool:
    return any(attribute.name == "axis" and attribute.i in {1, -1} for attribute in gather.attribute)
