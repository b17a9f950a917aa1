"""Git, asked by its own commands, in the folder that somebody works in or in a second checkout beside it."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from handover.errors import CannotRunError

# A hook or an alias of git may have started this: what it says of its own repository is not meant for another.
OF_A_CALLER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")


class GitError(CannotRunError):
    """Git refused, or is not installed; the reason is in its own words."""

    def __init__(self, command: str, folder: Path, reason: str) -> None:
        super().__init__(f"git {command} in {folder} failed: {reason}")
        self.reason = reason


def printed(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> bytes:
    """Give what git prints, run in a folder; ``GitError`` where it fails, or is not installed."""
    own = {name: value for name, value in os.environ.items() if name not in OF_A_CALLER}
    own |= {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", **(variables or {})}
    command = ["git", "-C", str(folder), *words]
    try:
        ended = subprocess.run(command, env=own, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        raise GitError(words[0], folder, "git is not installed") from None
    if ended.returncode:
        lines = (ended.stderr or ended.stdout).decode(errors="replace").strip().splitlines() or ["it gave no reason"]
        reason = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        raise GitError(words[0], folder, reason.removeprefix("fatal: "))
    return ended.stdout


def git(folder: Path, *words: str) -> bytes | None:
    """Give what git prints, run in a folder; ``None`` where it fails, or is not installed."""
    try:
        return printed(folder, *words)
    except GitError:
        return None


class Snapshot:
    """What git knows in a folder, each thing asked once; it is not started where no repository is there or above."""

    def __init__(self, folder: Path) -> None:
        self.folder, where = folder, folder.resolve()
        self.is_repository = any((above / ".git").exists() for above in (where, *where.parents))
        self.git = cache(partial(git if self.is_repository else lambda *_: None, folder))

    def text(self, *words: str) -> str:
        """Give what git prints as text, without its last line end; empty where it fails."""
        return (self.git(*words) or b"").decode(errors="replace").rstrip()


class Repository:
    """The git repository that a project lies in.

    ``CannotRunError`` when it lies in none, nothing is committed there, or git does not know who commits.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        if git(project, "rev-parse", "--git-dir") is None:
            what = "this is not a git repository" if which("git") else "git is not installed"
            raise CannotRunError(f"{what}, and a delivery is put on a branch of its own")
        self.head = Snapshot(project).text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
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
                yield folder / Snapshot(self._project).text("rev-parse", "--show-prefix")
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
