"""Calibration of a classifier's answers: sigmoid, isotonic and temperature, as scikit-learn computes them."""

from typing import Any

import numpy as np

from handover.conversion.encoding import interpolated
from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph
from handover.conversion.rows import Method
from handover.conversion.trees import softmax

EPSILON = 1e-12
"""What scikit-learn adds to a probability before it takes the logarithm (sklearn.calibration._convert_to_logits)."""


MOST_MOVED = 2e-6
"""A fifth of the usual budget of parity: two programs that add up in float32 differ by a few last bits."""


def calibrated(
    graph: Graph, given: str, calibrators: list[Any], method: Method, width: int, *, single: bool = False
) -> str:
    """Add the calibration of what a classifier gives by its method, float64 [N, C].

    Parameters
    ----------
    single
        Whether the graph computes that in float32.
    """
    if single:
        for calibrator in calibrators:
            _require_flat(calibrator)
    if len(calibrators) == 1:
        return _calibrated(graph, given, calibrators[0], method, width)
    each = [
        _calibrated(graph, graph.add("Gather", given, np.array([place]), axis=1), calibrator, method, 1)
        for place, calibrator in enumerate(calibrators)
    ]
    together = graph.add("Concat", *each, axis=1)
    total = graph.add("ReduceSum", together, np.array([1]))
    shares = graph.add("Div", together, graph.add("Where", graph.add("Equal", total, 0.0), 1.0, total))
    return graph.add("Where", graph.add("Equal", total, 0.0), 1 / width, shares)


def _calibrated(graph: Graph, given: str, calibrator: Any, method: Method, width: int) -> str:
    kind = type(calibrator).__name__
    if kind == "_SigmoidCalibration":
        slope, shift = float(calibrator.a_), float(calibrator.b_)
        return graph.add("Sigmoid", graph.add("Sub", graph.add("Mul", given, -slope), shift))
    if kind == "_TemperatureScaling":
        if width > 1:
            odds = given if method == "decision_function" else graph.add("Log", graph.add("Add", given, EPSILON))
            return softmax(graph, graph.add("Mul", odds, float(calibrator.beta_)))
        odds = graph.add("Mul", given, 2.0) if method == "decision_function" else _log_odds(graph, given)
        return graph.add("Sigmoid", graph.add("Mul", odds, float(calibrator.beta_)))
    if kind == "IsotonicRegression":
        return _interpolated(graph, given, calibrator)
    raise ConversionError(
        f"a classifier calibrated by {kind} cannot be converted; sigmoid, isotonic and temperature can be"
    )


def _log_odds(graph: Graph, given: str) -> str:
    one = graph.add("Log", graph.add("Add", given, EPSILON))
    other = graph.add("Log", graph.add("Sub", 1.0 + EPSILON, given))
    return graph.add("Sub", one, other)


def _interpolated(graph: Graph, given: str, calibrator: Any) -> str:
    x, y = calibrator.X_thresholds_.astype(np.float64), calibrator.y_thresholds_.astype(np.float64)
    if len(x) == 1:
        return graph.add("Add", graph.add("Mul", given, 0.0), float(y[0]))
    if calibrator.X_thresholds_.dtype == np.float32:
        _require_flat(calibrator)
    return interpolated(graph, given, x, y)


def _require_flat(calibrator: Any) -> None:
    """Require that the last bit of a float32 hardly moves what an isotonic calibrator makes of it."""
    x = getattr(calibrator, "X_thresholds_", np.empty(0)).astype(np.float64)
    if len(x) < 2:
        return
    steepest = (np.diff(calibrator.y_thresholds_.astype(np.float64)) / np.diff(x)).max()
    if steepest * float(np.spacing(np.abs(x).max().astype(np.float32))) > MOST_MOVED:
        raise ConversionError(
            f"CalibratedClassifierCV cannot be converted with method='isotonic' around a model that answers in "
            f"float32: here the last bit of an answer moves the score by more than {MOST_MOVED:g}; method='sigmoid' "
            f"can be, and isotonic around scikit-learn's or LightGBM's trees"
        )
