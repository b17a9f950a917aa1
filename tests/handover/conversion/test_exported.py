"""Files that other tools' own exporters wrote answer as those tools did.

PyTorch 1.13 (torch.onnx.export, opset 14) and Keras 3.15 (Model.export with TensorFlow 2.21, opset 15) wrote an
embedding of the city's codes, batch normalisation, two layers and dropout; PyTorch's count a gap as 0. onnxmltools 1.16
wrote a forest of Spark 4.3, with an input for each column and three outputs. The tables beside them have rows, and what
the tool answered.
"""

from pathlib import Path

import numpy as np
import pytest

from handover.conversion import opened, to_graph
from predictor.delivery import session
from tests.handover.conversion.onnx_files import COLUMNS

pytestmark = pytest.mark.quick

FILES = Path(__file__).with_name("exported")
CLASSES = {"score": (), "classes": ("home", "away", "island")}


@pytest.mark.parametrize(
    ("tool", "name"),
    [("pytorch", "score"), ("pytorch", "classes"), ("keras", "score"), ("keras", "classes"), ("spark", "score")],
)
def test_it_answers_as_the_tool_did(tool: str, name: str) -> None:
    table = np.genfromtxt(FILES / f"{tool}_{name}.csv", delimiter=",", dtype=np.float32)
    rows, answers = table[:, : len(COLUMNS)], table[:, len(COLUMNS) :]
    file = opened(FILES / f"{tool}_{name}.onnx", COLUMNS, "probability" if tool == "spark" else None)

    ask = session(to_graph(file, tuple(COLUMNS), "test", classes=CLASSES[name]))

    np.testing.assert_allclose(ask(rows), answers, atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([ask(row[np.newaxis]) for row in rows]), ask(rows))
