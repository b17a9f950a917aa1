"""What runs while the page is open: a build of each branch that was pushed, and the deployment of the main branch."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from handover.errors import CannotRunError
from handover.lesson.ground import Ground
from handover.lesson.hosting import Outcome, Record
from handover.lesson.repository import MAIN, Repository
from handover.project import Project

CLAUSES = "C,H,M,P,B,R"
"""What a build of the lesson checks: all but the stack, which nobody changes here, and milliseconds."""
POLL_S = 0.5
STARTS_S = 30.0
"""How long the deployed function may take until it answers [s]; it takes about one."""


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[str, str] | None:
    """Ask a server on loopback; give the model that `x-model` names, and the answer; ``None`` where nobody answers."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=STARTS_S)) as connection, suppress(OSError):
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.getheader("x-model", ""), response.read().decode(errors="replace")
    return None


class Live:
    """The deployed function: `handover serve` of what was built of the main branch."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.commit = ""
        """What is deployed; nothing before the first deployment."""
        self.trouble = ""
        """Why it does not answer, as a sentence; nothing while it does."""
        self._folder = ground.hosting / "live"
        self._process: subprocess.Popen[bytes] | None = None

    def deploy(self, record: Record, built: Project) -> None:
        """Replace what is deployed by what was built, and note what the new model answers to the usual row."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        place = Project(self._folder)
        shutil.copytree(built.build, place.build)
        shutil.copytree(built.events, place.events)
        log = self._folder / "serve.log"
        python, port = self.ground.environment / "bin" / "python", self.ground.port + 1
        command = (str(python), "-m", "handover", "serve", "--port", str(port))
        self._process = self.ground.start(self._folder, *command, log=log, apart=True)
        row = json.loads((place.events / "predict.json").read_text(encoding="utf-8"))["body"]
        self.commit = record.commit
        if answer := self._first_answer(row):
            self.trouble = ""
            record.answered(*answer)
        else:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it gave no reason"]
            self.trouble = f"The function does not answer: {lines[-1].removeprefix('handover: ')}"

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _first_answer(self, row: str) -> tuple[str, str] | None:
        until = time.monotonic() + STARTS_S
        while self._process and self._process.poll() is None and time.monotonic() < until:
            if answer := ask(self.ground.port + 1, "POST", "/predict", row):
                return answer
            time.sleep(0.05)
        return None


class Service(Thread):
    """Builds and deploys, one thing after another."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(daemon=True)
        self.hosting = ground.remote
        self.live = Live(ground)
        self.building = ""
        """The commit that is being built."""
        self.trouble = ""
        """Why it cannot go on, as a sentence."""
        self._ground = ground
        self._checkout = Repository(ground.hosting / "checkout")
        self._ended = Event()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Work until it is stopped."""
        while not self._ended.wait(POLL_S):
            try:
                self.step()
                self.trouble = ""
            except (CannotRunError, OSError) as error:  # what it works in was moved or deleted: it may come back
                self.trouble = str(error)
            self.building = ""

    def step(self) -> None:
        """Build the first branch whose commit was not built, and deploy the main branch where it is green."""
        branches = self.hosting.branches
        waiting = (commit for commit in branches.values() if self.hosting.record(commit).outcome is Outcome.UNKNOWN)
        if commit := next(waiting, ""):
            self.building = commit
            self._build(commit)
            self.building = ""
        record = self.hosting.record(branches[MAIN])
        if record.outcome is Outcome.KEPT and self.live.commit != record.commit:
            self._check_out(record.commit)
            if not self._run("make", "build", to=self._ground.hosting / "deploy.log"):
                self.live.deploy(record, Project(self._checkout.folder))

    def stop(self) -> None:
        """End what is deployed, and what is being built."""
        self._ended.set()
        self._end_process()
        self.join()
        self.live.stop()

    def _build(self, commit: str) -> None:
        """Build and check a commit, as a workflow does; its record is there when it is whole."""
        started = time.monotonic()
        record = self.hosting.record(commit)
        record.folder.parent.mkdir(exist_ok=True)
        with TemporaryDirectory(prefix=".building-", dir=record.folder.parent) as scratch:
            whole = Path(scratch) / "record"
            whole.mkdir()
            status = self._checked(commit, whole)
            (whole / "seconds").write_text(f"{time.monotonic() - started:.0f}", encoding="utf-8")
            (whole / "status").write_text(status, encoding="utf-8")
            if not self._ended.is_set():
                whole.rename(record.folder)

    def _checked(self, commit: str, to: Path) -> str:
        """Write the reports of a commit, and give the check's exit status."""
        text = to / "report.txt"
        try:
            self._check_out(commit)
        except CannotRunError as error:
            text.write_text(str(error), encoding="utf-8")
            return Outcome.FAILED.status
        if self._run("make", "build", to=text):
            return Outcome.FAILED.status
        python = str(self._ground.environment / "bin" / "python")
        check = (python, "-P", "-m", "handover", "check", "--only", CLAUSES)
        status = str(self._run(*check, "--html", str(to / "report.html"), to=text))
        return status if status in {outcome.status for outcome in Outcome} else Outcome.FAILED.status

    def _check_out(self, commit: str) -> None:
        folder = self._checkout.folder
        if not (folder / ".venv").is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
            self.hosting.do("clone", "--quiet", str(self.hosting.folder), str(folder))
            self._ground.link(folder)
        self._checkout.do("fetch", "--quiet", "--prune")
        self._checkout.do("checkout", "--quiet", "--force", "--detach", commit)
        self._ground.renew()

    def _end_process(self) -> None:
        if process := self._process:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)

    def _run(self, *command: str, to: Path) -> int:
        self._process = self._ground.start(self._checkout.folder, *command, log=to, apart=True)
        if self._ended.is_set():  # while it was being started
            self._end_process()
        status = self._process.wait()
        self._process = None
        return status
