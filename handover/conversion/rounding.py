"""What of a model adds up in float32, so that its own answer to a row moves with the rows beside it."""

from typing import Any

from handover.conversion.composition import INSIDE
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.preparation import prepared
from handover.conversion.rows import Rows

AROUND = {**INSIDE, "TransformedTargetRegressor": "regressor_"}


def in_float32(model: Any, columns: int) -> tuple[str, ...]:
    """Name the steps and the model, of those that a conversion takes, whose sums are float32's where it is asked so.

    None where the last bit of such a sum is nobody's: trees of columns as they are.
    """
    while (name := type(model).__name__) in AROUND:
        model = getattr(model, AROUND[name])
    if framework_of(model) is not SCIKIT_LEARN:
        return ()
    *steps, (_, last) = getattr(model, "steps", [("", model)])
    rows = Rows(Graph(), FEATURES, columns)
    for _, step in steps:
        if not hasattr(step, "fit_resample"):
            rows = prepared(step, rows)
    trees = (framework_of(last) or SCIKIT_LEARN).read(last)
    return (*(rows.blurred if rows.coarse else ()), *(() if trees or rows.wide else (type(last).__name__,)))
