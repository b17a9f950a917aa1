"""A delivery's training, run once more in a copy of the project: nothing of the project itself is touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handover.project import Project

MINUTES = 30
MAX_MIB = 1024
"""What is copied of a folder that is no project: a delivery may lie in somebody's home."""
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".venvs", ".aws-sam", ".cache", ".*_cache", ".hypothesis", "__pycache__", "node_modules"
)


class NotTrainedError(RuntimeError):
    """The training ended without a delivery; the message is what it said last."""


@dataclass(frozen=True)
class Retrained:
    """What training again made, and what was seen of it."""

    delivery: Path
    """The new delivery's folder."""
    observed: dict[str, Any] | None
    """What ``handover.observation`` concluded; ``None`` where the training's own process did not deliver there."""


def program(project: Project, folder: Path) -> Path | None:
    """Find what trains a delivery: ``train.py`` beside its folder, or the program of the project's own delivery."""
    training = project.training if folder == project.delivery else folder.parent / "train.py"
    return training if training.is_file() else None


def root(project: Project, folder: Path) -> Path:
    """Find the folder that has all that a training reads: the project, or the git repository, or the program's own."""
    if project.exists and folder.is_relative_to(project.root):
        return project.root
    return next((above for above in folder.parents if (above / ".git").exists()), folder.parent)


def exceeds(root: Path, mib: int = MAX_MIB) -> bool:
    """Whether what would be copied of a folder is larger; it is looked through no further than that."""
    size = 0
    for folder, inner, files in root.walk(follow_symlinks=True):  # as the copy does
        ignored = NOT_COPIED(str(folder), [*inner, *files])
        inner[:] = [name for name in inner if name not in ignored]
        paths = (folder / name for name in files if name not in ignored)
        size += sum(path.stat().st_size for path in paths if path.is_file())
        if size > mib * 1024 * 1024:
            return True
    return False


@contextmanager
def trained_again(project: Project, root: Path, folder: Path, training: Path) -> Iterator[Retrained]:
    """Train in a copy of ``root``, observed; ``NotTrainedError`` when it fails, or takes more than ``MINUTES``.

    Hashes of strings are seeded anew in every Python process, and are here: an order that depends on them shows.
    """
    with TemporaryDirectory(prefix="handover-training-") as scratch:
        copy = Project(Path(scratch) / "project")
        shutil.copytree(root, copy.root, ignore=NOT_COPIED, ignore_dangling_symlinks=True)
        delivery, program = (copy.root / path.relative_to(root) for path in (folder, training))
        inside = project.exists and root == project.root
        seen = Path(scratch) / "observed.json"
        command = ["-m", "modelling.train"] if program == copy.training else [str(program)]
        paths = {"PYTHONPATH": os.pathsep.join(map(str, copy.import_paths))} if inside else {}
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "handover.observation", delivery, seen, *command],
                cwd=copy.root,
                env={**os.environ, **paths, "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=MINUTES * 60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotTrainedError(f"it was stopped after {MINUTES} minutes") from None
        if ended.returncode:
            output = ended.stdout.strip().splitlines() or [f"it ended with status {ended.returncode} and no word"]
            raise NotTrainedError(output[-1].replace(str(copy.root), "."))
        yield Retrained(delivery, json.loads(seen.read_bytes()) if seen.is_file() else None)
