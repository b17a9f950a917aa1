"""The first behaviours of a new project: the model of its training has each of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest

from handover.behaviours.running import Result
from handover.context import DeliveryContext
from handover.init import behaviours, init
from handover.retraining import NotTrainedError, Retrained, trained_again

PARCELS = Path(__file__).parents[3] / "docs" / "first-delivery" / "parcels.csv"
DELIVERY = Path("layers", "model", "delivery")


@pytest.fixture(autouse=True)
def drafted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviours, "drafted", unwrap(behaviours.drafted))


@pytest.mark.parametrize(
    ("target", "kinds"),
    [
        ("late", ["counts", "matters", "row"]),
        ("weight_kg", ["row"]),
        ("service", ["counts", "row"]),
    ],
)
def test_the_drafted_model_has_each(
    target: str, kinds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def kept(*words: Any) -> Iterator[Retrained]:
        with trained_again(*words) as again:
            shutil.copytree(again.delivery, tmp_path / "trained")
            yield again

    monkeypatch.setattr(behaviours, "trained_again", kept)
    init(tmp_path / "loans", PARCELS, target)
    shutil.copy(tmp_path / "loans" / DELIVERY / "behaviours.py", tmp_path / "trained")

    with DeliveryContext(tmp_path, tmp_path / "trained") as context:
        results = context.behaviours

    assert [one.behaviour.check.__name__.rpartition("_")[2] for one in results if isinstance(one, Result)] == kinds
    assert all(isinstance(one, Result) and one.passes for one in results)


def test_a_training_that_fails_is_no_reason_to_have_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def failing(*words: Any) -> Iterator[Retrained]:
        raise NotTrainedError("no")
        yield

    monkeypatch.setattr(behaviours, "trained_again", failing)

    assert "is a project of 58 files" in init(tmp_path / "loans", PARCELS, "late")
    assert not (tmp_path / "loans" / DELIVERY / "behaviours.py").exists()
