"""One published version of the function, asked past the alias that users reach: whether it answers as in training."""

import io
import json
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from botocore.exceptions import WaiterError

from handover.evaluation import evaluate
from handover.live import LiveError, built
from handover.live.aws import aws_errors
from handover.live.clauses import CLAUSES
from handover.live.client import TIMEOUT_S, Response
from handover.live.context import LiveContext
from handover.live.replay import replay
from handover.live.stack import Stack
from handover.local import gateway
from predictor import files

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from rich.progress import Progress

AT_ONCE = 2
"""Requests in flight: users need the account's environments more."""
LAYER, FOLDER = "{stack}-model", "delivery"
"""The layer's name in template.yaml, and where the delivery lies in it."""


@dataclass(frozen=True)
class Version:
    """A version of a function; its requests meet no API, and no user."""

    client: "LambdaClient"
    function: str
    number: str

    def ask(self, method: str, path: str, document: Any = None) -> Response:
        """Send one request, as API Gateway would."""
        body = b"" if document is None else json.dumps(document).encode()
        request = gateway.Request(method, path, headers=gateway.JSON, body=body)
        event = json.dumps(gateway.event(request, "rollback"))
        began = time.perf_counter()
        with aws_errors():
            reply = self.client.invoke(FunctionName=self.function, Qualifier=self.number, Payload=event.encode())
            answer = json.loads(reply["Payload"].read())
        ms = (time.perf_counter() - began) * 1000
        if reply.get("FunctionError"):
            raise LiveError(
                f"version {self.number} does not answer: {answer.get('errorType')}: {answer.get('errorMessage')}"
            )
        return Response(answer["statusCode"], answer["headers"], answer["body"].encode(), ms, 0)

    def wake(self) -> None:
        """Start a version that Lambda has put to sleep, which takes a minute or two: one with SnapStart, after 14 days.

        Asking it is what wakes it, and the first request fails
        (https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html).
        """
        with aws_errors():
            state = self.client.get_function_configuration(FunctionName=self.function, Qualifier=self.number)
            if state.get("State", "Active") != "Inactive":
                return
            asleep = self.client.exceptions
            with suppress(asleep.SnapStartNotReadyException, asleep.ResourceNotReadyException):
                self.client.invoke(FunctionName=self.function, Qualifier=self.number, Payload=b"{}")
            try:
                waiter = self.client.get_waiter("published_version_active")
                waiter.wait(FunctionName=self.function, Qualifier=self.number)
            except WaiterError:
                raise LiveError(f"version {self.number} was inactive and does not wake: run it again later") from None

    def delivered(self, stack: Stack) -> built.Built:
        """Read what the version's own layer says of its model: Lambda keeps it."""
        with aws_errors():
            described = self.client.get_function_configuration(FunctionName=self.function, Qualifier=self.number)
            layers = [layer["Arn"] for layer in described.get("Layers", [])]
            named = [arn for arn in layers if arn.split(":")[-2] == LAYER.format(stack=stack.name)]
            if not named:
                raise LiveError(f"version {self.number} has no layer {LAYER.format(stack=stack.name)}")
            content = self.client.get_layer_version_by_arn(Arn=named[0])["Content"]["Location"]
        try:
            archive = urllib3.request("GET", content, timeout=TIMEOUT_S).data
            with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(archive)) as packed:
                for name in (files.MANIFEST, files.GOLDEN):
                    packed.extract(f"{FOLDER}/{name}", folder)
                return built.read(Path(folder) / FOLDER)
        except (urllib3.exceptions.HTTPError, zipfile.BadZipFile, KeyError):
            raise LiveError(f"the layer {named[0]} cannot be read") from None


def prove(version: Version, stack: Stack, progress: "Progress") -> str:
    """Ask a version for the golden rows of its own delivery, and say what it is."""
    version.wake()
    delivered = version.delivered(stack)
    replayed = replay(version.ask, delivered, AT_ONCE, progress, f"Asking version {version.number} for its golden rows")
    context = LiveContext(stack, delivered, replayed)
    for finding in evaluate(context, [clause for clause in CLAUSES if clause.looks_at != "behaviours"]):
        if finding.broken:
            first, *_ = finding.broken.evidence.splitlines()
            raise LiveError(f"version {version.number} does not answer as in training ({finding.clause.code}): {first}")
    return f"model {delivered.model}, contract {delivered.contract}"
