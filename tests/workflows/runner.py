"""A workflow of GitHub's, run on this machine: its jobs in order, each in a clone and a home of its own."""

import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.workflows.actions import ACTIONS, ActionFailedError
from tests.workflows.expressions import Context, condition, filled

WORKFLOW_KEYS = {"name", True, "permissions", "defaults", "concurrency", "jobs"}  # YAML reads `on` as true
JOB_KEYS = {"name", "needs", "runs-on", "timeout-minutes", "environment", "permissions", "concurrency", "steps"}
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "continue-on-error"}
LEFT_OUT = (
    "ACTIONS_",
    "AWS_",
    "CI",
    "GIT_",
    "GITHUB_",
    "MAKE",
    "MFLAGS",
    "PYTHON",
    "RUNNER_",
    "SAM_",
    "VIRTUAL_ENV",
    "XDG_",
)
"""Beginnings of variables that a runner of GitHub's would not have, or would have with another value."""
FAKE_ACCOUNT = "000000000000"

type Json = dict[str, Any]


class UnknownWorkflowError(ValueError):
    """The workflow uses what is not known here; the message names it."""


@dataclass(frozen=True)
class Event:
    """What starts a workflow."""

    name: str
    """``push`` or ``pull_request``."""
    ref: str
    """``refs/heads/main``, or ``refs/pull/1/merge``."""
    sha: str
    origin: Path
    """The repository that stands for the one on GitHub; bare."""
    base: str = ""
    """The branch that a pull request is for."""


@dataclass
class Step:
    """A step that has had its turn."""

    name: str
    outcome: str
    conclusion: str
    seconds: float
    command: str = ""


@dataclass
class Job:
    """A job that is run: what its steps share."""

    name: str
    definition: Json
    event: Event
    folder: Path
    artifacts: Path
    cache: Path
    cloud: Callable[[], dict[str, str]]
    working_directory: str = "."
    already: frozenset[str] = frozenset()
    """Commands that have succeeded on this commit, in a clean clone: they are not run again."""
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workspace, home = self.folder / "project", self.folder / "home"
        for place in (self.workspace, home):
            place.mkdir(parents=True)
        self.known: Json = {
            step["id"]: {"outcome": "", "conclusion": "", "outputs": defaultdict(str)}
            for step in self.definition["steps"]
            if "id" in step
        }
        self.environment = _of_this_machine() | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_BASE_REF": self.event.base,
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_JOB": self.name,
            "GITHUB_REF": self.event.ref,
            "GITHUB_REF_NAME": self.event.ref.split("/", 2)[2],
            "GITHUB_SHA": self.event.sha,
            "GITHUB_WORKSPACE": str(self.workspace),
            "HOME": str(home),
            "PIP_CACHE_DIR": str(self.cache / "pip"),
            "npm_config_cache": str(self.cache / "npm"),
        }

    @property
    def permissions(self) -> Mapping[str, str]:
        """What the job's token may do."""
        granted: Mapping[str, str] = self.definition.get("permissions", {})
        return granted

    @property
    def conclusion(self) -> str:
        """How the job ended, or stands."""
        return "failure" if any(step.conclusion == "failure" for step in self.steps) else "success"

    @property
    def context(self) -> Context:
        """What an expression can ask for, now."""
        return Context(
            {
                "github": {"ref": self.event.ref, "sha": self.event.sha, "event_name": self.event.name},
                "steps": self.known,
                "secrets": defaultdict(str),  # GitHub's word for one that is not set
                "vars": {"AWS_REGION": "eu-central-1", "AWS_ROLE": f"arn:aws:iam::{FAKE_ACCOUNT}:role/deploys"},
            },
            {
                "success": lambda: self.conclusion == "success",
                "failure": lambda: self.conclusion == "failure",
                "cancelled": lambda: False,
                "always": lambda: True,
                "hashFiles": self.hashed,
            },
        )

    def hashed(self, pattern: str) -> str:
        """Give GitHub's hash of the files that a pattern fits; nothing where it fits none."""
        files = sorted(path for path in self.workspace.glob(pattern) if path.is_file())
        inner = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)
        return hashlib.sha256(inner).hexdigest() if files else ""

    def git(self, *arguments: str) -> str:
        """Run git in the workspace."""
        ended = subprocess.run(
            ["git", *arguments], cwd=self.workspace, env=self.environment, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise ActionFailedError(f"git {shlex.join(arguments)}: {ended.stderr.strip()}")
        return ended.stdout

    # --- its steps

    def run(self, say: Callable[[str], None]) -> str:
        """Give each step its turn, and the job's conclusion in the end."""
        for step in self.definition["steps"]:
            title = step.get("name") or step.get("uses", "").partition("@")[0] or step["run"]
            began, outcome = time.monotonic(), "skipped"
            if condition(str(step.get("if", "success()")), self.context):
                say(f"{self.name}: {title}" + (f"  $ {step['run']}" if "run" in step else ""))
                outcome = self.outcome(step, say)
            conclusion = "success" if step.get("continue-on-error") and outcome == "failure" else outcome
            self.steps.append(Step(title, outcome, conclusion, time.monotonic() - began, step.get("run", "")))
            if "id" in step:
                self.known[step["id"]] |= {"outcome": outcome, "conclusion": conclusion}
        if self.conclusion == "success" and (left := self.git("status", "--porcelain")):
            say(f"{self.name}: left in the tree:\n{left}")
            self.steps.append(Step("what the steps left in the tree", "failure", "failure", 0.0))
        return self.conclusion

    def outcome(self, step: Json, say: Callable[[str], None]) -> str:
        """Run one step, and say how it came out."""
        try:
            if "uses" in step:
                action, _ = ACTIONS[step["uses"].partition("@")[0]]
                action({name: filled(_text(value), self.context) for name, value in step.get("with", {}).items()}, self)
                return "success"
            if step["run"] in self.already:
                say(f"{self.name}: it has succeeded on this commit, and is not run again")
                return "success"
            return "failure" if self.ran(step, say) else "success"
        except ActionFailedError as error:
            say(f"{self.name}: {error}")
            return "failure"

    def ran(self, step: Json, say: Callable[[str], None]) -> int:
        """Run a step's commands as GitHub does where no shell is named, and give the exit status."""
        script, outputs = self.folder / "script.sh", self.folder / "outputs"
        script.write_text(filled(step["run"], self.context))
        others = {name: self.folder / name.lower() for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in (outputs, *others.values()):
            file.write_text("")
        files = {"GITHUB_OUTPUT": str(outputs)} | {name: str(file) for name, file in others.items()}
        own = {name: filled(_text(value), self.context) for name, value in step.get("env", {}).items()}
        status = _ended(
            ["bash", "-e", str(script)], self.workspace / self.working_directory, self.environment | files | own
        )
        if summary := others["GITHUB_STEP_SUMMARY"].read_text():
            say(f"{self.name}: summary: {summary.partition('\n')[0]}")
        if any(others[name].read_text() for name in ("GITHUB_ENV", "GITHUB_PATH")):
            raise UnknownWorkflowError("a step writes to GITHUB_ENV or GITHUB_PATH, which is not known here")
        given = dict(_outputs(outputs.read_text()))
        if "id" in step:
            self.known[step["id"]]["outputs"].update(given)
        return status


def read(path: Path) -> Json:
    """Read a workflow.

    Raises
    ------
    UnknownWorkflowError
        When it uses what is not known here: then its run would show nothing.
    """
    workflow: Json = yaml.safe_load(path.read_text())
    _only(workflow, WORKFLOW_KEYS, path.name)
    _only(workflow.get("defaults", {}), {"run"}, f"{path.name}, defaults")
    _only(_default(workflow), {"working-directory"}, f"{path.name}, defaults")
    for name, job in workflow["jobs"].items():
        if not runs_here(job):
            continue
        _only(job, JOB_KEYS, f"{path.name}, {name}")
        for number, step in enumerate(job["steps"], 1):
            where = f"{path.name}, {name}, step {number}"
            _only(step, STEP_KEYS, where)
            if "uses" in step:
                action = step["uses"].partition("@")[0]
                if action not in ACTIONS:
                    raise UnknownWorkflowError(f"{where}: {action} is not known here")
                _only(step.get("with", {}), ACTIONS[action][1], f"{where}, {action}")
    return workflow


def runs_here(job: Json) -> bool:
    """Whether a job is for Linux, as this machine is."""
    return "ubuntu" in job.get("runs-on", "ubuntu")


def _default(workflow: Json) -> Mapping[str, str]:
    """Give what a workflow sets for each step that runs commands."""
    given: Mapping[str, str] = workflow.get("defaults", {}).get("run", {})
    return given


def in_order(jobs: Json) -> Iterator[str]:
    """Name the jobs so that each comes after those that it needs."""
    done: list[str] = []
    while len(done) < len(jobs):
        free = [name for name in jobs if name not in done and set(_needs(jobs[name])) <= set(done)]
        if not free:
            raise UnknownWorkflowError(f"jobs need each other: {', '.join(name for name in jobs if name not in done)}")
        done += free
        yield from free


def run(
    path: Path,
    event: Event,
    folder: Path,
    cloud: Callable[[], dict[str, str]],
    say: Callable[[str], None],
    *,
    already: frozenset[str] = frozenset(),
) -> dict[str, Job]:
    """Run a workflow, and give its jobs; one whose needs have not succeeded is skipped, and has no steps.

    A job for another system than Linux is none of them.

    Parameters
    ----------
    folder
        Where everything is written to, the caches for the jobs' packages too.
    cloud
        Gives the variables that lead to what stands for AWS.
    already
        Commands that have succeeded on this commit.
    """
    workflow = read(path)
    jobs, ended = {name: job for name, job in workflow["jobs"].items() if runs_here(job)}, {}
    for name in workflow["jobs"].keys() - jobs.keys():
        say(f"{name}: not run, for it is not for Linux")
    inside = _default(workflow).get("working-directory", ".")
    artifacts = folder / path.stem / "artifacts"
    artifacts.mkdir(parents=True)
    for name in in_order(jobs):
        job = Job(
            name, jobs[name], event, folder / path.stem / name, artifacts, folder / "cache", cloud, inside, already
        )
        ended[name] = job
        if all(ended[need].steps and ended[need].conclusion == "success" for need in _needs(jobs[name])):
            job.run(say)
    return ended


def _needs(job: Json) -> list[str]:
    needed = job.get("needs", [])
    return [needed] if isinstance(needed, str) else needed


def _only(mapping: Mapping[Any, Any], known: Any, where: str) -> None:
    for key in mapping:
        if key not in known:
            raise UnknownWorkflowError(f"{where}: {key!r} is not known here")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _outputs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[\w-]+", name):
            raise UnknownWorkflowError(f"the output {line!r} is not of the form name=value, which alone is known here")
        yield name, value


def _of_this_machine() -> dict[str, str]:
    """Give the variables by which this machine reaches its registries, without what a fresh runner would not have."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    own = str(Path(sys.prefix) / "bin")
    path = [place for place in os.environ["PATH"].split(os.pathsep) if place != own]
    return kept | {"PATH": os.pathsep.join(path)}


def _ended(command: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command, and end with it whatever it has started."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
