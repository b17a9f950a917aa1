"""The curve of a ranking, with no more points than can be told apart."""

import numpy as np
from numpy.typing import NDArray

from handover.reporters.html.plots import Numbers

MOST_POINTS = 1000


def roc(scores: Numbers, is_one: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Give the shares of zeros and of ones that are as high as each level of the score, from none to all."""
    levels = np.unique(scores)[::-1]
    levels = levels[some(len(levels))]
    missed, caught = (np.array([0, *_share_above(group, levels), 1]) for group in (scores[~is_one], scores[is_one]))
    return missed, caught


def _share_above(values: Numbers, levels: Numbers) -> Numbers:
    """Give the share of values that are as high as each level, or higher."""
    shares: Numbers = 1 - np.searchsorted(np.sort(values), levels) / len(values)
    return shares


def some(count: int) -> NDArray[np.intp]:
    """Choose places evenly, so that no plot has more points than can be told apart."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(np.intp))
