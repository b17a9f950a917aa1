"""What a stand-in answers: scores that were made up, so many for each decision, each with digits that people read."""

import math
from collections.abc import Sequence
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from handover.contract import Contract
from handover.errors import DeliverError

type Scores = NDArray[np.float32]

MAX_ANSWERS = 1000  # answers: as many as tell rows apart, and few enough for any contract's budget
MAX_NUMBERS = 20_000  # of all answers, where there are many classes
MIN_ANSWERS = 5  # of a decision
DIGITS = range(3, 18)
MIN_DIGITS = 4  # of a class's score: one more for ten times the classes


def made_up(contract: Contract, decision: str | None = None) -> Scores:
    """Make answers up for each decision, or for one, each decision as often as the next, float32 (M, C).

    Of a contract of classes, the scores of a row add up to 1. ``DeliverError`` when the contract has no such decision,
    or no scores lead to it.
    """
    decisions = contract.scores.decisions
    if decision is not None and decision not in decisions:
        raise DeliverError(f"the contract has no decision {decision!r}: it has {', '.join(decisions)}")
    wanted = [decision] if decision else decisions
    each = max(MIN_ANSWERS, min(MAX_ANSWERS, MAX_NUMBERS // len(contract.scores.names)) // len(wanted))
    answers = [
        _of_classes(contract, one, each) if contract.classes else _of_band(contract, one, each) for one in wanted
    ]
    if decision and not len(answers[0]):
        raise DeliverError(
            f"no scores that add up to 1 are decided {decision!r}: of {len(contract.classes)} classes, the highest is "
            f"always above {1 / len(contract.classes):.3g}"
        )
    return np.concatenate(answers)


def _of_band(contract: Contract, decision: str, count: int) -> Scores:
    """Spread scores evenly over a decision's band, each with as few digits as leave it there."""
    edges = pairwise([contract.score.low, *contract.decisions.values()])
    low, high = dict(zip(contract.decisions, edges, strict=True))[decision]
    scores: dict[float, None] = {}
    for score in np.linspace(low, high, count + 2)[1:-1].tolist():
        written = (float(f"{score:.{digits}g}") for digits in DIGITS)
        fitting = (one for one in written if _decided(contract, [one]) == decision and contract.score.low <= one)
        scores |= dict.fromkeys(islice(fitting, 1))
    # Of a band that is a step of float32 wide only the upper edge is left.
    return np.array([*scores] or [high], dtype=np.float32)[:, np.newaxis]


def _of_classes(contract: Contract, decision: str, count: int) -> Scores:
    """Make scores up that add up to 1, the same for all classes but the highest; none where none lead to a decision."""
    classes = list(contract.classes)
    is_class = decision in classes
    # What is otherwise decided is decided for any highest class, each in turn.
    highest_ones = [classes.index(decision)] if is_class else list(range(len(classes)))
    below = contract.otherwise.below if contract.otherwise else 0.0
    least, most = (max(below, 1 / len(classes)), 1.0) if is_class else (1 / len(classes), below)
    digits, others = MIN_DIGITS + int(math.log10(len(classes))), len(classes) - 1
    rows = []
    for place, highest in enumerate(np.linspace(least, most, count + 1)[1:] if least < most or is_class else []):
        share = round((1 - float(highest)) / others, digits)
        row = [share] * len(classes)
        row[highest_ones[place % len(highest_ones)]] = round(1 - others * share, digits)
        rows.append(row)
    fitting = [row for row in rows if _decided(contract, row) == decision]
    return np.array(fitting, dtype=np.float32).reshape(-1, len(classes))


def _decided(contract: Contract, scores: Sequence[float]) -> str | None:
    return contract.decide(np.array(scores, dtype=np.float32))
