"""The practice ground: a toy project to work in, and beside it what stands for the service that hosts it."""

import os
import subprocess
from pathlib import Path

from handover.errors import CannotRunError
from handover.lesson.hosting import Hosting
from handover.lesson.repository import MAIN, SOMEBODY, Repository
from handover.local.stack import own_machine
from handover.project import Project

NAME = "parcels"
PORT = 4000
OF_OTHERS = ("CI", "GITHUB_", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "MAKE", "MFLAGS")
"""What begins the names of variables that a hook, a job or another make has set."""
LOCKS = ("run", "modelling")
"""What `make setup` installs, each with a stamp that make compares with its lock."""


class Ground:
    """One person's practice ground: a folder, and all that is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.project = self.folder / NAME
        """Where the person works: a clone of the remote."""
        self.hosting = self.folder / "hosting"
        self.environment = self.hosting / "environment"
        """The project's ``.venv``, and that of its builds."""
        self.mine = Repository(self.project)
        self.remote = Hosting(self.hosting / f"{NAME}.git")

    @property
    def begun(self) -> bool:
        """Whether it has been made, but for what is installed and trained."""
        return self.remote.folder.is_dir()

    @property
    def port(self) -> int:
        """The page's port; the deployed API has the next one."""
        return int(self.remote.ask("config", "lesson.port") or PORT)

    @property
    def page(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """The deployed API's address."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def others(self) -> list[str]:
        """The person's own branches, but for the main one."""
        return [name for name in self.mine.refs("refs/heads/") if name != MAIN]

    def clone(self) -> None:
        """Make the folder to work in, of what the remote has."""
        self.remote.do("clone", "--quiet", str(self.remote.folder), str(self.project))
        self.mine.do("remote", "set-url", "origin", f"../hosting/{self.remote.folder.name}")  # the ground may be moved
        self.settle()

    def settle(self) -> None:
        """Give the project its environment, and git the name of somebody where it knows nobody."""
        self.link(self.project)
        for key, value in SOMEBODY.items():
            if self.mine.ask("config", key) is None and not os.environ.get(f"GIT_AUTHOR_{key[5:].upper()}"):
                self.mine.do("config", key, value)

    def link(self, clone: Path) -> None:
        """Let a clone use the one environment."""
        self.environment.mkdir(exist_ok=True)
        link = clone / ".venv"
        if not link.exists(follow_symlinks=False):
            with (clone / ".git" / "info" / "exclude").open("a", encoding="utf-8") as file:
                file.write(".venv\n")  # a link, which `.venv/` in .gitignore does not mean
            link.symlink_to(os.path.relpath(self.environment, clone))
        self.renew()

    def renew(self) -> None:
        """Tell make that what is installed is newer than any lock: a lesson changes none of them."""
        for stamp in LOCKS:
            if (self.environment / stamp).exists():
                (self.environment / stamp).touch()

    def start(self, clone: Path, *command: str, log: Path, apart: bool) -> subprocess.Popen[bytes]:
        """Start a command in a clone, ``apart`` in a session of its own; what it prints goes to a file."""
        env = self.variables(clone)
        with log.open("wb") as file:
            return subprocess.Popen(
                command, cwd=clone, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=apart
            )

    @staticmethod
    def variables(clone: Path) -> dict[str, str]:
        """Give the environment of a command in a clone: it imports from there, and is no job of a real service."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(OF_OTHERS)}
        paths = [*map(str, Project(clone).import_paths), *filter(None, [os.environ.get("PYTHONPATH")])]
        return own | {"PYTHONPATH": os.pathsep.join(paths), "ARCHITECTURE": own_machine(), "SAM_CLI_TELEMETRY": "0"}


def around(folder: Path) -> Ground:
    """Give the practice ground that a folder lies in; ``CannotRunError`` when it lies in none."""
    for place in (folder.resolve(), *folder.resolve().parents):
        if (ground := Ground(place)).begun:
            return ground
    raise CannotRunError("there is no practice ground here: handover lesson FOLDER makes one; go there, and try again")
