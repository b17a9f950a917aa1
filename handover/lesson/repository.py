"""A git repository, asked by git's own commands."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from handover.errors import CannotRunError

# A hook or an alias of git may have started this: what it says of its own repository is not meant for ours.
OF_A_CALLER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")


class GitError(CannotRunError):
    """Git refused; the reason is in its own words."""

    def __init__(self, command: str, folder: Path, reason: str) -> None:
        super().__init__(f"git {command} in {folder} failed: {reason}")
        self.reason = reason


class Repository:
    """One repository: a working tree, or a bare one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def do(self, *words: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a command of git, and give what it prints, without the blanks around it.

        Raises
        ------
        GitError
            When git refuses.
        """
        ended = self._run(words, variables or {})
        if ended.returncode:
            lines = (ended.stderr.strip() or ended.stdout.strip() or "it gave no reason").splitlines()
            raise GitError(words[0], self.folder, lines[-1].removeprefix("fatal: "))
        return ended.stdout.strip()

    def ask(self, *words: str) -> str | None:
        """Run a command of git, and give what it prints; ``None`` when it refuses."""
        ended = self._run(words, {})
        return None if ended.returncode else ended.stdout.strip()

    def contains(self, commit: str, within: str) -> bool:
        """Say whether ``within`` has a commit in its history, or is it."""
        return self.ask("merge-base", "--is-ancestor", commit, within) is not None

    def refs(self, below: str) -> dict[str, str]:
        """Give the commits of the refs below one, by what their names say beyond it."""
        listed = self.ask("for-each-ref", "--format=%(refname) %(objectname)", below) or ""
        pairs = (line.split(" ") for line in listed.splitlines())
        return {name.removeprefix(below): commit for name, commit in pairs}

    @property
    def changed(self) -> list[str]:
        """The files that are otherwise than the last commit has them, or new."""
        listed = [self.ask("diff", "--name-only", "HEAD"), self.ask("ls-files", "--others", "--exclude-standard")]
        return [name for names in listed for name in (names or "").splitlines()]

    @property
    def branch(self) -> str | None:
        """The branch that is switched to; ``None`` on none."""
        return self.ask("symbolic-ref", "--quiet", "--short", "HEAD")

    def _run(self, words: tuple[str, ...], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        own = {name: value for name, value in os.environ.items() if name not in OF_A_CALLER}
        own |= {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}
        try:
            return subprocess.run(
                ["git", "-C", str(self.folder), *words],
                env=own | dict(variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise CannotRunError("git is not installed, and it is what the lesson is about: install it") from None
