"""AWS's prices and limits, each with its unit, its source and the day it was read; they live in ``aws.toml``."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf
from pathlib import Path

HERE = Path(__file__).parent
BYTES_PER_GB = 2**30
MB_PER_GB = 1024
MONTH_S = 730 * 3600
"""A month as AWS's own calculator has it: 730 hours [s]."""


@dataclass(frozen=True)
class Figure:
    """One price or limit."""

    meaning: str
    unit: str
    source: str
    """Name of the page."""
    url: str
    read: date
    seen: str
    """What stood behind it on that day: ``page``, ``price list`` or ``no``."""
    note: str = ""
    value: float = 0.0
    steps: Sequence[Mapping[str, float]] = ()
    """A price by volume: from which amount on, and how much for each unit from there."""

    def cost(self, amount: float) -> float:
        """Price an amount [USD]: each unit at the price of the step that it falls in."""
        starts = [*(step["from"] for step in self.steps), inf]
        return sum(
            step["price"] * max(0.0, min(amount, end) - start)
            for step, (start, end) in zip(self.steps, pairwise(starts), strict=True)
        )

    @property
    def text(self) -> str:
        """The figure, for people."""
        if not self.steps:
            return f"{self.value:,g}"
        return "; ".join(
            f"{step['price']:.10f}".rstrip("0") + (f" from {step['from']:,.0f}" if step["from"] else "")
            for step in self.steps
        )


def figures() -> dict[str, Figure]:
    """Read all of them, by name, in the order of the file."""
    entries = tomllib.loads((HERE / "aws.toml").read_text(encoding="utf-8"))
    return {name: Figure(**entry) for name, entry in entries.items()}
