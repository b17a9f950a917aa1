"""Thresholds are read off a graph whatever operator compares: TreeEnsemble, or the two that it replaced."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from handover.conversion import at_thresholds, thresholds

pytestmark = pytest.mark.quick

ATTRIBUTES = {
    "nodes_treeids": [0, 0, 0, 0, 0],
    "nodes_nodeids": [0, 1, 2, 3, 4],
    "nodes_featureids": [1, 0, 0, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "BRANCH_EQ", "LEAF", "LEAF", "LEAF"],
    "nodes_truenodeids": [1, 2, 0, 0, 0],
    "nodes_falsenodeids": [4, 3, 0, 0, 0],
}


def older(operator: str, *, wide: bool) -> onnx.ModelProto:
    values = [0.25, 3.0, 7.0, 7.0, 7.0]
    given = {"nodes_values_as_tensor": numpy_helper.from_array(np.array(values))} if wide else {"nodes_values": values}
    node = helper.make_node(operator, ["features"], ["out"], domain="ai.onnx.ml", **ATTRIBUTES, **given)
    graph = helper.make_graph(
        [node],
        "older",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 1])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 3 if wide else 1)])


@pytest.mark.parametrize("operator", ["TreeEnsembleClassifier", "TreeEnsembleRegressor"])
@pytest.mark.parametrize("wide", [False, True], ids=["float32", "float64"])
def test_those_of_older_operators_are_given_without_codes_and_leaves(operator: str, wide: bool) -> None:
    assert thresholds(older(operator, wide=wide)) == [(1, 0.25)]


def test_rows_lie_on_a_threshold_and_a_step_to_either_side() -> None:
    rows = at_thresholds(older("TreeEnsembleRegressor", wide=False).SerializeToString(), np.ones((2, 2), np.float32))
    step = np.float32(0.25)
    assert rows[:, 0].tolist() == [1, 1, 1]
    assert rows[:, 1].tolist() == [np.nextafter(step, np.float32(-1)), step, np.nextafter(step, np.float32(1))]
