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
    """Name the steps, and the model, whose sums are float32's where it is asked about such rows, of one that converts.

    Trees of columns as they are, and of sums in float64, have none.
    """
    return _adding_up(model, Rows(Graph(), FEATURES, columns))


def _adding_up(model: Any, rows: Rows) -> tuple[str, ...]:
    while (name := type(model).__name__) in AROUND:
        model = getattr(model, AROUND[name])
    if framework_of(model) not in {SCIKIT_LEARN, None}:
        return _steps(rows)
    if steps := getattr(model, "steps", None):
        for _, step in steps[:-1]:
            if not hasattr(step, "fit_resample"):
                rows = prepared(step, rows)
        return _adding_up(steps[-1][1], rows)
    return _steps(rows) + (() if rows.wide or SCIKIT_LEARN.read(model) else (name,))


def _steps(rows: Rows) -> tuple[str, ...]:
    return rows.blurred if rows.coarse else ()
