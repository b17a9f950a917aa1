import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from bench.workload import Size, Workload, compare_scores, features_source, field_names, generate, row_source, rows
from handover.errors import CannotRunError

SMALL = Size(columns=12, trees=5)


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    return generate(SMALL, tmp_path_factory.mktemp("workload"))


def test_the_same_seed_gives_the_same_rows_and_files(workload: Workload, tmp_path: Path) -> None:
    again = generate(SMALL, tmp_path)
    assert (again.rows, again.scores) == (workload.rows, workload.scores)
    for name in ("delivery/model.onnx", "delivery/contract.json", "row.py", "features.py", "model.pkl"):
        assert (tmp_path / name).read_bytes() == (workload.folder / name).read_bytes(), name


def test_another_seed_gives_other_rows() -> None:
    assert rows(SMALL, 3) != rows(Size(columns=12, trees=5, seed=8), 3)


def test_the_default_has_sixteen_fields_and_four_heuristics() -> None:
    numbers, categories = field_names(Size().columns)
    assert (len(numbers), len(categories)) == (12, 4)


def test_the_peers_row_is_the_contracts_in_pydantic_alone() -> None:
    source = row_source(Size(columns=12), pydantic_alone=True)
    assert (
        source
        == '''"""The row, in pydantic alone, with the contract's strictness: what a peer validates with."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    number_0: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    number_1: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    number_2: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    number_3: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    number_4: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    number_5: float = Field(ge=0.5, le=1000.0, description="A number [1]")
    category_0: Literal["first", "second", "third", "fourth", "fifth"] = Field(description="A category")
    category_1: Literal["first", "second", "third", "fourth", "fifth"] = Field(description="A category")
'''
    )
    peer, ours = (row_source(SMALL, pydantic_alone=alone).partition("    number_0")[2] for alone in (True, False))
    assert peer == ours


def test_the_peers_features_give_the_model_the_scores_that_it_gave_in_training(
    workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(workload.folder)
    monkeypatch.delitem(sys.modules, "heuristics", raising=False)
    peer: dict[str, Any] = {}
    exec(features_source(SMALL), peer)  # noqa: S102  as a peer imports it
    matrix = np.array([peer["features"](SimpleNamespace(**row)) for row in workload.rows], np.float32)
    monkeypatch.delitem(sys.modules, "heuristics", raising=False)
    session = onnxruntime.InferenceSession(workload.folder / "model.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["score"], {"features": matrix})[0], workload.scores, atol=1e-6)


def test_rows_are_what_they_are_after_json(workload: Workload) -> None:
    assert json.loads(json.dumps(workload.rows)) == workload.rows


def test_a_contender_with_another_score_is_told_and_not_timed(workload: Workload) -> None:
    expected = workload.scores[3]
    compare_scores("Peer", workload.scores[:50], workload)
    with pytest.raises(CannotRunError) as refused:
        compare_scores("Peer", [*workload.scores[:3], expected + 2e-5], workload)
    assert str(refused.value) == (
        f"Peer gives row 3 the score {expected + 2e-5:.6f}, the model gives {expected:.6f}: they do not run the same "
        f"model on the same features, so their times are not compared"
    )
