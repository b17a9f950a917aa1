"""What is asked of a delivery before it is accepted: the very commands that people type, in a checkout of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from handover.acceptance import BROKEN, UNCHECKED, Judgement
from handover.errors import CannotRunError
from handover.git import git, text
from handover.local.stack import unavailable
from handover.project import Project
from predictor import files

LENT = (".venv", ".cache")
"""What a build takes from the project's own folder, for git has none of it."""
FIRST = "Nothing was delivered here before: there is nothing to compare with."


def judge(place: Path, root: Path, options: Sequence[str] = (), *, base: str | None = None) -> Judgement:
    """Build and check the delivery that lies in a worktree's project, and compare it with the last commit's.

    ``options`` are more words for ``handover check``; ``base`` is the git revision whose contract was agreed before, if
    that is not the last commit. ``CannotRunError`` when it cannot be built, nothing is set up to build with, or this
    system builds nothing.
    """
    for derived in ("events", "monitoring"):  # of what these cannot read, the check says what is wrong with it
        _handover(place, derived, stderr=subprocess.DEVNULL)
    _build(place, root)
    # Not the branch that people are asked to name elsewhere: what lies here is what the delivery follows.
    agreed = base or text(place, "rev-parse", "--short=12", "HEAD")
    checked = _handover(place, "check", "--base", agreed, *options)
    report = checked.stdout.rstrip()
    if checked.returncode:
        return Judgement(_status(checked.returncode), report)
    if git(place, "cat-file", "-e", f"HEAD:./{(Project(Path()).delivery / files.MANIFEST).as_posix()}") is None:
        return Judgement(0, report, FIRST)
    compared = _handover(place, "diff", "HEAD")
    return Judgement(_status(compared.returncode), report, compared.stdout.rstrip())


def _status(returned: int) -> int:
    return returned if returned in {0, BROKEN} else UNCHECKED


def _handover(place: Path, *words: str, stderr: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the tool, on the modules of the worktree; its stderr is shown, unless it goes elsewhere."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "handover", *words],
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        check=False,
    )


def _environment(place: Path) -> dict[str, str]:
    paths = [*map(str, Project(place).import_paths), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _build(place: Path, root: Path) -> None:
    if elsewhere := unavailable():
        raise CannotRunError(elsewhere)
    if not Project(root).environment.is_dir():
        raise CannotRunError("what arrives is built before it is checked, and nothing is set up here: make setup")
    for name in LENT:
        if (root / name).is_dir():
            (place / name).symlink_to((root / name).resolve(), target_is_directory=True)
    if _handover(place, "build", "--quiet").returncode:  # it has shown what sam says
        raise CannotRunError("what arrived cannot be built")
