"""The page to try a model on: whole in itself, made of the contract, and only where the function is told to show it."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from predictor import page
from predictor.settings import Settings
from tests.helpers.function import Open

HOSTILE = """</script><script>alert(1)</script><img src=x onerror="alert(1)">{{known}} ' \\ \u2028"""


def made(contract: dict[str, Any], **settings: str) -> tuple[str, dict[str, str]]:
    return page.page(contract, {"x": HOSTILE}, Settings(Path(), "predict", "test", **settings))


def contract(text: str) -> dict[str, Any]:
    return {
        "name": text,
        "version": "1.0.0",
        "model": "0123456789ab",
        "row": {"properties": {text: {"enum": [text], "description": text}}, "required": [text]},
        "score": {"meaning": text, "low": 0.0, "high": 1.0},
        "decisions": {text: 1.0},
        "columns": ["x"],
    }


def test_without_the_setting_there_is_no_page(opened: Open, parcels: Path) -> None:
    assert opened(parcels)("GET", "/").status == 404


def test_it_is_a_document_like_the_others(opened: Open, delivery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRY_IT", "true")
    function = opened(delivery)

    answer = function("GET", "/", headers={})

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.lines[0]["route"] == "/"
    assert function("GET", "/", headers={"if-none-match": answer.headers["etag"]}).status == 304
    assert "The paths are /predict, /predict/batch, /health, /contract, /openapi.json, /." in function("GET", "/x").text
    assert len(answer.text.encode()) < 100_000
    assert not re.search(r"\{\{|(?:src|href)=(?!\"(?:data:,|#answer)\")", answer.text)
    known = json.loads(re.search(r'id="known">(.*?)</script>', answer.text)[1])
    assert known["contract"]["row"] == function.contract["schema"]
    assert function.post(known["example"], reasons=str(known["reasons"])).status == 200


def test_nothing_that_a_contract_says_is_markup() -> None:
    body, _ = made(contract(HOSTILE), stage=HOSTILE)

    assert body.count("<script") == 2
    assert "<img" not in body
    known = json.loads(re.search(r'id="known">(.*?)</script>', body)[1])
    assert (known["example"]["x"], list(known["contract"]["decisions"])) == (HOSTILE, [HOSTILE])


def test_only_its_own_style_and_script_are_let_in() -> None:
    body, headers = made(contract("x"))
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for directive, element in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        text = re.search(element, body, re.DOTALL)[1]
        assert policy[directive] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
