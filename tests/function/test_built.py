"""The built function, in AWS's own runtime emulator: what `sam build` made, as Lambda would run it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handover.events import write_events
from handover.local import gateway
from handover.local.emulator import EnvironmentDiedError
from handover.local.pool import Pool
from handover.local.stack import BuiltFunction, NothingBuiltError, built_function

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
STATUS = {"predict": 200, "reasons": 200, "batch": 200, "broken": 422, "health": 200, "contract": 200, "openapi": 200}


@pytest.fixture(scope="module")
def built() -> BuiltFunction:
    try:
        return built_function(ROOT / ".aws-sam" / "build")
    except NothingBuiltError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pool(built: BuiltFunction, lines: list[str]) -> Iterator[Pool]:
    with Pool(built, 1, lines.append) as started:
        yield started


@pytest.fixture(scope="module")
def golden() -> list[dict[str, Any]]:
    path = ROOT / "layers" / "model" / "delivery" / "golden.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def post(pool: Pool, path: str, body: Any) -> gateway.Response:
    event = json.loads((EVENTS / "predict.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    return gateway.response(pool.invoke(json.dumps(event | {"body": json.dumps(body)}).encode()).reply)


def test_the_events_are_those_of_the_delivery(tmp_path: Path) -> None:
    written = write_events(ROOT / "layers" / "model" / "delivery", tmp_path)

    assert sorted(path.stem for path in written) == sorted(STATUS)
    assert {path.name: path.read_text() for path in written} == {p.name: p.read_text() for p in EVENTS.iterdir()}


@pytest.mark.parametrize("name", STATUS)
def test_every_event_is_answered_in_its_media_type(pool: Pool, name: str) -> None:
    answer = gateway.response(pool.invoke((EVENTS / f"{name}.json").read_bytes()).reply)

    kind = "application/json" if STATUS[name] == 200 else "application/problem+json"
    assert dict(answer.headers)["content-type"] == kind


def test_a_row_gets_the_same_answer_alone_and_in_a_batch(pool: Pool, golden: list[dict[str, Any]]) -> None:
    rows = [line["row"] for line in golden[:20]]

    batch = json.loads(post(pool, "/predict/batch", rows).body)

    assert batch == [json.loads(post(pool, "/predict", row).body) for row in rows]


def test_the_environment_is_cold_once(pool: Pool, lines: list[str]) -> None:
    pool.invoke((EVENTS / "health.json").read_bytes())

    cold = [json.loads(line)["cold_start"] for line in lines if '"_aws"' in line]
    assert cold[0] == [1.0]
    assert set(map(tuple, cold[1:])) == {(0.0,)}


def test_rows_are_never_logged(pool: Pool, lines: list[str], golden: list[dict[str, Any]]) -> None:
    post(pool, "/predict", golden[0]["row"])
    post(pool, "/predict", golden[0]["row"] | {"purpose": "zebra-crossing"})

    written = "\n".join(lines)
    assert "zebra-crossing" not in written
    assert not [name for name in golden[0]["row"] if f'"{name}"' in written]


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "heuristics.py", "golden.jsonl", "manifest.json"])
def test_an_altered_delivery_stops_init_with_one_line_that_names_the_file(
    built: BuiltFunction, tmp_path: Path, name: str
) -> None:
    layers = [
        Path(shutil.copytree(layer, tmp_path / layer.name)) for layer in built.layers if layer.name == "ModelLayer"
    ]
    with (layers[0] / "delivery" / name).open("ab") as file:
        file.write(b"x")
    altered = replace(built, layers=(*(layer for layer in built.layers if layer.name != "ModelLayer"), *layers))
    printed: list[str] = []

    with Pool(altered, 1, printed.append) as pool, pytest.raises(EnvironmentDiedError):
        pool.invoke((EVENTS / "health.json").read_bytes())

    (line,) = printed
    assert json.loads(line)["level"] == "CRITICAL"
    assert f"/delivery/{name}: " in json.loads(line)["message"]


def test_nothing_is_written_where_telemetry_would_keep_its_state(built: BuiltFunction, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    elsewhere = replace(built, variables=dict(built.variables) | {"HOME": str(home)})

    with Pool(elsewhere, 1, lambda line: None) as pool:
        assert gateway.response(pool.invoke((EVENTS / "predict.json").read_bytes()).reply).status == 200

    assert list(home.rglob("*")) == []
