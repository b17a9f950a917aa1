"""How far scores may lie from the training's: the function's own judge, asked about many rows at once."""

from collections.abc import Iterable

from predictor import files

# Where numpy is not installed, as where a stack is verified, nothing of it is imported.


def differing(given: Iterable[float], trained: Iterable[float], budget: float) -> list[int]:
    """Find the rows whose score lies further from the training's than is allowed, or of which one is not a number."""
    pairs = zip(map(float, given), map(float, trained), strict=True)
    return [row for row, (score, right) in enumerate(pairs) if not abs(score - right) <= files.allowed(right, budget)]


def limit(trained: Iterable[float], budget: float) -> str:
    """Say how far these scores may differ, as in "by more than 1e-05"."""
    if all(files.allowed(float(score), budget) <= budget for score in trained):
        return f"{budget:g}"
    return f"{budget:g} (or {files.STEPS} steps of float32 where these are more)"
