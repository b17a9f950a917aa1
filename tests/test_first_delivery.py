"""The guide to the first delivery: every command in it is run, in order, and prints what is shown.

``HANDOVER_REWRITE=1`` writes what is printed into the guide anew, to be read before it is committed.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from handover.retraining import NOT_COPIED

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "first-delivery.md"
# The clone shares this one's packages and its build: neither is made again.
MADE_ALREADY = ["-o", ".venv/run", "-o", ".venv/modelling", "-o", "built"]
AUTHOR = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a clone of the project as it lies there, with an origin to push to."""
    if not (ROOT / ".aws-sam" / "build" / "template.yaml").exists():
        pytest.skip("nothing is built: run make build")
    copy = Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=NOT_COPIED))
    origin = tmp_path / "origin.git"
    for command in (
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(origin)],
        ["git", "init", "--quiet", "--initial-branch=main"],
        ["git", "add", "."],
        ["git", "commit", "--quiet", "-m", "as it is"],
        ["git", "remote", "add", "origin", str(origin)],
        ["git", "push", "--quiet", "origin", "main"],
    ):
        subprocess.run(command, cwd=copy, env=os.environ | AUTHOR, check=True)
    for made in (".venv", ".aws-sam"):
        (copy / made).symlink_to(ROOT / made)
    return copy


class Step(NamedTuple):
    """A command and what is shown below it, or a file and the change to it."""

    said: str
    shown: str
    start: int
    """Where in the guide what is shown begins."""


def steps(text: str) -> Iterator[Step]:
    """Give the guide's blocks in order: the commands of a terminal, and the changes to the file named above them."""
    for block in re.finditer(r"^```(console|diff)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if block[1] == "console":
            for command in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[2], re.MULTILINE):
                yield Step(command[1], command[2], block.start(2) + command.start(2))
        else:
            (file,) = re.findall(r"^(?:In|At the end of) `(.*)`:\n\n\Z", text[: block.start()], re.MULTILINE)
            yield Step(file, block[2], block.start(2))


def figureless(text: str) -> str:
    """Leave out the figures: another kind of processor trains a slightly other model."""
    return re.sub(r"\b[0-9a-f]{12}\b|[\d.]*\d| +", "#", text)


def change(file: Path, lines: str) -> None:
    old, new = (re.findall(rf"^{re.escape(sign)}(.*\n)", lines, re.MULTILINE) for sign in "-+")
    text = file.read_text()
    assert "".join(old) in text
    file.write_text(text.replace("".join(old), "".join(new), 1) if old else text + "".join(new))


def run(command: str, clone: Path) -> str:
    words = shlex.split(command)
    if words[0] == "make":
        words[1:1] = MADE_ALREADY
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "GITHUB_"))}
    ended = subprocess.run(
        words, cwd=clone, env=environment | AUTHOR, capture_output=True, text=True, timeout=120, check=False
    )
    shown_broken = " BROKEN  " in ended.stdout and "explain" not in words
    assert ended.returncode == (2 if shown_broken else 0), ended.stderr  # make's own status for a word that failed
    return ended.stdout


def test_every_command_of_the_guide_prints_what_is_shown(clone: Path) -> None:
    text = GUIDE.read_text()
    written, copied = "", 0
    for said, shown, start in steps(text):
        if (clone / said).is_file():
            change(clone / said, shown)
            continue
        printed = run(said, clone)
        if shown == "...\n":
            continue
        if os.environ.get("HANDOVER_REWRITE"):
            written += text[copied:start] + printed
            copied = start + len(shown)
        else:
            assert figureless(printed) == figureless(shown), said
    if written:
        GUIDE.write_text(written + text[copied:])

    pushed = subprocess.run(
        ["git", "log", "--format=%s", "origin/first-delivery"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert pushed.stdout.splitlines() == [
        "Parcels: haste, and the distance for each piece",
        "Parcels: a first delivery",
        "as it is",
    ]
