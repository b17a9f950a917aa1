"""The HTTP server on loopback: API Gateway's part of the way, for any client on this machine."""

import json
import logging
import os
import socket
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, make_server

from handover.errors import CannotRunError
from handover.local import gateway
from handover.local.cors import Cors
from handover.local.emulator import LOOPBACK, EnvironmentDiedError
from handover.local.pool import Pool, ThrottledError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


NO_PAGES = Cors()


def open_port(port: int, advice: str = "choose another") -> socket.socket:
    """Open a port of this machine; ``CannotRunError`` when it is not available, with advice."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise CannotRunError(f"port {port} of {LOOPBACK} is not available ({why}): {advice}") from None


def listening(port: int, application: "WSGIApplication") -> BaseWSGIServer:
    """Open a port, if it is available; ``serve_forever`` of what is returned answers, one thread for every request."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the application writes a line of its own for each request
    with open_port(port) as opened:
        return make_server(LOOPBACK, port, application, threaded=True, fd=opened.fileno())


def application(pool: Pool, log: Callable[[str], None], cors: Cors = NO_PAGES) -> "WSGIApplication":
    """Answer with the environments of ``pool``, pages that ``cors`` lets too; ``log`` gets a line for every request."""

    @Request.application
    def answer(request: Request) -> Response:
        started = time.perf_counter()
        headers = {name.lower(): value for name, value in request.headers}
        if (preflight := cors.answer(request.method, headers)) is not None:
            response, how = gateway.Response(204, tuple(preflight.items()), b""), "preflight"
        else:
            response, how = _answer(request, pool)
            response = response._replace(headers=(*response.headers, *cors.mark(headers).items()))
        ms = (time.perf_counter() - started) * 1000
        # Quoted again: what a stranger sends must not be able to write lines or colours of its own.
        target = quote(request.path) + ("?" if request.query_string else "") + quote(request.query_string, safe="=&%")
        log(f"{request.method} {target:.200} {response.status} {ms:.1f} ms {how}")
        return Response(response.body, response.status, list(response.headers))

    return answer


def _answer(request: Request, pool: Pool) -> tuple[gateway.Response, str]:
    """Give the response, and how it came about."""
    request.max_content_length = gateway.PAYLOAD_BYTES
    try:
        body = request.get_data(cache=False)
    except HTTPException:
        return gateway.refusal(413), f"more than {gateway.PAYLOAD_BYTES:,} bytes"
    received = gateway.Request(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        headers=tuple(request.headers),
        body=body,
        source_ip=request.remote_addr or LOOPBACK,
        protocol=request.environ["SERVER_PROTOCOL"],
    )
    event = json.dumps(gateway.event(received, str(uuid.uuid4()))).encode()
    if len(event) > gateway.INVOKE_BYTES:
        return gateway.refusal(413), f"an event of more than {gateway.INVOKE_BYTES:,} bytes"
    try:
        answered = pool.invoke(event)
    except ThrottledError as error:
        return gateway.refusal(429), str(error)
    except EnvironmentDiedError as error:
        return gateway.refusal(500), str(error)
    return gateway.response(answered.reply), "cold" if answered.cold else "warm"
