"""How far scores may lie from the training's: the function's own judge, asked about many rows at once."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from predictor import files

# Where numpy is not installed, as where a stack is verified, nothing of it is imported.

type Rows = Iterable[Iterable[float]]
"""The scores of each row; an array (N, C) is one."""


class Apart(NamedTuple):
    """The rows with a score that lies further from the training's than is allowed."""

    rows: list[int]
    worst: int
    """That of them whose score is furthest off."""
    distance: float
    """By how much that is; infinite where it is not a number."""
    limit: str
    """How far it may be off, as in "by more than 1e-05"."""


def compared(given: Rows, trained: Rows, budget: float) -> Apart | None:
    """Compare answers with the training's to the same rows; ``None`` where each score is as near as it must be."""
    given, trained = _numbers(given), _numbers(trained)
    if not (rows := differing(given, trained, budget)):
        return None
    distances = {row: distance(given[row], trained[row]) for row in rows}
    worst = max(rows, key=distances.__getitem__)
    return Apart(rows, worst, distances[worst], limit([trained[row] for row in rows], budget))


def distance(given: Iterable[float], trained: Iterable[float]) -> float:
    """Give by how much the score of a row that is furthest off is off; endlessly, where one is not a number."""
    apart = [abs(float(score) - float(right)) for score, right in zip(given, trained, strict=True)]
    return max(math.inf if math.isnan(one) else one for one in apart)


def differing(given: Rows, trained: Rows, budget: float) -> list[int]:
    """Find the rows of which a score lies further from the training's than is allowed, or one is not a number."""
    pairs = zip(_numbers(given), _numbers(trained), strict=True)
    return [row for row, (scores, right) in enumerate(pairs) if _differs(scores, right, budget)]


def _numbers(rows: Rows) -> list[list[float]]:
    """Give Python's own numbers: an array makes them of all its scores at once, far faster than one by one."""
    return rows.tolist() if hasattr(rows, "tolist") else [list(map(float, row)) for row in rows]


def _differs(given: list[float], trained: list[float], budget: float) -> bool:
    apart = ((abs(score - right), right) for score, right in zip(given, trained, strict=True))
    # What is no number is not near either.
    return not all(off <= budget or off <= files.allowed(right, budget) for off, right in apart)


def in_words(scores: Mapping[str, float]) -> str:
    """Write the scores of a row, by their names: ``0.25``; ``adelie 0.9, gentoo 0.1``."""
    return ", ".join(f"{score:g}" if name == files.SINGLE else f"{name} {score:g}" for name, score in scores.items())


def limit(trained: Rows, budget: float) -> str:
    """Say how far these scores may differ, as in "by more than 1e-05"."""
    if all(files.allowed(float(score), budget) <= budget for scores in trained for score in scores):
        return f"{budget:g}"
    return f"{budget:g} (or {files.STEPS} steps of float32 where these are more)"
