"""The guide to the first delivery: every command in it is run, in order, in an empty folder, and prints what is shown.

``HANDOVER_REWRITE=1`` writes what is printed into the guide anew, to be read before it is committed.
"""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.helpers.cloud import ROOT
from tests.helpers.machine import Machine, served

GUIDE = ROOT / "docs" / "first-delivery.md"
ADDRESS = "http://127.0.0.1:3000"


class Step(NamedTuple):
    """A command and what is shown below it, or a file and the change to it."""

    typed: str
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
    return re.sub(r"\b[0-9a-f]{12}\b|-?[\d.]*\d(?:e-?\d+)?| +", "#", text)


def change(file: Path, lines: str) -> None:
    old, new = (re.findall(rf"^{re.escape(sign)}(.*\n)", lines, re.MULTILINE) for sign in "-+")
    text = file.read_text()
    assert "".join(old) in text
    file.write_text(text.replace("".join(old), "".join(new), 1) if old else text + "".join(new))


def test_every_command_of_the_guide_prints_what_is_shown(machine: Machine, handover: Path) -> None:
    folder = machine.folder / "guide"
    folder.mkdir()
    machine.environment["PATH"] = f"{handover.parent}{os.pathsep}{machine.environment['PATH']}"
    text = GUIDE.read_text()
    written, copied, url = "", 0, ADDRESS
    with ExitStack() as until_the_end:
        for typed, shown, start in steps(text):
            if (folder / typed).is_file():
                change(folder / typed, shown)
                continue
            if typed.startswith("cd "):
                folder /= typed.removeprefix("cd ")
                with_an_origin(folder, machine)
                continue
            if typed == "make serve":
                url = until_the_end.enter_context(served(folder, machine))
                continue
            printed = machine.printed(typed.replace(ADDRESS, url), folder)
            if shown == "...\n":
                continue
            if os.environ.get("HANDOVER_REWRITE"):
                written += text[copied:start] + printed
                copied = start + len(shown)
            else:
                assert figureless(printed) == figureless(shown), typed
    if written:
        GUIDE.write_text(written + text[copied:])

    assert machine.printed("git log --format=%s origin/haste", folder).splitlines() == [
        "Haste, and the distance for each piece",
        "The first delivery",
        "A project, as handover init writes it",
    ]


def with_an_origin(folder: Path, machine: Machine) -> None:
    """Make what stands for the repository on GitHub."""
    machine.run("git init --quiet --bare ../origin.git && git remote add origin ../origin.git", folder)
