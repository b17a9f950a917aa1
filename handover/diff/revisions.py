"""A delivery by the name that a person gives it: a folder, or a git revision."""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handover.errors import CannotRunError

DELIVERY = Path("layers/model/delivery")


BRANCHES = ("origin/main", "main", "origin/master", "master")


class NoBaseError(LookupError):
    """The repository has no base branch here; the message says how to get it."""


class DiffError(CannotRunError):
    """The two cannot be compared; one sentence says which of them is at fault."""


@contextmanager
def delivery_at(name: str, folder: Path = DELIVERY) -> Iterator[Path]:
    """Open the delivery that ``name`` means: a folder, ``REVISION`` (its ``folder``), or ``REVISION:FOLDER``.

    Parameters
    ----------
    folder
        Where the delivery is in a revision, from the current folder, which is in the repository.

    Raises
    ------
    DiffError
        When ``name`` is neither.
    """
    if Path(name).is_dir():
        yield Path(name)
        return
    revision, _, inside = name.partition(":")
    tree = f"{revision}:{inside}" if inside else f"{revision}:./{folder.as_posix()}"
    if name.startswith("-") or not revision:
        raise DiffError(f"'{name}' is neither a folder nor a git revision")
    try:
        archived = subprocess.run(["git", "archive", "--format=tar", tree], capture_output=True, check=True)
    except FileNotFoundError:
        raise DiffError(f"'{name}' is no folder, and git, which may know it, is not installed") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        why = said[0].removeprefix("fatal: ") if said else "git archive failed"
        raise DiffError(f"'{name}' is neither a folder nor a git revision with {folder.as_posix()} ({why})") from None
    with TemporaryDirectory(prefix="handover-diff-") as unpacked:
        with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
            archive.extractall(unpacked, filter="data")
        yield Path(unpacked)


def agreed_before(folder: Path) -> dict[str, Any] | None:
    """Give the compiled contract that the base branch has for a delivery, where this branch left it.

    Returns
    -------
    What ``contract.json`` said there; ``None`` where nothing was agreed before: the folder is in no repository, or new.

    Raises
    ------
    NoBaseError
        When the repository knows no base branch, as after a shallow clone, or git cannot read it.
    """
    recorded = delivered_before(folder, "contract.json")
    return None if recorded is None else _json(recorded)


def delivered_before(folder: Path, name: str) -> bytes | None:
    """Give what a delivery's file holds on the base branch, where this branch left it.

    The base is the branch that a pull request on GitHub is for, else ``main`` or ``master``; what is compared is the
    files as they lie there, committed or not. See ``agreed_before``.
    """
    if _git(folder, "rev-parse", "--git-dir") is None:
        if any((above / ".git").exists() for above in folder.resolve().parents):
            raise NoBaseError("git is not installed, or does not read this repository: git status says which")
        return None
    if _git(folder, "rev-parse", "--verify", "HEAD") is None:
        return None
    asked = os.environ.get("GITHUB_BASE_REF")
    for branch in (f"origin/{asked}",) if asked else BRANCHES:
        left = _git(folder, "merge-base", "HEAD", branch)
        if left is not None:
            return _git(folder, "show", f"{left.decode().strip()}:./{name}")
    name = asked or "main"
    raise NoBaseError(
        f"git knows no branch {name} to compare with: git fetch origin {name}, or on GitHub fetch-depth: 0"
    )


def _git(folder: Path, *words: str) -> bytes | None:
    try:
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _json(recorded: bytes) -> dict[str, Any] | None:
    """Read what the base branch has; where that is no contract, nothing was agreed that could be broken."""
    try:
        found = json.loads(recorded)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "validator" in found else None
