"""One run as the page ``docs/benchmarks.md``."""

from pathlib import Path
from typing import Any

from bench.contenders import ALL, FLOOR, OURS, Contender
from bench.statistics import line, steepest
from bench.tables import tables
from bench.targets import AXES, growth_points, targets
from handover.templates import environment


def write(results: dict[str, Any], plots: list[str]) -> str:
    """Write the page, with the plots of these names, which have no ``.png``."""
    targets_table, *others = tables(results)
    values = {
        "results": results,
        "targets": targets_table,
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
