"""Calibration of a classifier's answers: sigmoid, isotonic and temperature, as scikit-learn computes them."""

from typing import Any

import numpy as np

from handover.conversion.encoding import interpolated
from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph
from handover.conversion.rows import Method
from handover.conversion.trees import sigmoid, softmax

EPSILON = 1e-12
"""What scikit-learn adds to a probability before it takes the logarithm (sklearn.calibration._convert_to_logits)."""
MAX_MOVED = 2e-6
"""A fifth of the usual budget of parity: two programs that add up in float32 differ by a few last bits."""


def calibrated(
    graph: Graph, given: str, calibrators: list[Any], method: Method, width: int, *, single: bool = False
) -> str:
    """Add the calibration of what a classifier gives by its method, float64 [N, C]; ``single``: computed in float32."""
    if len(calibrators) == 1:
        return _calibrated(graph, given, calibrators[0], method, width, single=single)
    each = [
        _calibrated(graph, graph.add("Gather", given, np.array([place]), axis=1), calibrator, method, 1, single=single)
        for place, calibrator in enumerate(calibrators)
    ]
    together = graph.add("Concat", *each, axis=1)
    total = graph.add("ReduceSum", together, np.array([1]))
    return graph.add("Where", graph.add("Equal", total, 0.0), 1 / width, graph.shared(together, total))


def _calibrated(graph: Graph, given: str, calibrator: Any, method: Method, width: int, *, single: bool) -> str:
    kind = type(calibrator).__name__
    if kind == "_SigmoidCalibration":
        slope, shift = float(calibrator.a_), float(calibrator.b_)
        return graph.add("Sigmoid", graph.add("Sub", graph.add("Mul", given, -slope), shift))
    if kind == "_TemperatureScaling":
        if method == "predict_proba":
            odds = graph.add("Log", graph.add("Add", given, EPSILON))
            if width == 1:
                odds = graph.add("Sub", odds, graph.add("Log", graph.add("Sub", 1.0 + EPSILON, given)))
        else:
            odds = graph.add("Mul", given, 2.0) if width == 1 else given
        scaled = graph.add("Mul", odds, float(calibrator.beta_))
        return softmax(graph, scaled) if width > 1 else sigmoid(graph, scaled)
    if kind == "IsotonicRegression":
        x, y = calibrator.X_thresholds_.astype(np.float64), calibrator.y_thresholds_.astype(np.float64)
        if len(x) == 1:
            return graph.add("Add", graph.add("Mul", given, 0.0), float(y[0]))
        last_bit = float(np.spacing(np.abs(x).max().astype(np.float32)))
        is_single = single or calibrator.X_thresholds_.dtype == np.float32
        if is_single and (np.diff(y) / np.diff(x)).max() * last_bit > MAX_MOVED:
            raise ConversionError(
                f"CalibratedClassifierCV cannot be converted with method='isotonic' around a model that answers in "
                f"float32: here the last bit of an answer moves the score by more than {MAX_MOVED:g}; "
                f"method='sigmoid' can be, and isotonic around scikit-learn's or LightGBM's trees"
            )
        return interpolated(graph, given, x, y)
    raise ConversionError(
        f"a classifier calibrated by {kind} cannot be converted; sigmoid, isotonic and temperature can be"
    )
