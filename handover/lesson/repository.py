"""A git repository, asked by git's own commands."""

from collections.abc import Mapping
from pathlib import Path

from handover import git

MAIN = "main"
SOMEBODY = {"user.name": "A data scientist", "user.email": "lesson@example.org"}
"""Who commits, where git has not been told."""


def author(somebody: Mapping[str, str]) -> dict[str, str]:
    """Let somebody commit, by variables, whatever git has been told."""
    return {f"GIT_{who}_{key[5:].upper()}": to for who in ("AUTHOR", "COMMITTER") for key, to in somebody.items()}


class Repository:
    """One repository: a working tree, or a bare one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def do(self, *words: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a command of git, and give what it prints, without the blanks around it; ``GitError`` when it refuses."""
        return git.printed(self.folder, *words, variables=variables).decode(errors="replace").strip()

    def ask(self, *words: str) -> str | None:
        """Run a command of git, and give what it prints; ``None`` when it refuses."""
        printed = git.git(self.folder, *words)
        return None if printed is None else printed.decode(errors="replace").strip()

    def listed(self, *words: str) -> list[str]:
        """Run a command of git, and give the lines that it prints; none when it refuses."""
        return (self.ask(*words) or "").splitlines()

    def contains(self, commit: str, within: str) -> bool:
        """Say whether ``within`` has a commit in its history, or is it."""
        return self.ask("merge-base", "--is-ancestor", commit, within) is not None

    def refs(self, below: str) -> dict[str, str]:
        """Give the commits of the refs below one, by what their names say beyond it."""
        pairs = (line.split(" ") for line in self.listed("for-each-ref", "--format=%(refname) %(objectname)", below))
        return {name.removeprefix(below): commit for name, commit in pairs}

    @property
    def changed(self) -> list[str]:
        """The files that are otherwise than the last commit has them, or new."""
        return [*self.listed("diff", "--name-only", "HEAD"), *self.listed("ls-files", "--others", "--exclude-standard")]

    @property
    def branch(self) -> str | None:
        """The branch that is switched to; ``None`` on none."""
        return self.ask("symbolic-ref", "--quiet", "--short", "HEAD")
