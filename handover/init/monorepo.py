"""A project in a folder of a repository: what GitHub reads at the repository's root only is written for that folder."""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from handover.errors import CannotRunError
from handover.init.release import File

WORKFLOWS = ".github/workflows/"
OWNERS = ".github/CODEOWNERS"
ELSEWHERE = "# GitHub reads this file at the repository's root only: append these lines there.\n"


def git(folder: Path, *arguments: str) -> str | None:
    """Give what git prints, run in a folder; nothing where it fails, or is not installed."""
    try:
        ended = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ended.stdout


def place(folder: Path) -> str:
    """Say where in its repository a folder is, which need not be there yet: ``services/loans``.

    Returns
    -------
    ``.`` where it is the root of one, or in none.

    Raises
    ------
    CannotRunError
        When the workflows could not name it.
    """
    folder = folder.resolve()
    nearest = next(above for above in (folder, *folder.parents) if above.is_dir())
    top = git(nearest, "rev-parse", "--show-toplevel")
    if top is None:
        return "."
    inside = folder.relative_to(Path(top.removesuffix("\n")).resolve()).as_posix()
    if not re.fullmatch(r"[\w./ -]+", inside):
        raise CannotRunError(
            f"'{inside}' has a character that a workflow cannot name: choose letters, digits, . _ and -"
        )
    return inside


def placed(files: Mapping[str, File], name: str, inside: str) -> dict[str, File]:
    """Give the files of a project that lies in a folder of its repository; those at the root begin with ``../``."""
    if inside == ".":
        return dict(files)
    root = PurePath(os.path.relpath(".", inside)).as_posix()
    moved = {}
    for path, file in files.items():
        if path.startswith(WORKFLOWS):
            path_there = f"{WORKFLOWS}{name}-{path.removeprefix(WORKFLOWS)}"
            text = _workflow(file.content.decode(), name, inside, path_there)
            moved[f"{root}/{path_there}"] = File(text.encode(), file.executable)
        elif path == OWNERS:
            moved[path] = File(_owners(file.content.decode(), inside).encode(), file.executable)
        else:
            moved[path] = file
    return moved


def notes(at_root: Iterable[str], inside: str) -> list[str]:
    """Say what lies at the repository's root, and what else belongs there."""
    names = [PurePath(path).name for path in at_root]
    if not names:
        return []
    return [
        f"Workflows and owners are read at the repository's root: {', '.join(names)} are in its {WORKFLOWS[:-1]};",
        f"append {inside}/{OWNERS} to its CODEOWNERS.",
    ]


def _owners(text: str, inside: str) -> str:
    folder = inside.replace(" ", "\\ ")
    return ELSEWHERE + re.sub(r"^[*/]", lambda _: f"/{folder}/", text, flags=re.MULTILINE)


def _workflow(text: str, name: str, inside: str, path: str) -> str:
    """Name a workflow and its jobs after the project; its paths, which begin with ``./``, lead into the folder."""
    changes = json.dumps([f"{inside}/**", path], ensure_ascii=False)
    text = re.sub(r"(?<![\w.])\./", lambda _: f"{inside}/", text)
    text = re.sub(r"^  (push|pull_request):\n", rf"\g<0>    paths: {changes}\n", text, flags=re.MULTILINE)
    return re.sub(r"^(    )?name: ", rf"\g<0>{name} ", text, flags=re.MULTILINE)
