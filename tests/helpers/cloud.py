"""An emulator of AWS on this machine, and a copy of the project that is deployed to it."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3

from handover.project import Project as Paths

ROOT = Path(__file__).parents[2]


STACK, REGION = "credit-risk-staging", "eu-central-1"


LOOPBACK = "127.0.0.1"


LISTEN_S = 120.0


"""How long the emulator may take to listen [s]; it takes about two."""


OWN_MINISTACK = ROOT / ".venv" / "ministack" / "bin" / "python"


class Cloud:
    """The emulator, and what an account of AWS would show of the stack."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = environment
        """For commands: it leads them here, with credentials that open nothing."""

    def client(self, service: str) -> Any:
        """Give boto3's client of a service."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def stacks(self) -> list[str]:
        """Name the stacks that are there."""
        listed = self.client("cloudformation").describe_stacks()["Stacks"]
        return sorted(stack["StackName"] for stack in listed)

    def outputs(self, stack: str = STACK) -> dict[str, str]:
        """Give a stack's outputs, once it is complete."""
        (description,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        assert description["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, description
        return {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}

    @property
    def function(self) -> str:
        """The function's name."""
        return self.outputs()["Alias"].split(":")[-2]

    def live(self, stack: str = STACK) -> str:
        """Give the version that a stack's alias points to."""
        function, alias = self.outputs(stack)["Alias"].split(":")[-2:]
        version: str = self.client("lambda").get_alias(FunctionName=function, Name=alias)["FunctionVersion"]
        return version

    def invoke(self, event: dict[str, Any], qualifier: str = "live") -> dict[str, Any]:
        """Send an event to the function, and give its response."""
        given = self.client("lambda").invoke(
            FunctionName=self.function, Qualifier=qualifier, Payload=json.dumps(event).encode()
        )
        answer: dict[str, Any] = json.loads(given["Payload"].read())
        return answer


class Project:
    """A copy of the project, where a delivery can be changed; it shares packages and builds with the original."""

    def __init__(self, root: Path, cloud: Cloud) -> None:
        self.root = root
        self.cloud = cloud
        paths = Paths(root).import_paths
        self.environment = cloud.environment | {"PYTHONPATH": os.pathsep.join(map(str, paths))}

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run targets of make, as everybody types them."""
        return self._run("make", *words)

    def typed(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a shell, as the guide has it."""
        return self._run("bash", "-c", command)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

    def made(self, *words: str) -> str:
        """Run targets of make that must succeed, and give what they print."""
        ended = self.make(*words)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def change(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands once in a file."""
        text = (self.root / file).read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} of {old!r}"
        (self.root / file).write_text(text.replace(old, new))

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of what is delivered."""
        manifest: dict[str, Any] = json.loads((self.root / "layers/model/delivery/manifest.json").read_text())
        return manifest

    @property
    def model(self) -> str:
        """The delivered model, as ``x-model`` names it."""
        return str(self.manifest["files"]["model.onnx"][:12])

    def golden(self, count: int) -> list[dict[str, Any]]:
        """Give the first golden rows, with their answers."""
        lines = (self.root / "layers/model/delivery/golden.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines[:count]]

    def event(self, name: str) -> dict[str, Any]:
        """Give one of the events."""
        event: dict[str, Any] = json.loads((self.root / "events" / f"{name}.json").read_text())
        return event


@contextmanager
def emulated(kept: Path, **settings_of_its_own: str) -> Iterator[Cloud]:
    """Run the emulator on a free port of the loopback interface; what it keeps lies in the given folder."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    settings = {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "HOME": str(kept),
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        "MINISTACK_REGION": REGION,
        "PATH": os.environ["PATH"],
        "TMPDIR": str(kept),
        **settings_of_its_own,
    }
    with (kept / "log").open("w") as log:
        emulator = subprocess.Popen(
            [OWN_MINISTACK, Path(__file__).with_name("emulator.py")], env=settings, stdout=log, stderr=log
        )
    url = f"http://{LOOPBACK}:{port}"
    try:
        until = time.monotonic() + LISTEN_S
        while not _listens(port):
            assert emulator.poll() is None, (kept / "log").read_text()
            assert time.monotonic() < until, "the emulator does not listen"
            time.sleep(0.1)
        ours = ("AWS_", "SAM_", "MAKE", "GITHUB_", "CI")
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        dummies = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,  # which sam does not read: it has to be given it
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL": url,
            "SAM_CLI_POLL_DELAY": "0.2",
        }
        yield Cloud(url, theirs | dummies)
    finally:
        emulator.terminate()
        emulator.wait(10)


def _listens(port: int) -> bool:
    with closing(HTTPConnection(LOOPBACK, port, timeout=LISTEN_S)) as connection:
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
