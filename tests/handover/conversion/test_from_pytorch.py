"""Files that PyTorch's own exporter wrote answer as PyTorch did.

PyTorch 1.13 wrote them (torch.onnx.export, opset 14, the number of rows left open): an embedding of the city's codes,
batch normalisation, two layers and dropout, with gaps counted as 0. The tables beside them have rows and PyTorch's
answers.
"""

from pathlib import Path

import numpy as np
import pytest

from handover.conversion import opened, to_graph
from predictor.delivery import session
from tests.handover.conversion.onnx_files import COLUMNS

pytestmark = pytest.mark.quick

FILES = Path(__file__).with_name("pytorch")
CLASSES = ("home", "away", "island")


@pytest.mark.parametrize(("name", "classes"), [("score", ()), ("classes", CLASSES)])
def test_it_answers_as_pytorch_did(name: str, classes: tuple[str, ...]) -> None:
    table = np.genfromtxt(FILES / f"{name}.csv", delimiter=",", dtype=np.float32)
    rows, answers = table[:, : len(COLUMNS)], table[:, len(COLUMNS) :]
    assert np.isnan(rows).any()

    ask = session(to_graph(opened(FILES / f"{name}.onnx", COLUMNS), tuple(COLUMNS), "test", classes=classes))

    np.testing.assert_allclose(ask(rows), answers, atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([ask(row[np.newaxis]) for row in rows]), ask(rows))
