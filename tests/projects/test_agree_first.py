"""The page on agreeing first: every command in it is run, in order, by the wheel in an empty home."""

import json
import os
import pty
import subprocess
from pathlib import Path

from tests.helpers.agreeing import COMMAND, TYPED, commands, shown, write_training
from tests.helpers.machine import Machine, served

STANDS_IN = "This is a stand-in: no model was trained yet"


def test_every_command_of_the_page_does_what_it_says(machine: Machine, handover: Path) -> None:
    folder = machine.folder / "agreeing"
    folder.mkdir()
    machine.environment["PATH"] = f"{handover.parent}{os.pathsep}{machine.environment['PATH']}"
    for command in commands():
        if command == COMMAND:
            at_a_terminal(command, folder, machine)
        elif command.startswith(COMMAND):
            (folder / "like").mkdir()
            (folder / "like" / "request.json").write_text('{"amount": 1000, "purpose": "car"}')
            machine.run(command, folder / "like")
        elif command.startswith("cd "):
            folder /= command.removeprefix("cd ")
            (folder / "answers.csv").write_text(shown("csv"))
        elif command == "make serve":
            with served(folder, machine) as url:
                health = json.loads(machine.printed(f"curl -s {url}/health", folder))
            assert health["model"] == "stand-in"
        elif command == "make model":
            machine.run("git add --all && git commit --quiet --message 'What stands in'", folder)
            write_training(folder)
            machine.run(command, folder)
        elif command == "make diff OLD=main":
            assert machine.printed(command, folder) == shown("text", "loans 0.1.0")
        elif command == "make stub":
            machine.run(command, folder)
            assert STANDS_IN in machine.printed("make check", folder)
        elif command == "make check":
            assert STANDS_IN not in machine.printed(command, folder)
        else:
            machine.run(command, folder)


def at_a_terminal(command: str, folder: Path, machine: Machine) -> None:
    """Type a command at a terminal, and what it asks for."""
    typed, screen = pty.openpty()
    try:
        os.write(typed, "".join(f"{line}\n" for line in TYPED).encode())
        subprocess.run(command.split(), cwd=folder, env=machine.environment, stdin=screen, check=True)
    finally:
        os.close(typed)
        os.close(screen)
