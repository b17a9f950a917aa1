"""One run, drawn: where a cold start goes, how warm requests spread, what it weighs, how it grows."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.contenders import ALL, LAMBDAS
from bench.measure.inprocess import OWN, STANDARD
from bench.report import LABELS
from bench.statistics import line, spread
from bench.targets import AXES, MB, MIB, growth_points

COLOURS = {one.name: one.colour for one in ALL} | {"quiet": "#00446B", "session": "#555555"}
DASHES = {"quiet": "--", "session": ":"}
AXIS_LABELS = {"columns": "columns of the model's input", "trees": "trees of depth 3", "rows": "rows in one request"}
REST = "process, emulator, answer"
IMPORTS = {
    REST: "#E3E3E3",
    "awslambdaric": "#BDBDBD",
    STANDARD: "#969696",
    "numpy": "#4C72B0",
    "onnxruntime": "#55A868",
    "pydantic": "#C44E52",
    "Powertools": "#E69F00",
    "fastapi": "#009E73",
    "mangum": "#66C2A5",
    "scipy": "#D55E00",
    "sklearn": "#F4A582",
    "xgboost": "#CC79A7",
    OWN: "#0072B2",
    "other packages": "#F0E442",
}


def draw(results: dict[str, Any], to: Path) -> list[str]:
    """Draw all that the run measured; give the names of the plots, without ``.png``."""
    drawers = {
        "cold": (_cold, {"cold_ms", "imports_ms"}),
        "warm": (_warm, {"warm_ms", "http_warm_ms"}),
        "size": (_size, {"peak_rss_mb"}),
        "growth": (_growth, {"growth"}),
    }
    to.mkdir(parents=True, exist_ok=True)
    drawn = [name for name, (_, keys) in drawers.items() if keys <= results.keys()]
    mpl.rcParams.update({"font.size": 9, "figure.dpi": 150, "axes.axisbelow": True})
    mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
    for name in drawn:
        drawers[name][0](results).savefig(to / f"{name}.png", metadata={"Software": None})
    return drawn


def import_stack(cold_ms: float, imports_ms: dict[str, float]) -> dict[str, float]:
    """Split one cold start into the groups that the plot names, in its order; what no import took is the rest [ms]."""
    stack = dict.fromkeys(IMPORTS, 0.0)
    for group, time in imports_ms.items():
        stack[group if group in stack else "other packages"] += time
    stack[REST] = max(cold_ms - sum(stack.values()), 0.0)
    return stack


def _cold(results: dict[str, Any]) -> Figure:
    names = [one.name for one in LAMBDAS if one.name in results["cold_ms"]]
    low, median, high = np.array([spread(results["cold_ms"][name]) for name in names]).T
    stacks = [import_stack(total, results["imports_ms"][name]) for total, name in zip(median, names, strict=True)]
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(names))
    for group, colour in IMPORTS.items():
        widths = np.array([stack[group] for stack in stacks])
        if widths.any():
            axes.barh(names, widths, left=left, color=colour, label=group, edgecolor="white", linewidth=0.4)
            left += widths
    ends = (median - low, high - median)
    axes.errorbar(median, range(len(names)), xerr=ends, fmt="none", ecolor="black", capsize=3, elinewidth=1)
    for row, end in enumerate(np.maximum(left, high)):
        axes.text(end + left.max() * 0.015, row, f"{median[row]:.0f} ms", va="center")
    _name_rows(axes, names)
    axes.set_xlabel("from process to first answer under AWS's runtime emulator [ms]; median and quartiles")
    axes.set_title("Cold start by what is imported", loc="left")
    figure.legend(loc="outside right center", frameon=False, fontsize=8)
    return figure


def _warm(results: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    both = figure.subplots(1, 2, sharey=True)
    titles = ("In process: event to response", "Over HTTP: one connection, one worker")
    named = {}
    for axes, key, title in zip(both, ("warm_ms", "http_warm_ms"), titles, strict=True):
        for name, rounds in results[key].items():
            if name != "batch":
                times = np.sort(np.concatenate(rounds))
                share = np.arange(1, len(times) + 1) / len(times) * 100
                (named[LABELS[name]],) = axes.plot(
                    times, share, DASHES.get(name, "-"), color=COLOURS[name], linewidth=1.6
                )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("warm latency [ms]")
        axes.set_title(title, loc="left")
        axes.grid(alpha=0.3)
    both[0].set_ylabel("requests answered by then [%]")
    figure.legend(named.values(), named, loc="outside right center", frameon=False, fontsize=8)
    return figure


def _size(results: dict[str, Any]) -> Figure:
    names = [one.name for one in LAMBDAS if one.name in results["size"]]
    panels = {
        "Unzipped [MiB]": [results["size"][name]["unzipped_bytes"] / MIB for name in names],
        "Zipped [MB]": [results["size"][name]["zipped_bytes"] / MB for name in names],
        f"Peak memory after {results['counts']['memory_requests']:,} requests [MB]": [
            results["peak_rss_mb"][name] for name in names
        ],
    }
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    all_axes = figure.subplots(1, 3, sharey=True)
    for axes, (title, values) in zip(all_axes, panels.items(), strict=True):
        bars = axes.barh(names, values, color=[COLOURS[name] for name in names])
        axes.bar_label(bars, fmt="%.0f", padding=3)
        axes.margins(x=0.12)
        axes.set_xlabel(title)
    _name_rows(all_axes[0], names)
    return figure


def _growth(results: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    all_axes = figure.subplots(1, len(AXES))
    for axes, axis in zip(all_axes, AXES, strict=True):
        for name in ("quiet", "session"):
            sizes, times = growth_points(results, axis, name)
            axes.plot(sizes, times, "o-", color=COLOURS[name], label=LABELS[name], markersize=4)
        sizes, times = growth_points(results, axis)
        fitted = line(sizes, times)
        fine = np.geomspace(sizes[0], sizes[-1], 100)
        axes.plot(
            fine, fitted.fixed + fitted.each * fine, color=COLOURS["ours"], alpha=0.5, label="fixed + each * size"
        )
        axes.plot(fine, times[0] * fine / sizes[0], ":", color="grey", label="linear from the first")
        if sizes[0] < fitted.knee < sizes[-1]:
            axes.axvline(fitted.knee, color="black", linewidth=0.8, alpha=0.6)
            at = {"transform": axes.get_xaxis_transform(), "rotation": 90, "va": "bottom", "ha": "right"}
            axes.text(fitted.knee, 0.02, f"knee: {fitted.knee:.0f}", **at)
        axes.set(xscale="log", yscale="log", xlabel=AXIS_LABELS[axis])
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.xaxis.minorticks_off()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)
    all_axes[0].set_ylabel("warm request, in process, median [µs]")
    all_axes[0].legend(frameon=False, fontsize=7)
    return figure


def _name_rows(axes: Axes, names: list[str]) -> None:
    """Name the bars, each in its contender's colour, the first on top."""
    axes.set_yticks(range(len(names)), [LABELS[name] for name in names])
    for tick, name in zip(axes.get_yticklabels(), names, strict=True):
        tick.set_color(COLOURS[name])
        tick.set_fontweight("bold")
    axes.invert_yaxis()
