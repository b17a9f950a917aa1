"""The function, opened on a delivery: in this process, and as it was built, on the stripped layer, as Lambda would."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from handover.local.stack import BuiltFunction, NothingBuiltError, built_function

BUILD = Path(__file__).parents[2] / ".aws-sam" / "build"


LINE_S = 60.0  # how long a line that was written before the answer may take to be read [s]


type Sent = tuple[dict[str, Any], list[dict[str, Any]]]


def built_with(delivery: Path, layer: Path) -> BuiltFunction:
    """Give the built function with another delivery, whose layer is made in a new folder."""
    try:
        built = _built()
    except NothingBuiltError as error:
        pytest.skip(str(error))
    layer.mkdir()
    (layer / "delivery").symlink_to(delivery)
    others = (other for other in built.layers if not (other / "delivery").is_dir())
    return replace(built, layers=(*others, layer))


@cache
def _built() -> BuiltFunction:
    """Read the build once: each of its shared objects is looked at."""
    return built_function(BUILD)


class Context:
    """Lambda's context, as far as the handler looks at it."""

    aws_request_id = "request-1"
    function_version = "7"


class Answered(NamedTuple):
    """A response, and the lines that the request left in the log."""

    status: int
    headers: dict[str, str]
    text: str
    lines: list[dict[str, Any]]

    @property
    def json(self) -> Any:
        def refuse(constant: str) -> None:
            raise ValueError(f"{constant} is not JSON")

        return json.loads(self.text, parse_constant=refuse)


class Function:
    """Sends requests to the function."""

    def __init__(self, delivery: Path, send: Callable[[Any], Sent]) -> None:
        self.contract = json.loads((delivery / "contract.json").read_text())
        self.manifest = json.loads((delivery / "manifest.json").read_text())
        self._send = send

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        base64_encoded: bool = False,
        **query: str,
    ) -> Answered:
        event: dict[str, Any] = {
            "rawPath": path,
            "headers": {"content-type": "application/json"} if headers is None else headers,
            "requestContext": {"http": {"method": method, "path": path}, "requestId": "gateway-1"},
            "isBase64Encoded": base64_encoded,
        }
        if body is not None:
            event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
        if query:
            event["queryStringParameters"] = query
        return self.event(event)

    def event(self, event: Any) -> Answered:
        """Send whatever may call a Lambda function."""
        response, lines = self._send(event)
        assert response["isBase64Encoded"] is False
        return Answered(response["statusCode"], response["headers"], response["body"], lines)

    def post(self, row: Any, **query: str) -> Answered:
        return self("POST", "/predict", json.dumps(row), **query)

    def batch(self, rows: Any, **query: str) -> Answered:
        return self("POST", "/predict/batch", json.dumps(rows), **query)


type Open = Callable[[Path], Function]
