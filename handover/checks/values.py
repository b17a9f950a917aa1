"""What heuristics give here, beside what they gave elsewhere: in training, or in the built function."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handover.context import DeliveryContext
from handover.wording import shortly
from predictor.encoder import FloatRows

type Rows = NDArray[np.intp]

# Another machine's logarithm differs in its last digit, and where two are subtracted, nothing else may be left.
LAST_DIGITS, OF_THE_LARGEST = 1e-6, 1e-9
MOST_NAMED = 3  # heuristics in a sentence


class Changed(NamedTuple):
    """A heuristic that gives other values for golden rows than it gave in training."""

    name: str
    rows: Rows
    was: NDArray[np.float32]
    is_: NDArray[np.float32]


def as_trained(context: DeliveryContext) -> FloatRows:
    """Give the golden rows as the model's input, float32 (N, K), with what the heuristics gave in training."""
    matrix, columns = context.golden_matrix.copy(), context.encoder.columns
    for row, line in enumerate(context.golden):
        for name, value in line["heuristics"].items():
            if name in columns:
                matrix[row, columns.index(name)] = np.nan if value is None else value
    return matrix


def changed_heuristics(context: DeliveryContext, given: FloatRows, expected: FloatRows) -> list[Changed]:
    """List the heuristics whose values in the same rows, float32 (N, K), are others, in the order of their columns."""
    heuristics = {heuristic.__name__ for heuristic in context.heuristics}
    known = np.where(np.isnan(expected), 0, expected)
    differs = ~np.isclose(
        given, expected, rtol=LAST_DIGITS, atol=OF_THE_LARGEST * np.abs(known).max(axis=0), equal_nan=True
    )
    return [
        Changed(name, np.flatnonzero(differs[:, column]), expected[:, column], given[:, column])
        for column, name in enumerate(context.encoder.columns)
        if name in heuristics and differs[:, column].any()
    ]


def in_words(
    context: DeliveryContext, changed: list[Changed], then: str = "gave {} in training", row: str = "golden row {}"
) -> str:
    """Say what the first of them gives here and gave elsewhere, and name the others."""
    first, *others = changed
    place, line = first.rows[0], context.heuristic_line(first.name)
    is_, was = ("no value" if np.isnan(values[place]) else f"{values[place]:g}" for values in (first.is_, first.was))
    sentence = f"`{first.name}` (line {line}) gives {is_} for {row.format(place + 1)} and {then.format(was)}"
    if len(first.was) > 1:
        sentence += f"; so for {len(first.rows)} of {len(first.was)} rows"
    if others:
        named = shortly([f"`{other.name}`" for other in others], MOST_NAMED)
        sentence += f". {named} {'differ' if others[1:] else 'differs'} too"
    return f"{sentence}."
