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
from handover.project import Project
from handover.retraining import NotTrainedError, Retrained, trained_again
from tests.helpers.drafts import train

PARCELS = Path(__file__).parents[3] / "docs" / "first-delivery" / "parcels.csv"
DELIVERY = Path("layers", "model", "delivery")


@pytest.fixture(autouse=True)
def drafted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviours, "drafted", unwrap(behaviours.drafted))


@pytest.mark.parametrize(("target", "kinds"), [("late", ["counts", "matters", "row"]), ("service", ["row"])])
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


RESAMPLED = ("    model.fit(", "    known = np.random.default_rng(1).choice(known, len(known))\n    model.fit(")
OTHER_LEARNERS = {
    "another seed": ("SEED = 7", "SEED = 2"),
    "other rows": RESAMPLED,
    "more rows": ("HELD_OUT = 0.25", "HELD_OUT = 0.1"),
    "deeper": ("max_depth=2", "max_depth=4"),
    "longer": ("n_estimators=100", "n_estimators=300"),
}


def broken(folder: Path, old: str, new: str) -> list[str]:
    """Train a copy of a project otherwise, and give the names of the behaviours that its model has not."""
    copy = Project(folder.with_name("copy"))
    shutil.rmtree(copy.root, ignore_errors=True)
    shutil.copytree(folder, copy.root)
    text = copy.training.read_text()
    assert old in text
    copy.training.write_text(text.replace(old, new))
    ended = train(copy)
    assert (ended.returncode, ended.stderr) == (0, "")
    with DeliveryContext(copy.root, copy.delivery) as context:
        results = [one for one in context.behaviours if isinstance(one, Result)]
    assert results
    return [one.behaviour.check.__name__ for one in results if not one.passes]


@pytest.mark.parametrize(("target", "opposite"), [("late", "1 - labels"), ("service", "2 - labels")])
def test_an_honest_model_has_them_too_and_the_opposite_has_not(target: str, opposite: str, tmp_path: Path) -> None:
    init(tmp_path / "loans", PARCELS, target)

    for name, (old, new) in OTHER_LEARNERS.items():
        assert not broken(tmp_path / "loans", old, new), name
    read = "    rows, labels = read()\n"
    assert broken(tmp_path / "loans", read, f"{read}    labels = {opposite}\n")


def test_where_retraining_could_break_each_none_is_drafted(tmp_path: Path) -> None:
    init(tmp_path / "loans", PARCELS, "weight_kg")

    assert not (tmp_path / "loans" / DELIVERY / "behaviours.py").exists()


def test_a_training_that_fails_is_no_reason_to_have_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def failing(*words: Any) -> Iterator[Retrained]:
        raise NotTrainedError("no")
        yield

    monkeypatch.setattr(behaviours, "trained_again", failing)

    assert "is a project of 58 files" in init(tmp_path / "loans", PARCELS, "late")
    assert not (tmp_path / "loans" / DELIVERY / "behaviours.py").exists()
