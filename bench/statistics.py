"""From samples to figures: medians with their spread, ratios within one run, and a line through a growth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """A median, between its quartiles."""

    low: float
    median: float
    high: float


type Rounds = Sequence[Sequence[float]]
"""What was taken of one contender, round by round."""


def percentiles(rounds: Rounds, *shares: float) -> list[float]:
    """Give the values that these shares of all samples do not exceed."""
    return [float(value) for value in np.quantile(np.concatenate(rounds), shares)]


def spread(rounds: Rounds) -> Spread:
    """Summarise all samples."""
    return Spread(*percentiles(rounds, 0.25, 0.5, 0.75))


def ratio(above: Rounds, below: Rounds) -> Spread:
    """Divide round by round, median by median: what slows the machine for one round slows both."""
    return spread([[float(np.median(a) / np.median(b)) for a, b in zip(above, below, strict=True)]])


class Line(NamedTuple):
    """``fixed + each * size``: what a request costs at no size, and what one more of it adds."""

    fixed: float
    each: float

    @property
    def knee(self) -> float:
        """The size at which what grows has caught up with what does not; infinite where nothing grows."""
        return max(self.fixed, 0.0) / self.each if self.each > 0 else float("inf")


def line(sizes: Sequence[float], times: Sequence[float]) -> Line:
    """Fit a line by least squares of the relative error, so that small sizes count as much as large ones."""
    each, fixed = np.polyfit(sizes, times, 1, w=1 / np.asarray(times))
    return Line(float(fixed), float(each))


def steepest(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Give the largest power of the size with which time grows from one size to the next: 1 is linear, 2 quadratic."""
    return float(np.max(np.diff(np.log(times)) / np.diff(np.log(sizes))))


def worse_than_linear(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Say by how much the growth exceeds the size's own: 1 and below is linear or better.

    The largest quotient, over all sizes after the first, of how many times longer it takes and how many times larger
    it is.
    """
    return max((time / times[0]) / (size / sizes[0]) for size, time in zip(sizes[1:], times[1:], strict=True))
