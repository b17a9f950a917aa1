"""The built function on a delivery, behind the local server, as `make serve` serves it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from handover.local.cors import Cors
from handover.local.pool import Pool
from handover.local.server import NO_PAGES, application, listening
from handover.local.stack import at_home
from tests.helpers.function import built_with


@contextmanager
def served(delivery: Path, layer: Path, cors: Cors = NO_PAGES, **variables: str) -> Iterator[str]:
    """Give the address of the built function on a delivery; its layer is made in a new folder."""
    function = at_home(built_with(delivery, layer))
    function = replace(function, variables={**function.variables, **variables})
    with Pool(function, 2, lambda line: None) as pool, ThreadPoolExecutor(1) as apart:
        server = listening(0, application(pool, lambda line: None, cors))
        apart.submit(server.serve_forever, 0.01)
        try:
            yield f"http://127.0.0.1:{server.port}/"
        finally:
            server.shutdown()


def asked(url: str, path: str, body: Any = None) -> Any:
    """Ask the server, by POST where there is a body, and give the answer's JSON."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        sent = ("GET", path) if body is None else ("POST", path, json.dumps(body), {"content-type": "application/json"})
        connection.request(*sent)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()
