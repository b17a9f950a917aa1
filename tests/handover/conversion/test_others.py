"""What skl2onnx does not finish ends in one sentence."""

import pytest
from sklearn.decomposition import KernelPCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from handover.conversion import ConversionError, others, to_graph
from tests.handover.conversion.exact import COLUMNS, data

pytestmark = pytest.mark.quick


def test_what_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "MAX_SECONDS", -1)
    features, labels = data(gaps=False)
    model = make_pipeline(KernelPCA(2, kernel="rbf"), LogisticRegression()).fit(features, labels)
    with pytest.raises(ConversionError) as raised:
        to_graph(model, COLUMNS, "test")
    assert str(raised.value) == f"KernelPCA takes longer than -1 s to convert; {others.STEPS_CAN}"
