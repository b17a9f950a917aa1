"""The report's plots: each draws arrays on an empty figure, and knows no delivery."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from handover.metrics import NORMAL_975
from handover.reporters.html.svg import BAND, BLUE, INK, LINE, MUTED, VERMILION, WIDTH_PX

type Numbers = NDArray[np.float64]
type Curve = Sequence[Numbers]  # places on either axis
type Point = tuple[float, float]

LETTER_PX = 7.5  # about a letter's width, in the widest font that a page may be set in
MAX_POINTS = 1000  # of a plot: more cannot be told apart
FINEST = 1e-10  # a thousandth of a float32's step at 1: an agreed tolerance of 0 needs a scale as well
MAX_COUNTED, FEW_NAMES, MAX_NAME_LENGTH = 8, 4, 10  # classes with figures in the squares, with level names; letters
DASHED: dict[str, Any] = {"color": MUTED, "linewidth": 1, "linestyle": (0, (4, 3))}
DOTS: dict[str, Any] = {"marker": "o", "color": BLUE, "linestyle": "none", "markersize": 3.5, "markeredgewidth": 0}
CIRCLES = DOTS | {"color": VERMILION, "markerfacecolor": "none", "markeredgewidth": 1.4}
QUARTERS, PERCENT = [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"]


def some(count: int) -> NDArray[np.intp]:
    """Choose places evenly, so that no plot has more points than can be told apart."""
    return np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).round().astype(np.intp))


def ranking(scores: Numbers, is_one: NDArray[np.bool_]) -> Curve:
    """Give the shares of zeros and of ones that are as high as each level of the score, from none to all."""
    levels = np.unique(scores)[::-1]
    levels = levels[some(len(levels))]
    below = (np.searchsorted(np.sort(group), levels) / len(group) for group in (scores[~is_one], scores[is_one]))
    missed, caught = (np.array([0, *(1 - share), 1]) for share in below)
    return missed, caught


def scores(figure: Figure, served: Numbers, deciles: Numbers, decisions: Mapping[str, float]) -> None:
    """Draw how the scores are spread, cumulated, over the deciles that they should have, with the decisions' edges."""
    axes = figure.subplots()
    edges = list(decisions.values())[:-1]  # the last is the end of the range
    low, high = _span([*served, *deciles, *edges])
    for edge in edges:
        axes.axvline(edge, **DASHED)
    bands = [low, *edges, high]
    widths = [(right - left) / (high - low) * WIDTH_PX * 0.8 for left, right in pairwise(bands)]
    if all(len(name) * LETTER_PX < width and name.isprintable() for name, width in zip(decisions, widths, strict=True)):
        for name, (left, right) in zip(decisions, pairwise(bands), strict=True):
            axes.text((left + right) / 2, 1.06, name, ha="center", va="center")
    axes.ecdf(served, color=BLUE, linewidth=1.8)
    axes.plot(deciles, np.linspace(0, 1, len(deciles)), **CIRCLES | {"markersize": 5})
    axes.set_yticks(QUARTERS, PERCENT)
    axes.set(xlim=(low, high), ylim=(0, 1.12), xlabel="score", ylabel="held-out rows up to it")


def roc(figure: Figure, curves: Sequence[Curve], thick: int | None = None, edges: Sequence[Point] = ()) -> None:
    """Draw the share of ones above each score over that of zeros, with the points where the decision changes.

    A ``thick`` line is one of a class against the rest.
    """
    axes = figure.subplots()
    _lines(axes, curves, thick)
    for edge in edges:
        axes.plot(*edge, **CIRCLES | {"markersize": 6})
    axes.set_xticks(QUARTERS, PERCENT)
    axes.set_yticks(QUARTERS, PERCENT)
    others, own = ("zeros", "the ones") if thick is None else ("rows of other classes", "its rows")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.03), xlabel=f"of the {others}", ylabel=f"of {own}, scored as high")


def class_calibrations(figure: Figure, lines: Sequence[Curve], thick: int) -> None:
    """Draw what each class's score said against how often it came, bin by bin, one of the lines thick."""
    axes = figure.subplots()
    _lines(axes, lines, thick, marker="o", markersize=3.5)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="mean score of the bin", ylabel="share of the class")


def _lines(axes: Axes, lines: Sequence[Curve], thick: int | None, **style: Any) -> None:
    """Draw lines over the diagonal, the thick one last."""
    axes.plot([0, 1], [0, 1], **DASHED)
    for place, (x, y) in sorted(enumerate(lines), key=lambda line: line[0] == thick):
        colour, width = (VERMILION, 2.2) if place == thick else (BLUE, 1.8 if thick is None else 1.2)
        axes.plot(x, y, color=colour, linewidth=width, **style)


def confusion(figure: Figure, names: Sequence[str], counts: NDArray[np.int64]) -> None:
    """Draw a square for each class and what its rows are taken for, the fuller the more of them."""
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for (row, column), share in np.ndenumerate(shares):
        colour = BLUE if row == column else VERMILION
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, alpha=0.6 * share, linewidth=0))
        if len(names) <= MAX_COUNTED:
            axes.text(column, row, f"{counts[row, column]}", ha="center", va="center")
    places = range(len(names))
    labels = [name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…" for name in names]
    axes.set_xticks(places, labels, rotation=90 if len(names) > FEW_NAMES else 0)
    axes.set_yticks(places, labels)
    axes.grid(visible=False)
    ends = -0.5, len(names) - 0.5
    axes.set(xlim=ends, ylim=ends[::-1], xlabel="has the highest score", ylabel="is of the class")


def residuals(figure: Figure, scored: Numbers, apart: Numbers) -> None:
    """Draw by how much each label lies above its score, over the score."""
    axes = figure.subplots()
    axes.axhline(0, **DASHED)
    axes.plot(scored, apart, alpha=0.6, **DOTS)
    axes.set(xlim=_span([*scored]), ylim=_span([0, *apart]), xlabel="score", ylabel="label, less that")


def importance(figure: Figure, names: Sequence[str], falls: Numbers, spreads: Numbers, what: str) -> None:
    """Draw a bar for each column, the longest on top, with the spread over the repeats."""
    axes = _bars(figure, names, falls, height=0.62, xerr=spreads, ecolor=MUTED, error_kw={"linewidth": 1.2})
    ends = min(0.0, float((falls - spreads).min())), max(1e-9, float((falls + spreads).max())) * 1.04
    axes.set(xlim=ends, xlabel=f"fall of the {what}")


def sizes(figure: Figure, names: Sequence[str], mib: Sequence[float]) -> None:
    """Draw one bar for each name, the largest on top."""
    axes = _bars(figure, names, mib, height=0.66)
    for place, size in enumerate(mib):
        axes.annotate(f"{size:.1f}", (size, place), xytext=(4, 0), textcoords="offset points", va="center", color=INK)
    axes.set(xlim=(0, max(1e-9, *mib) * 1.16), xlabel="unzipped [MiB]")


def _bars(figure: Figure, names: Sequence[str], lengths: Sequence[float] | Numbers, **style: Any) -> Axes:
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, lengths, color=BLUE, **style)
    axes.set_yticks(places, list(names))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_color(LINE)
    return axes


def calibration(figure: Figure, scored: Numbers, observed: Numbers, lowest: Numbers, highest: Numbers) -> None:
    """Draw what the model said against what came, bin by bin, with the interval of what came."""
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], **DASHED)
    axes.vlines(scored, lowest, highest, color=BLUE, linewidth=1.4)
    axes.plot(scored, observed, "o", color=BLUE, markersize=5)
    ends = 0, max(float(scored.max()), float(highest.max())) * 1.02
    axes.set(xlim=ends, ylim=ends, xlabel="mean score of the bin", ylabel="share observed")


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
    axes.plot(trained[~outside], apart[~outside], alpha=0.7, **DOTS)
    axes.plot(trained[outside], apart[outside], "x", color=VERMILION, markersize=5, markeredgewidth=1.4)
    step = max(1, int(np.ceil(decades / 3)))
    above = [threshold * 10**decade for decade in range(0, decades + 1, step)]
    marks = [*(-mark for mark in reversed(above)), 0, *above]
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.set_yticks([], minor=True)
    limit = threshold * 10**decades * (2 if decades else 1.5)
    axes.set(ylim=(-limit, limit), xlabel="score in training", ylabel="score here, less that")


def latency(figure: Figure, cold: Sequence[Numbers], warm: Sequence[Numbers]) -> None:
    """Draw how many starts and how many answers were done by when [ms], beside the floor measured in the same run."""
    upper, lower = figure.subplots(2, 1)
    for axes, name, (function, floor) in (upper, "cold start", cold), (lower, "warm answer", warm):
        axes.ecdf(floor, label="floor", **DASHED | {"linewidth": 1.4})
        axes.ecdf(function, color=BLUE, linewidth=1.8, label="function")
        # One slow answer in a hundred would press all others against the axis: the caption has the slowest.
        latest = max(float(np.quantile(times, 0.99)) for times in (function, floor)) * 1.05
        axes.set_yticks(QUARTERS[::2], PERCENT[::2])
        axes.set(xlim=(0, latest), ylim=(0, 1.05), xlabel=f"{name} [ms]")
    upper.legend(loc="upper left", handlelength=1.6, borderaxespad=0.2)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or 0.5  # all in one place: any width will do
    return low - margin, high + margin
