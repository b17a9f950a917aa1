"""A practice ground that uses this repository's environment: nothing is installed."""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from handover.lesson import making
from handover.lesson.exercises import OVER, Step
from handover.lesson.ground import LOCKS, Ground
from handover.lesson.page import opened

ROOT = Path(__file__).parents[2]
BRANCH = r'(?:<input type="hidden" name="branch" value="(.*?)">)?'
BUTTONS = re.compile(rf'<form method="post" action="(\S+)">{BRANCH}<button.*?>(.*?)</button>')
LINKS = re.compile(r'<a href="(/\S+)".*?>(.*?)</a>')
WAIT_S = 120.0
"""How long a build may take on a busy machine [s]; it takes about seven."""


def share(ground: Ground) -> None:
    """Let a ground use this repository's environment, with stamps of its own."""
    for part in (ROOT / ".venv").iterdir():
        if part.name not in LOCKS and not (ground.environment / part.name).exists():
            (ground.environment / part.name).symlink_to(part)
    for stamp in LOCKS:
        (ground.environment / stamp).touch()


def written(folder: Path) -> Ground:
    """Write a ground; nothing is trained yet."""
    ground = Ground(folder)
    making.write(ground, lambda what: None)
    ground.clone()
    share(ground)
    return ground


def typed(ground: Ground, *commands: str) -> str:
    """Type commands in the project; they must succeed."""
    ended = subprocess.run(
        ["bash", "-c", " && ".join(commands)],
        cwd=ground.project,
        env=ground.variables(ground.project),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{commands}\n{ended.stdout}"
    return ended.stdout


def program(folder: Path, name: str, text: str) -> None:
    """Write a program of a few lines of shell."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def follow(ground: Ground, step: Step, click: Callable[[Step], None]) -> str:
    """Do what a step of an exercise says; give what a command prints."""
    if step.command:
        return typed(ground, step.command.replace("{api}", ground.api))
    if step.file:
        path = ground.project / step.file
        assert path.read_text().count(step.old) == 1, f"{step.file} has not once:\n{step.old}"
        path.write_text(path.read_text().replace(step.old, step.new))
    elif step.words:
        click(step)
    else:
        until = time.monotonic() + WAIT_S
        while not OVER[step.over](ground):
            assert time.monotonic() < until, step.sentence
            time.sleep(0.1)
    return ""


def two_ports() -> int:
    """Find a port of this machine that is free, and so is the next."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with suppress(OSError, OverflowError):
                next_one.bind(("127.0.0.1", port + 1))
                return port


@contextmanager
def paged(ground: Ground) -> Iterator[str]:
    """Open a ground's page, with all that runs while it is open; give its address."""
    with opened(ground, two_ports()) as server, ThreadPoolExecutor(1) as apart:
        apart.submit(server.serve_forever, 0.01)
        try:
            yield ground.page
        finally:
            server.shutdown()


class Visitor:
    """Asks for pages and presses buttons."""

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask("GET", path, "", headers)

    def press(self, path: str, form: dict[str, str] | None = None, **headers: str) -> str:
        """Press a button, and give the page that it leads to; or the status, where it leads nowhere."""
        status, to = self._ask("POST", path, urlencode(form or {}), headers)
        return self.get(to)[1] if status == 303 else str(status)

    def click(self, step: Step) -> None:
        """Press a button or follow a link by its words, there or at a pull request; of several the last."""
        pulls = re.findall(r'href="(/pull\?.*?)"', self.get("/")[1])
        for page in (self.get(path)[1] for path in ("/", *pulls)):
            for action, branch, words in reversed(BUTTONS.findall(page)):
                if words == step.words:
                    self.press(action, {"branch": branch})
                    return
            for to, words in reversed(LINKS.findall(page)):
                if words == step.words:
                    assert self.get(to)[0] == 200
                    return
        raise AssertionError(f"nothing to click on says {step.words}")

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = HTTPConnection(self.host, timeout=30)
        connection.request(method, path, body, {"content-type": "application/x-www-form-urlencoded"} | headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.getheader("location") or text
