"""Held-out rows of one score, made of plain lists of numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.quality import HeldOut


def one_score(scores: NDArray[Any] | Sequence[float], labels: NDArray[Any] | Sequence[float]) -> HeldOut:
    """Lay scores and labels, (N,) or (N, 1), out as ``HeldOut`` has them."""
    return HeldOut(*(np.asarray(values, dtype=np.float64).reshape(-1, 1) for values in (scores, labels)))
