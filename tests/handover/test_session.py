"""A graph in onnxruntime, which nobody waits for without an end."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from handover import session
from handover.conversion import ConversionError, from_onnx
from handover.diff.comparison import compare
from handover.diff.revisions import DiffError
from handover.limit import TooLongError
from handover.session import SlowGraphError, opened, timed
from predictor import delivery as serving
from tests.handover.conversion.onnx_files import COLUMNS, plain
from tests.helpers.parcels import PARCELS

WHY = (
    " An operator works on far more numbers than the row has: a size in the graph is wrong, or it was exported for "
    "other data."
)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[serving.Model]:
    """Give a model that answers when the test is over."""
    over = threading.Event()
    monkeypatch.setattr(session, "START_S", 0.02)
    yield lambda rows: np.zeros((len(rows), over.wait()), dtype=np.float32)
    over.set()


def test_a_model_that_does_not_answer_is_one_sentence(stuck: serving.Model) -> None:
    for rows, which in ((1, "one row within 0.025 s"), (2, "2 rows within 0.03 s")):
        with pytest.raises(SlowGraphError) as raised:
            timed(stuck)(np.zeros((rows, 3), dtype=np.float32))
        assert str(raised.value) == f"the model has not answered {which}.{WHY}"


def test_a_model_that_does_not_open_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(session, "OPENING_S", 0.02)
    monkeypatch.setattr(serving, "session", lambda _: over.wait())

    with pytest.raises(SlowGraphError) as raised:
        opened(b"")
    over.set()

    assert str(raised.value) == f"the model was not opened by onnxruntime within 0.02 s.{WHY}"


def test_two_deliveries_of_which_one_does_not_answer_are_not_compared(
    stuck: serving.Model, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "session", lambda _: stuck)

    with pytest.raises(DiffError) as raised:
        compare(parcels, parcels)

    assert str(raised.value).startswith(f"parcels {PARCELS.version}: the model has not answered ")


def test_a_file_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise TooLongError

    monkeypatch.setattr(from_onnx, "within", never)

    with pytest.raises(ConversionError) as raised:
        from_onnx.read(plain(tmp_path / "model.onnx"), COLUMNS)

    assert str(raised.value) == (
        "model.onnx has not answered two rows within 60 s, and a caller waits for milliseconds: a size in it is wrong, "
        "or it was exported for other data"
    )


def test_a_training_and_a_check_send_no_telemetry(tmp_path: Path) -> None:
    """What onnxruntime sends, it first opens a session for in the folder of temporary files, but in a pipeline."""
    environment = {"PATH": os.defpath, "TMPDIR": str(tmp_path)}

    subprocess.run([sys.executable, "-c", "import handover, onnxruntime"], env=environment, check=True)

    assert list(tmp_path.iterdir()) == []
