"""Drafts on the disk: where a project has them."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from handover.draft import Draft
from handover.project import Project
from tests.helpers.warm import Warm

LIBRARIES = ("numpy", "pandas", "xgboost", "sklearn.model_selection", "handover.delivery")
"""What the training of a draft imports."""


def write(draft: Draft, to: Path) -> Project:
    """Write a draft and its data into a folder, and nothing else of a project."""
    project = Project(to)
    for path, text in {
        project.delivery / "contract.py": draft.contract,
        project.delivery / "heuristics.py": draft.heuristics,
        project.training: draft.training,
        project.training.with_name("__init__.py"): '"""Training."""\n',
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    data = project.training.parent / "data" / draft.data.name
    data.parent.mkdir()
    data.write_bytes(draft.data.content)
    return project


def train(project: Project) -> subprocess.CompletedProcess[str]:
    """Run its training, as `make model` does; a warning is an error."""
    return _warm().run(
        [sys.executable, "-W", "error", "-m", "modelling.train"],
        check=False,
        capture_output=True,
        text=True,
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, project.import_paths))},
    )


@cache
def _warm() -> Warm:
    """Give the process that waits for trainings; it ends with this one."""
    return Warm(*LIBRARIES)
