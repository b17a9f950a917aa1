"""The function, opened on a delivery as Lambda would open it, in this process."""

import base64
import importlib
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Context:
    """Lambda's context, as far as the handler looks at it."""

    aws_request_id = "request-1"


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
    """Sends requests to the handler."""

    def __init__(self, handler: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.module = handler
        self._capsys = capsys

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
        for log in logging.getLogger("predict").handlers:
            log.stream = sys.stdout  # type: ignore[attr-defined]  # pytest takes another one for the test than for its fixtures
        self._capsys.readouterr()
        response = self.module.handler(event, Context())
        written = self._capsys.readouterr()
        assert written.err == ""
        assert response["isBase64Encoded"] is False
        lines = [json.loads(line) for line in written.out.splitlines()]
        return Answered(response["statusCode"], response["headers"], response["body"], lines)

    def post(self, row: Any, **query: str) -> Answered:
        return self("POST", "/predict", json.dumps(row), **query)

    def batch(self, rows: Any, **query: str) -> Answered:
        return self("POST", "/predict/batch", json.dumps(rows), **query)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[Path], Function]]:
    """Give a way to open the function on a delivery: a fresh import of the handler, as in a new environment."""

    def open_on(folder: Path) -> Function:
        monkeypatch.setenv("DELIVERY", str(folder))
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "predict")
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "handover-test")
        sys.modules.pop("predictor.handler", None)
        return Function(importlib.import_module("predictor.handler"), capsys)

    yield open_on
    sys.modules.pop("predictor.handler", None)


@pytest.fixture
def function(opened: Callable[[Path], Function], delivery: Path) -> Function:
    return opened(delivery)


@pytest.fixture
def parcel_function(opened: Callable[[Path], Function], parcels: Path) -> Function:
    return opened(parcels)


@pytest.fixture
def golden(delivery: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (delivery / "golden.jsonl").read_text().splitlines()]
