"""What stands for GitHub's actions: each does here what the real one does on a runner."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workflows.runner import Job

type With = Mapping[str, str]


class ActionFailedError(RuntimeError):
    """The action would have failed on GitHub, too; the message says why."""


def checkout(given: With, job: "Job") -> None:
    """Check out as actions/checkout does: a pull request detached, a push on its branch, of one commit unless asked."""
    event = job.event
    if event.name == "pull_request":
        target = f"refs/remotes/{event.ref.removeprefix('refs/')}"
        onto = ["--detach", target]
    else:
        branch = event.ref.removeprefix("refs/heads/")
        target = f"refs/remotes/origin/{branch}"
        onto = ["-B", branch, target]
    refs = ["--depth=1", f"+{event.sha}:{target}"]
    if given.get("fetch-depth") == "0":
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        refs = everything + refs[1:] * (event.name == "pull_request")
    job.git("init", "--quiet")
    job.git("remote", "add", "origin", event.origin.as_uri())
    job.git("fetch", "--quiet", "--no-tags", "origin", *refs)
    job.git("checkout", "--quiet", "--force", *onto)


def setup_python(given: With, job: "Job") -> None:
    """Put the Python that runs this first on the path, if it is the one that is asked for."""
    wanted = (job.workspace / given["python-version-file"]).read_text().strip()
    version = ".".join(map(str, sys.version_info[:3]))
    if not f"{version}.".startswith(f"{wanted}."):
        raise ActionFailedError(f"Python {wanted} is asked for, and this is {version}")
    folder = job.folder / "python"
    folder.mkdir()
    for name in ("python", "python3", f"python3.{sys.version_info[1]}"):
        (folder / name).symlink_to(Path(sys.executable).resolve())
    job.environment["PATH"] = f"{folder}{os.pathsep}{job.environment['PATH']}"


def upload(given: With, job: "Job") -> None:
    """Keep a file for later jobs, without its permissions, as an artifact has none."""
    file, kept = job.workspace / given["path"], job.artifacts / given["name"]
    if not file.is_file():
        if given.get("if-no-files-found", "warn") == "error":
            raise ActionFailedError(f"there is no {given['path']}")
        return
    if kept.exists():
        raise ActionFailedError(f"an artifact {given['name']} is there already")
    kept.mkdir()
    shutil.copyfile(file, kept / file.name)


def download(given: With, job: "Job") -> None:
    """Bring what an earlier job kept."""
    kept = job.artifacts / given["name"]
    if not kept.is_dir():
        raise ActionFailedError(f"no job kept an artifact {given['name']}")
    folder = job.workspace / given.get("path", ".")
    folder.mkdir(parents=True, exist_ok=True)
    for file in kept.iterdir():
        shutil.copyfile(file, folder / file.name)


def credentials(given: With, job: "Job") -> None:
    """Take a role without a key: of an emulator of AWS here, which stands where AWS would."""
    if job.permissions.get("id-token") != "write":
        raise ActionFailedError("the job may not ask for a token: permissions lack id-token: write")
    if not given["role-to-assume"].startswith("arn:aws:iam::"):
        raise ActionFailedError(f"role-to-assume is {given['role-to-assume']!r}")
    region = given["aws-region"]
    job.environment |= job.cloud() | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}


ACTIONS: dict[str, tuple[Callable[[With, "Job"], None], frozenset[str]]] = {
    "actions/checkout": (checkout, frozenset({"fetch-depth", "persist-credentials"})),
    "actions/setup-python": (setup_python, frozenset({"python-version-file"})),
    "actions/upload-artifact": (upload, frozenset({"name", "path", "if-no-files-found"})),
    "actions/download-artifact": (download, frozenset({"name", "path"})),
    "aws-actions/configure-aws-credentials": (credentials, frozenset({"role-to-assume", "aws-region"})),
}
"""By name, with the inputs that each knows here."""
