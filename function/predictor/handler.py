"""API Gateway event to request, answer to response: the only file that knows AWS and Powertools."""

import gc

# Imports make many objects and no garbage. A collection among them walks them all for nothing, several times in a cold
# start; what is there when the function is ready stays as long as it, and is frozen below.
gc.disable()

import base64
import binascii
import json
import os
import sys
import traceback
from collections.abc import Callable
from itertools import chain, repeat
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter_ns
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

from predictor import openapi, problems
from predictor.delivery import Delivery, DeliveryError
from predictor.encoder import HeuristicError
from predictor.prediction import MAX_BATCH_BYTES, Answer, ModelError, Prediction
from predictor.problems import Problem
from predictor.settings import Settings, SettingsError

type Event = dict[str, Any]
type Response = dict[str, Any]


class Route(NamedTuple):
    """What answers a path: the one method that it takes, and the function from event to JSON text and answers."""

    method: str
    answer: Callable[[Event], tuple[str, list[Answer]]]


def _open() -> tuple[Settings, Logger, Delivery, Prediction]:
    """Make all that is slow, once, in INIT; a delivery that must not answer ends it with one line in the log."""
    logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME"))
    try:
        settings = Settings.read(os.environ)
        delivery = Delivery.open(settings.delivery)
        return settings, logger, delivery, Prediction(delivery)
    except (SettingsError, DeliveryError) as error:
        logger.critical(str(error))
        sys.exit(1)


settings, logger, delivery, prediction = _open()
metrics = EphemeralMetrics(namespace=settings.namespace, service=settings.service)
metrics.add_dimension("model", delivery.identity)
cold_starts = chain((1.0,), repeat(0.0))  # the first request of an environment meets the cold start


def handler(event: Event, context: Any) -> Response:
    """Answer one request of API Gateway's HTTP API, payload format 2.0.

    Never raises: what goes wrong is an ``application/problem+json`` answer, and a line in the log when it is ours.
    """
    started = perf_counter_ns()
    problem: Problem | None = None
    answers: list[Answer] = []
    headers = {"content-type": "application/json", "x-model": delivery.identity}
    cold = next(cold_starts)
    if cold:
        headers["server-timing"] = "cold"  # W3C's header for what a client cannot see: this answer met a cold start
    try:
        body, answers = _route(event).answer(event)
    except Problem as refused:
        problem = refused
    except Exception as error:  # whatever it is, the caller gets an answer and whoever is on call a line
        problem = problems.internal(context.aws_request_id)
        _log(error, context.aws_request_id)
    if problem:
        body = json.dumps(problem.document())
        headers["content-type"] = "application/problem+json"
        headers.update(problem.headers)
    _emit(event, problem, answers, cold, started)
    status = problem.status if problem else 200
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _route(event: Event) -> Route:
    route = ROUTES.get(event["rawPath"])
    if route is None:
        raise problems.not_found(list(ROUTES))
    if event["requestContext"]["http"]["method"] != route.method:
        raise problems.method_not_allowed(route.method)
    return route


def _body(event: Event) -> bytes | str:
    content_type = event["headers"].get("content-type", "application/json")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise problems.unsupported_media_type()
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    if len(body) > MAX_BATCH_BYTES * 4 // 3 + 4:  # base64 writes three bytes as four characters
        raise problems.too_large(MAX_BATCH_BYTES)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise problems.not_json() from None


def _reasons(event: Event) -> int:
    asked = (event.get("queryStringParameters") or {}).get("reasons", "0")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and int(asked) <= prediction.most_reasons):
        raise problems.bad_reasons(prediction.most_reasons)
    return int(asked)


def _predict(event: Event) -> tuple[str, list[Answer]]:
    answer = prediction.predict(_body(event), _reasons(event))
    return _json(answer), [answer]


def _predict_batch(event: Event) -> tuple[str, list[Answer]]:
    answers = prediction.predict_batch(_body(event), _reasons(event))
    return f"[{','.join(map(_json, answers))}]", answers


def _json(answer: Answer) -> str:
    """Write one answer; by hand, for ``json.dumps`` takes longer than the validation."""
    reasons = f',"reasons":[{",".join(map(quoted, answer.reasons))}]' if answer.reasons else ""
    return f'{{"score":{answer.score!r},"decision":{quoted(answer.decision)}{reasons}}}'


def _constant(document: dict[str, Any]) -> Callable[[Event], tuple[str, list[Answer]]]:
    text = json.dumps(document)
    return lambda event: (text, [])


ROUTES = {
    "/predict": Route("POST", _predict),
    "/predict/batch": Route("POST", _predict_batch),
    "/health": Route(
        "GET", _constant({"status": "ok", "model": delivery.identity, "contract": delivery.contract["version"]})
    ),
    "/contract": Route("GET", _constant(openapi.contract(delivery))),
    "/openapi.json": Route("GET", _constant(openapi.document(delivery))),
}


def _log(error: Exception, request_id: str) -> None:
    """Say what failed and where. Messages of others may quote the row, which is never logged: those are left out."""
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    logger.error(
        str(error) if isinstance(error, HeuristicError | ModelError) else type(error).__name__,
        request_id=request_id,
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )


def _emit(event: Event, problem: Problem | None, answers: list[Answer], cold: float, started: int) -> None:
    """Write the request's one line: CloudWatch metrics in the embedded metric format. Never the row."""
    values: dict[str, Any] = {
        "latency": {"Unit": "Microseconds", "Value": [(perf_counter_ns() - started) / 1000]},
        "cold_start": {"Unit": "Count", "Value": [cold]},
        "error": {"Unit": "Count", "Value": [float(problem is not None)]},
    }
    if answers:
        values["score"] = {"Unit": "None", "Value": [answer.score for answer in answers]}
    route = event["rawPath"]
    seen = {
        "route": route if route in ROUTES else "other",
        "status": problem.status if problem else 200,
        "error_code": problem.kind if problem else None,
        "decision": [answer.decision for answer in answers],
        "request_id": event["requestContext"].get("requestId"),
    }
    line = metrics.serialize_metric_set(metrics=values, metadata=seen)
    sys.stdout.write(json.dumps(line) + "\n")


gc.freeze()
gc.enable()
