"""How a warm request grows with the model's columns, its trees, and the rows of a batch."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from bench.contenders import OURS
from bench.measure.inprocess import ContenderProbe, block
from bench.staging import Dock
from bench.workload import Size, Workload, event, generate
from handover.latency import Probe


@dataclass(frozen=True)
class Axes:
    """What sizes are measured: each list ascending, from the default size on."""

    columns: Sequence[int] = (20, 50, 100, 150, 200)
    trees: Sequence[int] = (100, 250, 500, 1000, 2000)
    rows: Sequence[int] = (1, 2, 5, 10, 20, 50, 100)


QUICK = Axes(columns=(20, 200), trees=(100, 500), rows=(1, 10, 100))


@dataclass(frozen=True)
class Point:
    """One size on one axis, and how it is asked for."""

    axis: str
    size: int
    probe: Probe
    events: Sequence[Any]
    rows: int
    """In each event."""
    calls: int
    """In each block."""


def measure(
    dock: Dock, workload: Workload, axes: Axes, *, blocks: int, calls: int, progress: Progress
) -> list[dict[str, Any]]:
    """Time the handler without telemetry, and the bare ``session.run`` beside it, at each size, all in turn.

    Returns
    -------
    One entry for each axis and size: ``axis``, ``size``, and the rounds of ``quiet`` and of ``session`` [ms].
    """
    default = workload.size
    sizes = [("columns", size, Size(size, default.trees)) for size in axes.columns]
    sizes += [("trees", size, Size(default.columns, size)) for size in axes.trees]
    probes: dict[Size, Probe] = {}
    points = []
    with ExitStack() as stack:
        for axis, label, size in progress.track(sizes, description="Growth: models"):
            grown = workload
            if size != default:
                grown = generate(size, dock.root / f"growth-{size.columns}-{size.trees}")
            if size not in probes:
                probes[size] = stack.enter_context(ContenderProbe(dock.stage(OURS, grown)))
            events = [event("/predict", row) for row in grown.rows[:50]]
            points.append(Point(axis, label, probes[size], events, 1, calls))
        for count in axes.rows:
            batch = event("/predict/batch", workload.rows[:count])
            points.append(Point("rows", count, probes[default], [batch], count, max(calls // count, 5)))
        times: list[dict[str, Any]] = [
            {"axis": point.axis, "size": point.size, "quiet": [], "session": []} for point in points
        ]
        for _ in progress.track(range(blocks), description="Growth: requests"):
            for point, taken in zip(points, times, strict=True):
                taken["quiet"].append(block(point.probe, ("quiet", point.events), point.calls))
                taken["session"].append(block(point.probe, ("session", [point.rows]), point.calls))
    return times
