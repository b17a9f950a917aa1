"""The page for those who have no project: its files and commands, in order, in an empty folder, from the wheel."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "without-a-project.md"
OTHERS = ("COV_", "GIT_", "PYTHON", "PYTEST_", "VIRTUAL_ENV")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an environment that has the libraries of this one and not this repository; `pip` there needs no network."""
    room = tmp_path_factory.mktemp("room")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", room], check=True)
    site = sysconfig.get_path("purelib", vars={"base": str(room), "platbase": str(room)})
    # What a .pth file names is searched for modules and not for other .pth files, which lead to this repository.
    Path(site, "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", f"{room}/bin/python", "--disable-pip-version-check", "--quiet"]
    (room / "bin" / "pip").write_text(
        f'#!/bin/sh\nexec {shlex.join(pip)} "$@" --no-deps --no-index --ignore-installed\n'
    )
    (room / "bin" / "pip").chmod(0o755)
    return room


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Give each command of the page with what is shown below it, and each file with what is in it."""
    for block in re.finditer(
        r"(?:^`([\w/.]+)`[^\n]*\n(?:[^\n]+\n)*\n)?^```(console|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    ):
        if block[2] == "python":
            yield block[1], block[3]
        else:
            yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[3], re.MULTILINE)


def figureless(text: str) -> str:
    """Leave out how many clauses there are, and a score's last digits, which are the processor's."""
    return re.sub(r"\d+ kept|(?<=0\.\d{4})\d+", "#", text)


def test_every_file_and_command_of_the_page_does_what_it_says(room: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    environment = kept | {"PATH": f"{room}/bin{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    for step, shown in steps(PAGE.read_text()):
        if step.endswith(".py") and " " not in step:
            (tmp_path / step).write_text(shown)
            continue
        ended = subprocess.run(
            ["bash", "-c", step],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == (2 if "cannot be checked" in shown else 0), ended.stdout
        assert shown == "...\n" or figureless(ended.stdout) == figureless(shown), step
