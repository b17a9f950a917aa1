"""An ONNX graph in onnxruntime, with a time limit: it was made by a tool, or by hand."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from handover.errors import DeliverError
from handover.limit import TooLongError, within
from predictor import delivery as serving
from predictor.encoder import FloatRows

# By the clock, for the busiest machine: a graph opens in hundredths of a second, a row takes less than a millisecond.
OPENING_S = 60.0
START_S, EACH_S = 30.0, 0.005  # for all rows of a call, and for each of them besides
WHY = (
    "An operator works on far more numbers than the row has: a size in the graph is wrong, or it was exported for "
    "other data."
)


class SlowGraphError(DeliverError):
    """The graph does not open, or not answer, as long as one can wait; ``what`` ends a sentence about the model."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the model {what}. {WHY}")
        self.what = what


def opened(model: bytes) -> serving.Model:
    """Open a graph as the function does, see ``soon``: onnxruntime computes what is constant in it meanwhile."""
    try:
        return timed(within(OPENING_S, partial(serving.session, model)))
    except TooLongError:
        raise SlowGraphError(f"was not opened by onnxruntime within {OPENING_S:g} s") from None


def timed(model: serving.Model) -> serving.Model:
    """Give a model that raises ``SlowGraphError`` where it does not answer as long as one can wait.

    Without loops all rows take the same time: where so many were answered, as many are not waited for again.
    """
    answered = 0

    def ask(rows: FloatRows, /) -> NDArray[np.float32]:
        nonlocal answered
        if len(rows) <= answered:
            return model(rows)
        limit_s = START_S + EACH_S * len(rows)
        try:
            scores = within(limit_s, partial(model, rows))
        except TooLongError:
            which = "one row" if len(rows) == 1 else f"{len(rows)} rows"
            raise SlowGraphError(f"has not answered {which} within {limit_s:g} s") from None
        answered = len(rows)
        return scores

    return ask
