"""The golden rows once more, through the live API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from handover.live.built import BATCH_ROWS, Built, Golden
from handover.live.client import Response
from predictor import files

if TYPE_CHECKING:
    from rich.progress import Progress

STEADY = 2  # requests in flight after the burst: callers share the API's rate
REFUSAL = 200  # characters of an answer that is none

type Way = Literal["alone", "in a batch"]
type Ask = Callable[[str, str, Any], Response]
"""Sends a request by method, path and document: to a live API, or to one version of the function."""


class Answer(NamedTuple):
    """What one golden row got."""

    golden: Golden
    way: Way
    status: int
    model: str
    """What ``x-model`` names; empty when it names none."""
    scores: dict[str, float]
    """By their names; empty, and the decision is ``None``, when it is no answer."""
    decision: str | None
    refusal: str
    """What came instead of an answer, with the id to find it by in the log; such answers never quote a row."""


class Replay(NamedTuple):
    """What the live API answered."""

    health: Response
    answers: tuple[Answer, ...]
    cold_ms: tuple[float, ...]
    """Of requests for one row that met a cold start [ms]."""
    warm_ms: tuple[float, ...]
    """Of those that met none [ms]."""
    throttled: int
    """How many answers were 429; each was waited out and asked for again."""


def replay(ask: Ask, built: Built, limit: int, progress: "Progress", description: str) -> Replay:
    """Ask for every golden row by itself, ``limit`` of them at once at first, and for some in a batch.

    The burst comes first, for a request that finds every environment busy starts another one, cold; whatever waits warm
    already answers the rest of it. ``/health`` is asked for after it, so as not to warm the first.
    """
    task = progress.add_task(description, total=len(built.golden) + 2)

    def asked(method: str, path: str, document: Any) -> Response:
        response = ask(method, path, document)
        progress.advance(task)
        return response

    alone: list[Response] = []
    for rows, at_once in ((built.golden[:limit], limit), (built.golden[limit:], STEADY)):
        with ThreadPoolExecutor(at_once) as executor:
            alone += executor.map(partial(asked, "POST", "/predict"), [golden.row for golden in rows])
    together = built.golden[:BATCH_ROWS]
    batch = asked("POST", "/predict/batch", [golden.row for golden in together])
    health = asked("GET", "/health", None)
    answered = [response for response in alone if response.status == 200]
    in_batch = batch.document
    if not isinstance(in_batch, list) or len(in_batch) != len(together):
        in_batch = [None] * len(together)
    return Replay(
        health=health,
        answers=(
            *(_answer(golden, "alone", one, one.document) for golden, one in zip(built.golden, alone, strict=True)),
            *(_answer(golden, "in a batch", batch, one) for golden, one in zip(together, in_batch, strict=True)),
        ),
        cold_ms=tuple(response.ms for response in answered if _cold(response)),
        warm_ms=tuple(response.ms for response in answered if not _cold(response)),
        throttled=sum(response.throttled for response in (*alone, batch, health)),
    )


def _answer(golden: Golden, way: Way, response: Response, document: Any) -> Answer:
    model = response.headers.get("x-model", "")
    match document:
        case {"scores": dict(), "decision": str(decision)} | {"score": int() | float(), "decision": str(decision)}:
            scores = files.scores_in(document)
            if response.status == 200 and all(isinstance(score, int | float) for score in scores.values()):
                return Answer(golden, way, 200, model, scores, decision, "")
    return Answer(golden, way, response.status, model, {}, None, _refusal(response, document))


def _refusal(response: Response, document: Any) -> str:
    """Give the sentence of a problem document, or of API Gateway's own answer; else the body's beginning."""
    problem = document if isinstance(document, dict) else {}
    text = problem.get("detail") or problem.get("message") or response.body.decode(errors="replace")
    request_id = problem.get("request_id") or response.headers.get("apigw-requestid")
    short = " ".join(str(text).split())[:REFUSAL] or "an empty body"
    return f"{short} (request id {request_id})" if request_id else short


def _cold(response: Response) -> bool:
    return response.headers.get("server-timing") == "cold"
