"""Describes the API as OpenAPI 3.1, out of the contract: what ``GET /contract`` and ``GET /openapi.json`` answer."""

from predictor.delivery import Delivery
from predictor.files import Json
from predictor.problems import MAX_BATCH_ROWS, MAX_NAMED_FIELDS, TITLES

PROBLEM: Json = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Where this kind of problem is described."},
        "title": {"type": "string", "description": "The kind of problem."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "How to mend the request."},
        "errors": {
            "type": "array",
            "maxItems": MAX_NAMED_FIELDS,
            "description": "The fields that break their rule, with what is allowed.",
            "items": {"type": "object", "required": ["field", "rule", "allowed"]},
        },
        "fields": {"type": "array", "items": {"type": "string"}, "description": "The fields that there are."},
        "index": {"type": "integer", "minimum": 0, "description": "The first bad row of a batch, counted from 0."},
        "request_id": {"type": "string", "description": "The id under which the log tells what happened."},
    },
}
DESCRIBED: Json = {
    "x-model": {"description": "First 12 hex digits of the model's SHA-256.", "schema": {"type": "string"}},
    "server-timing": {"description": "`cold` when this answer met a cold start.", "schema": {"type": "string"}},
}
HEADERS: Json = {name: {"$ref": f"#/components/headers/{name}"} for name in DESCRIBED}


def answer_schema(delivery: Delivery) -> Json:
    """Give the JSON Schema of one answer."""
    score = delivery.contract["score"]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["score", "decision"],
        "properties": {
            "score": {
                "type": "number",
                "description": score["meaning"],
                "minimum": score["low"],
                "maximum": score["high"],
            },
            "decision": {"enum": list(delivery.contract["decisions"])},
            "reasons": {
                "type": "array",
                "items": {"enum": list(delivery.encoder.columns)},
                "description": "The columns that moved the score most, if ?reasons= asks for them.",
            },
        },
    }


def contract(delivery: Delivery) -> Json:
    """Say what both teams agreed: row, answer, columns, decisions and which model answers.

    With its rules and budgets it is all that the next contract is compared with, before it takes this one's place.
    """
    agreed = delivery.contract
    return {
        "name": agreed["name"],
        "version": agreed["version"],
        "model": delivery.identity,
        "row": agreed["schema"],
        "answer": answer_schema(delivery),
        "columns": list(delivery.encoder.columns),
        **{part: agreed[part] for part in ("decisions", "score", "budgets", "format", "validator")},
    }


def document(delivery: Delivery) -> Json:
    """Give the OpenAPI 3.1 document of the whole API."""
    agreed = delivery.contract
    row, answer = {"$ref": "#/components/schemas/Row"}, {"$ref": "#/components/schemas/Answer"}
    reasons = {
        "name": "reasons",
        "in": "query",
        "description": "How many reasons to give.",
        "schema": {"type": "integer", "minimum": 0, "maximum": len(delivery.encoder.columns), "default": 0},
    }
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": MAX_BATCH_ROWS}
    answers = {"type": "array", "items": answer, "minItems": 1, "maxItems": MAX_BATCH_ROWS}
    posted = ("bad-parameter", "not-json", "too-large", "unsupported-media-type", "contract-broken", "internal")
    return {
        "openapi": "3.1.0",
        "info": {"title": agreed["name"], "version": agreed["version"], "description": agreed["score"]["meaning"]},
        "paths": {
            "/predict": {
                "post": _operation(
                    "predict",
                    "Score one row.",
                    answer,
                    posted,
                    body=_body(row, delivery.limits.row_bytes),
                    parameters=[reasons],
                ),
            },
            "/predict/batch": {
                "post": _operation(
                    "predict_batch",
                    f"Score 1 to {MAX_BATCH_ROWS} rows, in their order; one bad row and nothing is scored.",
                    answers,
                    posted,
                    body=_body(rows, delivery.limits.batch_bytes),
                    parameters=[reasons],
                ),
            },
            "/health": {"get": _operation("health", "Say which model answers.", {"type": "object"})},
            "/contract": {"get": _operation("contract", "Say what was agreed.", {"type": "object"})},
            "/openapi.json": {"get": _operation("openapi", "Describe this API.", {"type": "object"})},
        },
        "components": {
            "schemas": {"Row": agreed["schema"], "Answer": answer_schema(delivery), "Problem": PROBLEM},
            "headers": DESCRIBED,
            "responses": {
                kind: {
                    "description": title,
                    "headers": HEADERS,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for kind, (_, title) in TITLES.items()
            },
        },
    }


def _body(schema: Json, limit_bytes: int) -> Json:
    return {
        "description": f"At most {limit_bytes} bytes.",
        "required": True,
        "content": {"application/json": {"schema": schema}},
    }


def _operation(
    name: str,
    summary: str,
    answer: Json,
    problems: tuple[str, ...] = (),
    *,
    body: Json | None = None,
    parameters: list[Json] | None = None,
) -> Json:
    by_status: dict[str, list[str]] = {}
    for kind in problems:
        by_status.setdefault(str(TITLES[kind][0]), []).append(kind)
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": HEADERS,
                "content": {"application/json": {"schema": answer}},
            },
            **{status: _response(kinds) for status, kinds in by_status.items()},
        },
    }
    if body is not None:
        operation["requestBody"] = body
    if parameters is not None:
        operation["parameters"] = parameters
    return operation


def _response(kinds: list[str]) -> Json:
    """Refer to the problem's description; where two kinds share a status, describe them together."""
    if len(kinds) == 1:
        return {"$ref": f"#/components/responses/{kinds[0]}"}
    return {
        "description": "; ".join(TITLES[kind][1] for kind in kinds),
        "headers": HEADERS,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
