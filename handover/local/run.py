"""Requests through the built function, with API Gateway's part in between: an event from a file, or JSON."""

import json
import statistics
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover.errors import CannotRunError
from handover.local import gateway
from handover.local.chatter import is_metrics
from handover.local.emulator import EnvironmentDiedError
from handover.local.pool import Pool
from handover.local.stack import built_function

if TYPE_CHECKING:
    from rich.progress import Progress


class StatusError(RuntimeError):
    """The function refused what it should have answered."""


def answer_once(path: Path, build: Path, warm_invokes: int, progress: "Progress") -> int:
    """Send the event in ``path`` through the function in ``build``; print request, answer, latency; 0 for a success."""
    lines: list[str] = []
    built = built_function(build)
    event = _event(path)
    payload = json.dumps(event).encode()
    with Pool(built, 1, lines.append) as pool:
        try:
            cold = pool.invoke(payload)
            with progress:
                rounds = progress.track(range(warm_invokes), description="Measuring the warm latency")
                warm = [pool.invoke(payload).ms for _ in rounds]
        except EnvironmentDiedError:
            for line in lines:
                click.echo(line, err=True)
            raise
    answer = gateway.response(cold.reply)
    request = event["requestContext"]["http"]
    query = f"?{event['rawQueryString']}" if event.get("rawQueryString") else ""
    click.echo(f"Request   {request['method']} {request['path']}{query}")
    if event.get("body"):
        click.echo(f"          {event['body']}")
    click.echo(f"Answer    {answer.status}  {answer.body.decode(errors='replace')}")
    low, *_, high = statistics.quantiles(warm, n=20)
    click.echo(f"Cold      {cold.ms:.0f} ms    process start, imports, verified delivery, first answer")
    click.echo(
        f"Warm      {statistics.median(warm):.2f} ms   median of {warm_invokes}, the emulator's HTTP included "
        f"(5 % to 95 %: {low:.2f} to {high:.2f} ms)"
    )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        for line in [line for line in lines if not is_metrics(line)][:1]:  # the metrics say that it failed, this why
            click.echo(line, err=True)
    return 0 if HTTPStatus(answer.status).is_success else 1


def posted(path: str, body: Any) -> dict[str, Any]:
    """Build the event of a body that is posted as JSON, now."""
    request = gateway.Request("POST", path, headers=gateway.JSON, body=json.dumps(body).encode())
    return gateway.event(request, "handover-check")


def ask(pool: Pool, path: str, body: Any) -> Any:
    """Post a body as JSON, and give the answer's; ``StatusError`` when it is not a success."""
    response = gateway.response(pool.invoke(json.dumps(posted(path, body)).encode()).reply)
    answer = json.loads(response.body)
    if response.status != 200:
        raise StatusError(f"{response.status} {answer.get('detail') or answer.get('message')}")
    return answer


def warm_up(pool: Pool) -> float:
    """Start one environment, so that a delivery that must not answer is seen at once; give its cold start [ms]."""
    event = gateway.event(gateway.Request("GET", "/health"), "warm-up")
    return pool.invoke(json.dumps(event).encode()).ms


def _event(path: Path) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(path.read_bytes())
        _ = event["rawPath"], event["requestContext"]["http"]["method"]
    except FileNotFoundError:
        raise CannotRunError(f"there is no file '{path}' to send") from None
    except (ValueError, KeyError, TypeError):
        raise CannotRunError(f"{path} is not an API Gateway request (payload format 2.0) as JSON") from None
    return event
