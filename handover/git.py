"""Git, asked by its own commands: what it prints, and nothing where it fails or is not installed."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> bytes | None:
    """Give what git prints, run in a folder; ``None`` where it fails, or is not installed."""
    try:
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def text(folder: Path, *words: str) -> str:
    """Give what git prints as text, without its last line end; empty where it fails."""
    return (git(folder, *words) or b"").decode(errors="replace").rstrip()
