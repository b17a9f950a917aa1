"""Git, asked by its own commands."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

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


def text(folder: Path, *words: str) -> str:
    """Give what git prints as text, without its last line end; empty where it fails."""
    return (git(folder, *words) or b"").decode(errors="replace").rstrip()
