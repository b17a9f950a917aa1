"""Requests of API Gateway, and what the caller and the log get for them."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handover.stand_in import stub
from predictor.limits import Limits
from tests.helpers.function import Answered, Function, Open
from tests.helpers.parcels import HEURISTICS, PARCELS, module
from tests.helpers.strategies import accepted_rows

MARK = "zebra-crossing"  # what a caller sends and must never see again

GOOD = {"weight": 2.5, "zone": "home"}


def problem(kind: str, title: str, status: int, detail: str, **members: Any) -> dict[str, Any]:
    return {
        "type": f"/openapi.json#/components/responses/{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        **members,
    }


def not_json(detail: str = "Send one JSON document in UTF-8.") -> dict[str, Any]:
    return problem("not-json", "The body is not JSON", 400, detail)


# --- answers


def test_a_golden_row_gets_the_training_time_answer(function: Function, golden: list[dict[str, Any]]) -> None:
    for line in golden:
        answer = function.post(line["row"])

        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        scores = {name: line[name] for name in ("score", "scores") if name in line}
        assert answer.json == {
            **{name: pytest.approx(scores[name], abs=1e-5) for name in scores},
            "decision": line["decision"],
        }


def test_a_batch_gets_the_same_answers_in_the_same_order(function: Function, golden: list[dict[str, Any]]) -> None:
    rows = [line["row"] for line in golden]

    assert function.batch(rows[:100]).json == [function.post(row).json for row in rows[:100]]


def test_reasons_are_columns_and_come_only_when_asked_for(function: Function, golden: list[dict[str, Any]]) -> None:
    columns = function("GET", "/contract").json["columns"]

    asked = function.post(golden[0]["row"], reasons="3").json

    assert "reasons" not in function.post(golden[0]["row"]).json
    assert 1 <= len(asked["reasons"]) <= 3
    assert set(asked["reasons"]) <= set(columns)
    assert function.batch([golden[0]["row"]], reasons="3").json == [asked]


def test_health_names_model_and_contract(function: Function) -> None:
    answer = function("GET", "/health", headers={})

    manifest = function.manifest
    assert answer.json == {
        "status": "ok",
        "model": manifest["files"]["model.onnx"][:12],
        "contract": manifest["contract"]["version"],
    }


def test_every_answer_names_the_model(function: Function) -> None:
    identity = function("GET", "/health").json["model"]

    for answer in (
        function("GET", "/health"),
        function("GET", "/nowhere"),
        function("PUT", "/predict"),
        function("POST", "/predict", "{"),
        function.post({}),
    ):
        assert answer.headers["x-model"] == identity


def test_a_base64_body_is_read(parcel_function: Function) -> None:
    body = json.dumps(GOOD).encode()

    assert parcel_function("POST", "/predict", body, base64_encoded=True).json == parcel_function.post(GOOD).json


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;x=1"]
)
def test_the_content_type_is_read_as_http_has_it(parcel_function: Function, content_type: str) -> None:
    body = json.dumps(GOOD)

    assert parcel_function("POST", "/predict", body, headers={"content-type": content_type}).status == 200


def test_a_request_without_content_type_is_taken_for_json(parcel_function: Function) -> None:
    assert parcel_function("POST", "/predict", json.dumps(GOOD), headers={}).status == 200


def decided(agreed: dict[str, Any], scores: dict[str, float]) -> str:
    """Decide as the contract's document says, in other words than the function's own."""
    if "classes" in agreed:
        sure = sorted(scores, key=scores.__getitem__, reverse=True)
        return sure[0] if scores[sure[0]] >= agreed["otherwise"]["below"] else agreed["otherwise"]["decision"]
    edges = agreed["decisions"]
    return next(d for d in edges if np.float32(scores["score"]) <= np.float32(edges[d]))


@settings(max_examples=50)  # of up to four rows, for each of three deliveries, in both ways
@given(data=st.data())
def test_any_row_that_the_contract_accepts_is_answered(function: Function, data: st.DataObject) -> None:
    agreed = function.contract
    rows = data.draw(
        st.lists(accepted_rows(agreed).filter(lambda row: row.get("weight", 0) not in (13, 14)), min_size=1, max_size=4)
    )

    alone = [function.post(row) for row in rows]

    assert [answer.status for answer in alone] == [200] * len(rows)
    for answer in alone:
        scores = answer.json["scores"] if "classes" in agreed else {"score": answer.json["score"]}
        assert list(scores) == agreed.get("classes", ["score"])
        assert all(agreed["score"]["low"] <= score <= agreed["score"]["high"] for score in scores.values())
        assert answer.json["decision"] == decided(agreed, scores)
    assert [function.post(row).text for row in rows] == [answer.text for answer in alone]
    assert function.batch(rows).json == [answer.json for answer in alone]


# --- refusals


def test_a_path_that_is_not_there(parcel_function: Function) -> None:
    answer = parcel_function("GET", f"/{MARK}")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == problem(
        "not-found",
        "There is nothing at this path",
        404,
        "The paths are /predict, /predict/batch, /health, /contract, /openapi.json.",
    )


@pytest.mark.parametrize(
    ("path", "methods"), [("/predict", ["POST"]), ("/predict/batch", ["POST"]), ("/health", ["GET", "HEAD"])]
)
def test_a_method_that_the_path_does_not_take(parcel_function: Function, path: str, methods: list[str]) -> None:
    for other in {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"}.difference(methods):
        answer = parcel_function(other, path)

        assert (answer.status, answer.headers["allow"]) == (405, ", ".join(methods))
        if other == "HEAD":
            assert answer.text == ""  # RFC 9110, section 9.3.2
            continue
        assert answer.json == problem(
            "method-not-allowed", "This path does not take this method", 405, f"Use {methods[0]}."
        )


@pytest.mark.parametrize("path", ["/health", "/contract", "/openapi.json"])
def test_head_is_get_without_a_body(parcel_function: Function, path: str) -> None:
    head, get = parcel_function("HEAD", path), parcel_function("GET", path)

    assert (head.status, head.text) == (200, "")
    assert head.headers == get.headers | {name: head.headers[name] for name in head.headers if name == "server-timing"}
    assert head.lines[0]["route"] == path


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "", MARK]
)
def test_a_body_of_another_type(parcel_function: Function, content_type: str) -> None:
    answer = parcel_function("POST", "/predict", json.dumps(GOOD), headers={"content-type": content_type})

    assert answer.status == 415
    assert answer.json == problem(
        "unsupported-media-type",
        "The body is not declared as JSON",
        415,
        "Send the header content-type: application/json.",
    )


# weight: 8 bytes, a number 32, its layout 24; zone: 6, "island: far" 18 with its colon escaped, 24; the row itself 24.
PARCEL_BYTES = 8 + 32 + 24 + 6 + 18 + 24 + 24
LIMITS = [("/predict", PARCEL_BYTES), ("/predict/batch", 100 * PARCEL_BYTES + 24)]


@pytest.mark.parametrize(("path", "limit"), LIMITS)
@pytest.mark.parametrize("base64_encoded", [True, False])
def test_a_body_that_is_too_large(parcel_function: Function, path: str, limit: int, base64_encoded: bool) -> None:
    def sent(body: bytes) -> Answered:
        return parcel_function("POST", path, body if base64_encoded else body.decode(), base64_encoded=base64_encoded)

    answer = sent(b" " * (limit + 1))

    assert answer.status == 413
    assert answer.json == problem("too-large", "The body is too large", 413, f"Send at most {limit} bytes.")
    assert sent(b" " * limit).status in {400, 422}


@pytest.mark.parametrize(("path", "limit"), LIMITS)
def test_a_limit_is_of_bytes_not_of_characters(parcel_function: Function, path: str, limit: int) -> None:
    assert parcel_function("POST", path, "\u00e9" * (limit // 2 + 1)).status == 413


def test_a_base64_body_that_is_too_large_is_not_even_decoded(parcel_function: Function) -> None:
    assert parcel_function("POST", "/predict", "*" * 1_000_000, base64_encoded=True).status == 413


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "{",
        MARK,
        f'{{"{MARK}"',
        "'",
        "\ufeff{}",
        "\x00",
        '{"weight": 1}x',
        '{"weight": 01}',
        '{"weight": "\ud800"}',
    ],
)
def test_a_body_that_is_not_json(parcel_function: Function, body: str) -> None:
    answer = parcel_function("POST", "/predict", body)

    assert (answer.status, answer.json) == (400, not_json())


def test_no_body_at_all(parcel_function: Function) -> None:
    assert parcel_function("POST", "/predict").json == not_json()


def test_bytes_that_are_not_utf8(parcel_function: Function) -> None:
    assert parcel_function("POST", "/predict", b'{"zone": "\xff"}', base64_encoded=True).json == not_json()


@pytest.mark.parametrize("body", ["not base64!", "e30", "e30=\n", "\u00e9" * 8, "\ud800" * 8])
def test_a_body_that_is_not_base64(parcel_function: Function, body: str) -> None:
    assert parcel_function("POST", "/predict", body, base64_encoded=True).json == not_json()


def test_a_body_nested_beyond_reason(parcel_function: Function) -> None:
    for body in ("[" * PARCEL_BYTES, '{"":' * (PARCEL_BYTES // 4), "[" * 8):
        for path in ("/predict", "/predict/batch"):
            assert parcel_function("POST", path, body).status in {400, 422}
    assert parcel_function("POST", "/predict", "[" * 8000).status == 413


@pytest.mark.parametrize(
    "body",
    [
        '{"weight": 1, "weight": 2}',
        '{"weight": 1, "\\u0077eight": 1}',
        '{"weight": 1, "zone": "island: far", "zone": "home"}',
        '{"zone": "home", "weight": 1, "zone": "island\\u003a far"}',
    ],
)
def test_a_name_that_stands_twice(parcel_function: Function, body: str) -> None:
    answer = parcel_function("POST", "/predict", body)

    assert (answer.status, answer.json) == (400, not_json("A name stands twice in one object; send each field once."))
    assert parcel_function("POST", "/predict/batch", f"[{body}]").json == answer.json


@pytest.mark.parametrize("body", ['{"weight": 1, "zone": "island: far"}', '{"weight": 1, "zone": "island\\u003a far"}'])
def test_a_category_may_hold_a_colon(parcel_function: Function, body: str) -> None:
    assert parcel_function("POST", "/predict", body).status == 200


def test_fields_that_break_their_rules_are_named_with_what_is_allowed(parcel_function: Function) -> None:
    answer = parcel_function.post({"weight": 99, "zone": MARK, MARK: MARK, f"{MARK}2": 1})

    assert answer.status == 422
    assert answer.json == problem(
        "contract-broken",
        "The body breaks the contract",
        422,
        "The body: 2 fields break their rules; 2 fields are not in the contract.",
        errors=[
            {
                "field": "weight",
                "rule": "Input should be less than or equal to 30",
                "allowed": {"description": "Weight [kg]", "maximum": 30, "minimum": 0, "type": "number"},
            },
            {
                "field": "zone",
                "rule": "Input should be 'home', 'abroad' or 'island: far'",
                "allowed": {
                    "anyOf": [{"enum": ["home", "abroad", "island: far"], "type": "string"}, {"type": "null"}],
                    "default": None,
                    "description": "Where it goes",
                },
            },
        ],
        fields=["weight", "zone"],
    )


def test_a_missing_field_is_named(parcel_function: Function) -> None:
    answer = parcel_function.post({})

    assert answer.json["detail"] == "The body: 1 field breaks its rule."
    assert [(e["field"], e["rule"]) for e in answer.json["errors"]] == [("weight", "Field required")]


def test_the_first_bad_row_of_a_batch_is_named_and_nothing_is_scored(parcel_function: Function) -> None:
    answer = parcel_function.batch([GOOD, GOOD, {"weight": -1}, {"weight": MARK}])

    assert answer.status == 422
    assert answer.json["detail"] == "Row 2: 1 field breaks its rule."
    assert answer.json["index"] == 2
    assert "score" not in answer.text


@pytest.mark.parametrize("body", ["[]", "1", "null", "true", '"text"', "[1]"])
def test_a_document_that_is_no_row(parcel_function: Function, body: str) -> None:
    answer = parcel_function("POST", "/predict", body)

    assert answer.status == 422
    assert answer.json["detail"] == "The body: send one JSON object."


@pytest.mark.parametrize("body", ["{}", "1", "null", "[]", json.dumps([GOOD] * 101)])
def test_a_document_that_is_no_batch(parcel_function: Function, body: str) -> None:
    answer = parcel_function("POST", "/predict/batch", body)

    assert answer.status == 422
    assert answer.json["detail"] == "The body: send a JSON list of 1 to 100 rows."


def test_a_batch_whose_row_is_no_object(parcel_function: Function) -> None:
    answer = parcel_function.batch([GOOD, 1])

    assert (answer.json["detail"], answer.json["index"]) == ("Row 1: send one JSON object.", 1)


@pytest.mark.parametrize("asked", ["-1", "5", "1.0", "", " 1", "1,2", "٣", "9" * 5000, MARK])
def test_reasons_that_cannot_be_given(parcel_function: Function, asked: str) -> None:
    answer = parcel_function.post(GOOD, reasons=asked)

    assert (answer.status, answer.json) == (
        400,
        problem("bad-parameter", "A query parameter cannot be used", 400, "reasons is a whole number from 0 to 4."),
    )


@pytest.mark.parametrize(
    ("route", "query", "detail"),
    [
        ("POST /predict", {MARK: "1"}, "1 query parameter is not known here: there is reasons."),
        (
            "POST /predict",
            {"reasons": "3", MARK: "", "b": "2"},
            "2 query parameters are not known here: there is reasons.",
        ),
        ("POST /predict/batch", {"reason": "3"}, "1 query parameter is not known here: there is reasons."),
        ("GET /health", {MARK: "1"}, "1 query parameter is not known here: there are none."),
        ("GET /contract", {"reasons": "1"}, "1 query parameter is not known here: there are none."),
    ],
)
def test_a_query_parameter_that_is_not_known(
    parcel_function: Function, route: str, query: dict[str, str], detail: str
) -> None:
    method, path = route.split()
    listed = ["reasons"] if method == "POST" else []

    answer = parcel_function(method, path, json.dumps(GOOD) if method == "POST" else None, **query)

    assert (answer.status, answer.json) == (
        400,
        problem("bad-parameter", "A query parameter cannot be used", 400, detail, parameters=listed),
    )


@pytest.mark.parametrize("weight", ["NaN", "Infinity", "-Infinity", "1e300", "9" * 100, '"1"', "true", "null", "[1]"])
def test_a_number_that_is_none_or_too_large(parcel_function: Function, weight: str) -> None:
    answer = parcel_function("POST", "/predict", f'{{"weight": {weight}}}')

    assert answer.status == 422
    assert weight not in answer.text or weight == "null"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(MARK),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["weight", "zone", MARK]), inner)
    ),
    max_leaves=12,
)


@given(body=ANY_JSON.map(json.dumps) | st.text() | st.binary(), path=st.sampled_from(["/predict", "/predict/batch"]))
def test_anything_else_is_a_problem_and_the_next_request_works(
    parcel_function: Function, body: str | bytes, path: str
) -> None:
    answer = parcel_function("POST", path, body, base64_encoded=isinstance(body, bytes))

    assert answer.status in {200, 400, 413, 422}
    if answer.status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == answer.status
        assert MARK not in answer.text
        assert len(answer.json.get("errors", [])) <= 5
        assert len(answer.text) < 2500
    assert not [line for line in answer.lines if "score" in line and answer.status != 200]
    assert MARK not in json.dumps(answer.lines)
    assert parcel_function.post(GOOD).status == 200


def test_unknown_names_make_a_small_answer(function: Function) -> None:
    few = function.post({f"{n}": n for n in range(8)})
    many = function.post({f"{n}": n for n in range(30)})

    assert "; 8 fields are not in the contract" in few.json["detail"]
    assert len(few.text) < 2500
    assert many.json["detail"] in {
        "The body: send one JSON object, no more in it than the contract's fields.",
        f"Send at most {Limits(function.contract['fields']).row_bytes} bytes.",
    }


# --- what is the function's own fault


def test_a_heuristic_that_raises_is_a_500_with_an_id_and_a_line_without_the_row(parcel_function: Function) -> None:
    answer = parcel_function.post({"weight": 13.0})

    error, metrics = answer.lines
    quoted = answer.json["request_id"]
    assert answer.status == 500
    assert answer.json == problem(
        "internal", "The function failed", 500, "Try again; if it stays, quote the request id.", request_id=quoted
    )
    assert (error["level"], error["message"]) == ("ERROR", "heuristic volume_weight: KeyError")
    assert error["request_id"] == quoted != ""
    assert error["function_request_id"] == metrics["function_request_id"] != ""
    assert error["version"] != ""
    assert error["where"][-1].endswith("heuristics.py:7 volume_weight")
    assert "13" not in json.dumps(error["message"])
    assert metrics["error_code"] == "internal"
    assert parcel_function.post(GOOD).status == 200


def test_a_heuristic_that_leaves_float32_is_a_500(parcel_function: Function) -> None:
    answer = parcel_function.post({"weight": 14.0})

    assert answer.status == 500
    assert answer.lines[0]["message"] == "heuristic volume_weight: ArithmeticError"


@pytest.mark.parametrize("score", [math.nan, math.inf, -1.0, 40.5])
def test_a_score_outside_of_its_range_is_a_500_and_never_an_answer(
    opened: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch, score: float
) -> None:
    parcel_function = opened(parcels)

    def gives(rows: Any) -> Any:
        return np.full((len(rows), 1), score, dtype=np.float32)

    monkeypatch.setattr(sys.modules["predictor.handler"].prediction, "_model", gives)

    answer = parcel_function.post(GOOD)

    assert answer.status == 500
    assert answer.lines[0]["message"] == "the model gave a score outside of [0.0, 40.0]"


def test_a_fault_of_ours_is_logged_by_its_name_only(
    opened: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel_function = opened(parcels)

    def fails(rows: Any) -> Any:
        raise RuntimeError(f"the row was {MARK}")

    monkeypatch.setattr(sys.modules["predictor.handler"].prediction, "_model", fails)

    answer = parcel_function.post(GOOD)

    assert (answer.status, answer.lines[0]["message"]) == (500, "RuntimeError")
    assert MARK not in answer.text + json.dumps(answer.lines)


# --- the one line


def test_each_request_leaves_one_line_of_metrics(new_function: Function) -> None:
    answer = new_function.post(GOOD)

    (line,) = answer.lines
    assert line.pop("latency")[0] > 0
    assert line["_aws"].pop("Timestamp") > 0
    assert line == {
        "_aws": {
            "CloudWatchMetrics": [
                {
                    "Namespace": "handover-test",
                    "Dimensions": [["model", "service"]],
                    "Metrics": [
                        {"Name": "latency", "Unit": "Microseconds"},
                        {"Name": "cold_start", "Unit": "Count"},
                        {"Name": "error", "Unit": "Count"},
                        {"Name": "score", "Unit": "None"},
                    ],
                }
            ]
        },
        "model": answer.headers["x-model"],
        "service": "predict",
        "route": "/predict",
        "status": 200,
        "error_code": None,
        "decision": [answer.json["decision"]],
        "request_id": "gateway-1",
        "function_request_id": line["function_request_id"],
        "cold_start": [1.0],
        "error": [0.0],
        "score": [answer.json["score"]],
    }


def test_only_the_first_request_met_the_cold_start_and_says_so(new_function: Function) -> None:
    answers = [new_function("GET", "/health") for _ in range(3)]

    assert [answer.lines[0]["cold_start"] for answer in answers] == [[1.0], [0.0], [0.0]]
    assert [answer.headers.get("server-timing") for answer in answers] == ["cold", None, None]


def test_a_batch_of_a_hundred_leaves_one_line_too(parcel_function: Function) -> None:
    (line,) = parcel_function.batch([GOOD] * 100).lines

    assert len(line["score"]) == len(line["decision"]) == 100


def test_a_refused_request_leaves_its_code_and_no_score(parcel_function: Function) -> None:
    (line,) = parcel_function("GET", f"/{MARK}").lines

    assert (line["route"], line["status"], line["error_code"], line["error"]) == ("other", 404, "not-found", [1.0])
    assert "score" not in line


def test_the_function_opens_again_on_another_delivery(opened: Open, parcels: Path) -> None:
    assert opened(parcels)("GET", "/contract").json["name"] == "parcels"


# --- before there is a model


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """Give a delivery without a model."""
    (tmp_path / "heuristics.py").write_text(HEURISTICS)
    stub(PARCELS, module(tmp_path / "heuristics.py"), tmp_path / "delivery")
    return tmp_path / "delivery"


def test_what_stands_in_for_a_model_says_so(opened: Open, stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_STAND_IN", "true")
    function = opened(stand_in)

    answer = function.post(GOOD, reasons="2")

    assert (answer.status, answer.headers["x-model"]) == (200, "stand-in")
    assert len(answer.json["reasons"]) == 2
    assert function("GET", "/health").json == {"status": "ok", "model": "stand-in", "contract": PARCELS.version}


@pytest.mark.parametrize("value", ["", "false", "TRUE"])
def test_it_does_not_start_where_it_is_not_allowed(
    opened: Open, stand_in: Path, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALLOW_STAND_IN", value)

    with pytest.raises(SystemExit):
        opened(stand_in)

    sentence = "what was delivered is a stand-in for a model, and this stage has no AllowStandIn=true"
    assert caplog.messages[-1] == sentence
