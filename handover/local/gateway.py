"""API Gateway's part: an HTTP request to an event, a function's reply to an HTTP response.

Facts are AWS's, for HTTP APIs and payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from pydantic import BaseModel, Field

from handover.local.stack import ACCOUNT

JSON = (("content-type", "application/json"),)
PAYLOAD_BYTES = 10_000_000
"""Largest body of a request
(10 MB: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html)."""
INVOKE_BYTES = 6 * 1024 * 1024
"""Largest event that Lambda takes
(6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); Lambda's word for more is 413."""
TEXT_TYPES = {"application/json", "application/javascript", "application/xml"}
"""Content types, beside ``text/*``, whose bodies are passed as text; others become base64
(https://aws.amazon.com/blogs/compute/handling-binary-data-using-amazon-api-gateway-http-apis/)."""


class Request(NamedTuple):
    """An HTTP request as it arrived."""

    method: str
    path: str
    """Percent-decoded: an HTTP API's ``rawPath`` is, and so are both paths of ``sam local start-api``."""
    query: str = ""
    """As it was sent, without the question mark."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"


class Response(NamedTuple):
    """An HTTP response, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def event(request: Request, request_id: str, at: datetime | None = None) -> dict[str, Any]:
    """Build the event of one request, ``at`` a moment or now, for the route ``$default`` of the stage ``$default``.

    Header names are lower-cased and values of one name joined by commas; cookies move to a field of their own; values
    of one query parameter are joined by commas. Fields without a value are left out, as API Gateway does. Account and
    domain are those that ``sam local start-api`` makes up (``samcli/local/events/api_event.py``).
    """
    at = at or datetime.now(UTC)
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    cookies = [cookie for part in headers.pop("cookie", "").split(";") if (cookie := part.strip())]
    query = parse_qs(request.query, keep_blank_values=True)
    parameters = {name: ",".join(values) for name, values in query.items()}
    body, is_base64 = _body(request.body, headers.get("content-type", ""))
    optional = {"cookies": cookies, "queryStringParameters": parameters, "body": body}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": is_base64,
    } | {name: value for name, value in optional.items() if value}


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Give a body as text where its type says so (or none is given) and it is UTF-8, else as base64."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not media_type or media_type in TEXT_TYPES or media_type.startswith("text/"):
        with suppress(UnicodeDecodeError):
            return body.decode(), False
    return base64.b64encode(body).decode(), bool(body)


class _Reply(BaseModel):
    """What a function may say of its response, in payload format 2.0."""

    status: int = Field(alias="statusCode", ge=100, lt=600)
    headers: dict[str, bool | int | float | str] | None = None
    cookies: list[str] | None = None
    body: str | None = None
    is_base64: bool | None = Field(None, alias="isBase64Encoded")


def response(reply: bytes) -> Response:
    """Read a function's reply as API Gateway does.

    A reply without ``statusCode`` is a body: 200, ``application/json``, a JSON string without its quotes. A reply that
    is no such thing is answered with 500, and so is the error of a handler that raised: the emulator marks it by
    nothing but its two fields, which a reply with a status does not have.
    """
    try:
        match answer := json.loads(reply):
            case {"statusCode": _}:
                parsed = _Reply.model_validate(answer)
            case {"errorType": _, "errorMessage": _}:
                return refusal(500)
            case _:
                return Response(200, JSON, answer.encode() if isinstance(answer, str) else reply)
        headers = [(name.lower(), _header(value)) for name, value in (parsed.headers or {}).items()]
        text = parsed.body or ""
        body = base64.b64decode(text, validate=True) if parsed.is_base64 else text.encode()
    except ValueError:
        return refusal(500)
    if "content-type" not in dict(headers):
        headers += JSON
    headers += [("set-cookie", cookie) for cookie in parsed.cookies or []]
    return Response(parsed.status, tuple(headers), body)


def refusal(status: int) -> Response:
    """Give API Gateway's own answer, when the function gave none.

    500: the function raised, ended, timed out or replied nonsense
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html). 413: the
    request is too large. 429: there are more requests at once than environments may run; that is API Gateway's answer
    to a throttled API, and Lambda's to a throttled function.
    """
    message = {413: "Request Entity Too Large", 429: "Too Many Requests", 500: "Internal Server Error"}[status]
    return Response(status, JSON, f'{{"message":"{message}"}}'.encode())


def _header(value: bool | float | str) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\n" in text or "\r" in text:
        raise ValueError("a header is one line")
    return text
