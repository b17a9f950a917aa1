"""Describes the API as OpenAPI 3.1, out of the contract: what ``GET /contract`` and ``GET /openapi.json`` answer."""

import json
from typing import Any

from pydantic_core import ValidationError

from predictor import problems
from predictor.delivery import Delivery
from predictor.files import SINGLE, Json
from predictor.problems import MAX_BATCH_ROWS, MAX_NAMED_FIELDS, TITLES
from predictor.routes import CONTRACT, HEALTH, ROUTES, Route
from predictor.settings import Settings

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
OBJECT: Json = {"type": "object"}
NAMES: Json = {"type": "array", "items": TEXT}
IDENTITY: Json = {"type": "string", "pattern": "^([0-9a-f]{12}|stand-in)$"}


def _object(members: Json, **more: Any) -> Json:
    """Give the schema of an object that has each of these members."""
    return {"type": "object", **more, "required": list(members), "properties": members}


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
            "items": _object({"field": TEXT, "rule": TEXT, "allowed": OBJECT}),
        },
        "fields": NAMES | {"description": "The fields that there are."},
        "parameters": NAMES | {"description": "The query parameters that there are."},
        "index": {"type": "integer", "minimum": 0, "description": "The first bad row of a batch, counted from 0."},
        "request_id": {"type": "string", "description": "The id under which the log tells what happened."},
    },
}
DESCRIBED: Json = {
    "server-timing": {"description": "`cold` when this answer met a cold start.", "schema": TEXT},
    "etag": {"description": "Which document this is: send it in `if-none-match` the next time.", "schema": TEXT},
    "x-model": {
        "description": "First 12 hex digits of the model's SHA-256; `stand-in` before there is a model.",
        "schema": IDENTITY,
    },
}
REFUSALS = ("bad-parameter", "not-json", "too-large", "unsupported-media-type", "contract-broken", "internal")
"""The kinds of problem that a posted body can meet."""
BY_ITSELF = ("bad-parameter", "internal")
"""Those that a request without a body can meet."""
BROKEN = str(TITLES["contract-broken"][0])
AGREED = ("decisions", "classes", "otherwise", "score", "budgets", "format", "validator")
"""What the next contract is compared with, as it stands in this one: decisions by edges, or classes."""
HEADERS, ETAG = (
    {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    for names in (("x-model", "server-timing"), ("etag",))
)
SECURITY: dict[str, Json] = {
    # How API Gateway itself writes an API with IAM authorization; OpenAPI has no word for signed requests.
    "AWS_IAM": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "Signature Version 4 for the service execute-api, by a role that may call this API.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "JWT": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}
"""How a request says who calls, by the template's parameter ``Auth``; with ``NONE`` it does not."""


def answer_schema(delivery: Delivery) -> Json:
    """Give the JSON Schema of one answer."""
    score, scores = delivery.contract["score"], delivery.scores
    number: Json = {"type": "number", "minimum": score["low"], "maximum": score["high"]}
    described: Json = {"description": score["meaning"]}
    each = _object(dict.fromkeys(scores.names, number), additionalProperties=False)
    members: Json = {"scores": each | described} if scores.of_classes else {SINGLE: number | described}
    highest = "highest score" if scores.of_classes else "score"
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
                "description": f"The columns that moved the {highest} most, if ?reasons= asks for them.",
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


def contract_schema(agreed: Json) -> Json:
    """Give the JSON Schema of what ``contract`` gives."""
    number_of = {"type": "object", "additionalProperties": NUMBER}
    known: Json = {
        "decisions": number_of | {"description": "Each decision with the highest score that still gets it, ascending."},
        "classes": NAMES | {"description": "The classes, in the model's order."},
        "otherwise": _object(
            {"decision": TEXT, "below": NUMBER}, description="What is decided where no class has a score as high."
        ),
        "score": _object({"meaning": TEXT, "low": NUMBER, "high": NUMBER, "probability": {"type": "boolean"}}),
        "budgets": number_of | {"description": "The limits that both teams signed."},
        "format": {"type": "integer", "description": "How the contract is written."},
        "validator": OBJECT | {"description": "The row's rules, as pydantic's core schema."},
    }
    members = {
        "name": TEXT,
        "version": TEXT | {"description": "The contract's own, by Semantic Versioning."},
        "model": IDENTITY | {"description": DESCRIBED["x-model"]["description"]},
        "row": OBJECT | {"description": "The JSON Schema of a row."},
        "answer": OBJECT | {"description": "The JSON Schema of an answer."},
        "columns": NAMES | {"description": "What the model looks at: the fields, then what is computed of them."},
        **{part: known[part] for part in AGREED if part in agreed},
    }
    return _object(members)


def document(delivery: Delivery, settings: Settings, server: str) -> Json:
    """Give the OpenAPI 3.1 document of the whole API at one address; ``/`` is the one that it is read from."""
    agreed = delivery.contract
    scheme = SECURITY.get(settings.auth)
    issued = {"description": f"A token of {settings.issuer}."} if settings.auth == "JWT" and settings.issuer else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": agreed["name"], "version": agreed["version"], "description": agreed["score"]["meaning"]},
        "servers": [{"url": server, **({"description": settings.stage} if settings.stage else {})}],
        "tags": [
            {"name": "prediction", "description": "Rows in, scores and decisions out."},
            {"name": "about", "description": "Which model answers, and what was agreed."},
        ],
        **({"security": [{settings.auth: []}] if scheme else []} if settings.auth else {}),
        "paths": {route.path: {route.method.lower(): _operation(route, delivery)} for route in ROUTES},
        "components": {
            "schemas": {
                "Row": agreed["schema"] | {"title": "Row"},  # generators of clients call it by its title
                "Answer": answer_schema(delivery),
                "Problem": PROBLEM,
                "Health": _object({"status": {"const": "ok", "type": "string"}, "model": IDENTITY, "contract": TEXT}),
                "Contract": contract_schema(agreed),
            },
            "headers": DESCRIBED,
            "responses": {kind: _problem(title) for kind, (_, title) in TITLES.items()},
            **({"securitySchemes": {settings.auth: scheme | issued}} if scheme else {}),
        },
    }


def _operation(route: Route, delivery: Delivery) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": ["prediction" if route.takes else "about"],
    }
    if route.takes is None:
        if route == HEALTH:
            return operation | {"responses": {"200": _success(_named("Health")), **_refusals(BY_ITSELF)}}
        known = {"description": "The `etag` of the document that the caller has.", "schema": TEXT}
        return operation | {
            "parameters": [{"name": "if-none-match", "in": "header", **known}],
            "responses": {
                "200": _success(_named("Contract") if route == CONTRACT else OBJECT, headers=HEADERS | ETAG),
                "304": {"description": "The caller has it already.", "headers": HEADERS | ETAG},
                **_refusals(BY_ITSELF),
            },
        }
    limit_bytes = delivery.limits.row_bytes if route.takes == "row" else delivery.limits.batch_bytes
    reasons = {"type": "integer", "minimum": 0, "maximum": len(delivery.encoder.columns), "default": 0}
    golden = delivery.golden
    answer = {name: golden[name] for name in (SINGLE, "decision", "scores") if name in golden}
    broken = _problem(TITLES["contract-broken"][1], refusal=_refused(delivery, route))
    return operation | {
        "parameters": [
            {"name": "reasons", "in": "query", "description": "How many reasons to give.", "schema": reasons}
        ],
        "requestBody": {
            "description": f"At most {limit_bytes} bytes.",
            "required": True,
            "content": {"application/json": _content(_each(route, "Row"), golden=_of(route, golden["row"]))},
        },
        "responses": {
            "200": _success(_each(route, "Answer"), golden=_of(route, answer)),
            **_refusals(REFUSALS),
            BROKEN: broken,
        },
    }


def _refused(delivery: Delivery, route: Route) -> Json:
    """Give what a golden row is answered whose first field is a list."""
    row = delivery.golden["row"]
    broken = row | {next(iter(delivery.contract["schema"]["properties"])): []}
    batch = route.takes == "rows"
    try:
        (delivery.rows if batch else delivery.row).validate_json(json.dumps(_of(route, broken)))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        return problems.contract_broken(errors, delivery.contract["schema"], batch=batch).document()
    raise AssertionError("no field of a row is a list")


def _of(route: Route, one: Json) -> Any:
    return one if route.takes == "row" else [one]


def _each(route: Route, name: str) -> Json:
    """Give the schema of what stands for one row, or of a list of them."""
    one = _named(name)
    return one if route.takes == "row" else {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_BATCH_ROWS}


def _named(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _content(schema: Json, **examples: Any) -> Json:
    named = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    return {"schema": schema, **named}


def _success(schema: Json, headers: Json = HEADERS, **examples: Any) -> Json:
    content = {"application/json": _content(schema, **examples)}
    return {"description": "The answer.", "headers": headers, "content": content}


def _refusals(kinds: tuple[str, ...]) -> Json:
    """Refer to each problem's description; where two kinds share a status, describe them together."""
    by_status: dict[str, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(str(TITLES[kind][0]), []).append(kind)
    return {
        status: {"$ref": f"#/components/responses/{named[0]}"}
        if len(named) == 1
        else _problem("; ".join(TITLES[kind][1] for kind in named))
        for status, named in by_status.items()
    }


def _problem(description: str, **examples: Any) -> Json:
    content = {"application/problem+json": _content(_named("Problem"), **examples)}
    return {"description": description, "headers": HEADERS, "content": content}
