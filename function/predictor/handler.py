"""API Gateway event to request, answer to response: the only file that knows the event's shape."""

import gc

# Imports make many objects and no garbage. A collection among them walks them all for nothing, several times in a cold
# start; what is there when the function is ready stays as long as it, and is frozen below.
gc.disable()

import base64
import json
import os
import sys
from collections.abc import Callable
from itertools import chain, repeat
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter_ns
from typing import Any

from predictor import files, problems, routes
from predictor.delivery import Delivery, LoadError
from predictor.documents import Document, Documents
from predictor.failures import log_failure, log_fatal
from predictor.prediction import Answer, Predictor
from predictor.problems import Problem
from predictor.settings import Settings, SettingsError
from predictor.telemetry import Telemetry

type Event = dict[str, Any]
type Response = dict[str, Any]
type Headers = dict[str, str]
# An event, and the headers of its response, to the status, the body and the answers in it.
type Endpoint = Callable[[Event, Headers], tuple[int, str, list[Answer]]]


def _open() -> tuple[Settings, Delivery, Predictor]:
    """Make all that is slow, once, in INIT; a delivery that must not answer ends it with one line in the log."""
    try:
        settings = Settings.read(os.environ)
        delivery = Delivery.open(settings.delivery)
        if delivery.identity == files.STAND_IN and not settings.allows_stand_in:
            raise LoadError("what was delivered is a stand-in for a model, and this stage has no AllowStandIn=true")
        return settings, delivery, Predictor(delivery)
    except (SettingsError, LoadError) as error:
        log_fatal(str(error))
        sys.exit(1)


settings, delivery, prediction = _open()
documents = Documents(delivery, settings)
telemetry = Telemetry(settings, delivery.identity, delivery.scores)
cold_starts = chain((1.0,), repeat(0.0))  # the first request of an environment meets the cold start


def handler(event: Any, context: Any) -> Response:
    """Answer one request of API Gateway's HTTP API, payload format 2.0.

    Never raises: what goes wrong is an ``application/problem+json`` answer, and a line in the log when it is ours. An
    event that is not a request gets one too: an exception is a failure of the function, and can roll a version back.
    """
    started = perf_counter_ns()
    error_code = None
    answers: list[Answer] = []
    headers = {"content-type": "application/json", "x-model": delivery.identity}
    cold = next(cold_starts)
    if cold:
        headers["server-timing"] = "cold"  # W3C's header for what a client cannot see: this answer met a cold start
    request_id = _request_id(event, context)
    try:
        status, body, answers = _endpoint(event)(event, headers)
    # An exception that is stored makes a cycle with its own frames, which keeps the body until a collection.
    except Problem as refused:
        status, error_code, body = _refusal(refused, headers, event)
    except Exception as error:  # whatever it is, the caller gets an answer and whoever is on call a line
        status, error_code, body = _refusal(_explained(error, event, request_id, context), headers, event)
    metadata = {
        "route": _known_path(event),
        "status": status,
        "error_code": error_code,
        "decision": [answer.decision for answer in answers],
        "request_id": request_id,
        "function_request_id": _function_request_id(context),
    }
    telemetry.log_answer(metadata, [answer.scores for answer in answers], cold, started)
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _request_id(event: Any, context: Any) -> str:
    """Give the id that API Gateway's access log has too, or Lambda's own where nothing came through an API."""
    try:
        given = event["requestContext"]["requestId"]
    except (LookupError, TypeError):
        given = None
    return given if isinstance(given, str) else _function_request_id(context)


def _function_request_id(context: Any) -> str:
    """Give Lambda's own id of the request: that of its START and REPORT lines, which the access log has too."""
    return str(getattr(context, "aws_request_id", ""))


def _known_path(event: Any) -> str:
    """Give the path for the line of metrics, where any other would be a value that callers make up."""
    try:
        path: str = event["rawPath"]
        if path in ROUTES:
            return path
        path = _below_the_stage(event)
        return path if path in ROUTES else "other"
    except (LookupError, TypeError):
        return "other"


def _refusal(problem: Problem, headers: Headers, event: Any) -> tuple[int, str, str]:
    headers.update(problem.headers, **{"content-type": "application/problem+json"})
    return problem.status, problem.kind, "" if _is_head(event) else json.dumps(problem.document())


def _is_head(event: Any) -> bool:
    try:
        return bool(event["requestContext"]["http"]["method"] == "HEAD")
    except (LookupError, TypeError):
        return False


def _explained(error: Exception, event: Any, request_id: str, context: Any) -> Problem:
    """Say whose fault an error is. Only then is an event looked at: that each is a request costs the others nothing."""
    if not _is_request(event):
        return problems.not_a_request()
    version = str(getattr(context, "function_version", ""))
    log_failure(error, {"request_id": request_id, "function_request_id": _function_request_id(context)}, version)
    return problems.internal(request_id)


def _is_request(event: Any) -> bool:
    """Whether an event is a request of payload format 2.0, as far as one is read here."""
    try:
        texts = [event["rawPath"], event["requestContext"]["http"]["method"], event.get("body") or ""]
        texts += (event.get("headers") or {}).values()
        texts += (event.get("queryStringParameters") or {}).values()
    except (AttributeError, LookupError, TypeError):
        return False
    return all(isinstance(text, str) for text in texts)


def _endpoint(event: Event) -> Endpoint:
    method = event["requestContext"]["http"]["method"]
    path = event["rawPath"]
    route = ROUTES.get(path) or ROUTES.get(_below_the_stage(event))
    if route is None:
        raise problems.not_found(list(ROUTES)) if isinstance(path, str) else problems.not_a_request()
    allowed, parameters, endpoint = route
    if method != allowed and (method, allowed) != ("HEAD", "GET"):
        raise problems.method_not_allowed(allowed)
    query = event.get("queryStringParameters")
    if query and not parameters.issuperset(query.keys()):
        raise problems.unknown_parameters(list(query), sorted(parameters))
    return endpoint if method == allowed else _without_body(endpoint)


def _below_the_stage(event: Event) -> str:
    """Give the path without the API's stage: only where that is ``$default`` does the path begin behind it."""
    path, stage = event["rawPath"], event["requestContext"].get("stage")
    return path.removeprefix(f"/{stage}") if isinstance(path, str) else ""


def _without_body(endpoint: Endpoint) -> Endpoint:
    """Answer HEAD: with the status and the headers of GET (RFC 9110, section 9.3.2)."""

    def answer(event: Event, headers: Headers) -> tuple[int, str, list[Answer]]:
        status, _, answers = endpoint(event, headers)
        return status, "", answers

    return answer


def _body(event: Event, limit_bytes: int) -> bytes | str:
    content_type = (event.get("headers") or {}).get("content-type", "application/json")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise problems.unsupported_media_type()
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    if len(body) > limit_bytes * 4 // 3 + 4:  # base64 writes three bytes as four characters
        raise problems.too_large(limit_bytes)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:  # no base64, or not even ASCII
        raise problems.not_json() from None


def _reasons(event: Event) -> int:
    asked = (event.get("queryStringParameters") or {}).get("reasons")
    if asked is None:
        return 0
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and int(asked) <= prediction.most_reasons):
        raise problems.bad_reasons(prediction.most_reasons)
    return int(asked)


def _predict(event: Event, _: Headers) -> tuple[int, str, list[Answer]]:
    answer = prediction.predict(_body(event, delivery.limits.row_bytes), _reasons(event))
    return 200, _json(answer), [answer]


def _predict_batch(event: Event, _: Headers) -> tuple[int, str, list[Answer]]:
    answers = prediction.predict_batch(_body(event, delivery.limits.batch_bytes), _reasons(event))
    return 200, f"[{','.join(map(_json, answers))}]", answers


def _json(answer: Answer) -> str:
    """Write one answer."""
    reasons = f',"reasons":[{",".join(map(quoted, answer.reasons))}]' if answer.reasons else ""
    return f"{{{delivery.scores.text(answer.scores, answer.decision)}{reasons}}}"


def _health(_: Event, __: Headers) -> tuple[int, str, list[Answer]]:
    health = {"status": "ok", "model": delivery.identity, "contract": delivery.contract["version"]}
    return 200, json.dumps(health), []


def _document(find: Callable[[Event], Document]) -> Endpoint:
    """Answer with a document, or with the word that the caller has it already."""

    def endpoint(event: Event, headers: Headers) -> tuple[int, str, list[Answer]]:
        document = find(event)
        headers.update(document.headers)
        if document.is_known((event.get("headers") or {}).get("if-none-match", "")):
            del headers["content-type"]  # nothing is sent
            return 304, "", []
        return 200, document.body, []

    return endpoint


def _server(event: Event) -> str:
    """Give the address that API Gateway was called at; on this machine it is the one that the document is read from."""
    name, stage = event["requestContext"].get("domainName") or "", event["requestContext"].get("stage")
    below = f"/{stage}" if event["rawPath"] not in ROUTES else ""
    return f"https://{name}{below}" if "." in name else below or "/"


ENDPOINTS: dict[routes.Route, Endpoint] = {
    routes.PREDICT: _predict,
    routes.PREDICT_BATCH: _predict_batch,
    routes.HEALTH: _health,
    routes.CONTRACT: _document(lambda _: documents.contract),
    routes.OPENAPI: _document(lambda event: documents.openapi(_server(event))),
}
if settings.page:
    ENDPOINTS[routes.PAGE] = _document(lambda _: documents.page)
ROUTES = {route.path: (route.method, frozenset(route.parameters), answer) for route, answer in ENDPOINTS.items()}

gc.freeze()
gc.enable()
