"""Scores clipped to the contract's range, for models that extrapolate; the share of them is reported."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.contract import Score
from handover.errors import DeliverError

type Scores = NDArray[np.floating[Any]]

MAX_CLIPPED = 0.5
"""Of the held-out rows. Beyond it the model's median answer is an end of the range: most callers would get one number,
and no figure of merit would say what the model knows. It then answers in another unit than the contract has."""
MANY_CLIPPED = 0.1
"""Of the held-out rows. Where the range is the labels' own, linear regressions of counts had 4 to 9 % at an end and
gradient boosting up to 3 %; of skewed amounts, of which one better learns the logarithm, 17 to 21 %."""


def clipped(scores: Scores, score: Score) -> NDArray[np.float32]:
    """Clip scores to the range, whose ends are float32 as it is judged; what is not a number stays so."""
    return np.clip(scores.astype(np.float32), np.float32(score.low), np.float32(score.high))


def share_at_ends(scores: Scores, score: Score) -> float:
    """Give the share of the scores that lie at an end of the range, or beyond: there a clipped model was clipped."""
    given = clipped(scores, score)
    return round(float(np.isin(given, np.array([score.low, score.high], dtype=np.float32)).mean()), 6)


def record(held_out: Scores, drawn: Scores, score: Score) -> dict[str, float]:
    """Say of clipped answers, for the manifest, which share lies at an end: of held-out rows, of drawn ones."""
    return {"held_out": share_at_ends(held_out, score), "drawn": share_at_ends(drawn, score)}


def require_few(scores: Scores, score: Score) -> None:
    """Require that a clipped model still says something; ``DeliverError`` when most held-out scores lie at an end."""
    if (share := share_at_ends(scores, score)) > MAX_CLIPPED:
        raise DeliverError(
            f"clip=True leaves {share:.0%} of the {len(scores)} held-out rows at an end of the contract's range, "
            f"{score.low} to {score.high}: most callers would get the same number. Promise in contract.py the range "
            f"that the model answers in, or train it on labels in the contract's unit"
        )


def in_words(scores: Scores, score: Score) -> str:
    """Say of a delivery whose answers are clipped in which share of the held-out rows, as the check notes it."""
    share = share_at_ends(scores, score)
    often = ": so many that another range, or the labels' logarithm, may suit it better" if share > MANY_CLIPPED else ""
    return f"its answers are clipped to the range, and {share:.1%} of the {len(scores)} held-out rows get an end{often}"
