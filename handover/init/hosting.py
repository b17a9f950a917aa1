"""The system that runs a project's pipelines: which of the shipped files it reads, and where it has the others."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from handover.init.release import File

type CI = Literal["github", "gitlab", "azure"]

SYSTEMS: tuple[CI, ...] = get_args(CI.__value__)
DEFAULT: CI = "github"
ROLE, OWNERS = ".github/oidc-role.yaml", ".github/CODEOWNERS"

OTHERS = [ci for ci in SYSTEMS if ci != DEFAULT]
WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PIPELINES: dict[CI, str] = {ci: WORDS[ci]["pipelines"] for ci in OTHERS}
"""The one file with a system's pipelines, of those that have one."""
PLACES: dict[CI, dict[str, str]] = {DEFAULT: {}} | {ci: WORDS[ci]["places"] for ci in OTHERS}
"""Where a file of GitHub's folder is on other systems; what is named here for none of them, they do not have."""
TRUST: dict[CI, dict[str, str]] = {ci: WORDS[ci]["trust"] for ci in OTHERS}
"""Whose tokens the role trusts, and what their subject names, in place of GitHub's."""


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
