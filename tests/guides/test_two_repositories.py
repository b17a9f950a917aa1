"""The page on two repositories: its commands, in order, each in its folder, and what they print.

``HANDOVER_REWRITE=1`` writes what is printed into the page anew, to be read before it is committed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "two-repositories.md"
AUTHOR = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BRANCH = re.compile(r"delivery/parcels-0\.1\.0-[0-9a-f]{12}")
UNSHOWN = "...\n"
MINUTES = 10


class Step(NamedTuple):
    """A command, the folder it is typed in, and what is shown below it."""

    folder: str
    typed: str
    shown: str
    start: int
    """Where in the page the command begins."""


def steps(text: str) -> Iterator[Step]:
    folder = "."
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        before = text[: block.start()].rstrip().rpartition("\n\n")[2]
        folder = next(iter(re.findall(r"\bIn `(.*?)`", before)), folder)
        if before.startswith("Deployment's repository"):
            folder = "."
        for command in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[1], re.MULTILINE):
            yield Step(folder, command[1], command[2], block.start(1) + command.start())


class Machine:
    """A machine on which all is installed, and nothing is for a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        for name, words in {
            "handover": f"{sys.executable} -P -m handover",
            "make": '/usr/bin/env -u MAKEFLAGS PATH="$REST" make -o .venv/run -o .venv/modelling',
        }.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "CI"))}
        path = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "REST": os.environ["PATH"]}
        self._environment = clean | AUTHOR | path | {"PYTHONDONTWRITEBYTECODE": "1"}

    def type(self, typed: str, folder: Path) -> tuple[int, str]:
        """Type a command in a folder, and give how it ends and what it prints for its reader."""
        if (folder / "template.yaml").is_file():
            for lent in (".venv", ".cache"):
                if not (folder / lent).exists():
                    (folder / lent).symlink_to(Path(sys.prefix) if lent == ".venv" else ROOT / lent)
        rooms = [ROOT, *(folder / room for room in (".", "function", "hook", "layers/model"))]
        ended = subprocess.run(
            ["bash", "-c", typed],
            cwd=folder,
            env=self._environment | {"PYTHONPATH": os.pathsep.join(map(str, rooms))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
        assert ended.returncode in {0, 1}, f"{typed}\n{ended.stdout}\n{ended.stderr}"
        return ended.returncode, ended.stdout


def figureless(text: str) -> str:
    """Leave out the figures: another kind of processor trains a slightly other model."""
    return re.sub(r"-?\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b|-?[\d.]*\d(?:e-?\d+)?| +", "#", text)


def test_every_command_of_the_page_prints_what_is_shown(tmp_path: Path) -> None:
    if not (ROOT / ".cache" / "wheels").is_dir():
        pytest.skip("the wheels of the runtime layer are not here: make build")
    machine, text = Machine(tmp_path), PAGE.read_text()
    written, copied = "", 0
    refused = []
    for folder, typed, shown, start in steps(text):
        place = tmp_path / folder
        command = typed
        if BRANCH.search(typed):
            names = ["git", "branch", "--list", "delivery/*", "--format=%(refname:short)"]
            branch = subprocess.run(names, cwd=place, capture_output=True, text=True, check=True).stdout.strip()
            command = BRANCH.sub(branch, typed)
        status, printed = machine.type(command, place)
        if status:
            refused.append(typed)
        if os.environ.get("HANDOVER_REWRITE"):
            unshown = shown == UNSHOWN and not typed.startswith(("handover pack", "handover accept", "handover check"))
            end = start + len(f"$ {typed}\n{shown}")
            written += f"{text[copied:start]}$ {command}\n{shown if unshown else printed}"
            copied = end
        elif shown != UNSHOWN:
            assert figureless(printed) == figureless(shown), typed
    if written:
        PAGE.write_text(written + text[copied:])

    assert refused == ["handover accept ../../modelling/wider.tar"]
    deployed = tmp_path / "deployment" / "parcels"
    log = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=deployed, capture_output=True, text=True, check=True)
    assert log.stdout == "parcels 0.1.0, as modelling packed it\n"
    assert not (deployed / "modelling" / "train.py").exists()
