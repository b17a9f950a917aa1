"""A packed delivery is taken into the repository that deploys it: checked beside it, and put on a branch of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from handover import card
from handover.errors import CannotRunError
from handover.git import Repository, Snapshot, git
from handover.local.stack import unavailable
from handover.package import CARD, DELIVERED, Package
from handover.project import Project
from predictor import files

BROKEN, UNCHECKED = 1, 2
NOT_PLACED = {
    BROKEN: "Nothing was put in place: this report is for modelling, who packed it.",
    UNCHECKED: "Nothing was put in place: what could not be checked is not known to be kept.",
}
LENT = (".venv", ".cache")
"""What a build takes from the project's own folder, for git has none of it."""
FIRST = "Nothing was delivered here before: there is nothing to compare with."


@dataclass(frozen=True)
class Judgement:
    """What the check of a delivery came to."""

    status: int
    """As ``handover check`` ends: 0 kept, 1 broken, 2 could not be checked."""
    report: str
    """What it printed."""
    difference: str = ""
    """What becomes of the delivery that lies there, in its callers' and its answers' eyes."""

    def __str__(self) -> str:
        return "\n\n".join(part for part in (self.report, self.difference) if part)


def accept(package: Package, root: Path, check: Callable[[Path], Judgement], *, dry_run: bool) -> tuple[int, str]:
    """Check a delivery in a worktree of the project's repository, and commit it there on a branch of its own.

    ``check`` is ``judge``, of the project's folder there. It gives the exit status, and what became of the delivery, in
    words. What lies in the project's own folder stays as it is, committed or not; in a dry run, so do the branches.
    ``CannotRunError`` when this is no project in a git repository, the contract is another project's, or the branch is
    there already.
    """
    repository = Repository(root)
    branch = f"delivery/{package.label}-{files.shortened(package.sha256)}"
    if repository.has(branch):
        raise CannotRunError(f"there is a branch {branch} already: this delivery came before")
    with repository.worktree() as place:
        project = Project(place)
        if not project.exists:
            usual = Project(Path()).delivery
            raise CannotRunError(
                f"there is no {usual} in the last commit here: accept runs in the project that deploys"
            )
        with suppress(OSError, ValueError, AttributeError):  # nothing was delivered yet
            if (own := files.contract(project.delivery).get("name")) != package.name:  # it was sent here by mistake
                raise CannotRunError(f"this project's contract is {own}, and the delivery is of {package.name}")
        if not _put(project, package):
            return 0, f"{package.name} {package.version} lies here already, to the byte: nothing to accept."
        judgement = check(place)
        if judgement.status:
            return judgement.status, f"{judgement}\n\n{NOT_PLACED[judgement.status]}"
        if dry_run:
            return 0, f"{judgement}\n\nIt would be put on the branch {branch} (dry run)."
        message = (
            f"{package.name} {package.version}, as modelling packed it\n\n"
            f"Model {package.model}, SHA-256 of the file {package.sha256}.\n\n{judgement.difference}\n"
        )
        written = (project.delivery, project.card, project.events, project.monitoring)
        repository.commit(place, [path for path in written if path.exists()], message, branch)
    placed = f"On the branch {branch}, one commit after {files.shortened(repository.head)}; your checkout is as it was."
    return 0, f"{judgement}\n\n{placed}\n\nNext:\n  git push origin {branch}"


def _put(project: Project, package: Package) -> bool:
    """Put a delivery where a project has its own; say whether anything is another than it was."""
    places = {name: project.delivery / name for name in DELIVERED}
    if CARD in package.files:
        places[CARD] = card.path(project.delivery)
    before = {name: path.read_bytes() for name, path in places.items() if path.is_file()}
    for name, path in places.items():
        if name in package.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(package.files[name])
        else:
            path.unlink(missing_ok=True)
    return before != {name: package.files[name] for name in places if name in package.files}


# --- the very commands that people type, in a checkout of its own


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
    agreed = base or Snapshot(place).text("rev-parse", "--short=12", "HEAD")
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
    paths = [*map(str, Project(place).import_paths), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-P", "-m", "handover", *words],
        cwd=place,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        check=False,
    )


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
