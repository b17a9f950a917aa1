"""How a warm request grows with the model's columns, its trees, and the rows of a batch."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from rich.progress import Progress

from bench.contenders import OURS
from bench.measure.inprocess import ContenderProbe, block
from bench.staging import Dock
from bench.workload import Size, Workload, event, generate

type Axes = Mapping[str, Sequence[int]]
"""Sizes by axis: ``columns``, ``trees`` and ``rows``, each ascending from the default size on."""


def measure(
    dock: Dock, workload: Workload, axes: Axes, *, blocks: int, calls: int, progress: Progress
) -> list[dict[str, Any]]:
    """Time the handler without telemetry, and the bare ``session.run`` beside it, at each size, all in turn.

    Returns
    -------
    One entry for each axis and size: ``axis``, ``size``, and the rounds of ``quiet`` and of ``session`` [ms].
    """
    default = workload.size
    sizes = [("columns", size, Size(size, default.trees)) for size in axes["columns"]]
    sizes += [("trees", size, Size(default.columns, size)) for size in axes["trees"]]
    probes: dict[Size, ContenderProbe] = {}
    turns: list[tuple[dict[str, Any], ContenderProbe, dict[str, list[Any]], int]] = []
    with ExitStack() as stack:
        for axis, label, size in progress.track(sizes, description="Growth: models"):
            grown = workload
            if size != default:
                grown = generate(size, dock.root / f"growth-{size.columns}-{size.trees}")
            if size not in probes:
                probes[size] = stack.enter_context(ContenderProbe(dock.stage(OURS, grown)))
            events = [event("/predict", row) for row in grown.rows[:50]]
            point: dict[str, Any] = {"axis": axis, "size": label, "quiet": [], "session": []}
            turns.append((point, probes[size], {"quiet": events, "session": [1]}, calls))
        for count in axes["rows"]:
            batch = event("/predict/batch", workload.rows[:count])
            point = {"axis": "rows", "size": count, "quiet": [], "session": []}
            turns.append((point, probes[default], {"quiet": [batch], "session": [count]}, max(calls // count, 5)))
        for _ in progress.track(range(blocks), description="Growth: requests"):
            for point, probe, payloads, rounds in turns:
                for mode, sent in payloads.items():
                    point[mode].append(block(probe, mode, sent, rounds))
    return [point for point, *_ in turns]
