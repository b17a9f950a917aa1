"""Requests to try the function with: API Gateway events, made of the delivery's own golden rows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handover.local.gateway import Request, event
from predictor import files
from predictor.routes import PREDICT, PREDICT_BATCH, ROUTES, Route

BATCH_ROWS = 3
HEADERS = (("Host", "localhost"), ("User-Agent", "handover"))
JSON = ("Content-Type", "application/json")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # fixed, so that the same delivery gives the same files


def write_events(delivery: Path, to: Path) -> list[Path]:
    """Write one file for each kind of request, for ``handover run`` or ``sam local invoke -e``, and name them."""
    rows = [golden["row"] for golden in files.golden(delivery)[:BATCH_ROWS]]
    broken = {name: value for name, value in rows[0].items() if name != next(iter(rows[0]))} | {"unheard_of": 1}
    requests: dict[str, tuple[Route, str, Any]] = {
        "predict": (PREDICT, "", rows[0]),
        "reasons": (PREDICT, "reasons=3", rows[0]),
        "batch": (PREDICT_BATCH, "", rows),
        "broken": (PREDICT, "", broken),
        **{route.operation: (route, "", None) for route in ROUTES if not route.takes},
    }
    to.mkdir(exist_ok=True)
    for name, (route, query, body) in requests.items():
        headers, content = ((*HEADERS, JSON), json.dumps(body).encode()) if route.takes else (HEADERS, b"")
        request = Request(route.method, route.path, query, headers, content)
        text = json.dumps(event(request, request_id=name, at=WHEN), indent=2)
        (to / f"{name}.json").write_bytes(text.encode() + b"\n")
    return [to / f"{name}.json" for name in requests]
