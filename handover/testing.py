"""For a project's own tests: the built function, asked as its callers ask it."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from handover.local import gateway
from handover.local.pool import Pool
from handover.local.run import posted
from handover.local.stack import built_function
from handover.project import Project

__all__ = ["Function", "Response"]


class Response(NamedTuple):
    """What a caller gets."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: Any
    """Read as JSON."""


class Function(ExitStack):
    """The function that ``sam build`` built in a project's folder, in AWS's own runtime emulator; a context manager.

    ``NothingBuiltError`` where nothing is built that runs here.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._pool = self.enter_context(Pool(built_function(Project(root).build), 1, lambda line: None))

    def send(self, event: dict[str, Any]) -> Response:
        """Send an event of API Gateway's (payload format 2.0), as ``events/`` has them."""
        response = gateway.response(self._pool.invoke(json.dumps(event).encode()).reply)
        headers = {name.lower(): value for name, value in response.headers}
        return Response(response.status, headers, json.loads(response.body))

    def post(self, path: str, body: Any) -> Response:
        """Post a body as JSON: a row to ``/predict``, or up to 100 rows to ``/predict/batch``."""
        return self.send(posted(path, body))
