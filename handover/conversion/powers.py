"""PowerTransformer: each column by its own power, as scipy computes it in the type of the rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.encoding import expm1, log1p
from handover.conversion.rows import Rows
from handover.conversion.scaling import scaled

type Powers = NDArray[np.floating[Any]]

LEAST = 1e-19
"""A power below it is nought to scipy.special.boxcox."""


def powered(step: Any, rows: Rows) -> Rows:
    """Add a PowerTransformer, and its scaler."""
    powers = np.asarray(step.lambdas_)
    given = _yeo_johnson(powers, rows) if step.method == "yeo-johnson" else _box_cox(powers.astype(np.float64), rows)
    changed = rows.computed(given, blurred_by=step)
    return scaled(step._scaler, changed) if step.standardize else changed


def _box_cox(powers: Powers, rows: Rows) -> str:
    """Add what scipy computes in float64 whatever the rows are."""
    graph = rows.graph
    logarithms = graph.add("Log", graph.double(rows.tensor))
    return _risen(powers, np.abs(powers) < LEAST, logarithms, rows.changed(rows.tensor, wide=True))


def _yeo_johnson(powers: Powers, rows: Rows) -> str:
    """Add what scipy computes in the wider type of rows and powers; below nought, with two less the power."""
    graph, kind = rows.graph, np.result_type(powers, np.float64 if rows.wide else np.float32)
    typed, columns = rows.changed(rows.tensor, wide=kind == np.float64), graph.double(rows.tensor)
    smallest = np.finfo(kind).eps
    logarithms = typed.rounded(log1p(graph, graph.add("Abs", columns)))
    above = _risen(powers, np.abs(powers) < smallest, logarithms, typed)
    below = _risen(2 - powers, np.abs(powers - 2) <= smallest, logarithms, typed)
    return graph.add("Where", graph.add("GreaterOrEqual", columns, 0.0), above, graph.add("Neg", below))


def _risen(powers: Powers, flat: NDArray[np.bool_], logarithms: str, typed: Rows) -> str:
    """Add (x to the power - 1) / power of the logarithms of x: where it is ``flat``, these themselves."""
    graph, divisors = typed.graph, np.where(flat, 1, powers).astype(np.float64)
    high = typed.rounded(graph.add("Mul", logarithms, divisors))
    risen = graph.add("Div", typed.rounded(expm1(graph, high)), divisors)
    return graph.add("Where", flat, logarithms, risen) if flat.any() else risen
