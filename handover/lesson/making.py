"""How a practice ground is made: the project, its remote, what is installed, and the first model."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from handover.errors import CannotRunError
from handover.init import FIRST_COMMIT, init
from handover.lesson import snapshots
from handover.lesson.ground import Ground
from handover.lesson.repository import MAIN, SOMEBODY, Repository, author
from handover.local.stack import unavailable
from handover.project import toy_data

TARGET = "late"
PROTECTED = f"""\
#!/bin/sh
[ "$1" != refs/heads/{MAIN} ] || {{
  echo "{MAIN} is protected: push a branch, and open a pull request for it on the page." >&2
  exit 1
}}
"""
FIRST = "The first delivery"
UNREACHED = "after connection broken by"
"""What pip says of an index that does not answer, before it says that there is no such package."""


def made(folder: Path, tell: Callable[[str], None]) -> Ground:
    """Make a practice ground in an empty folder, or go on where making it was interrupted.

    What is done next is told before. ``CannotRunError`` when the folder has other things in it, lies in a repository,
    or something that it takes is missing.
    """
    if elsewhere := unavailable():
        raise CannotRunError(elsewhere)
    ground = Ground(folder)
    if not ground.begun:
        write(ground, tell)
    if ground.mine.ask("rev-parse", "--show-toplevel") != str(ground.project):
        if ground.project.exists():
            raise CannotRunError(f"{ground.project} is no repository any more: handover lesson back brings it back")
        ground.clone()
    ground.settle()
    tell("Installing what the project needs (a minute or two, once)")
    log = ground.hosting / "setup.log"
    if not (ground.environment / "bin" / "pip").exists():
        run(ground, sys.executable, "-m", "venv", str(ground.environment), to_do="making an environment", log=log)
    run(ground, "make", "setup", to_do="installing what the project needs", log=log)
    if not snapshots.reached(ground):
        tell("Training its first model")
        deliver(ground)
        snapshots.save(ground, 1)
    return ground


def deliver(ground: Ground) -> None:
    """Train the first model, and let the main branch begin with it."""
    run(ground, "make", "model", to_do="training the first model", log=ground.hosting / "model.log")
    ground.mine.do("add", "--all")
    if ground.mine.ask("diff", "--cached", "--quiet") is None:
        ground.mine.do("-c", "commit.gpgsign=false", "commit", "--quiet", "--no-verify", "--message", FIRST)
    ground.remote.do("fetch", "--quiet", str(ground.project), f"{MAIN}:{MAIN}")
    ground.mine.do("fetch", "--quiet")


def write(ground: Ground, tell: Callable[[str], None]) -> None:
    """Write the project's remote, whole or not at all."""
    folder = ground.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotRunError(f"{folder} is not empty: a practice ground takes a folder of its own")
    tell("Writing a toy project")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if repository := Repository(folder).ask("rev-parse", "--show-toplevel"):
            raise CannotRunError(f"{folder} lies in the repository {repository}: choose a folder outside of it")
        with TemporaryDirectory(prefix=".making-", dir=folder) as scratch:
            parts = Ground(Path(scratch))
            init(parts.project, toy_data(), TARGET)
            if not parts.mine.ask("rev-parse", "HEAD"):  # it could not commit, for git knows nobody
                commit = ("commit", "--quiet", "--no-verify", "--message", FIRST_COMMIT)
                parts.mine.do(*commit, variables=author(SOMEBODY))
            parts.mine.do("clone", "--quiet", "--bare", str(parts.project), str(parts.remote.folder))
            parts.remote.do("remote", "remove", "origin")
            hook = parts.remote.folder / "hooks" / "update"
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(PROTECTED, encoding="utf-8", newline="\n")
            hook.chmod(0o755)
            shutil.move(parts.hosting, ground.hosting)
    except OSError as error:
        raise CannotRunError(f"{folder} cannot be written: {error.strerror}") from None


def run(ground: Ground, *command: str, to_do: str, log: Path) -> None:
    """Run a command in the project; what it prints goes to a file.

    ``CannotRunError`` when it fails: one sentence with the last line that it printed.
    """
    try:
        process = ground.start(ground.project, *command, log=log, apart=False)
    except FileNotFoundError:
        raise CannotRunError(f"{command[0]} is not installed: install it, and type the same again") from None
    try:
        status = process.wait()
    finally:  # interrupted, it does not go on alone
        process.kill()
    if status:
        text = log.read_text(encoding="utf-8", errors="replace")
        # The last line before what make says of it.
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("make")]
        reason = ["it gave no reason", *lines][-1]
        if UNREACHED in text:
            reason = "the package index cannot be reached, which it takes this once"
        raise CannotRunError(
            f"{to_do} failed: {reason} (all of it: {log}). Nothing is lost: put that right and type the same again"
        )
