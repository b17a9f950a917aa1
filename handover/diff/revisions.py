"""A delivery by the name that a person gives it: a folder, or a git revision."""

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from handover.diff.changes import PARTS, heuristics
from handover.errors import CannotRunError
from handover.git import GitError, Snapshot, printed
from handover.project import Project
from predictor import files
from predictor.files import Json

DELIVERY = Project(Path()).delivery.as_posix()
BRANCHES = ("main", "master", "origin/HEAD")
# The branch that a merge request is for, as GitHub, GitLab, Bitbucket, Azure and Jenkins name it to its jobs.
TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
)
FORK = "CI_MERGE_REQUEST_DIFF_BASE_SHA"  # where the branch left that one, as GitLab says it
IN_CI = ("CI", "TF_BUILD", "JENKINS_URL")  # one of them is set wherever TARGETS may be


@dataclass(frozen=True)
class Agreed:
    """A contract that was agreed before."""

    contract: Json
    """Compiled, as ``contract.json`` had it."""
    heuristics: tuple[str, ...] = ()
    """What the heuristics that were delivered with it are called."""
    earlier: bool = False
    """Whether it is an earlier one of this very branch, and not what the base has."""


@dataclass(frozen=True)
class Ignored:
    """Files that git leaves out of every commit, and the line that tells it to."""

    names: tuple[str, ...]
    pattern: str
    file: Path
    line: int

    def __str__(self) -> str:
        them = "it" if len(self.names) == 1 else "them"
        return (
            f"git ignores {', '.join(self.names)}, by the line {self.pattern} of {self.file.name}: whoever clones the "
            f"repository, as the build does, has no such file. Narrow that line, and git add {them}"
        )


class NoBaseError(LookupError):
    """The repository has no base branch here; the message says how to get it."""


class DiffError(CannotRunError):
    """The two cannot be compared; one sentence says which of them is at fault."""


@contextmanager
def delivery_at(name: str) -> Iterator[Path]:
    """Open the delivery that ``name`` means: a folder, ``REVISION`` (its project's), or ``REVISION:FOLDER``.

    The project is the current folder, which is in the repository. ``DiffError`` when ``name`` is neither.
    """
    if Path(name).is_dir():
        yield Path(name)
        return
    revision, _, inside = name.partition(":")
    tree = f"{revision}:{inside}" if inside else f"{revision}:./{DELIVERY}"
    if name.startswith("-") or not revision:
        raise DiffError(f"'{name}' is neither a folder nor a git revision")
    try:
        named, top = (printed(Path(), "rev-parse", word).decode().strip() for word in (tree, "--show-toplevel"))
        # From the repository's root: in a folder of it, git archive looks for that folder inside of the tree.
        archived = printed(Path(top), "archive", "--format=tar", named)
    except GitError as error:
        raise DiffError(f"'{name}' is neither a folder nor a git revision with {DELIVERY} ({error.reason})") from None
    with TemporaryDirectory(prefix="handover-diff-") as unpacked:
        with tarfile.open(fileobj=io.BytesIO(archived)) as archive:
            archive.extractall(unpacked, filter="data")
        yield Path(unpacked)


def agreed_before(snapshot: Snapshot, contract: Json, base: str | None = None) -> tuple[Agreed, ...]:
    """Give the contracts that a delivery's must follow; none where it is in no repository, or new.

    The base is the revision that is named, else the branch that a merge request is for (GitHub, GitLab, Bitbucket,
    Azure and Jenkins say it in variables), else ``main`` or ``master``. On a branch it is the contract where the branch
    left the base. On the base itself that would be this very contract, so there it is what was agreed earlier: the
    first contract under the present version, and the first under the version before. What is compared is the files as
    they lie there, committed or not.

    ``NoBaseError`` when the repository knows no base, as after a shallow clone, or git cannot read it.
    """
    head, left = _head_and_left(snapshot, base)
    if not head:
        return ()
    home = _home(snapshot, left, contract["name"])
    base_has = None if home is None else _agreed(snapshot, f"{left}:{home}")
    if left != head:
        return (base_has,) if base_has else ()
    earlier = _first_of_versions(_history(snapshot, head, contract["name"]), contract["version"])
    return tuple(replace(agreed, earlier=agreed != base_has) for agreed in earlier)


def delivered_before(snapshot: Snapshot, file: str, name: str, base: str | None = None) -> bytes | None:
    """Give what a file of a delivery was before: where this branch left its base, or on the base itself one step back.

    By the contract's ``name`` a delivery is found that was in another folder then. It is ``None`` where it was not
    there, and ``NoBaseError`` as of ``agreed_before``.
    """
    head, left = _head_and_left(snapshot, base)
    if not head:
        return None
    if left == head and snapshot.git("diff", "--quiet", head, "--", ".") is not None:  # it is committed: look behind it
        if last := snapshot.text("log", "-1", "--first-parent", "--format=%H", head, "--", "."):
            left = f"{last}^1"
        if last in _of_git(snapshot, "shallow").split():
            raise NoBaseError("this shallow clone ends before the last delivery: git fetch --unshallow")
    home = _home(snapshot, left, name)
    return None if home is None else snapshot.git("show", f"{left}:{home}{file}")


def ignored(snapshot: Snapshot, names: Sequence[str]) -> Ignored | None:
    """Find files of a folder that git ignores; none where it knows them already, or there is no repository."""
    rules = [
        rule.groups()
        for line in snapshot.text("check-ignore", "--verbose", "--", *names).splitlines()
        if (rule := re.fullmatch(r"(.*?):(\d+):([^!].*)\t(.*)", line))
    ]
    if not rules:
        return None
    source, line, pattern, _ = rules[0]
    top = Path(snapshot.text("rev-parse", "--show-toplevel"))
    return Ignored(tuple(name for *_, name in rules), pattern, top / source, int(line))


def _head_and_left(snapshot: Snapshot, base: str | None) -> tuple[str, str]:
    """Find HEAD, and the commit at which it left its base; empty outside of a repository, or in an empty one."""
    named = base or next(filter(None, map(os.environ.get, TARGETS)), None)
    if not snapshot.is_repository and (named or any(map(os.environ.get, IN_CI))):
        raise NoBaseError("this is not a git repository, so what was agreed before is not known: check out with git")
    if snapshot.is_repository and not snapshot.text("rev-parse", "--git-dir"):
        raise NoBaseError("git is not installed, or does not read this repository: git status says which")
    head = _commit(snapshot, "HEAD")
    return head, head and _left(snapshot, head, (named or "").removeprefix("refs/heads/"))


def _left(snapshot: Snapshot, head: str, named: str) -> str:
    name, cut = named or BRANCHES[0], False
    for branch in (named,) if named else BRANCHES:
        if not (tip := _tip(snapshot, branch)):
            continue
        if left := snapshot.text("merge-base", head, tip):
            return left
        # A shallow clone knows a parent by name, where it has no merge base.
        if f"parent {tip}" in snapshot.text("cat-file", "commit", head).partition("\n\n")[0].split("\n"):
            return tip
        name, cut = branch, True
    if forked := _commit(snapshot, os.environ.get(FORK, "")):
        return forked
    shallow = snapshot.text("rev-parse", "--is-shallow-repository") == "true"
    fetch = f"git fetch {'--unshallow ' if shallow else ''}origin {name.removeprefix('origin/')}"
    other = "name another base: make check BASE=REF"
    if not cut:
        raise NoBaseError(f"git knows no branch {name} to compare with: {fetch}; on GitHub fetch-depth: 0; or {other}")
    if shallow:
        raise NoBaseError(f"this shallow clone does not reach back to where it left {name}: {fetch}; or {other}")
    raise NoBaseError(f"HEAD and {name} have no commit in common: {other}")


def _tip(snapshot: Snapshot, name: str) -> str:
    """Find a branch: as the remote has it, as it is here, or as the last ``git fetch`` brought it, under no name."""
    for reference in (f"refs/remotes/origin/{name}", f"refs/heads/{name}", name):
        if commit := _commit(snapshot, reference):
            return commit
    fetched = re.search(rf"^(\w+)\t.*\tbranch '{re.escape(name)}' of ", _of_git(snapshot, "FETCH_HEAD"), re.MULTILINE)
    return fetched[1] if fetched else ""


def _history(snapshot: Snapshot, head: str, name: str) -> Iterator[Agreed]:
    """Give the contracts that this branch has had, as it had them after each merge, the latest first."""
    cuts, since = _of_git(snapshot, "shallow").split(), head
    while (home := _home(snapshot, since, name)) is not None:  # and then in the folder that it was moved from
        path = f":(top){home}{files.CONTRACT}"
        commits = snapshot.text("log", "--first-parent", "--format=%H", since, "--", path).split()
        for commit in commits:
            if agreed := _agreed(snapshot, f"{commit}:{home}"):
                yield agreed
            if commit in cuts:
                raise NoBaseError("this shallow clone ends before the contract's last version: git fetch --unshallow")
        since = f"{commits[-1]}^1"


def _first_of_versions(contracts: Iterator[Agreed], version: str) -> Iterator[Agreed]:
    """Give the first contract under a version, and the first under the one before: what callers of them know.

    A change that was made under the same version, or under one that was not raised far enough, is then still seen some
    commits later; one that was taken back is none.
    """
    for number, same in groupby(contracts, key=lambda agreed: agreed.contract["version"]):
        *_, first = same
        yield first
        if number != version:
            return


def _home(snapshot: Snapshot, commit: str, name: str) -> str | None:
    """Find where a delivery was at a commit, from the root: here, or where its namesake was that is gone.

    It is empty or ends with a slash, and ``None`` where it was nowhere.
    """
    prefix = snapshot.text("rev-parse", "--show-prefix")
    if _recorded(snapshot, f"{commit}:{prefix}"):
        return prefix
    top = Path(snapshot.text("rev-parse", "--show-toplevel"))
    listed = snapshot.text("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).split("\0")
    gone = [path for path in listed if Path(path).name == files.CONTRACT and not (top / path).exists()]
    homes = (path.removesuffix(files.CONTRACT) for path in gone)
    return next((home for home in homes if _recorded(snapshot, f"{commit}:{home}").get("name") == name), None)


def _agreed(snapshot: Snapshot, revision: str) -> Agreed | None:
    contract = _recorded(snapshot, revision)
    return Agreed(contract, heuristics(_document(snapshot, f"{revision}{files.MANIFEST}"))) if contract else None


def _recorded(snapshot: Snapshot, revision: str) -> Json:
    """Read the contract that a commit has in a folder; where that is none, nothing was agreed that could be broken."""
    document = _document(snapshot, f"{revision}{files.CONTRACT}")
    return document if isinstance(document, dict) and document.keys() >= PARTS else {}


def _document(snapshot: Snapshot, revision: str) -> Any:
    with suppress(ValueError):
        return json.loads(snapshot.git("show", revision) or b"")


def _commit(snapshot: Snapshot, reference: str) -> str:
    if not reference or reference.startswith("-"):
        return ""
    return snapshot.text("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")


def _of_git(snapshot: Snapshot, name: str) -> str:
    """Read a file of git's own; empty where there is none."""
    path = snapshot.folder / snapshot.text("rev-parse", "--git-path", name)
    return path.read_text(encoding="utf-8") if path.is_file() else ""
