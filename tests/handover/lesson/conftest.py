"""Fixtures: a practice ground without a model, for what git alone decides."""

import shutil
from pathlib import Path

import pytest

from handover.init import behaviours
from handover.lesson import snapshots
from handover.lesson.ground import Ground
from tests.helpers.lesson import written


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Write a ground; no behaviours are drafted, for that takes a training."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(behaviours, "drafted", lambda *words: "")
        for name in ("AUTHOR", "COMMITTER"):
            patched.setenv(f"GIT_{name}_NAME", "a")
            patched.setenv(f"GIT_{name}_EMAIL", "a@example.org")
        ground = written(tmp_path_factory.mktemp("original"))
        snapshots.save(ground, 1)
    return ground


@pytest.fixture
def ground(original: Ground, tmp_path: Path) -> Ground:
    """Give a copy of the ground: it can be moved, for its remote's address is relative."""
    shutil.copytree(original.folder, tmp_path / "ground", symlinks=True)
    return Ground(tmp_path / "ground")
