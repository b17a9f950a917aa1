"""`sam local start-api`, over HTTP, in a warm container: every route, every golden row, and what callers do wrong."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

from handover.local import gateway
from handover.local.pool import Pool
from tests.function.test_built import STATUS
from tests.helpers.sam import ROOT, Running, Sam

COMMAND = "sam local start-api"
JSON = (("content-type", "application/json"),)
# Headers that the function sets; the others are the server's.
OURS = {"content-type", "x-model", "allow", "etag", "cache-control"}
TOLERANCE = 1e-5  # of a score; the contract's own for parity
REQUEST_S = 60


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


def of_event(name: str) -> gateway.Request:
    event = json.loads((ROOT / "events" / f"{name}.json").read_text())
    http = event["requestContext"]["http"]
    headers = tuple((key, value) for key, value in event["headers"].items() if key == "content-type")
    return gateway.Request(
        http["method"], event["rawPath"], event["rawQueryString"], headers, event.get("body", "").encode()
    )


ROW = of_event("predict").body
ROWS = of_event("batch").body
# No 415 among them: sam passes header names on as `Content-Type`, an HTTP API as `content-type`, so that the function
# sees none here and takes the body for JSON.
REQUESTS = {name: (status, of_event(name)) for name, status in STATUS.items()} | {
    "no such path": (404, gateway.Request("GET", "/nothing/here")),
    "the root": (404, gateway.Request("GET", "/")),
    "a method too many": (405, gateway.Request("GET", "/predict")),
    "a rare method": (405, gateway.Request("DELETE", "/health")),
    "a row in 20 kB": (413, gateway.Request("POST", "/predict", "", JSON, ROW + b" " * 20_000)),
    "no JSON": (400, gateway.Request("POST", "/predict", "", JSON, ROW[:-1])),
    "too many reasons": (400, gateway.Request("POST", "/predict", "reasons=1000", JSON, ROW)),
    "a batch with a bad row": (422, gateway.Request("POST", "/predict/batch", "", JSON, ROWS[:-1] + b', {"age": 1}]')),
}


@pytest.fixture(scope="module")
def running(sam: Sam) -> Iterator[Running]:
    with sam.start_api(COMMAND) as started:
        yield started


@pytest.fixture
def api(running: Running) -> Iterator[Running]:
    """Give the running API; what it says during a test is shown where the test fails."""
    running.new_output()
    yield running
    print(running.new_output())  # noqa: T201  shown where a test fails


def send(api: Running, request: gateway.Request) -> Answer:
    connection = HTTPConnection("127.0.0.1", api.port, timeout=REQUEST_S)
    try:
        target = request.path + (f"?{request.query}" if request.query else "")
        connection.request(request.method, target, request.body or None, dict(request.headers))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read().decode())
    finally:
        connection.close()


def post(api: Running, path: str, body: Any) -> Any:
    answer = send(api, gateway.Request("POST", path, "", JSON, json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def golden_answer(line: dict[str, Any]) -> dict[str, Any]:
    return {"score": pytest.approx(line["score"], abs=TOLERANCE), "decision": line["decision"]}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_gets_the_answer_of_our_own_emulator(api: Running, pool: Pool, name: str) -> None:
    status, request = REQUESTS[name]

    answer = send(api, request)

    ours = gateway.response(pool.invoke(json.dumps(gateway.event(request, name, datetime.now(UTC))).encode()).reply)
    assert answer.status == status
    assert answer.body == ours.body.decode()
    wanted = {
        name: value for name, value in ours.headers if name != "server-timing"
    }  # each has a cold start of its own
    assert {name: value for name, value in answer.headers.items() if name in OURS} == wanted
    assert int(answer.headers["content-length"]) == len(ours.body)


def test_every_golden_row_gets_the_training_time_answer(api: Running, golden: list[dict[str, Any]]) -> None:
    for start in range(0, len(golden), 100):
        part = golden[start : start + 100]

        assert post(api, "/predict/batch", [line["row"] for line in part]) == [golden_answer(line) for line in part]


def test_requests_at_once_each_get_their_own_answer(api: Running, golden: list[dict[str, Any]]) -> None:
    lines = golden[:40]
    assert send(api, of_event("health")).status == 200
    warm = api.started

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda line: post(api, "/predict", line["row"]), lines))

    assert answers == [golden_answer(line) for line in lines]
    assert api.started == warm  # one warm container answered them all


def test_it_answers_on_loopback_stays_warm_and_ends_with_ctrl_c(sam: Sam) -> None:
    with sam.start_api(COMMAND) as running:
        assert send(running, of_event("health")).status == 200, running.output
        assert send(running, of_event("health")).status == 200, running.output
        (container,) = running.containers
        assert container.status == "running", running.output
        assert running.started == [container.id], running.output
        bindings = [binding for port in container.ports.values() for binding in port or ()]
        assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}, bindings
        assert "Traceback" not in running.output

        assert running.interrupt() == 0, running.output

        assert running.containers == [], running.output
        with socket.socket() as knocking:
            assert knocking.connect_ex(("127.0.0.1", running.port)) != 0, "somebody still listens"


def test_the_readme_has_the_command() -> None:
    assert f"`{COMMAND}`" in (ROOT / "README.md").read_text()
