"""How far scores may lie from the training's: the function's own judge, asked about many rows at once."""

from collections.abc import Iterable, Mapping

from predictor import files

# Where numpy is not installed, as where a stack is verified, nothing of it is imported.


type Rows = Iterable[Iterable[float]]
"""The scores of each row; an array (N, C) is one."""


def differing(given: Rows, trained: Rows, budget: float) -> list[int]:
    """Find the rows of which a score lies further from the training's than is allowed, or one is not a number."""
    return [
        row for row, (scores, right) in enumerate(zip(given, trained, strict=True)) if _differs(scores, right, budget)
    ]


def _differs(given: Iterable[float], trained: Iterable[float], budget: float) -> bool:
    pairs = zip(map(float, given), map(float, trained), strict=True)
    return not all(abs(score - right) <= files.allowed(right, budget) for score, right in pairs)


def in_words(scores: Mapping[str, float]) -> str:
    """Write the scores of a row, by their names: ``0.25``; ``adelie 0.9, gentoo 0.1``."""
    return ", ".join(f"{score:g}" if name == files.SINGLE else f"{name} {score:g}" for name, score in scores.items())


def limit(trained: Rows, budget: float) -> str:
    """Say how far these scores may differ, as in "by more than 1e-05"."""
    if all(files.allowed(float(score), budget) <= budget for scores in trained for score in scores):
        return f"{budget:g}"
    return f"{budget:g} (or {files.STEPS} steps of float32 where these are more)"
