import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.local.gateway import Request, Response, event, refusal, response

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JSON = (("content-type", "application/json"),)
INTERNAL = Response(500, JSON, b'{"message":"Internal Server Error"}')


def test_a_request_with_everything_is_this_event() -> None:
    request = Request(
        "POST",
        "/predict",
        "reasons=3&tag=a&tag=b%20c&empty=",
        (
            ("Host", "127.0.0.1:3000"),
            ("User-Agent", "curl/8"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Many", "1"),
            ("X-Many", "2"),
            ("Cookie", "a=1; b=2"),
        ),
        b'{"months": 8}',
        "127.0.0.9",
    )
    assert event(request, "the-id", WHEN) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/predict",
        "rawQueryString": "reasons=3&tag=a&tag=b%20c&empty=",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": "127.0.0.1:3000",
            "user-agent": "curl/8",
            "content-type": "application/json; charset=utf-8",
            "x-many": "1,2",
        },
        "queryStringParameters": {"reasons": "3", "tag": "a,b c", "empty": ""},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": "POST",
                "path": "/predict",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.9",
                "userAgent": "curl/8",
            },
            "requestId": "the-id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "02/Jan/2026:03:04:05 +0000",
            "timeEpoch": 1767323045000,
        },
        "isBase64Encoded": False,
        "body": '{"months": 8}',
    }


def test_what_a_request_does_not_have_its_event_does_not_have() -> None:
    assert set(event(Request("GET", "/health"), "id", WHEN)) == {
        *("version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded")
    }


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "Application/XML; charset=utf-8", ""])
def test_text_is_passed_as_text(media_type: str) -> None:
    built = event(Request("POST", "/", "", (("content-type", media_type),), "µ".encode()), "id", WHEN)
    assert (built["body"], built["isBase64Encoded"]) == ("µ", False)


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "image/png", "application/octet-stream"])
def test_anything_else_is_passed_as_base64(media_type: str) -> None:
    built = event(Request("POST", "/", "", (("content-type", media_type),), b"a=1"), "id", WHEN)
    assert (built["body"], built["isBase64Encoded"]) == ("YT0x", True)


@given(st.binary(), st.sampled_from(["application/json", "text/csv", "image/png", ""]))
def test_every_body_can_be_read_back_and_every_event_is_json(body: bytes, media_type: str) -> None:
    built = json.loads(json.dumps(event(Request("POST", "/", "", (("content-type", media_type),), body), "i", WHEN)))
    text = built.get("body", "")
    assert (base64.b64decode(text) if built["isBase64Encoded"] else text.encode()) == body


def test_a_reply_with_everything_is_this_response() -> None:
    reply = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/plain", "X-Count": 3, "X-Yes": True},
        "cookies": ["a=1", "b=2"],
        "body": "aGk=",
        "isBase64Encoded": True,
    }
    assert response(json.dumps(reply).encode()) == Response(
        201,
        (
            ("content-type", "text/plain"),
            ("x-count", "3"),
            ("x-yes", "true"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ),
        b"hi",
    )


@pytest.mark.parametrize(
    ("reply", "body"),
    [(b'{"score": 1}', b'{"score": 1}'), (b'"hello"', b"hello"), (b"[1]", b"[1]"), (b"null", b"null")],
)
def test_a_reply_without_a_status_is_a_json_body(reply: bytes, body: bytes) -> None:
    assert response(reply) == Response(200, JSON, body)


def test_a_reply_with_no_more_than_a_status_is_an_empty_body() -> None:
    assert response(b'{"statusCode": 204}') == Response(204, JSON, b"")


@pytest.mark.parametrize(
    "reply",
    [
        b"not json",
        b'{"statusCode": "many"}',
        b'{"statusCode": 99}',
        b'{"statusCode": null}',
        b'{"statusCode": 200, "body": {"a": 1}}',
        b'{"statusCode": 200, "headers": ["a"]}',
        b'{"statusCode": 200, "headers": {"a": {}}}',
        b'{"statusCode": 200, "headers": {"a": "b\\r\\nset-cookie: c"}}',
        b'{"statusCode": 200, "cookies": "a"}',
        b'{"statusCode": 200, "body": "!", "isBase64Encoded": true}',
        b'{"errorType": "ValueError", "errorMessage": "no", "stackTrace": []}',
    ],
)
def test_nonsense_and_raised_errors_are_an_internal_server_error(reply: bytes) -> None:
    assert response(reply) == INTERNAL


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["statusCode", "headers", "body", "cookies", "isBase64Encoded", "errorType"])
                | st.text(),
                x,
            )
        ),
    )
)
def test_no_reply_breaks_the_gateway(reply: object) -> None:
    assert 100 <= response(json.dumps(reply).encode()).status < 600


@pytest.mark.parametrize(
    ("status", "message"),
    [(413, "Request Entity Too Large"), (429, "Too Many Requests"), (500, "Internal Server Error")],
)
def test_its_own_answers_say_what_api_gateway_says(status: int, message: str) -> None:
    assert refusal(status) == Response(status, JSON, f'{{"message":"{message}"}}'.encode())
