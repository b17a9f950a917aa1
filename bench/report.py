"""One run as people read it: tables on the terminal, and the page ``docs/benchmarks.md``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import rich.table
from rich.console import Console

from bench.contenders import ALL, FLOOR, LAMBDAS, OURS, SERVERS, Contender
from bench.statistics import line, percentiles, ratio, spread, steepest
from bench.targets import AXES, MB, MIB, growth_points, targets
from handover.templates import environment

LABELS = {one.name: one.label for one in ALL} | {
    "quiet": "Handover, no telemetry",
    "session": "bare session.run",
    "batch": "Handover, a batch of 100",
    "pandas": "pandas, whole columns",
    "pandas_apply": "pandas, heuristics by apply",
}
LAMBDA_NAMES = tuple(one.name for one in LAMBDAS)
COLOURS = {"met": "green", "MISSED": "bold red", "not measured": "yellow"}


class Table(NamedTuple):
    """A title, a head, and rows; the first column is text, the others are figures."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def show(results: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    for table in tables(results):
        drawn = rich.table.Table(title=table.title, title_justify="left", show_edge=False)
        for index, head in enumerate(table.head):
            drawn.add_column(head, justify="right" if index and table.head[-1] != "verdict" else "left")
        for row in table.rows:
            drawn.add_row(*(f"[{COLOURS[cell]}]{cell}[/]" if cell in COLOURS else cell for cell in row))
        console.print(drawn)
        console.print()


def write(results: dict[str, Any], plots: list[str]) -> str:
    """Write the page, with the plots of these names, which have no ``.png``."""
    compared, *others = tables(results)
    values = {
        "results": results,
        "targets": compared,
        "unmet": [target for target in targets(results) if target.verdict != "met"],
        "tables": others,
        "plots": plots,
        "axes": AXES,
        "growth_points": growth_points,
        "line": line,
        "steepest": steepest,
        "contenders": [(contender, source_of(contender)) for contender in ALL],
    }
    return environment(Path(__file__).parent, html=False).get_template("benchmarks.md.jinja").render(values)


def source_of(contender: Contender) -> str:
    """Say whose advice a contender follows, in one line: the first of a peer's own docstring."""
    if contender is OURS:
        return "This project, through the zip that SAM would upload."
    if contender is FLOOR:
        return "The least that can answer with this model, on our own layer: one run, no validation."
    names = ("app.py", "service.py", "save.py", "__init__.py")
    source = next(contender.folder / name for name in names if (contender.folder / name).exists())
    return source.read_text().removeprefix('"""').partition("\n")[0].removesuffix('"""')


def tables(results: dict[str, Any]) -> list[Table]:
    """Give the tables of all that was measured, the targets first."""
    rows = [(target.what, target.goal, target.result, target.verdict) for target in targets(results)]
    head = ("what", "target", "measured", "verdict")
    tables = [Table("Targets: ratios within this run, median (quartiles)", head, rows)]
    if "cold_ms" in results:
        tables.append(_times("Cold start, from process to first answer", "ms", results["cold_ms"], LAMBDA_NAMES))
    if "warm_ms" in results:
        in_us = {name: [[t * 1000 for t in r] for r in rounds] for name, rounds in results["warm_ms"].items()}
        order = ("session", "quiet", *LAMBDA_NAMES, "batch")
        tables.append(_times("Warm, in process, event to response", "µs", in_us, order))
    if "http_warm_ms" in results:
        tables.append(_http(results))
    if "file_ms" in results:
        title = f"A CSV file of {results['counts']['file_rows']:,} rows scored, from file to file"
        tables.append(_times(title, "ms", results["file_ms"], (OURS.name, "pandas", "pandas_apply")))
    return [*tables, _weights(results)]


def _times(title: str, unit: str, samples: dict[str, Any], order: tuple[str, ...]) -> Table:
    rows = []
    for name in (name for name in order if name in samples):
        low, middle, high = (f"{value:.1f}" if value < 100 else f"{value:,.0f}" for value in spread(samples[name]))
        to_ours = ratio(samples[name], samples[OURS.name]).median
        rows.append((LABELS[name], middle, f"{low} to {high}", f"{to_ours:.2f}"))
    return Table(title, ("contender", f"median [{unit}]", f"quartiles [{unit}]", "/ Handover"), rows)


def _http(results: dict[str, Any]) -> Table:
    rows = []
    starts, warm = results["http_start_ms"], results["http_warm_ms"]
    for one in (one for one in (*LAMBDAS, *SERVERS) if one.name in warm):
        start = f"{spread(starts[one.name]).median:.0f}" if one.name in starts else "-"
        rows.append((one.label, start, *(f"{value:.2f}" for value in percentiles(warm[one.name], 0.5, 0.95))))
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
