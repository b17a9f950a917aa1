"""What this project promises of itself, compared with one run's samples."""

from dataclasses import dataclass
from typing import Any

from bench.contenders import FLOOR, MANGUM, OURS, PLAIN, SKLEARN
from bench.statistics import Spread, ratio, spread, worse_than_linear

MIB, MB = 2**20, 1e6
AXES = ("columns", "trees", "rows")


@dataclass(frozen=True)
class Target:
    """One promise: a figure, its limit, and what this run measured; nothing where it did not."""

    what: str
    limit: float
    at_most: bool
    unit: str = ""
    aim: float | None = None
    measured: Spread | None = None

    @property
    def verdict(self) -> str:
        """Say what came of it; a miss is never hidden."""
        if self.measured is None:
            return "not measured"
        kept = self.measured.median <= self.limit if self.at_most else self.measured.median >= self.limit
        return "met" if kept else "MISSED"

    @property
    def goal(self) -> str:
        """The limit, in words."""
        sign = "at most" if self.at_most else "at least"
        aim = f" (aim {self.aim:g})" if self.aim is not None else ""
        return f"{sign} {self.limit:g}{self.unit}{aim}"

    @property
    def result(self) -> str:
        """The measured figure, with the quartiles where there is a spread."""
        if self.measured is None:
            return "-"
        digits = 2 if self.measured.median < 10 else 1
        low, middle, high = (f"{value:.{digits}f}" for value in self.measured)
        return f"{middle}{self.unit}" + (f" ({low} to {high})" if low != high else "")


def targets(results: dict[str, Any]) -> list[Target]:
    """Compare a run with all of them."""
    cold, warm = results.get("cold_ms", {}), results.get("warm_ms", {})
    ours = OURS.name
    size, peak = results["size"][ours], results.get("peak_rss_mb", {}).get(ours)
    requests, rows = results["counts"]["memory_requests"], results["counts"]["file_rows"]
    csv = _ratio(results.get("file_ms", {}), ours, "pandas")
    compared = [
        Target("cold start: Handover / floor", 1.30, True, aim=1.15, measured=_ratio(cold, ours, FLOOR.name)),
        Target("cold start: plain layer / Handover", 3.5, False, measured=_ratio(cold, PLAIN.name, ours)),
        Target("cold start: FastAPI + Mangum / Handover", 2.4, False, measured=_ratio(cold, MANGUM.name, ours)),
        Target("cold start: pickled scikit-learn / Handover", 6, False, measured=_ratio(cold, SKLEARN.name, ours)),
        Target("warm, no telemetry: Handover / bare session.run", 3, True, measured=_ratio(warm, "quiet", "session")),
        Target("warm, with telemetry: Handover / bare session.run", 9, True, measured=_ratio(warm, ours, "session")),
        Target("warm: FastAPI + Mangum / Handover", 10, False, measured=_ratio(warm, MANGUM.name, ours)),
        Target("layers and function, unzipped", 96, True, " MiB", measured=_one(size["unzipped_bytes"] / MIB)),
        Target("layers and function, zipped", 34, True, " MB", measured=_one(size["zipped_bytes"] / MB)),
        Target(f"peak memory after {requests:,} requests", 70, True, " MB", measured=_one(peak)),
        Target("batch of 100, each row / one row alone", 0.5, True, measured=_ratio(warm, "batch", ours, by=100)),
        Target(f"a CSV file of {rows:,} rows: Handover / pandas", 5, True, measured=csv),
    ]
    for axis in AXES:
        sizes, times = growth_points(results, axis)
        span = f"{sizes[0]:,} to {sizes[-1]:,} {axis}" if sizes else axis
        growth = _one(worse_than_linear(sizes, times) if sizes else None)
        compared.append(Target(f"growth, {span}: time's / size's", 1, True, measured=growth))
    return compared


def growth_points(results: dict[str, Any], axis: str, of: str = "quiet") -> tuple[list[int], list[float]]:
    """Give the sizes along one axis, and the median time at each [µs]."""
    points = [point for point in results.get("growth", []) if point["axis"] == axis]
    return [point["size"] for point in points], [spread(point[of]).median * 1000 for point in points]


def _ratio(samples: dict[str, Any], above: str, below: str, by: float = 1) -> Spread | None:
    if above not in samples or below not in samples:
        return None
    return Spread(*(value / by for value in ratio(samples[above], samples[below])))


def _one(measured: float | None) -> Spread | None:
    return None if measured is None else Spread(measured, measured, measured)
