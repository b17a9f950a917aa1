"""Requests to the live API, over connections that are kept, each with the time it took."""

import json
import socket
import ssl
import time
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from handover.live import LiveError
from handover.live.signing import Sign

TIMEOUT_S = 15.0  # API Gateway gives up on the function after 6 s, and says so
PAUSE_S = 1.0  # after a 429 that does not say how long
LONGEST_PAUSE_S = 30.0
TRIES = 10
CLOCK = timedelta(minutes=5)
"""How far a signature's time may be off
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}  # and whatever ends in .localhost (RFC 6761, section 6.3)


class Response(NamedTuple):
    """An answer of the API, whatever it is."""

    status: int
    headers: dict[str, str]
    """Their names in lower case."""
    body: bytes
    ms: float
    """From sending the request to the last byte [ms]; the connection was open before."""
    throttled: int
    """How often it was answered 429 before, and sent again after the pause."""


class Client:
    """Sends requests to one API from any thread; each takes a connection that is idle, or opens one.

    Raises
    ------
    LiveError
        When the URL is not one to send credentials to.
    """

    def __init__(self, url: str, sign: Sign, timeout_s: float = TIMEOUT_S, pause_s: float = PAUSE_S) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in {"https", "http"}:
            raise LiveError(f"{url} is not a URL")
        here = parts.hostname in LOOPBACK or parts.hostname.endswith(".localhost")
        if parts.scheme == "http" and not here:
            raise LiveError(f"{url} is not https: rows and credentials would be sent in the clear")
        self._url = url.rstrip("/")
        self._base = parts.path.rstrip("/")
        self._host = parts.hostname
        self._port = parts.port
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._sign = sign
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._idle: SimpleQueue[HTTPConnection] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._idle.empty():
            self._idle.get().close()

    def connect(self, count: int, executor: Executor) -> None:
        """Open connections, all at once, so that no request waits for its own.

        Raises
        ------
        LiveError
            When the API cannot be reached.
        """
        list(executor.map(lambda _: self._idle.put(self._connected()), range(count)))

    def ask(self, method: str, path: str, document: Any = None) -> Response:
        """Send one request; wait and send it again when there are too many.

        Raises
        ------
        LiveError
            When there is no answer, or it is that the caller is not known.
        """
        body = b"" if document is None else json.dumps(document).encode()
        headers = {} if document is None else {"content-type": "application/json"}
        for throttled in range(TRIES):
            sent = self._sign(method, self._url + path, body, headers)
            response = self._exchange(method, self._base + path, body, sent, throttled)
            if response.status in {401, 403}:
                raise self._unknown(response)
            if response.status != 429:
                break
            asked = response.headers.get("retry-after", "")
            time.sleep(min(float(asked), LONGEST_PAUSE_S) if asked.isdecimal() else self._pause_s)
        return response

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str], throttled: int) -> Response:
        """Send once; a connection that the other side closed meanwhile is opened again, for asking twice does no harm.

        A connection of which nothing is known any more is not kept.
        """
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connected()
        for kept in (True, False):
            started = time.perf_counter()
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                said = response.read()
            except (ConnectionError, HTTPException) as error:
                connection.close()
                if not kept:
                    raise self._unreached(error) from None
                connection = self._connected()
            except OSError as error:
                connection.close()
                raise self._unreached(error) from None
            else:
                ms = (time.perf_counter() - started) * 1000
                self._idle.put(connection)
                names = {name.lower(): value for name, value in response.getheaders()}
                return Response(response.status, names, said, ms, throttled)
        raise AssertionError("the second failure was raised")

    def _connected(self) -> HTTPConnection:
        connection = (
            HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._tls)
            if self._tls
            else HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise self._unreached(error) from None
        return connection

    def _unreached(self, error: Exception) -> LiveError:
        match error:
            case socket.gaierror():
                why = "its name leads nowhere (DNS)"
            case ssl.SSLCertVerificationError():
                why = f"its certificate is not trusted (TLS: {error.verify_message})"
            case ssl.SSLError():
                why = f"it does not speak TLS ({error.reason or error})"
            case TimeoutError():
                why = f"no answer within {self._timeout_s:g} s"
            case OSError(strerror=str(said)):
                why = said
            case _:
                why = str(error) or type(error).__name__
        return LiveError(f"{self._url} cannot be reached: {why}")

    def _unknown(self, response: Response) -> LiveError:
        """Say why the API does not take the caller for one of its own; a clock that is wrong is the usual reason."""
        refused = f"{self._url} refuses the request ({response.status})"
        try:
            there = parsedate_to_datetime(response.headers["date"])
            apart = datetime.now(UTC) - there
        except (KeyError, ValueError, TypeError):
            apart = timedelta()
        if abs(apart) > CLOCK:
            minutes = abs(apart) / timedelta(minutes=1)
            return LiveError(
                f"{refused}: the clock of this machine is {minutes:.0f} minutes off, which no signature may be"
            )
        return LiveError(
            f"{refused}: these credentials may not call it, or it asks for others than its output Auth says"
        )
