"""The report's plots: each draws arrays on an empty figure, and knows no delivery."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from handover.reporters.html.svg import BAND, BLUE, INK, LINE, MUTED, VERMILION, WIDTH_PX

type Numbers = NDArray[np.float64]

LETTER_PX = 7.5  # about a letter's width, in the widest font that a page may be set in
FINEST = 1e-10  # a thousandth of a float32's step at 1: an agreed tolerance of 0 needs a scale as well
MOST_COUNTED, FEW_NAMES, LONGEST_NAME = 8, 4, 10  # classes with figures in the squares, with level names; letters
NORMAL_975 = 1.96  # quantile of the normal distribution: 95 % lie within it on both sides


def scores(figure: Figure, served: Numbers, deciles: Numbers, decisions: Mapping[str, float]) -> None:
    """Draw how the scores are spread, cumulated, over the deciles that they should have, with the decisions' edges."""
    axes = figure.subplots()
    edges = list(decisions.values())[:-1]  # the last is the end of the range
    low, high = _span([*served, *deciles, *edges])
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.12)
    for edge in edges:
        axes.axvline(edge, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    bands = [low, *edges, high]
    widths = [(right - left) / (high - low) * WIDTH_PX * 0.8 for left, right in pairwise(bands)]
    if all(len(name) * LETTER_PX < width and name.isprintable() for name, width in zip(decisions, widths, strict=True)):
        for name, (left, right) in zip(decisions, pairwise(bands), strict=True):
            axes.text((left + right) / 2, 1.06, name, ha="center", va="center")
    axes.ecdf(served, color=BLUE, linewidth=1.8)
    shares = np.linspace(0, 1, len(deciles))
    axes.plot(deciles, shares, "o", color=VERMILION, markersize=5, markerfacecolor="none", markeredgewidth=1.4)
    _percent(axes)
    axes.set_xlabel("score")
    axes.set_ylabel("held-out rows up to it")


def roc(figure: Figure, missed: Numbers, caught: Numbers, edges: Sequence[tuple[float, float]]) -> None:
    """Draw the share of ones above each score over that of zeros, with the points where the decision changes."""
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(missed, caught, color=BLUE, linewidth=1.8)
    if edges:
        x, y = zip(*edges, strict=True)
        axes.plot(x, y, "o", color=VERMILION, markersize=6, markerfacecolor="none", markeredgewidth=1.4)
    _roc_axes(axes, "of the zeros", "of the ones, scored as high")


def class_rocs(figure: Figure, curves: Sequence[tuple[Numbers, Numbers]], thick: int) -> None:
    """Draw a curve for each class against the rest, one of them thick."""
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    _lines(axes, curves, thick)
    _roc_axes(axes, "of the rows of other classes", "of its rows, scored as high")


def _roc_axes(axes: Axes, others: str, own: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.03)
    _percent(axes)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(others)
    axes.set_ylabel(own)


def class_calibrations(figure: Figure, lines: Sequence[tuple[Numbers, Numbers]], thick: int) -> None:
    """Draw what each class's score said against how often it came, bin by bin, one of the lines thick."""
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    _lines(axes, lines, thick, marker="o", markersize=3.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("mean score of the bin")
    axes.set_ylabel("share of the class")


def _lines(axes: Axes, lines: Sequence[tuple[Numbers, Numbers]], thick: int, **style: Any) -> None:
    for place, (x, y) in sorted(enumerate(lines), key=lambda line: line[0] == thick):
        colour, width = (VERMILION, 2.2) if place == thick else (BLUE, 1.2)
        axes.plot(x, y, color=colour, linewidth=width, **style)


def confusion(figure: Figure, names: Sequence[str], counts: NDArray[np.int64]) -> None:
    """Draw a square for each class and what its rows are taken for, the fuller the more of them."""
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for (row, column), share in np.ndenumerate(shares):
        colour = BLUE if row == column else VERMILION
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, alpha=0.6 * share, linewidth=0))
        if len(names) <= MOST_COUNTED:
            axes.text(column, row, f"{counts[row, column]}", ha="center", va="center")
    places = range(len(names))
    labels = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
    axes.set_xticks(places, labels, rotation=90 if len(names) > FEW_NAMES else 0)
    axes.set_yticks(places, labels)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_xlabel("has the highest score")
    axes.set_ylabel("is of the class")


def residuals(figure: Figure, scored: Numbers, apart: Numbers) -> None:
    """Draw by how much each label lies above its score, over the score."""
    axes = figure.subplots()
    axes.axhline(0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(scored, apart, "o", color=BLUE, markersize=3.5, markeredgewidth=0, alpha=0.6)
    axes.set_xlim(*_span([*scored]))
    axes.set_ylim(*_span([0, *apart]))
    axes.set_xlabel("score")
    axes.set_ylabel("label, less that")


def importance(figure: Figure, names: Sequence[str], falls: Numbers, spreads: Numbers, what: str) -> None:
    """Draw a bar for each column, the longest on top, with the spread over the repeats."""
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, falls, color=BLUE, height=0.62, xerr=spreads, ecolor=MUTED, error_kw={"linewidth": 1.2})
    axes.set_yticks(places, list(names))
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, float((falls - spreads).min())), max(1e-9, float((falls + spreads).max())) * 1.04)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_color(LINE)
    axes.set_xlabel(f"fall of the {what}")


def calibration(figure: Figure, scored: Numbers, observed: Numbers, rows: Numbers) -> None:
    """Draw what the model said against what came, bin by bin, with Wilson's interval for the bin's rows."""
    axes = figure.subplots()
    lowest, highest = wilson(observed, rows)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.vlines(scored, lowest, highest, color=BLUE, linewidth=1.4)
    axes.plot(scored, observed, "o", color=BLUE, markersize=5)
    end = max(float(scored.max()), float(highest.max())) * 1.02
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    axes.set_xlabel("mean score of the bin")
    axes.set_ylabel("share observed")


def wilson(share: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Give the 95 % interval of a share seen among so many rows (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    squared = NORMAL_975**2
    middle = (share + squared / (2 * rows)) / (1 + squared / rows)
    half = NORMAL_975 * np.sqrt(share * (1 - share) / rows + squared / (4 * rows**2)) / (1 + squared / rows)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def parity(figure: Figure, trained: Numbers, apart: Numbers, allowed: Numbers) -> None:
    """Draw the distance of each score here from the training's, with the band in which the largest may lie.

    Linear within the band; beyond it a decade is as long as the band's half, for a fault is rarely near the band.
    """
    axes = figure.subplots()
    band = float(allowed.max())
    threshold = max(band, FINEST)
    farthest = float(np.abs(apart).max())
    decades = max(0, int(np.ceil(np.log10(max(farthest, threshold) / threshold))))
    axes.set_yscale("symlog", linthresh=threshold)
    axes.axhspan(-band, band, color=BAND, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    outside = ~(np.abs(apart) <= allowed)
    axes.plot(trained[~outside], apart[~outside], "o", color=BLUE, markersize=3.5, markeredgewidth=0, alpha=0.7)
    axes.plot(trained[outside], apart[outside], "x", color=VERMILION, markersize=5, markeredgewidth=1.4)
    step = max(1, int(np.ceil(decades / 3)))
    marks = [threshold * 10**decade for decade in range(0, decades + 1, step)]
    axes.set_yticks([*(-mark for mark in reversed(marks)), 0, *marks], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_yticklabels([*(f"-{mark:g}" for mark in reversed(marks)), "0", *(f"{mark:g}" for mark in marks)])
    limit = threshold * 10**decades * (2 if decades else 1.5)
    axes.set_ylim(-limit, limit)
    axes.set_xlabel("score in training")
    axes.set_ylabel("score here, less that")


def latency(figure: Figure, cold_ms: Numbers, cold_floor_ms: Numbers, warm_ms: Numbers, warm_floor_ms: Numbers) -> None:
    """Draw how many starts and how many answers were done by when, beside the floor measured in the same run."""
    upper, lower = figure.subplots(2, 1)
    for axes, name, function, floor in (
        (upper, "cold start", cold_ms, cold_floor_ms),
        (lower, "warm answer", warm_ms, warm_floor_ms),
    ):
        axes.ecdf(floor, color=MUTED, linewidth=1.4, linestyle=(0, (4, 3)), label="floor")
        axes.ecdf(function, color=BLUE, linewidth=1.8, label="function")
        # One slow answer in a hundred would press all others against the axis: the caption has the slowest.
        axes.set_xlim(0, max(float(np.quantile(some, 0.99)) for some in (function, floor)) * 1.05)
        axes.set_ylim(0, 1.05)
        axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        axes.set_xlabel(f"{name} [ms]")
    upper.legend(loc="upper left", handlelength=1.6, borderaxespad=0.2)


def sizes(figure: Figure, names: Sequence[str], mib: Sequence[float]) -> None:
    """Draw one bar for each name, the largest on top."""
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, mib, color=BLUE, height=0.66)
    axes.set_yticks(places, list(names))
    axes.invert_yaxis()
    axes.set_xlim(0, max(1e-9, *mib) * 1.16)
    for place, size in zip(places, mib, strict=True):
        axes.annotate(f"{size:.1f}", (size, place), xytext=(4, 0), textcoords="offset points", va="center", color=INK)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_color(LINE)
    axes.set_xlabel("unzipped [MiB]")


def _percent(axes: Axes) -> None:
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or 0.5  # all in one place: any width will do
    return low - margin, high + margin
