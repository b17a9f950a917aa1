"""A second checkout of a repository, beside the one that somebody works in: what is done there touches nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from handover.errors import CannotRunError
from handover.git import git, printed, text


class Repository:
    """The git repository that a project lies in.

    ``CannotRunError`` when it lies in none, nothing is committed there, or git does not know who commits.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        if git(project, "rev-parse", "--git-dir") is None:
            what = "this is not a git repository" if which("git") else "git is not installed"
            raise CannotRunError(f"{what}, and a delivery is put on a branch of its own")
        self.head = text(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not self.head:
            raise CannotRunError("nothing is committed in this repository: commit the project first")
        if git(project, "var", "GIT_COMMITTER_IDENT") is None:
            raise CannotRunError("tell git who you are: git config user.name, user.email")

    @contextmanager
    def worktree(self) -> Iterator[Path]:
        """Check the last commit out into a folder of its own, which is gone afterwards; give the project in it."""
        with TemporaryDirectory(prefix="handover-accept-") as scratch:
            folder = Path(scratch).resolve() / "worktree"
            printed(self._project, "worktree", "add", "--quiet", "--detach", str(folder), self.head)
            try:
                yield folder / text(self._project, "rev-parse", "--show-prefix")
            finally:
                printed(self._project, "worktree", "remove", "--force", str(folder))

    def has(self, branch: str) -> bool:
        """Whether there is a branch of this name here."""
        return git(self._project, "show-ref", "--verify", "--quiet", f"refs/heads/{branch}") is not None

    def commit(self, worktree: Path, paths: Sequence[Path], message: str, branch: str) -> None:
        """Put what lies at some paths of a worktree on a new branch, as one commit after the last."""
        printed(worktree, "add", "--all", "--", *map(str, paths))
        # Hooks look for what a developer's checkout has and this one has not; the branch's own pipeline checks it.
        printed(worktree, "commit", "--quiet", "--no-verify", "--message", message)
        printed(worktree, "branch", branch)
