"""The lesson from the wheel, in an empty home: each exercise, and each command of the facilitator's page."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handover.lesson.exercises import EXERCISES
from handover.lesson.ground import Ground
from tests.helpers.cloud import ROOT
from tests.helpers.lesson import Visitor, follow, two_ports
from tests.helpers.machine import AUTHOR, Machine

COMMANDS = re.findall(r"^\$ (.*)$", (ROOT / "docs" / "lesson.md").read_text(), re.MULTILINE)


@contextmanager
def opened(command: str, folder: Path, port: int, environment: dict[str, str]) -> Iterator[list[str]]:
    """Type the command that makes a ground and opens its page; give what it printed until the page was open."""
    process = subprocess.Popen(
        [*command.split(), "--port", str(port)],
        cwd=folder,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        printed = []
        for line in process.stdout:
            printed.append(line.rstrip())
            if line.startswith("The page builds"):
                break
        yield printed
    finally:
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert rest == "stopped; handover lesson goes on from here\n"


def test_the_lesson_from_the_first_command_to_the_new_model(
    machine: Machine, handover: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, check, hint, back = COMMANDS
    folder = machine.folder / "lessons"
    folder.mkdir()
    machine.environment["PATH"] = f"{handover.parent}{os.pathsep}{machine.environment['PATH']}"
    environment = {name: value for name, value in machine.environment.items() if name not in AUTHOR}
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ground = Ground(folder / begin.split()[-1])
    port = two_ports()

    with opened(begin, folder, port, environment) as printed:
        assert printed == [
            "Writing a toy project ...",
            "Installing what the project needs (a minute or two, once) ...",
            "Training its first model ...",
            f"Open {ground.page} in a browser, and go to the project in another terminal:",
            "",
            f"  cd {ground.project}",
            "",
            "The page builds what is pushed, and deploys what is merged, until Ctrl-C.",
        ]
        for exercise in EXERCISES:
            assert exercise.title in machine.run(check, ground.project, status=1)
            for step in exercise.steps:
                follow(ground, step, Visitor(ground.page).click)
            assert f"Done: {exercise.title}." in machine.run(check, ground.project)
        assert "All 6 exercises are done" in machine.run(check, ground.project)

    machine.run(back, ground.project)
    assert machine.run("git branch --show-current", ground.project) == "haste\n"
    with opened(begin, folder, port, environment) as printed:
        assert printed[0] == "Installing what the project needs (a minute or two, once) ..."
        assert machine.run(hint, ground.project).startswith("The page lists what was deployed")
