"""Describes the API as OpenAPI 3.1, out of the contract: what ``GET /contract`` and ``GET /openapi.json`` answer."""

from predictor.delivery import Delivery
from predictor.files import SINGLE, Json
from predictor.problems import MAX_BATCH_ROWS, MAX_NAMED_FIELDS, TITLES
from predictor.routes import ROUTES, Route

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
    "x-model": {
        "description": "First 12 hex digits of the model's SHA-256; `stand-in` before there is a model.",
        "schema": {"type": "string"},
    },
    "server-timing": {"description": "`cold` when this answer met a cold start.", "schema": {"type": "string"}},
}
REFUSALS = ("bad-parameter", "not-json", "too-large", "unsupported-media-type", "contract-broken", "internal")
"""The kinds of problem that a posted body can meet."""
AGREED = ("decisions", "classes", "otherwise", "score", "budgets", "format", "validator")
"""What the next contract is compared with, as it stands in this one: decisions by edges, or classes."""
HEADERS: Json = {name: {"$ref": f"#/components/headers/{name}"} for name in DESCRIBED}


def answer_schema(delivery: Delivery) -> Json:
    """Give the JSON Schema of one answer."""
    score, scores = delivery.contract["score"], delivery.scores
    number: Json = {"type": "number", "minimum": score["low"], "maximum": score["high"]}
    described: Json = {"description": score["meaning"]}
    each: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": list(scores.names),
        "properties": dict.fromkeys(scores.names, number),
    }
    members: Json = {"scores": each | described} if scores.of_classes else {SINGLE: number | described}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*members, "decision"],
        "properties": {
            **members,
            "decision": {"enum": list(scores.decisions)},
            "reasons": {
                "type": "array",
                "items": {"enum": list(delivery.encoder.columns)},
                "description": "The columns that moved the highest score most, if ?reasons= asks for them."
                if scores.of_classes
                else "The columns that moved the score most, if ?reasons= asks for them.",
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
        **{part: agreed[part] for part in AGREED if part in agreed},
    }


def document(delivery: Delivery) -> Json:
    """Give the OpenAPI 3.1 document of the whole API."""
    agreed = delivery.contract
    return {
        "openapi": "3.1.0",
        "info": {"title": agreed["name"], "version": agreed["version"], "description": agreed["score"]["meaning"]},
        "paths": {route.path: {route.method.lower(): _operation(route, delivery)} for route in ROUTES},
        "components": {
            "schemas": {"Row": agreed["schema"], "Answer": answer_schema(delivery), "Problem": PROBLEM},
            "headers": DESCRIBED,
            "responses": {kind: _problem(title) for kind, (_, title) in TITLES.items()},
        },
    }


def _operation(route: Route, delivery: Delivery) -> Json:
    operation: Json = {"operationId": route.operation, "summary": route.summary}
    if route.takes is None:
        return operation | {"responses": {"200": _success({"type": "object"})}}
    limit_bytes = delivery.limits.row_bytes if route.takes == "row" else delivery.limits.batch_bytes
    reasons = {"type": "integer", "minimum": 0, "maximum": len(delivery.encoder.columns), "default": 0}
    by_status: dict[str, list[str]] = {}
    for kind in REFUSALS:
        by_status.setdefault(str(TITLES[kind][0]), []).append(kind)
    return operation | {
        "responses": {
            "200": _success(_each(route, "Answer")),
            **{status: _refusal(kinds) for status, kinds in by_status.items()},
        },
        "requestBody": {
            "description": f"At most {limit_bytes} bytes.",
            "required": True,
            "content": {"application/json": {"schema": _each(route, "Row")}},
        },
        "parameters": [
            {"name": "reasons", "in": "query", "description": "How many reasons to give.", "schema": reasons}
        ],
    }


def _each(route: Route, name: str) -> Json:
    """Give the schema of what stands for one row, or of a list of them."""
    one = {"$ref": f"#/components/schemas/{name}"}
    return one if route.takes == "row" else {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_BATCH_ROWS}


def _success(schema: Json) -> Json:
    return {"description": "The answer.", "headers": HEADERS, "content": {"application/json": {"schema": schema}}}


def _refusal(kinds: list[str]) -> Json:
    """Refer to the problem's description; where two kinds share a status, describe them together."""
    if len(kinds) == 1:
        return {"$ref": f"#/components/responses/{kinds[0]}"}
    return _problem("; ".join(TITLES[kind][1] for kind in kinds))


def _problem(description: str) -> Json:
    return {
        "description": description,
        "headers": HEADERS,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
