"""Fixtures: the function, opened on a delivery: in this process, and as it was built, as Lambda would."""

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from handover.local.emulator import Emulator
from tests.helpers.function import LINE_S, Context, Function, Open, Sent, built_with


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Open]:
    """Give a way to open the function in this process: a fresh import of the handler, as in a new environment."""

    def send(event: Any) -> Sent:
        for log in logging.getLogger("predict").handlers:
            log.stream = sys.stdout  # type: ignore[attr-defined]  # pytest takes another one for the test than for its fixtures
        capsys.readouterr()
        response = sys.modules["predictor.handler"].handler(event, Context())
        written = capsys.readouterr()
        assert written.err == ""
        return response, [json.loads(line) for line in written.out.splitlines()]

    def open_on(folder: Path) -> Function:
        monkeypatch.setenv("DELIVERY", str(folder))
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "predict")
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "handover-test")
        sys.modules.pop("predictor.handler", None)
        importlib.import_module("predictor.handler")
        return Function(folder, send)

    yield open_on
    sys.modules.pop("predictor.handler", None)


def started(folder: Path, layer: Path, environments: ExitStack) -> Function:
    """Start what `sam build` made on another delivery, in a new environment of AWS's emulator."""
    function = built_with(folder, layer)
    variables = {**function.variables, "POWERTOOLS_METRICS_NAMESPACE": "handover-test"}
    lines: SimpleQueue[str] = SimpleQueue()
    emulator = Emulator(replace(function, variables=variables), lines.put)
    environments.callback(emulator.stop)

    def send(event: Any) -> Sent:
        response = json.loads(emulator.invoke(json.dumps(event).encode()))
        left = [json.loads(lines.get(timeout=LINE_S))]
        while "_aws" not in left[-1]:  # the line of metrics is a request's last
            left.append(json.loads(lines.get(timeout=LINE_S)))
        return response, left

    return Function(folder, send)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Give a way to open what `sam build` made: one environment for a delivery, for many requests, as Lambda has it."""
    with ExitStack() as environments:
        yield cache(lambda folder: started(folder, tmp_path_factory.mktemp("layers") / "model", environments))


@pytest.fixture
def built_anew(tmp_path: Path) -> Iterator[Open]:
    """Give a way to open it in a new environment."""
    with ExitStack() as environments:
        yield lambda folder: started(folder, tmp_path / "model", environments)


@pytest.fixture(params=["opened", "built"])
def either(request: pytest.FixtureRequest) -> Open:
    """Give both ways in turn: what holds of the source holds of what ships."""
    way: Open = request.getfixturevalue(request.param)
    return way


@pytest.fixture
def function(either: Open, delivery: Path) -> Function:
    return either(delivery)


@pytest.fixture
def parcel_function(either: Open, parcels: Path) -> Function:
    return either(parcels)


@pytest.fixture(params=["opened", "built_anew"])
def new_function(request: pytest.FixtureRequest, parcels: Path) -> Function:
    """Give the function in an environment that has answered nothing yet."""
    way: Open = request.getfixturevalue(request.param)
    return way(parcels)


@pytest.fixture
def golden(delivery: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (delivery / "golden.jsonl").read_text().splitlines()]
