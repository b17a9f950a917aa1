"""Handlers in a process of their own, without a network: event in, response out."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from rich.progress import Progress

from bench.contenders import OURS
from bench.measure import Samples, in_turn
from bench.staging import Staged
from handover.latency import NotMeasuredError, Probe, import_times

OWN = "its own module: model, checks"
STANDARD = "standard library"
GROUPS = (
    dict.fromkeys(sys.stdlib_module_names, STANDARD)
    | dict.fromkeys(("predictor", "floor", "app", "answer", "row", "features", "heuristics"), OWN)
    | {"pydantic_core": "pydantic", "starlette": "fastapi", "aws_lambda_powertools": "Powertools"}
)
"""By top-level package, where it is drawn under another name than its own."""


def warm(
    contenders: Sequence[Staged], events: Sequence[Any], batch: Any, *, blocks: int, calls: int, progress: Progress
) -> Samples:
    """Time all handlers warm, a block of calls each in turn; ours with and without telemetry, and a batch of rows."""
    with ExitStack() as stack:
        probes = {staged.contender.name: stack.enter_context(Probe(staged.function)) for staged in contenders}
        ours = probes[OURS.name]
        turns = {name: partial(block, probe, "handler", events, calls) for name, probe in probes.items()} | {
            "quiet": partial(block, ours, "quiet", events, calls),
            "session": partial(block, ours, "session", [1], calls),
            "batch": partial(block, ours, "handler", [batch], max(calls // 10, 1)),
        }
        return in_turn(turns, blocks, progress, "Warm, in process")


def block(probe: Probe, mode: str, events: Sequence[Any], rounds: int) -> list[float]:
    """Time one mode so many times [ms], on the events in turn."""
    (times,) = probe.ask({"calls": [(mode, events)], "rounds": rounds})
    return list(times)


def imports(contenders: Sequence[Staged], repeats: int, progress: Progress) -> dict[str, dict[str, float]]:
    """Say where each contender's time of INIT goes, by top-level package [ms]: sums of medians of some runs.

    The handler's module loads the model and checks it; all that is its own time too.
    """
    times: dict[str, dict[str, float]] = {}
    for staged in progress.track(contenders, description="Imports"):
        groups: dict[str, float] = defaultdict(float)
        try:
            for module, own_ms in import_times(staged.function, ["awslambdaric.bootstrap"], repeats).items():
                top = module.partition(".")[0]
                groups[GROUPS.get(top, top)] += own_ms
        except NotMeasuredError as error:
            raise NotMeasuredError(f"{staged.contender.label}: {error}") from None
        times[staged.contender.name] = {group: round(ms, 3) for group, ms in sorted(groups.items())}
    return times
