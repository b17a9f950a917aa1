"""Fixtures: a practice ground without a model, for what git alone decides."""

import shutil
from pathlib import Path

import pytest

from handover.init import behaviours
from handover.lesson import snapshots
from handover.lesson.ground import Ground
from tests.helpers.lesson import written

IDENTITY = {f"GIT_{name}_{part}": "a@example.org" for name in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git know who commits: a machine of tests need not."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Write a ground; no behaviours are drafted, for that takes a training."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(behaviours, "drafted", lambda *words: "")
        for name, value in IDENTITY.items():
            patched.setenv(name, value)
        ground = written(tmp_path_factory.mktemp("original"))
        snapshots.save(ground, 1)
    return ground


@pytest.fixture
def ground(original: Ground, tmp_path: Path) -> Ground:
    """Give a copy of the ground: it can be moved, for its remote's address is relative."""
    shutil.copytree(original.folder, tmp_path / "ground", symlinks=True)
    return Ground(tmp_path / "ground")
