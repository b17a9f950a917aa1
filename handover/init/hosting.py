"""Where the shipped files go: on the system that runs a project's pipelines, and in a folder of a repository.

What a system reads at the repository's root only is written for that folder.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

from handover import git
from handover.errors import CannotRunError
from handover.init.release import File

type CI = Literal["github", "gitlab", "azure"]

SYSTEMS: tuple[CI, ...] = get_args(CI.__value__)
DEFAULT: CI = "github"
ROLE, OWNERS = ".github/oidc-role.yaml", ".github/CODEOWNERS"
WORDS: Any = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PIPELINES: dict[CI, str] = {ci: words["pipelines"] for ci, words in WORDS.items()}
"""The one file with a system's pipelines, of those that have one."""
PLACES: dict[CI, dict[str, str]] = {DEFAULT: {}} | {ci: words["places"] for ci, words in WORDS.items()}
"""Where a file of GitHub's folder is on other systems; what is named here for none of them, they do not have."""
TRUST: dict[CI, dict[str, str]] = {ci: words["trust"] for ci, words in WORDS.items()}
"""Whose tokens the role trusts, and what their subject names, in place of GitHub's."""
WORKFLOWS = ".github/workflows/"
GITLABS, AZURES = PIPELINES["gitlab"], PIPELINES["azure"]
ALL_OWNERS = {OWNERS: "GitHub", PLACES["gitlab"][OWNERS]: "GitLab"}


def chosen(files: Mapping[str, File], ci: CI) -> dict[str, File]:
    """Give the files of a project on one system, by where they are there: its pipelines, and no other's."""
    places = PLACES[ci]
    others = {pipeline for system, pipeline in PIPELINES.items() if system != ci}
    given = {}
    for path, file in files.items():
        if path in others or (ci != DEFAULT and path.startswith(".github/") and path not in places):
            continue
        words = TRUST.get(ci, {}) | places if path == ROLE else places
        given[places.get(path, path)] = worded(file, words)
    return given


def worded(file: File, words: Mapping[str, str]) -> File:
    """Put the words of another system in place of GitHub's, such as ``PLACES``."""
    for old, new in words.items():
        file = file._replace(content=file.content.replace(old.encode(), new.encode()))
    return file


# --- in a folder of a repository


def place(folder: Path) -> str:
    """Say where in its repository a folder is, which need not be there yet: ``services/loans``.

    It is ``.`` where it is the root of one, or in none; ``CannotRunError`` when the workflows could not name it.
    """
    folder = folder.resolve()
    nearest = next(above for above in (folder, *folder.parents) if above.is_dir())
    top = git.Snapshot(nearest).text("rev-parse", "--show-toplevel")
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
    root, moved = PurePath(os.path.relpath(".", inside)).as_posix(), {}
    for path, file in files.items():
        at_root = f"{WORKFLOWS}{name}-{path.removeprefix(WORKFLOWS)}"
        to = f"{root}/{at_root}" if path.startswith(WORKFLOWS) else path
        moved[to] = file
        for pattern, instead in _edits(path, name, inside, at_root).items():
            text = re.sub(pattern, instead, moved[to].content.decode(), flags=re.MULTILINE)
            moved[to] = file._replace(content=text.encode())
    return moved


def _edits(path: str, name: str, inside: str, at_root: str) -> dict[str, str]:
    """Say what a file of pipelines or owners has in place of some expressions, where it is about one folder.

    Paths that begin with ``./`` lead into the folder, and pipelines are run for a change in it only. A workflow, which
    lies ``at_root``, and its jobs are named after the project.
    """
    if path in ALL_OWNERS:
        root_only = f"# {ALL_OWNERS[path]} reads this file at the repository's root only: append these lines there.\n"
        return {r"^[*/]": "/" + inside.replace(" ", r"\\ ") + "/", r"\A": root_only}
    paths = {r"(?<![\w.])\./": f"{inside}/"}
    if path.startswith(WORKFLOWS):
        changes = json.dumps([f"{inside}/**", at_root], ensure_ascii=False)
        triggers = {r"^  (push|pull_request):\n": rf"\g<0>    paths: {changes}\n"}
        return paths | triggers | {r"^(    )?name: ": rf"\g<0>{name} "}
    if path == GITLABS:
        changes = json.dumps([f"{inside}/**/*"], ensure_ascii=False)
        return paths | {r"^    - if: .*\n": rf"\g<0>      changes: {changes}\n"}
    if path == AZURES:
        changes = json.dumps([inside], ensure_ascii=False)
        return paths | {r"^    include: \[main\]\n": rf"\g<0>  paths:\n    include: {changes}\n"}
    return {}


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
