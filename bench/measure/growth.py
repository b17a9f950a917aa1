"""How a warm request grows with the model's columns, its trees, and the rows of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.contenders import OURS
from bench.measure import Tick
from bench.measure.inprocess import Probe
from bench.staging import Dock
from bench.workload import Size, Workload, event, generate


@dataclass(frozen=True)
class Axes:
    """What sizes are measured: each list ascending, from the default size on."""

    columns: Sequence[int] = (20, 50, 100, 150, 200)
    trees: Sequence[int] = (100, 250, 500, 1000, 2000)
    rows: Sequence[int] = (1, 2, 5, 10, 20, 50, 100)


QUICK = Axes(columns=(20, 200), trees=(100, 500), rows=(1, 10, 100))


def measure(dock: Dock, workload: Workload, axes: Axes, *, blocks: int, calls: int, tick: Tick) -> list[dict[str, Any]]:
    """Time the handler without telemetry, and the bare ``session.run`` beside it, at each size, all in turn.

    Returns
    -------
    One entry for each axis and size: ``axis``, ``size``, and the rounds of ``quiet`` and of ``session`` [ms].
    """
    default = workload.size
    sizes = [("columns", size, Size(size, default.trees)) for size in axes.columns]
    sizes += [("trees", size, Size(default.columns, size)) for size in axes.trees]
    probes: dict[Size, tuple[Probe, Workload]] = {}
    points: list[dict[str, Any]] = []
    turns: list[tuple[dict[str, Any], Probe, list[Any], int, int]] = []
    try:
        for axis, label, size in sizes:
            if size not in probes:
                grown = workload
                if size != default:
                    grown = generate(size, dock.root / f"growth-{size.columns}-{size.trees}")
                probes[size] = Probe(dock.stage(OURS, grown)), grown
            probe, grown = probes[size]
            points.append({"axis": axis, "size": label, "quiet": [], "session": []})
            turns.append((points[-1], probe, [event("/predict", row) for row in grown.rows[:50]], 1, calls))
            tick(f"{label} {axis}")
        probe = probes[default][0]
        for count in axes.rows:
            points.append({"axis": "rows", "size": count, "quiet": [], "session": []})
            batch = event("/predict/batch", workload.rows[:count])
            turns.append((points[-1], probe, [batch], count, max(calls // count, 5)))
        for _ in range(blocks):
            for point, probe, events, count, so_many in turns:
                point["quiet"].append(probe.times("quiet", events, so_many))
                point["session"].append(probe.times("session", [count], so_many))
            tick("growth")
    finally:
        for probe, _ in probes.values():
            probe.stop()
    return points
