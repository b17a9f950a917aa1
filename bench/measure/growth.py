"""How a warm request grows with the model's columns, its trees, and the rows of a batch."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from rich.progress import Progress

from bench.contenders import OURS
from bench.measure import Turn, in_turn
from bench.measure.inprocess import block
from bench.staging import Dock
from bench.workload import Size, Workload, event, generate
from handover.latency import Probe

type Axes = Mapping[str, Sequence[int]]
"""Sizes by axis: ``columns``, ``trees`` and ``rows``, each ascending from the default size on."""


def measure(
    dock: Dock, workload: Workload, axes: Axes, *, blocks: int, calls: int, progress: Progress
) -> list[dict[str, Any]]:
    """Time the handler without telemetry, and the bare ``session.run`` beside it, at each size, all in turn.

    Each entry of the result has ``axis``, ``size``, and the rounds of ``quiet`` and of ``session`` [ms].
    """
    default = workload.size
    models = [("columns", size, Size(size, default.trees)) for size in axes["columns"]]
    models += [("trees", size, Size(default.columns, size)) for size in axes["trees"]]
    probes: dict[Size, Probe] = {}
    turns: dict[str, Turn] = {}
    with ExitStack() as stack:
        for axis, label, size in progress.track(models, description="Growth: models"):
            folder = dock.root / f"growth-{size.columns}-{size.trees}"
            grown = workload if size == default else generate(size, folder)
            if size not in probes:
                probes[size] = stack.enter_context(Probe(dock.stage(OURS, grown).function))
            events = [event("/predict", row) for row in grown.rows[:50]]
            turns[f"{axis} {label} quiet"] = partial(block, probes[size], "quiet", events, calls)
            turns[f"{axis} {label} session"] = partial(block, probes[size], "session", [1], calls)
        for count in axes["rows"]:
            batch = event("/predict/batch", workload.rows[:count])
            rounds = max(calls // count, 5)
            turns[f"rows {count} quiet"] = partial(block, probes[default], "quiet", [batch], rounds)
            turns[f"rows {count} session"] = partial(block, probes[default], "session", [count], rounds)
        samples = in_turn(turns, blocks, progress, "Growth: requests")
    return [
        {"axis": axis, "size": size} | {mode: samples[f"{axis} {size} {mode}"] for mode in ("quiet", "session")}
        for axis, sizes in axes.items()
        for size in sizes
    ]
