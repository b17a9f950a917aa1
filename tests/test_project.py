"""The project as its callers meet it: each event, golden row and case of the team's own, through the built function."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handover.testing import Function
from predictor import files

ROOT = Path(__file__).parents[1]
DELIVERY = ROOT / "layers" / "model" / "delivery"
MAX_ROWS = 100  # in one request
REFUSED = {"broken"}  # events that the contract must not let pass


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    with Function(ROOT) as built:
        yield built


@pytest.mark.parametrize("event", sorted((ROOT / "events").glob("*.json")), ids=lambda event: event.stem)
def test_every_event_is_answered(function: Function, event: Path) -> None:
    answer = function.send(json.loads(event.read_text()))

    assert answer.status == (422 if event.stem in REFUSED else 200), answer.body


def test_every_golden_row_gets_the_answer_of_the_training(function: Function) -> None:
    golden = lines(DELIVERY / "golden.jsonl")
    tolerance = json.loads((DELIVERY / "manifest.json").read_text())["tolerance"]
    assert golden
    for start in range(0, len(golden), MAX_ROWS):
        part = golden[start : start + MAX_ROWS]
        answer = function.post("/predict/batch", [line["row"] for line in part])

        for scored, line in zip(answer.body, part, strict=True):
            assert files.agrees(scored, line, tolerance), (scored, line)


# A line of tests/cases.jsonl: {"case": "why it must be so", "row": {...}, "decision": "..."}
CASES = lines(ROOT / "tests" / "cases.jsonl")
NONE = pytest.param({}, marks=pytest.mark.skip("no case yet: write one into tests/cases.jsonl"))


@pytest.mark.parametrize("case", CASES or [NONE], ids=lambda case: case.get("case"))
def test_a_case_of_the_teams_own_gets_its_decision(function: Function, case: dict[str, Any]) -> None:
    answer = function.post("/predict", case["row"])

    assert answer.status == 200, answer.body
    assert answer.body["decision"] == case["decision"], answer.body
