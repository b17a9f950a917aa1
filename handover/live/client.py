"""Requests to the live API, signed, over connections that are kept, each with the time it took."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from urllib3 import Retry, connection_from_url, exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from handover.live import LiveError
from handover.live.aws import aws_errors
from handover.live.stack import Stack

if TYPE_CHECKING:
    import boto3

TIMEOUT_S = 15.0  # API Gateway gives up on the function after 6 s, and says so
CLOCK = timedelta(minutes=5)
"""How far a signature's time may be off
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""
# Only what was throttled is sent again, after the pause that it asks for; all pauses together are less than CLOCK.
THROTTLED = Retry(
    total=None,
    connect=False,
    read=False,
    other=0,
    status=9,
    status_forcelist=[429],
    allowed_methods=None,
    backoff_factor=0.5,
    backoff_max=30,
    retry_after_max=30,
    raise_on_status=False,
)
TOKEN = "HANDOVER_TOKEN"  # noqa: S105  the variable's name, not its value
SERVICE = "execute-api"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}  # and whatever ends in .localhost (RFC 6761, section 6.3)

type Headers = dict[str, str]
type Sign = Callable[[str, str, bytes, Headers], Headers]
"""From method, URL, body and headers to the headers to send."""

_request = threading.local()
"""When this thread's request began."""


class _Http(HTTPConnection):
    """Notes when a request begins: once its connection is open, for opening it is no part of what it takes."""

    def connect(self) -> None:
        super().connect()
        _request.began = time.perf_counter()

    def putrequest(self, *words: Any, **options: Any) -> None:
        _request.began = time.perf_counter()
        super().putrequest(*words, **options)


class _Https(_Http, HTTPSConnection):
    pass


class Response(NamedTuple):
    """An answer of the API, whatever it is."""

    status: int
    headers: Mapping[str, str]
    """Their names in any case."""
    body: bytes
    ms: float
    """From sending the request to the last byte [ms]; the connection was open before."""
    throttled: int
    """How often it was answered 429 before, and sent again after the pause."""

    @property
    def document(self) -> Any:
        """Its body's JSON; ``None`` where it is none."""
        with suppress(ValueError):
            return json.loads(self.body)


class Client(AbstractContextManager["Client"]):
    """Sends requests to one API from any thread; each takes a connection that is idle, or opens or waits for one."""

    def __init__(self, url: str, sign: Sign, connections: int = 1, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in {"https", "http"}:
            raise LiveError(f"{url} is not a URL")
        local = parts.hostname in LOOPBACK or parts.hostname.endswith(".localhost")
        if parts.scheme == "http" and not local:
            raise LiveError(f"{url} is not https: rows and credentials would be sent in the clear")
        self._url = url.rstrip("/")
        self._base = parts.path.rstrip("/")
        self._sign = sign
        self._pool = connection_from_url(url, timeout=timeout_s, maxsize=connections, block=True)
        self._pool.ConnectionCls = _Https if parts.scheme == "https" else _Http

    @classmethod
    def of(cls, stack: Stack, session: "boto3.Session", url: str | None = None, connections: int = 1) -> Self:
        """Make the client of a stack's API, at another address if one is given; the stack's output says how to sign."""
        return cls(url or stack.output("Url"), signer(stack.output("Auth"), session, stack.region), connections)

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def ask(self, method: str, path: str, document: Any = None) -> Response:
        """Send one request; wait and send it again when there are too many."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {} if document is None else {"content-type": "application/json"}
        signed = self._sign(method, self._url + path, body, headers)
        send = partial(self._pool.urlopen, method, self._base + path, body, signed, THROTTLED, redirect=False)
        try:
            try:
                response = send()
            except exceptions.ProtocolError:  # a connection was closed while it waited; asking twice does no harm
                response = send()
        except exceptions.HTTPError as error:
            cause = error.reason if isinstance(error, exceptions.MaxRetryError) else error
            raise LiveError(f"{self._url} cannot be reached: {cause}") from None
        ms = (time.perf_counter() - _request.began) * 1000
        if response.status in {401, 403}:
            raise self._unknown(response.status, response.headers)
        throttled = len(response.retries.history) if response.retries else 0
        return Response(response.status, response.headers, response.data, ms, throttled)

    def _unknown(self, status: int, headers: Mapping[str, str]) -> LiveError:
        """Say why the API does not take the caller for one of its own; a clock that is wrong is the usual reason."""
        why = "these credentials may not call it, or it asks for others than its output Auth says"
        with suppress(KeyError, ValueError, TypeError):
            apart = abs(datetime.now(UTC) - parsedate_to_datetime(headers["date"]))
            if apart > CLOCK:
                minutes = apart / timedelta(minutes=1)
                why = f"the clock of this machine is {minutes:.0f} minutes off, which no signature may be"
        return LiveError(f"{self._url} refuses the request ({status}): {why}")


def signer(auth: str, session: "boto3.Session", region: str) -> Sign:
    """Choose by the stack's output ``Auth`` how requests say who sends them.

    ``AWS_IAM``: signature version 4
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). ``JWT``: the bearer token in the variable
    HANDOVER_TOKEN. ``NONE``: not at all.
    """
    if auth == "NONE":
        return lambda method, url, body, headers: headers
    if auth == "JWT":
        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise LiveError(f"the API asks for a token (Auth is JWT): put one into the variable {TOKEN}")
        return lambda method, url, body, headers: headers | {"authorization": f"Bearer {token}"}
    if auth != "AWS_IAM":
        raise LiveError(f"the stack's output Auth is {auth}; known are AWS_IAM, JWT and NONE")
    with aws_errors():
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError

    def signed(method: str, url: str, body: bytes, headers: Headers) -> Headers:
        request = AWSRequest(method, url, headers, body)
        with aws_errors():  # credentials that expire are fetched anew here
            SigV4Auth(credentials.get_frozen_credentials(), SERVICE, region).add_auth(request)
        return dict(request.headers.items())

    return signed
