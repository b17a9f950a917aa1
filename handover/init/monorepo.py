"""A project in a folder of a repository: what GitHub reads at the repository's root only is written for that folder."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from handover import git
from handover.errors import CannotRunError
from handover.init.hosting import OWNERS, PIPELINES, PLACES
from handover.init.release import File

WORKFLOWS = ".github/workflows/"
GITLABS, AZURES = PIPELINES["gitlab"], PIPELINES["azure"]
ALL_OWNERS = {OWNERS: "GitHub", PLACES["gitlab"][OWNERS]: "GitLab"}
ELSEWHERE = "# {system} reads this file at the repository's root only: append these lines there.\n"


def place(folder: Path) -> str:
    """Say where in its repository a folder is, which need not be there yet: ``services/loans``.

    It is ``.`` where it is the root of one, or in none; ``CannotRunError`` when the workflows could not name it.
    """
    folder = folder.resolve()
    nearest = next(above for above in (folder, *folder.parents) if above.is_dir())
    top = git.text(nearest, "rev-parse", "--show-toplevel")
    inside = folder.relative_to(Path(top).resolve()).as_posix() if top else "."
    if not re.fullmatch(r"[\w./ -]+", inside):
        raise CannotRunError(
            f"'{inside}' has a character that a workflow cannot name: choose letters, digits, . _ and -"
        )
    return inside


def placed(files: Mapping[str, File], name: str, inside: str) -> dict[str, File]:
    """Give the files of a project that lies in a folder of its repository; those at the root begin with ``../``."""
    if inside == ".":
        return dict(files)
    root, folder = PurePath(os.path.relpath(".", inside)).as_posix(), "/" + inside.replace(" ", "\\ ") + "/"
    moved = {}
    for path, file in files.items():
        if path.startswith(WORKFLOWS):
            path_there = f"{WORKFLOWS}{name}-{path.removeprefix(WORKFLOWS)}"
            text = _workflow(file.content.decode(), name, inside, path_there)
            moved[f"{root}/{path_there}"] = File(text.encode(), file.executable)
        elif path in PIPELINES.values():
            moved[path] = File(_pipelines(file.content.decode(), inside, path).encode(), file.executable)
        elif path in ALL_OWNERS:
            owners = re.sub(r"^[*/]", lambda _: folder, file.content.decode(), flags=re.MULTILINE)
            moved[path] = File((ELSEWHERE.format(system=ALL_OWNERS[path]) + owners).encode())
        else:
            moved[path] = file
    return moved


def notes(files: Iterable[str], inside: str) -> list[str]:
    """Say what of a project lies at the repository's root, and what else belongs there."""
    if inside == ".":
        return []
    paths = set(files)
    if GITLABS in paths:
        owners = PLACES["gitlab"][OWNERS]
        return [
            f"GitLab reads pipelines and owners at the repository's root: include {inside}/{GITLABS} in its {GITLABS}",
            f"(include: [local: /{inside}/{GITLABS}]), and append {inside}/{owners} to its CODEOWNERS.",
        ]
    if AZURES in paths:
        return [f"On Azure DevOps make a pipeline of {inside}/{AZURES}."]
    names = sorted(PurePath(path).name for path in paths if path.startswith("../"))
    return [
        f"Workflows and owners are read at the repository's root: {', '.join(names)} are in its {WORKFLOWS[:-1]};",
        f"append {inside}/{OWNERS} to its CODEOWNERS.",
    ]


def _workflow(text: str, name: str, inside: str, path: str) -> str:
    """Name a workflow and its jobs after the project; its paths, which begin with ``./``, lead into the folder."""
    changes = json.dumps([f"{inside}/**", path], ensure_ascii=False)
    text = _with_paths(text, inside)
    text = re.sub(r"^  (push|pull_request):\n", rf"\g<0>    paths: {changes}\n", text, flags=re.MULTILINE)
    return re.sub(r"^(    )?name: ", rf"\g<0>{name} ", text, flags=re.MULTILINE)


def _pipelines(text: str, inside: str, path: str) -> str:
    """Let the pipelines of a system that reads them where they are run for a change of the folder only."""
    text = _with_paths(text, inside)
    if path == GITLABS:
        changes = json.dumps([f"{inside}/**/*"], ensure_ascii=False)
        return re.sub(r"^    - if: .*\n", rf"\g<0>      changes: {changes}\n", text, flags=re.MULTILINE)
    paths = json.dumps([inside], ensure_ascii=False)
    return re.sub(r"^    include: \[main\]\n", rf"\g<0>  paths:\n    include: {paths}\n", text, flags=re.MULTILINE)


def _with_paths(text: str, inside: str) -> str:
    return re.sub(r"(?<![\w.])\./", lambda _: f"{inside}/", text)
