"""One run as the page ``docs/benchmarks.md``."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.bars import AXES, growth_line, growth_points
from bench.bars import bars as bars_of
from bench.contenders import ALL, Contender
from bench.statistics import steepest
from bench.tables import LABELS, tables

TEMPLATE = "benchmarks.md.jinja"
REASONS = {
    "columns": (
        "the event's route, the call into onnxruntime, all trees",
        "parsed, held to its rule, laid out as a float32; trees ask for no more columns than they have nodes",
    ),
    "trees": (
        "the event's route, the row's validation and features, the call into onnxruntime",
        "one walk, three steps",
    ),
    "rows": (
        "the event's route, the call into onnxruntime, and numpy's making of an array",
        "its validation, its features, a walk through every tree, its decision and its text",
    ),
}
"""Of each axis: what is fixed, and what one more costs."""


def render(results: dict[str, Any], plots: list[str]) -> str:
    """Write the page.

    Parameters
    ----------
    plots
        Names of the plots that there are, without ``.png``.
    """
    environment = Environment(  # noqa: S701  Markdown, made of this project's own words and figures
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    bars, *others = tables(results)
    knees = []
    for axis, one in AXES.items():
        sizes, times = growth_points(results, axis)
        if sizes:
            fixed, each = REASONS[axis]
            fitted = growth_line(results, axis)
            knees.append({"axis": axis, "one": one, "line": fitted, "sizes": sizes, "fixed": fixed, "each": each})
            knees[-1]["steepest"] = steepest(sizes, times)
    return environment.get_template(TEMPLATE).render(
        results=results,
        bars=bars,
        unmet=[bar for bar in bars_of(results) if bar.verdict != "met"],
        tables=others,
        plots=plots,
        knees=knees,
        labels=LABELS,
        contenders=[{"one": one, "said": docstring(one)} for one in ALL],
    )


def docstring(contender: Contender) -> str:
    """Give the first line of what a peer says of itself: whose advice it follows."""
    own = {
        "ours": "This project, through the zip that SAM would upload.",
        "floor": "The least that can answer with this model, on our own layer: one run, no validation.",
    }
    if contender.name in own:
        return own[contender.name]
    names = ("app.py", "service.py", "save.py", "__init__.py")
    source = next(contender.folder / name for name in names if (contender.folder / name).exists())
    return source.read_text().removeprefix('"""').partition("\n")[0].removesuffix('"""')
