"""A delivery by the name that a person gives it: a folder, or a git revision."""

import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handover.diff.changes import PARTS
from handover.errors import CannotRunError
from handover.project import Project

type Json = dict[str, Any]

DELIVERY = Project(Path()).delivery
BRANCHES = ("main", "master", "origin/HEAD")
# The branch that a merge request is for, as GitHub, GitLab, Bitbucket, Azure and Jenkins name it to its jobs.
TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
)
IN_CI = ("CI", "TF_BUILD", "JENKINS_URL")  # one of them is set wherever TARGETS may be


@dataclass(frozen=True)
class Agreed:
    """A contract that was agreed before."""

    contract: Json
    """Compiled, as ``contract.json`` had it."""
    earlier: bool = False
    """Whether it is an earlier one of this very branch, and not what the base has."""


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


def agreed_before(
    folder: Path, contract: Json, base: str | None = None, environment: Mapping[str, str] = os.environ
) -> tuple[Agreed, ...]:
    """Give the compiled contracts that a delivery's must follow.

    The base is the revision that is named, else the branch that a merge request is for (GitHub, GitLab, Bitbucket,
    Azure and Jenkins say it in variables), else ``main`` or ``master``. On a branch it is the contract where the branch
    left the base. On the base itself that would be this very contract, so there it is what was agreed earlier: the
    first contract under the present version, and the first under the version before. What is compared is the files as
    they lie there, committed or not.

    Parameters
    ----------
    contract
        What the contract compiles to now.

    Returns
    -------
    Nothing, where nothing was agreed before: the delivery is in no repository, or new.

    Raises
    ------
    NoBaseError
        When the repository knows no base, as after a shallow clone, or git cannot read it.
    """
    found = _head_and_left(folder, base, environment)
    if found is None:
        return ()
    head, left = found
    if left != head:
        agreed = _contract_at(folder, left, contract)
        return (Agreed(agreed),) if agreed else ()
    first = _contract_at(folder, head, contract)
    return tuple(
        Agreed(agreed, earlier=agreed != first)
        for agreed in _first_of_versions(_history(folder, head, contract), contract["version"])
    )


def delivered_before(
    folder: Path, name: str, base: str | None = None, environment: Mapping[str, str] = os.environ
) -> bytes | None:
    """Give what a file of a delivery was before: where this branch left its base, or on the base itself one step back.

    Returns
    -------
    ``None`` where it was not there.

    Raises
    ------
    NoBaseError
        As ``agreed_before`` does.
    """
    found = _head_and_left(folder, base, environment)
    if found is None:
        return None
    head, left = found
    if left == head and _git(folder, "diff", "--quiet", head, "--", ".") is not None:  # it is committed: look behind it
        last = _git(folder, "log", "-1", "--first-parent", "--format=%H", head, "--", ".")
        left = (last or b"").decode().strip() or head
        if left in _cuts(folder):
            raise NoBaseError("this shallow clone ends before the last delivery: git fetch --unshallow")
        left = f"{left}^1"
    return _git(folder, "show", f"{left}:./{name}")


def _head_and_left(folder: Path, base: str | None, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Find HEAD, and where it left its base; ``None`` outside of a repository, or in an empty one."""
    named = base or next(filter(None, map(environment.get, TARGETS)), None)
    if _git(folder, "rev-parse", "--git-dir") is None:
        if any((above / ".git").exists() for above in folder.resolve().parents):
            raise NoBaseError("git is not installed, or does not read this repository: git status says which")
        if named or any(map(environment.get, IN_CI)):
            raise NoBaseError("this is no git repository, so what was agreed before is not known: check out with git")
        return None
    head = _commit(folder, "HEAD")
    if head is None:
        return None
    return head, _left(folder, head, named.removeprefix("refs/heads/") if named else None, environment)


def _left(folder: Path, head: str, named: str | None, environment: Mapping[str, str]) -> str:
    """Find the commit at which this branch left its base."""
    name, cut = named or "main", False
    for branch in (named,) if named else BRANCHES:
        tip = _tip(folder, branch)
        if tip and (left := _git(folder, "merge-base", head, tip)):
            return left.decode().strip()
        if tip and tip in _parents(folder, head):
            return tip
        name, cut = (branch, True) if tip else (name, cut)
    if forked := _commit(folder, environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")):
        return forked
    shallow = _git(folder, "rev-parse", "--is-shallow-repository") == b"true\n"
    fetch = f"git fetch {'--unshallow ' if shallow else ''}origin {name.removeprefix('origin/')}"
    other = "or name another base: make check BASE=REF"
    if not cut:
        raise NoBaseError(f"git knows no branch {name} to compare with: {fetch}; on GitHub fetch-depth: 0; {other}")
    if shallow:
        raise NoBaseError(f"this shallow clone does not reach back to where it left {name}: {fetch}; {other}")
    raise NoBaseError(f"HEAD and {name} have no commit in common: {other.removeprefix('or ')}")


def _tip(folder: Path, name: str) -> str | None:
    """Find a branch: as the remote has it, as it is here, or as the last ``git fetch`` brought it, under no name."""
    for reference in (f"refs/remotes/origin/{name}", f"refs/heads/{name}", name):
        if commit := _commit(folder, reference):
            return commit
    where = _git(folder, "rev-parse", "--git-path", "FETCH_HEAD")
    fetched = folder / (where or b"").decode().strip()
    for line in fetched.read_text().splitlines() if where and fetched.is_file() else ():
        if re.search(rf"\tbranch '{re.escape(name)}' of ", line):
            return line.partition("\t")[0]
    return None


def _parents(folder: Path, commit: str) -> list[str]:
    """Name the parents of a commit, also those that a shallow clone knows by name only."""
    header = (_git(folder, "cat-file", "commit", commit) or b"").partition(b"\n\n")[0].decode()
    return re.findall(r"^parent (\w+)$", header, re.MULTILINE)


def _history(folder: Path, head: str, contract: Json) -> Iterator[Json]:
    """Give the contracts that this branch has had, as it had them after each merge, the latest first.

    Raises
    ------
    NoBaseError
        When the clone is shallow and is asked for more than it has.
    """
    cut = _cuts(folder)
    changed = (
        (_git(folder, "log", "--first-parent", "--format=%H", head, "--", "contract.json") or b"").decode().split()
    )
    for commit in changed:
        if found := _contract_at(folder, commit, contract):
            yield found
        if commit in cut:
            raise NoBaseError("this shallow clone ends before the contract's last version: git fetch --unshallow")
    before = f"{changed[-1]}^1" if changed else head
    if found := _contract_at(folder, before, contract):  # the folder was another one then
        yield found


def _cuts(folder: Path) -> set[str]:
    """Name the commits at which a shallow clone ends."""
    where = _git(folder, "rev-parse", "--git-path", "shallow")
    cuts = folder / (where or b"").decode().strip()
    return set(cuts.read_text().split()) if where and cuts.is_file() else set()


def _first_of_versions(contracts: Iterator[Json], version: str) -> Iterator[Json]:
    """Give the first contract under a version, and the first under the one before: what callers of them know.

    A change that was made under the same version, or under one that was not raised far enough, is then still seen some
    commits later; one that was taken back is none.
    """
    for number, same in groupby(contracts, key=lambda contract: contract["version"]):
        *_, first = same
        yield first
        if number != version:
            return


def _contract_at(folder: Path, commit: str, contract: Json) -> Json | None:
    """Give the contract of a commit: at this folder; or, where there was none, of its namesake in one that is gone."""
    found = _recorded(_git(folder, "show", f"{commit}:./contract.json"))
    if found:
        return found
    top = Path((_git(folder, "rev-parse", "--show-toplevel") or b"").decode().strip())
    listed = (_git(folder, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit) or b"").decode().split("\0")
    paths = [path for path in listed if Path(path).name == "contract.json" and not (top / path).exists()]
    gone = filter(None, (_recorded(_git(folder, "show", f"{commit}:{path}")) for path in paths))
    return next((moved for moved in gone if moved["name"] == contract["name"]), None)


def _commit(folder: Path, reference: str) -> str | None:
    if not reference or reference.startswith("-"):
        return None
    found = _git(folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    return found.decode().strip() if found else None


def _git(folder: Path, *words: str) -> bytes | None:
    try:
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _recorded(content: bytes | None) -> Json | None:
    """Read what a commit has; where that is no contract, nothing was agreed that could be broken."""
    try:
        found = json.loads(content or b"")
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= PARTS else None
