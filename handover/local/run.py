"""One event through the built function: the answer, and what it takes cold and warm."""

import json
import statistics
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from handover.errors import CannotRunError
from handover.local import gateway
from handover.local.chatter import is_metrics
from handover.local.emulator import EnvironmentDiedError, FunctionTimedOutError
from handover.local.pool import Pool
from handover.local.stack import built_function


def answer_once(path: Path, build: Path, warm_invokes: int, console: Console | None = None) -> int:
    """Send the event in ``path`` through the function in ``build``; print request, answer and latency.

    Returns
    -------
    0 when the answer is a success (2xx), 1 when it is anything else.

    Raises
    ------
    EventError
        When the file is not an API Gateway event.
    EnvironmentDiedError, FunctionTimedOutError
        When there is no answer; the function's own lines have been printed by then.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    lines: list[str] = []
    built = built_function(build)
    event = _event(path)
    payload = json.dumps(event).encode()
    with Pool(built, 1, lines.append) as pool:
        try:
            cold = pool.invoke(payload)
            with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
                warm = [
                    pool.invoke(payload).ms
                    for _ in progress.track(range(warm_invokes), description="Measuring the warm latency")
                ]
        except (EnvironmentDiedError, FunctionTimedOutError):
            for line in lines:
                errors.print(line, markup=False)
            raise
    answer = gateway.response(cold.reply)
    request = event["requestContext"]["http"]
    query = f"?{event['rawQueryString']}" if event.get("rawQueryString") else ""
    console.print(f"Request   {request['method']} {request['path']}{query}", markup=False)
    if event.get("body"):
        console.print(f"          {event['body']}", markup=False)
    console.print(f"Answer    {answer.status}  {answer.body.decode(errors='replace')}", markup=False)
    low, *_, high = statistics.quantiles(warm, n=20)
    console.print(
        f"Cold      {cold.ms:.0f} ms    process start, imports, verified delivery, first answer", markup=False
    )
    console.print(
        f"Warm      {statistics.median(warm):.2f} ms   median of {warm_invokes}, the emulator's HTTP included "
        f"(5 % to 95 %: {low:.2f} to {high:.2f} ms)",
        markup=False,
    )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        reasons = [line for line in lines if not is_metrics(line)]  # the metrics say that it failed, these say why
        errors.print(*reasons[:1], markup=False)
    return 0 if HTTPStatus(answer.status).is_success else 1


def warm_up(pool: Pool) -> float:
    """Start one environment, so that a delivery that must not answer is seen at once; give its cold start [ms]."""
    event = gateway.event(gateway.Request("GET", "/health"), "warm-up", datetime.now(UTC))
    return pool.invoke(json.dumps(event).encode()).ms


class EventError(CannotRunError):
    """The file is not a request in API Gateway's format."""


def _event(path: Path) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(path.read_bytes())
        _ = event["rawPath"], event["requestContext"]["http"]["method"]
    except FileNotFoundError:
        raise EventError(f"there is no file '{path}' to send") from None
    except (ValueError, KeyError, TypeError):
        raise EventError(f"{path} is not an API Gateway request (payload format 2.0) as JSON") from None
    return event
