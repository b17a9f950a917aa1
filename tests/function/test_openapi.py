"""The description of the API is true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from predictor import openapi
from predictor.delivery import Delivery
from predictor.problems import TITLES
from predictor.routes import ROUTES
from predictor.settings import Settings
from tests.helpers.function import Function, Open


def resolved(document: Any, reference: str) -> Any:
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [node["$ref"]] if "$ref" in node else [r for value in node.values() for r in references(value)]
    return [r for item in node for r in references(item)] if isinstance(node, list) else []


def described(delivery: Path, server: str = "/", **settings: Any) -> Any:
    return openapi.document(Delivery.open(delivery), Settings(delivery, "predict", "test", **settings), server)


def test_it_is_openapi_that_others_can_read(function: Function) -> None:
    import schemathesis

    document = function("GET", "/openapi.json").json

    schema = schemathesis.openapi.from_dict(document)

    assert document["openapi"] == "3.1.0"
    labels = [operation.ok().label for operation in schema.get_all_operations()]
    assert labels == [f"{route.method} {route.path}" for route in ROUTES]


def test_every_reference_leads_somewhere(function: Function) -> None:
    document = function("GET", "/openapi.json").json

    assert references(document)
    for reference in references(document):
        assert resolved(document, reference)


def test_every_problem_leads_to_its_description(function: Function) -> None:
    document = function("GET", "/openapi.json").json

    for answer in (
        function("GET", "/x"),
        function("PUT", "/predict"),
        function("POST", "/predict", "{"),
        function.post({}),
    ):
        path, _, pointer = answer.json["type"].partition("#/")
        assert path == "/openapi.json"
        assert resolved(document, pointer)["description"] == answer.json["title"]


def test_answers_and_problems_are_as_described(function: Function, golden: list[dict[str, Any]]) -> None:
    schemas = function("GET", "/openapi.json").json["components"]["schemas"]
    row = golden[0]["row"]

    validator_for(schemas["Row"]).validate(row)
    validator_for(schemas["Answer"]).validate(function.post(row).json)
    validator_for(schemas["Answer"]).validate(function.post(row, reasons="2").json)
    for answer in (function.post({}), function.batch([row, 1]), function.post(row | {"x": 1}), function("GET", "/x")):
        validator_for(schemas["Problem"]).validate(answer.json)


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_a_body_may_be_as_large_as_is_described(function: Function, path: str) -> None:
    body = function("GET", "/openapi.json").json["paths"][path]["post"]["requestBody"]
    limit = int(re.fullmatch(r"At most ([0-9]+) bytes\.", body["description"])[1])

    assert function("POST", path, " " * limit).status != 413
    assert function("POST", path, " " * (limit + 1)).json["detail"] == f"Send at most {limit} bytes."


def test_the_contract_says_what_was_agreed(function: Function, golden: list[dict[str, Any]]) -> None:
    contract = function("GET", "/contract").json

    agreed = function.contract
    assert contract["row"] == agreed["schema"]
    compared = {"decisions", "classes", "otherwise", "score", "budgets", "format", "validator"}  # the next one with it
    assert {part: contract[part] for part in compared & contract.keys()} == {
        part: agreed[part] for part in compared & agreed.keys()
    }
    assert contract["columns"] == [column["name"] for column in function.manifest["columns"]]
    validator_for(contract["answer"]).validate(function.post(golden[0]["row"]).json)


@pytest.mark.parametrize("kind", sorted(TITLES))
def test_every_kind_of_problem_is_described(delivery: Path, kind: str) -> None:
    responses = described(delivery)["components"]["responses"]

    assert responses[kind]["description"] == TITLES[kind][1]


def test_it_says_by_examples_what_a_row_is_answered(function: Function) -> None:
    document = function("GET", "/openapi.json").json

    for path, schema in (("/predict", "Row"), ("/predict/batch", "Row")):
        operation = document["paths"][path]["post"]
        body = operation["requestBody"]["content"]["application/json"]["examples"]["golden"]["value"]
        shown = operation["responses"]["200"]["content"]["application/json"]["examples"]["golden"]["value"]
        refused = operation["responses"]["422"]["content"]["application/problem+json"]["examples"]["refusal"]["value"]
        one, answered = (body, shown) if path == "/predict" else (body[0], shown[0])
        validator_for(document["components"]["schemas"][schema]).validate(one)
        validator_for(document["components"]["schemas"]["Answer"]).validate(answered)
        validator_for(document["components"]["schemas"]["Problem"]).validate(refused)
        first = next(iter(one))
        assert function("POST", path, json.dumps(body)).status == 200
        broken = one | {first: []}
        again = function("POST", path, json.dumps(broken if path == "/predict" else [broken]))
        assert (again.status, again.json) == (422, refused)


def test_health_and_contract_are_as_described(function: Function) -> None:
    schemas = function("GET", "/openapi.json").json["components"]["schemas"]

    validator_for(schemas["Health"]).validate(function("GET", "/health").json)
    contract = function("GET", "/contract").json
    validator_for(schemas["Contract"]).validate(contract)
    assert list(schemas["Contract"]["properties"]) == list(contract)


@pytest.mark.parametrize(
    ("auth", "security", "scheme"),
    [
        ("AWS_IAM", [{"AWS_IAM": []}], ("apiKey", "awsSigv4")),
        ("JWT", [{"JWT": []}], ("http", None)),
        ("NONE", [], None),
    ],
)
def test_it_says_how_a_stage_is_called(parcels: Path, auth: str, security: Any, scheme: Any) -> None:
    document = described(
        parcels, "https://predict.example.com", stage="staging", auth=auth, issuer="https://id.example.com"
    )

    assert document["servers"] == [{"url": "https://predict.example.com", "description": "staging"}]
    assert document["security"] == security
    schemes = document["components"].get("securitySchemes", {})
    if scheme:
        ((name, declared),) = schemes.items()
        assert (name, declared["type"], declared.get("x-amazon-apigateway-authtype")) == (auth, *scheme)
        assert ("https://id.example.com" in declared["description"]) == (auth == "JWT")
    else:
        assert schemes == {}


def test_the_address_is_the_one_that_was_asked(opened: Open, parcels: Path) -> None:
    function = opened(parcels)

    def servers(domain: str | None, stage: str = "") -> Any:
        http = {"http": {"method": "GET", "path": "/openapi.json"}, "requestId": "1", "stage": stage or "$default"}
        context = http | ({"domainName": domain} if domain else {})
        path = f"/{stage}/openapi.json" if stage else "/openapi.json"
        answer = function.event({"rawPath": path, "requestContext": context})
        return [server["url"] for server in answer.json["servers"]]

    assert servers("predict.example.com") == ["https://predict.example.com"]
    assert servers("abc.execute-api.eu-west-1.amazonaws.com") == ["https://abc.execute-api.eu-west-1.amazonaws.com"]
    assert servers("predict.example.com", "v1") == ["https://predict.example.com/v1"]
    assert servers("localhost") == servers(None) == ["/"]
