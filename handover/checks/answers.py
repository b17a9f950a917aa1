"""In what two deliveries answer otherwise: what is compared where their bytes cannot be."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from handover import parity
from handover.quality import HELD_OUT, HeldOut
from predictor import files

SAME_EVERYWHERE = ("contract.json", "heuristics.py")
"""The files that no processor changes."""


def apart(then: Path, now: Path, tolerance: float) -> str:
    """Say in what one delivery answers otherwise than the other, in a part of a sentence; nothing where it does not.

    Parameters
    ----------
    then, now
        The folders of two deliveries that the same training made on two kinds of machine.
    tolerance
        How far two scores of one row may lie apart, in the score's unit.
    """
    for name in SAME_EVERYWHERE:
        if (then / name).read_bytes() != (now / name).read_bytes():
            return f"{name} differs"
    return _golden(then, now, tolerance) or _held_out(then, now, tolerance)


def _held_out(then: Path, now: Path, tolerance: float) -> str:
    before, after = (HeldOut.from_csv((folder / HELD_OUT).read_bytes()) for folder in (then, now))
    if not np.array_equal(before.labels, after.labels):
        return "the held-out labels are others"
    if apart := parity.judged(after.scores, before.scores, tolerance):
        return f"held-out scores differ by more than {apart.limit}"
    return ""


def _golden(then: Path, now: Path, tolerance: float) -> str:
    """Compare the rows of both. A proof row is chosen by the model's answers: that only one has it says nothing."""
    before, after = _lines(then), _lines(now)
    if any("covers" not in (before | after)[row] for row in before.keys() ^ after.keys()):
        return "the golden rows are others"
    pairs = [(before[row], after[row]) for row in before if row in after]
    trained, again = ([files.scores_in(pair[side]) for pair in pairs] for side in (0, 1))
    was, is_ = ([row.values() for row in rows] for rows in (trained, again))
    if apart := parity.judged(is_, was, tolerance):
        return (
            f"{len(apart.rows)} of {len(pairs)} answers differ by more than {apart.limit}, at most from "
            f"{parity.in_words(trained[apart.worst])} then to {parity.in_words(again[apart.worst])} now"
        )
    if flips := [(one, other) for one, other in pairs if one["decision"] != other["decision"]]:
        one, other = flips[0]
        return (
            f"{len(flips)} of {len(pairs)} decisions flip: a score of {parity.in_words(files.scores_in(one))} was "
            f"{one['decision']} then, {parity.in_words(files.scores_in(other))} is {other['decision']} now"
        )
    return ""


def _lines(folder: Path) -> dict[str, Any]:
    """Give a delivery's golden lines by their rows."""
    return {json.dumps(line["row"], sort_keys=True): line for line in files.golden(folder)}
