"""A caller of the built function: JSON in, JSON out, with API Gateway's part in between."""

import json
from typing import Any

from handover.local import gateway
from handover.local.pool import Pool


class RefusedError(RuntimeError):
    """The function refused what it should have answered."""


def posted(path: str, body: Any) -> dict[str, Any]:
    """Build the event of a body that is posted as JSON, now."""
    request = gateway.Request("POST", path, headers=gateway.JSON, body=json.dumps(body).encode())
    return gateway.event(request, "handover-check")


def ask(pool: Pool, path: str, body: Any) -> Any:
    """Post a body as JSON, and give the answer's; ``RefusedError`` when it is not a success."""
    response = gateway.response(pool.invoke(json.dumps(posted(path, body)).encode()).reply)
    answer = json.loads(response.body)
    if response.status != 200:
        raise RefusedError(f"{response.status} {answer.get('detail') or answer.get('message')}")
    return answer
