"""AWS's own tool on a Docker engine: `sam local`, its containers, and what it says.

The engine is asked through the library that sam itself asks it with, so both mean the same one.
"""

import gc
import os
import platform
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound, NotFound

ROOT = Path(__file__).parents[2]


BUILD = ROOT / ".aws-sam" / "build"


NATIVE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


OTHER = {"x86_64": "arm64", "arm64": "x86_64"}[NATIVE]


DEFAULT = "x86_64"  # the template's own Architecture, when nothing is said


BUILT_IMAGES = "samcli/lambda-python"  # what sam makes of AWS's image, the emulator and the layers


START_S, END_S = 90, 30  # how long sam may take to start, an image to build among it, and to end [s]


# No network is asked: no telemetry, and no credentials, for which sam would ask AWS whose they are.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))} | {
    "SAM_CLI_TELEMETRY": "0",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "NO_COLOR": "1",
}


@dataclass
class Running:
    """A `sam local` that was started."""

    engine: Any
    process: "subprocess.Popen[bytes]"
    log: Path
    """What it says, as it says it; without what the function answers."""
    port: int = 0
    _shown: int = field(default=0, init=False)

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def new_output(self) -> str:
        """Give what it has said since this was asked last."""
        output = self.output
        new, self._shown = output[self._shown :], len(output)
        return new

    @property
    def started(self) -> list[str]:
        """Ids of the containers that it started."""
        return re.findall(r"SAM_CONTAINER_ID: (\w+)", self.output)

    @property
    def containers(self) -> list[Any]:
        """Those of them that are there, running or not."""
        existing = []
        for name in self.started:
            try:
                existing.append(self.engine.containers.get(name))
            except NotFound:
                continue
        return existing

    def interrupt(self) -> int:
        """Press Ctrl-C, and give the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_S)

    def wait_for_port(self) -> None:
        until = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < until:
            with socket.socket() as knocking:
                if knocking.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail(f"sam local start-api does not answer on port {self.port}:\n{self.output}")


@dataclass
class Sam:
    """`sam local` on one build."""

    engine: Any
    folder: Path
    """Where logs are kept."""
    options: tuple[str, ...] = ()

    @contextmanager
    def run(self, command: str, **more: Any) -> Iterator[Running]:
        """Run a command of sam's in the project's root. When left, it has ended and its containers are gone."""
        log = self.folder / f"{len(list(self.folder.iterdir()))}.log"
        program = [str(Path(sys.executable).parent / "sam"), *shlex.split(command)[1:]]
        ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # or what CI ignores, sam would ignore too
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [*program, *self.options, "--skip-pull-image"], cwd=ROOT, env=ENVIRONMENT,
                    stdin=subprocess.DEVNULL, stdout=more.pop("stdout", output), stderr=output, start_new_session=True,
                )  # fmt: skip
        finally:
            signal.signal(signal.SIGINT, ignored)
        running = Running(self.engine, process, log, **more)
        with process:
            try:
                yield running
            finally:
                process.kill()
                process.wait()
                for container in running.containers:
                    container.remove(force=True)

    def invoke(self, command: str) -> bytes:
        """Run `sam local invoke`, and give what the function answered, when all went well and nothing is left."""
        with self.run(command, stdout=subprocess.PIPE) as running:
            reply, _ = running.process.communicate(timeout=START_S)
            assert running.process.returncode == 0, running.output
            assert running.started, running.output
            assert running.containers == [], running.output
            return reply

    @contextmanager
    def start_api(self, command: str) -> Iterator[Running]:
        """Run `sam local start-api` on a free port until it listens."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        with self.run(f"{command} --port {port}", port=port) as running:
            running.wait_for_port()
            yield running


def answering() -> Any:
    """Give the Docker engine, or ``None`` when none answers."""
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        try:
            return docker.from_env()
        except DockerException:
            pass
        gc.collect()  # the library leaves a socket open that it got no answer from; a warning of it is an error later
    return None


def have_image(engine: Any, architecture: str) -> None:
    """Skip when the engine has no image of Lambda for this processor."""
    name = f"public.ecr.aws/lambda/python:3.13-{architecture}"
    try:
        engine.images.get(name)
    except ImageNotFound:
        pytest.skip(f"the Docker engine has no {name}: docker pull {name}")
