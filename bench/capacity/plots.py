"""The page's three plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from bench.capacity.aws import MONTH_S
from bench.capacity.bill import LineItems, Size
from bench.capacity.simulation import Run

BLUE, ORANGE, GREY = "#0072b2", "#b84f00", "#59636e"
LOOKS = {"x86_64": (BLUE, "o-"), "arm64": (ORANGE, "s--"), "poisson": (BLUE, "o"), "bursty": (ORANGE, "s")}
DPI = 110
NAMES = {"poisson": "Poisson", "bursty": "bursty: a minute of ten times as many, every 20 min"}


def memory(sizes: Sequence[Size], used_mb: float, path: Path) -> None:
    """Draw latency and price of a warm request against memory, and the memory that the process held."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    (latency, price) = figure.subplots(1, 2)
    for architecture in dict.fromkeys(size.architecture for size in sizes):
        colour, look = LOOKS[architecture]
        of = [size for size in sizes if size.architecture == architecture]
        at = [size.memory_mb for size in of]
        price.plot(at, [size.usd_per_million for size in of], look, color=colour, label=architecture)
    of = [size for size in sizes if size.architecture == "x86_64"]
    latency.plot([size.memory_mb for size in of], [size.warm_ms for size in of], "o-", color=BLUE, label="warm")
    latency.plot([size.memory_mb for size in of], [size.cold_ms for size in of], "s--", color=ORANGE, label="cold")
    latency.set(xlabel="memory [MB]", ylabel="latency in the function [ms]", yscale="log")
    price.set(xlabel="memory [MB]", ylabel="duration of a million requests [USD]", ylim=(0, None))
    for axes in (latency, price):
        axes.axvline(used_mb, color=GREY, linestyle=":", label=f"the process holds {used_mb:.0f} MB")
        axes.set_xlim(0, None)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def cold(runs: Sequence[Run], lifetime_s: float, path: Path) -> None:
    """Draw the share of cold starts against the rate, with what theory says of slow Poisson streams."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for process, name in NAMES.items():
        colour, look = LOOKS[process]
        of = [run for run in runs if run.process == process and run.cold]
        axes.plot([run.rate for run in of], [run.share for run in of], look, color=colour, label=name)
    slow = np.geomspace(min(run.rate for run in runs), 6 / lifetime_s, 100)
    axes.plot(slow, np.exp(-slow * lifetime_s), color=GREY, linewidth=1, label="exp(-rate x lifetime)")
    axes.set(xlabel="mean rate [1/s]", ylabel="requests that meet a cold start [share]", xscale="log", yscale="log")
    axes.set_title(
        f"idle environments live {lifetime_s / 60:g} min; runs without a cold start are not drawn", fontsize=9
    )
    axes.grid(color="#d1d9e0", linewidth=0.6)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def month(bills: Mapping[float, LineItems], path: Path) -> None:
    """Draw the month's line items at each rate, stacked, for a million requests, so that the three can be compared."""
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots()
    bottom = np.zeros(len(bills))
    labels = [f"{rate:,g}/s\n{sum(items.values()):,.0f} USD a month" for rate, items in bills.items()]
    millions = np.array(list(bills)) * MONTH_S / 1e6
    colours = iter(mpl.colormaps["tab20"](range(20)))
    for item, colour in zip(next(iter(bills.values())), colours, strict=False):
        height = np.array([items[item] for items in bills.values()]) / millions
        axes.bar(labels, height, bottom=bottom, color=colour, width=0.6, label=item)
        bottom += height
    axes.set_ylabel("a month's bill for a million requests [USD]")
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], names[::-1], loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
