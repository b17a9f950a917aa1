"""What of a model adds up in float32, so that its own answer to a row moves with the rows beside it."""

from typing import Any

from handover.conversion.composition import INSIDE
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.preparation import through
from handover.conversion.rows import Rows

AROUND = {**INSIDE, "TransformedTargetRegressor": "regressor_"}


def in_float32(model: Any, columns: int) -> tuple[str, ...]:
    """Name the steps, and the model, whose sums are float32's where it is asked about such rows, of one that converts.

    Trees of columns as they are, and of sums in float64, have none.
    """
    rows = Rows(Graph(), FEATURES, columns)
    while (name := type(model).__name__) in AROUND or hasattr(model, "steps"):
        if name in AROUND:
            model = getattr(model, AROUND[name])
        else:
            *steps, (_, model) = model.steps
            rows = through(steps, rows)
    steps_in_float32 = rows.blurred if rows.coarse else ()
    is_other = framework_of(model) not in {SCIKIT_LEARN, None}
    return steps_in_float32 if is_other or rows.wide or SCIKIT_LEARN.read(model) else (*steps_in_float32, name)
