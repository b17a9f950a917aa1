"""A second checkout of a repository, beside the one that somebody works in: what is done there touches nothing."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from handover.errors import CannotRunError


class Repository:
    """The git repository that a project lies in.

    Parameters
    ----------
    project
        The project's folder.

    Raises
    ------
    CannotRunError
        When the folder is in no repository, nothing is committed there, or git does not know who commits.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        try:
            inside = git(project, "rev-parse", "--show-prefix")
        except FileNotFoundError:
            raise CannotRunError("git is not installed, and a delivery is put on a branch of its own") from None
        except GitError:
            raise CannotRunError("this is not a git repository, and a delivery is put on a branch of its own") from None
        self.inside = Path(inside.removesuffix("\n"))
        """The project's folder, from the repository's root."""
        try:
            self.head = git(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
        except GitError:
            raise CannotRunError("nothing is committed in this repository: commit the project first") from None
        try:
            git(project, "var", "GIT_COMMITTER_IDENT")
        except GitError:
            raise CannotRunError("tell git who you are: git config user.name, user.email") from None

    @contextmanager
    def worktree(self) -> Iterator[Path]:
        """Check the last commit out into a folder of its own, which is gone afterwards; give the project in it."""
        with TemporaryDirectory(prefix="handover-accept-") as scratch:
            folder = Path(scratch).resolve() / "worktree"
            git(self._project, "worktree", "add", "--quiet", "--detach", str(folder), self.head)
            try:
                yield folder / self.inside
            finally:
                git(self._project, "worktree", "remove", "--force", str(folder))

    def has(self, branch: str) -> bool:
        """Whether there is a branch of this name here."""
        try:
            git(self._project, "show-ref", "--verify", "--quiet", f"refs/heads/{branch}")
        except GitError:
            return False
        return True

    def commit(self, worktree: Path, paths: Sequence[Path], message: str, branch: str) -> None:
        """Put what lies at some paths of a worktree on a new branch, as one commit after the last."""
        git(worktree, "add", "--all", "--", *map(str, paths))
        # Hooks look for what a developer's checkout has and this one has not; the branch's own pipeline checks it.
        git(worktree, "commit", "--quiet", "--no-verify", "--message", message)
        git(worktree, "branch", branch)


class GitError(CannotRunError):
    """git did not do what it was asked to; the message is its own."""


def git(folder: Path, *words: str) -> str:
    """Give what git prints, run in a folder; ``FileNotFoundError`` where there is no git, or no such folder."""
    ended = subprocess.run(["git", "-C", folder, *words], capture_output=True, encoding="utf-8", check=False)
    if ended.returncode:
        why = ended.stderr.strip().partition("\n")[0] or f"exit status {ended.returncode}"
        raise GitError(f"git {words[0]} failed: {why}")
    return ended.stdout
