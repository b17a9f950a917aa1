import json
import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from handover.errors import CannotRunError
from handover.local.cors import Cors
from handover.local.gateway import INVOKE_BYTES, PAYLOAD_BYTES
from handover.local.pool import Pool
from handover.local.server import NO_PAGES, application, listening
from handover.local.stack import BuiltFunction

FUNCTION = """
import os
def handler(event, context):
    if event["rawPath"] == "/raise": raise ValueError("no")
    if event["rawPath"] == "/exit": os._exit(1)
    if event["rawPath"] == "/hold":
        with open(event["body"] + ".in", "w"): pass
        with open(event["body"] + ".go"): pass
    return {"statusCode": 201, "headers": {"x-model": "m"}, "body": event["rawPath"] + "?" + event["rawQueryString"]}
"""


@contextmanager
def serving(function: BuiltFunction, log: list[str], limit: int = 2, cors: Cors = NO_PAGES) -> Iterator[int]:
    with Pool(function, limit, lambda line: None) as pool, ThreadPoolExecutor(1) as apart:
        server = listening(0, application(pool, log.append, cors))
        apart.submit(server.serve_forever, 0.01)
        try:
            yield server.port
        finally:
            server.shutdown()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def without_times(log: list[str]) -> list[str]:
    return [re.sub(r"[\d.]+ ms", "N ms", line) for line in log]


def test_a_request_is_answered_and_logged_cold_then_warm(build) -> None:
    log: list[str] = []
    with serving(build(FUNCTION), log) as port:
        response, body = ask(port, "POST", "/predict?reasons=3", b"{}")
        ask(port, "GET", "/a%20b")
    assert (response.status, response.headers["x-model"], body) == (201, "m", b"/predict?reasons=3")
    assert without_times(log) == ["POST /predict?reasons=3 201 N ms cold", "GET /a%20b 201 N ms warm"]


def test_pages_that_may_call_are_told_so_before_and_after(build) -> None:
    log: list[str] = []
    cors = Cors(("http://localhost:5173",), {"access-control-allow-methods": "GET,POST"})
    page = {"origin": "http://localhost:5173"}
    with serving(build(FUNCTION), log, cors=cors) as port:
        before, _ = ask(port, "OPTIONS", "/predict", None, **page, **{"access-control-request-method": "POST"})
        answer, _ = ask(port, "POST", "/predict", b"{}", **page)
        other, _ = ask(port, "POST", "/predict", b"{}", origin="http://elsewhere.example")
    assert (before.status, before.headers["access-control-allow-methods"]) == (204, "GET,POST")
    allowed = [response.headers["access-control-allow-origin"] for response in (before, answer, other)]
    assert allowed == ["http://localhost:5173", "http://localhost:5173", None]
    assert without_times(log) == [
        "OPTIONS /predict 204 N ms preflight",
        "POST /predict 201 N ms cold",
        "POST /predict 201 N ms warm",
    ]


@pytest.mark.parametrize(
    ("path", "why"), [("/raise", "cold"), ("/exit", "the function's process ended in the request")]
)
def test_a_function_that_fails_is_an_internal_server_error(build, path: str, why: str) -> None:
    log: list[str] = []
    with serving(build(FUNCTION), log) as port:
        response, body = ask(port, "GET", path)
        healed, _ = ask(port, "GET", "/")
    assert (response.status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert healed.status == 201
    assert without_times(log)[0] == f"GET {path} 500 N ms {why}"


def test_past_the_limit_a_request_is_answered_429(build, tmp_path: Path) -> None:

    for end in ("in", "go"):
        os.mkfifo(tmp_path / f"held.{end}")
    log: list[str] = []
    with serving(build(FUNCTION), log, limit=1) as port, ThreadPoolExecutor(1) as threads:
        held = threads.submit(ask, port, "POST", "/hold", str(tmp_path / "held").encode())
        (tmp_path / "held.in").read_text()
        response, body = ask(port, "GET", "/")
        (tmp_path / "held.go").write_text("")
        assert held.result()[0].status == 201
    assert (response.status, json.loads(body)) == (429, {"message": "Too Many Requests"})
    assert without_times(log)[0] == "GET / 429 N ms 1 requests are being answered already"


@pytest.mark.parametrize("size", [PAYLOAD_BYTES + 1, INVOKE_BYTES])
def test_a_body_that_is_too_large_never_reaches_the_function(build, size: int) -> None:
    log: list[str] = []
    with serving(build("raise ValueError"), log) as port:
        response, body = ask(port, "POST", "/predict", b"0" * size)
    assert (response.status, json.loads(body)) == (413, {"message": "Request Entity Too Large"})


def test_a_taken_port_is_named(build) -> None:
    with socket.socket() as taken, Pool(build(FUNCTION), 1, print) as pool:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRunError) as refused:
            listening(port, application(pool, print))
    assert str(refused.value) == f"port {port} of 127.0.0.1 is not available (Address already in use): choose another"
