"""Whatever calls the function gets an answer and leaves one line: an exception would count as its failure."""

import gc
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

from predictor.problems import Problem
from tests.helpers.function import Context, Function, Open

pytestmark = pytest.mark.quick

ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
HTTP = {"method": "POST", "path": "/predict", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl"}
REQUEST = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/predict",
    "rawQueryString": "",
    "headers": {"content-type": "application/json"},
    "requestContext": {"http": HTTP, "requestId": "gateway-1", "stage": "$default"},
    "body": '{"weight": 2.5, "zone": "home"}',
    "isBase64Encoded": False,
}


def record(source: str, **members: Any) -> dict[str, Any]:
    return {"Records": [{"eventSource": source, "awsRegion": "eu-central-1", "eventVersion": "1.0", **members}]}


def from_bus(source: str, kind: str, **detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": source,
        "account": "123456789012",
        "time": "2026-11-25T00:00:00Z",
        "region": "eu-central-1",
        "resources": [ARN.format("events", "rule/nightly")],
        "detail": detail,
    }


def balanced(path: str, user_agent: str, body: str) -> dict[str, Any]:
    group = ARN.format("elasticloadbalancing", "targetgroup/predict/0123456789abcdef")
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": "GET",
        "path": path,
        "queryStringParameters": {},
        "headers": {"host": "example.com", "user-agent": user_agent},
        "body": body,
        "isBase64Encoded": False,
    }


NO_REQUESTS: dict[str, Any] = {
    "REST API": {
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": "/predict",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "pathParameters": {"proxy": "predict"},
        "requestContext": {"requestId": "rest-1", "httpMethod": "POST", "path": "/prod/predict", "stage": "prod"},
        "body": "{}",
        "isBase64Encoded": False,
    },
    "REST API, test in the console": {
        "resource": "/predict",
        "path": "/predict",
        "httpMethod": "POST",
        "headers": None,
    },
    "REST API, authorizer": {
        "type": "TOKEN",
        "authorizationToken": "Bearer x",
        "methodArn": ARN.format("execute-api", "a"),
    },
    "WebSocket": {
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "connectionId": "c",
            "requestId": "socket-1",
        },
        "isBase64Encoded": False,
    },
    "load balancer": balanced("/predict", "curl", "{}"),
    "load balancer's health check": balanced("/", "ELB-HealthChecker/2.0", ""),
    "VPC Lattice": {"version": "2.0", "path": "/predict", "method": "POST", "headers": {"host": ["x"]}, "body": "{}"},
    "CloudFront, Lambda@Edge": {
        "Records": [{"cf": {"config": {"eventType": "viewer-request"}, "request": {"uri": "/"}}}]
    },
    "AppSync": {
        "typeName": "Query",
        "fieldName": "predict",
        "arguments": {},
        "identity": None,
        "request": {"headers": {}},
    },
    "warm-up, serverless-plugin-warmup": {"source": "serverless-plugin-warmup"},
    "warm-up, lambda-warmer": {"warmer": True, "concurrency": 3},
    "warm-up, by name": "warmup",
    "schedule, EventBridge": from_bus("aws.events", "Scheduled Event"),
    "schedule, EventBridge Scheduler": {"aws.scheduler.scheduled-time": "2026-11-25T00:00:00Z"},
    "EventBridge": from_bus("orders", "Order placed", amount=12),
    "CodePipeline": {"CodePipeline.job": {"id": "j", "accountId": "123456789012", "data": {}}},
    "CodeDeploy's hook": {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e"},
    "CloudFormation's custom resource": {"RequestType": "Create", "ResponseURL": "https://example.com", "StackId": "s"},
    "SQS": record("aws:sqs", messageId="m", body='{"weight": 2.5}', attributes={}),
    "SNS": {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": "{}", "Subject": None}}]},
    "S3": record("aws:s3", eventName="ObjectCreated:Put", s3={"bucket": {"name": "b"}, "object": {"key": "k"}}),
    "S3, test": {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b", "RequestId": "r", "HostId": "h"},
    "S3 batch": {"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"}, "tasks": []},
    "DynamoDB": record("aws:dynamodb", eventName="INSERT", dynamodb={"Keys": {"id": {"S": "1"}}}),
    "Kinesis": record("aws:kinesis", kinesis={"data": "e30=", "partitionKey": "p", "sequenceNumber": "1"}),
    "Firehose": {"invocationId": "i", "deliveryStreamArn": ARN.format("firehose", "d"), "records": [{"data": "e30="}]},
    "Kafka": {"eventSource": "aws:kafka", "records": {"topic-0": [{"offset": 1, "value": "e30="}]}},
    "CloudWatch Logs": {"awslogs": {"data": "H4sIAAAAAAAA"}},
    "CloudWatch alarm": {"source": "aws.cloudwatch", "alarmArn": ARN.format("cloudwatch", "alarm:a"), "alarmData": {}},
    "Cognito": {"version": "1", "triggerSource": "PreSignUp_SignUp", "request": {"userAttributes": {}}, "response": {}},
    "Step Functions": {"weight": 2.5, "zone": "home"},
    "Config": {"invokingEvent": "{}", "ruleParameters": "{}", "resultToken": "t", "eventLeftScope": False},
    "IoT": {"clickType": "SINGLE", "serialNumber": "G030", "batteryVoltage": "2000mV"},
    "the console's test": {"key1": "value1", "key2": "value2", "key3": "value3"},
    "an empty object": {},
    "null": None,
    "a list": [REQUEST],
    "an empty list": [],
    "text": "POST /predict",
    "a number": 1,
    "a fraction": 0.5,
    "true": True,
    "a request without a path": {name: member for name, member in REQUEST.items() if name != "rawPath"},
    "a request without a context": {name: member for name, member in REQUEST.items() if name != "requestContext"},
    "a request whose context has no http": REQUEST | {"requestContext": {"requestId": "gateway-1"}},
    "a request whose context is null": REQUEST | {"requestContext": None},
    "a request whose http is null": REQUEST | {"requestContext": {"http": None, "requestId": "gateway-1"}},
    "a request whose path is null": REQUEST | {"rawPath": None},
    "a request whose path is a list": REQUEST | {"rawPath": ["/predict"]},
    "a request whose headers are a list": REQUEST | {"headers": [["content-type", "application/json"]]},
    "a request whose header is null": REQUEST | {"headers": {"content-type": None}},
    "a request whose header is a list": REQUEST | {"headers": {"content-type": ["application/json"]}},
    "a request whose query is text": REQUEST | {"queryStringParameters": "reasons=1"},
    "a request whose parameter is a number": REQUEST | {"queryStringParameters": {"reasons": 1}},
    "a request whose body is an object": REQUEST | {"body": {"weight": 2.5}},
    "a request whose body is a list": REQUEST | {"body": [{"weight": 2.5}]},
    "a request whose body is a number": REQUEST | {"body": 1},
    "a request whose base64 is a number": REQUEST | {"body": 1, "isBase64Encoded": True},
}


@pytest.fixture
def parcel_opened(opened: Open, parcels: Path) -> Function:
    return opened(parcels)


@pytest.mark.parametrize("kind", NO_REQUESTS)
def test_an_event_that_is_no_request_gets_an_answer_and_leaves_one_line(parcel_opened: Function, kind: str) -> None:
    answer = parcel_opened.event(NO_REQUESTS[kind])

    (line,) = answer.lines
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "type": "/openapi.json#/components/responses/not-a-request",
        "title": "The event is not a request",
        "status": 400,
        "detail": "Send requests through API Gateway's HTTP API, payload format 2.0.",
    }
    assert (line["status"], line["error_code"], line["error"]) == (400, "not-a-request", [1.0])
    assert line["route"] in {"other", "/predict"}
    assert line["request_id"] in {"request-1", "gateway-1", "rest-1", "socket-1"}


def test_what_ships_answers_what_is_no_request(parcel_function: Function) -> None:
    for kind in ("REST API", "warm-up, by name", "null", "a list"):
        assert parcel_function.event(NO_REQUESTS[kind]).json["title"] == "The event is not a request"


@pytest.mark.parametrize(
    "member",
    [
        {
            "version": "2.0",
            "requestContext": {"http": HTTP, "domainName": "a.lambda-url.eu-central-1.on.aws"},
        },  # function URL
        {"headers": None},
        {"headers": {}},
        {"queryStringParameters": None},
        {"queryStringParameters": {"reasons": None}},
        {"queryStringParameters": {}},
        {"isBase64Encoded": None},
        {"body": "eyJ3ZWlnaHQiOiAyLjUsICJ6b25lIjogImhvbWUifQ==", "isBase64Encoded": True},
        {"requestContext": {"http": HTTP, "requestId": None}},
        {"requestContext": {"http": HTTP, "requestId": {}}},
    ],
)
def test_a_request_may_lack_what_is_not_needed(parcel_opened: Function, member: dict[str, Any]) -> None:
    answer = parcel_opened.event(REQUEST | member)

    assert (answer.status, answer.json) == (200, parcel_opened.event(REQUEST).json)
    assert answer.lines[0]["request_id"] in {"gateway-1", "request-1"}


@pytest.mark.parametrize("body", [None, "", 0, [], {}, False])
def test_a_request_may_have_no_body(parcel_opened: Function, body: Any) -> None:
    assert parcel_opened.event(REQUEST | {"body": body}).json["title"] == "The body is not JSON"


@pytest.mark.parametrize("path", ["/" + "x" * 1_000_000, "/\ud800", "/predict/", "/predict?x=1", ""])
def test_a_path_is_never_written(parcel_opened: Function, path: str) -> None:
    answer = parcel_opened.event(REQUEST | {"rawPath": path})

    assert (answer.status, answer.lines[0]["route"]) == (404, "other")
    assert len(json.dumps(answer.lines)) < 1000


def test_a_stage_of_another_name_stands_before_the_path(parcel_opened: Function) -> None:
    of_stage = REQUEST | {"requestContext": {"http": HTTP, "requestId": "gateway-1", "stage": "prod"}}

    answer = parcel_opened.event(of_stage | {"rawPath": "/prod/predict"})

    assert (answer.status, answer.lines[0]["route"]) == (200, "/predict")
    for path in ("/other/predict", "/prodpredict", "/prod", "/prod/prod/predict"):
        answer = parcel_opened.event(of_stage | {"rawPath": path})
        assert (answer.status, answer.lines[0]["route"]) == (404, "other"), path


def test_a_failure_carries_the_id_that_the_access_log_has(parcel_opened: Function) -> None:
    answer = parcel_opened.event(REQUEST | {"body": '{"weight": 13}'})

    assert answer.status == 500
    assert [answer.json["request_id"], *(line["request_id"] for line in answer.lines)] == ["gateway-1"] * 3


@pytest.mark.parametrize("context", [None, "context", object()])
@pytest.mark.parametrize("event", [REQUEST, {}, REQUEST | {"body": '{"weight": 13}', "requestContext": {"http": HTTP}}])
def test_no_context_is_needed(parcel_opened: Function, event: dict[str, Any], context: Any) -> None:
    assert sys.modules["predictor.handler"].handler(event, context)["statusCode"] in {200, 400, 500}


def test_a_failure_without_that_id_carries_lambdas(parcel_opened: Function) -> None:
    answer = parcel_opened.event(REQUEST | {"body": '{"weight": 13}', "requestContext": {"http": HTTP}})

    assert answer.json["request_id"] == answer.lines[0]["request_id"] == "request-1"


# --- a line that cannot be written


class Broken:
    """A stdout that cannot be written to."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def write(self, text: str) -> None:
        raise self._error

    def flush(self) -> None:
        raise self._error


def raises(error: Exception) -> Callable[..., None]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def without_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)


def broken(error: Exception) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(sys, "stdout", Broken(error))


def unserialized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EphemeralMetrics, "serialize_metric_set", raises(ValueError("no metric")))


def unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logger, "error", raises(OSError(28, "No space left on device")))


@pytest.mark.parametrize(
    "fault",
    [
        without_stdout,
        broken(ValueError("I/O operation on closed file.")),
        broken(BrokenPipeError(32, "Broken pipe")),
        broken(OSError(28, "No space left on device")),
        unserialized,
        unlogged,
    ],
)
def test_a_line_that_cannot_be_written_loses_no_answer(
    parcel_opened: Function, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    handler = sys.modules["predictor.handler"]
    expected = parcel_opened.event(REQUEST)

    with monkeypatch.context() as patched:
        fault(patched)
        answers = [handler.handler(event, Context()) for event in (REQUEST, {}, REQUEST | {"body": '{"weight": 13}'})]

    assert [answer["statusCode"] for answer in answers] == [200, 400, 500]
    assert answers[0]["body"] == expected.text
    assert parcel_opened.event(REQUEST).lines != []


STATUSES = """
import json, sys
from predictor.handler import handler
for event in json.load(sys.stdin):
    print(handler(event, None)["statusCode"], file=sys.stderr)
"""


@pytest.mark.parametrize("stdout", ["1>&-", "1>/dev/full", "| true"])
def test_a_process_that_cannot_write_answers(parcels: Path, stdout: str) -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONUNBUFFERED": "1",  # as in Lambda: each line is written at once
        "DELIVERY": str(parcels),
        "POWERTOOLS_SERVICE_NAME": "predict",
        "POWERTOOLS_METRICS_NAMESPACE": "handover-test",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    events = [REQUEST, {}, REQUEST | {"body": '{"weight": 13}'}, REQUEST]

    run = subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {stdout}', sys.executable, STATUSES],
        env=environment,
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line for line in run.stderr.splitlines() if line.isdigit()] == ["200", "400", "500", "200"]


# --- what is left behind


@pytest.mark.parametrize(
    "event",
    [
        {},
        REQUEST | {"rawPath": "/nowhere"},
        REQUEST | {"body": "{"},
        REQUEST | {"body": "{}"},
        REQUEST | {"body": '{"weight": 1, "weight": 1}'},
        REQUEST | {"body": "[" * 100},
        REQUEST | {"body": "[" * 10_000},
        REQUEST | {"body": "\u00e9", "isBase64Encoded": True},
        REQUEST | {"headers": {"content-type": "text/csv"}},
        REQUEST | {"rawPath": "/predict/batch", "body": "[{}]"},
        REQUEST | {"body": '{"weight": 13}'},
    ],
)
def test_a_refusal_does_not_outlive_its_request(
    parcel_opened: Function, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]
) -> None:
    made: list[weakref.ref[Problem]] = []
    original = Problem.__init__

    def remembered(self: Problem, *args: Any, **kwargs: Any) -> None:
        made.append(weakref.ref(self))
        original(self, *args, **kwargs)

    monkeypatch.setattr(Problem, "__init__", remembered)
    gc.disable()
    try:
        answer = parcel_opened.event(event)
        alive = [problem for problem in made if problem() is not None]
    finally:
        gc.enable()

    assert answer.status >= 400
    assert (len(made), alive) == (1, [])
