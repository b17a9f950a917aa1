"""The figures of one run as rows of text, for the terminal and for the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.bars import MB, MIB, bars
from bench.contenders import ALL, LAMBDAS, OURS, SERVERS
from bench.statistics import percentile, pooled, ratio, spread

LABELS = {one.name: one.label for one in ALL} | {
    "quiet": "Handover, no telemetry",
    "session": "bare session.run",
    "batch": "Handover, a batch of 100",
}


@dataclass(frozen=True)
class Table:
    """A title, a head, and rows; the first column is text, the others are figures."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(results: dict[str, Any]) -> list[Table]:
    """Give the tables of all that was measured, the bars first."""
    found = [_bars(results)]
    if "cold_ms" in results:
        found.append(_times("Cold start, from process to first answer", "ms", results["cold_ms"], LAMBDAS_ORDER))
    if "warm_ms" in results:
        in_us = {name: [[t * 1000 for t in r] for r in rounds] for name, rounds in results["warm_ms"].items()}
        order = ("session", "quiet", *(one.name for one in LAMBDAS), "batch")
        found.append(_times("Warm, in process, event to response", "µs", in_us, order))
    if "http_warm_ms" in results:
        found.append(_http(results))
    found.append(_weights(results))
    return found


LAMBDAS_ORDER = tuple(one.name for one in LAMBDAS)


def _bars(results: dict[str, Any]) -> Table:
    rows = [(bar.what, bar.bar, bar.found, bar.verdict) for bar in bars(results)]
    return Table("Bars: ratios within this run, median (quartiles)", ("what", "bar", "measured", "verdict"), rows)


def _times(title: str, unit: str, samples: dict[str, Any], order: tuple[str, ...]) -> Table:
    rows = []
    for name in (name for name in order if name in samples):
        found = spread(pooled(samples[name]))
        beside = ratio(samples[name], samples[OURS.name]).median
        rows.append(
            (LABELS[name], _figure(found.median), f"{_figure(found.low)} to {_figure(found.high)}", f"{beside:.2f}")
        )
    return Table(title, ("contender", f"median [{unit}]", f"quartiles [{unit}]", "/ Handover"), rows)


def _http(results: dict[str, Any]) -> Table:
    rows = []
    starts, warm = results["http_start_ms"], results["http_warm_ms"]
    for name in (name for name in dict.fromkeys([*LAMBDAS_ORDER, *(one.name for one in SERVERS)]) if name in warm):
        start = f"{spread(pooled(starts[name])).median:.0f}" if name in starts else "-"
        p50, p95 = (f"{percentile(warm[name], share):.2f}" for share in (0.5, 0.95))
        rows.append((LABELS[name], start, p50, p95))
    rows += [(LABELS[name], "absent", "-", "-") for name in results["absent"]]
    head = ("contender", "start to first answer [ms]", "p50 [ms]", "p95 [ms]")
    return Table("Over HTTP, one worker, one connection", head, rows)


def _weights(results: dict[str, Any]) -> Table:
    peaks = results.get("peak_rss_mb", {})
    rows = [
        (
            LABELS[name],
            f"{size['unzipped_bytes'] / MIB:.1f}",
            f"{size['zipped_bytes'] / MB:.1f}",
            f"{peaks[name]:.1f}" if name in peaks else "-",
        )
        for name, size in results["size"].items()
    ]
    after = f"peak memory after {results['counts']['memory_requests']:,} requests [MB]"
    return Table("Size and memory", ("contender", "unzipped [MiB]", "zipped [MB]", after), rows)


def _figure(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
