"""A machine on which nobody has worked yet, and a project of its that is served."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.cloud import Cloud

OTHERS = ("AWS_", "CI", "GIT_", "GITHUB_", "MAKE", "MFLAGS", "PYTHON", "PYTEST_", "SAM_", "VIRTUAL_ENV", "COV_")
AUTHOR = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BEFORE = "0.0.1"
"""The version of a release before this one: its files are today's, but for one line of the Makefile."""
MINUTES = 10  # that a command may take
STARTS_S = 180.0  # that `make serve` may take until it listens


class Machine:
    """A machine with Python, pip and make, on which nobody has worked yet."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        kept = {name: value for name, value in cloud.environment.items() if not name.startswith(OTHERS)}
        of_aws = {name: value for name, value in cloud.environment.items() if name.startswith("AWS_")}
        self.to_the_emulator = of_aws | {"SAM_CLI_POLL_DELAY": "0.2"}
        # Packages are fetched once for all projects.
        cache = {"PIP_CACHE_DIR": str(folder / "pip")}
        self.environment = kept | self.to_the_emulator | AUTHOR | cache | {"HOME": str(self.home)}

    def run(self, command: str, folder: Path, status: int = 0) -> str:
        """Type a command in a folder, and give what it prints."""
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
        assert ended.returncode == status, f"{command}\n{ended.stdout}"
        return ended.stdout

    def printed(self, command: str, folder: Path) -> str:
        """Type a command, and give what it prints for its reader: not what goes to stderr.

        Where a clause is broken, make ends with its own status for a command that failed.
        """
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
        is_broken = " BROKEN  " in ended.stdout and "explain" not in command
        assert ended.returncode == (2 if is_broken else 0), f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def installed(self, wheel: Path) -> Path:
        """Install a wheel of the tool, and give its command."""
        room = self.folder / wheel.name.split("-")[1]
        self.run(f"{sys.executable} -m venv {room} && {room}/bin/pip install --quiet {wheel}", self.folder)
        return room / "bin" / "handover"


@contextmanager
def served(project: Path, machine: Machine) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["make", "serve", f"PORT={port}"],
        cwd=project,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + STARTS_S
        while True:
            with socket.socket() as caller:
                if not caller.connect_ex(("127.0.0.1", port)):
                    break
            assert server.poll() is None, server.stdout and server.stdout.read()
            assert time.monotonic() < until, "it does not listen"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.communicate(timeout=30)
