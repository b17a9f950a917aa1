"""Models that ask other models (pipelines, stacks, bags, votes, searches), and each model by the part that knows it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from handover.conversion import calibration, from_onnx, linear, neighbours, others, preparation, scaling
from handover.conversion.errors import title
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.rows import Method, Rows
from handover.conversion.writer import write

INSIDE = {
    "FixedThresholdClassifier": "estimator_",
    "FrozenEstimator": "estimator",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Models that answer as another one does: where it is."""


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add what the model's method gives; name it: float64 [N, 1], of a classifier for its second class."""
    name = type(model).__name__
    if name in INSIDE:
        return answer(getattr(model, INSIDE[name]), rows, method)
    if rule := RULES.get(name):
        return rule(model, rows, method)
    framework = framework_of(model) or SCIKIT_LEARN  # whose classes others inherit from
    if ensemble := framework.read(model):
        if rows.sparse and framework.reads_sparse_zero_as_missing:
            ensemble = replace(ensemble, read_as_missing=(0.0, 0.0))
        total = write(rows.graph, ensemble, rows.tensor)
        return total if ensemble.link is None or method == "decision_function" else ensemble.link(rows.graph, total)
    if name.startswith("Bagging"):
        return _bagging(model, rows, method)
    if method == "decision_function" and name in linear.CLASSIFIERS:
        return linear.answer(model, rows, method)
    return others.answer(model, rows, method)


def _pipeline(model: Any, rows: Rows, method: Method) -> str:
    *steps, (_, last) = model.steps
    for _, step in steps:
        rows = preparation.prepared(step, rows)
    return answer(last, rows, method)


def _bagging(model: Any, rows: Rows, method: Method) -> str:
    members = zip(model.estimators_, model.estimators_features_, strict=True)
    return _mean(rows, [answer(member, rows.of(columns), method) for member, columns in members])


def _voting(model: Any, rows: Rows, method: Method) -> str:
    asked = zip(model.estimators, model.weights or [1] * len(model.estimators), strict=True)
    weights = [weight for (_, member), weight in asked if not isinstance(member, str)]  # else "drop"
    return _mean(rows, [answer(member, rows, method) for member in model.estimators_], weights)


def _mean(rows: Rows, answers: list[str], weights: list[float] | None = None) -> str:
    shares = np.array(weights or [1.0] * len(answers), dtype=np.float64)
    together = rows.graph.add("Concat", *answers, axis=1)
    return rows.graph.add("MatMul", together, (shares / shares.sum())[:, np.newaxis])


def _stacking(model: Any, rows: Rows, method: Method) -> str:
    members = zip(model.estimators_, model.stack_method_, strict=True)
    parts = [rows.graph.single(answer(member, rows, asked)) for member, asked in members]
    width = len(parts)
    if model.passthrough:
        parts.append(rows.graph.single(rows.tensor))
        width += rows.width
    return answer(model.final_estimator_, Rows(rows.graph, rows.graph.add("Concat", *parts, axis=1), width), method)


def _calibrated(model: Any, rows: Rows, _: Method) -> str:
    return _mean(rows, [_calibrated_member(member, rows) for member in model.calibrated_classifiers_])


def _calibrated_member(model: Any, rows: Rows) -> str:
    method: Method = "decision_function" if hasattr(model.estimator, "decision_function") else "predict_proba"
    (calibrator,) = model.calibrators
    return calibration.calibrated(rows.graph, answer(model.estimator, rows, method), calibrator, method)


def _transformed_target(model: Any, rows: Rows, method: Method) -> str:
    return scaling.undone(model.transformer_, answer(model.regressor_, rows, method), rows.graph, title(model))


RULES: dict[str, Callable[[Any, Rows, Method], str]] = {
    "CalibratedClassifierCV": _calibrated,
    "KNeighborsClassifier": neighbours.answer,
    "KNeighborsRegressor": neighbours.answer,
    "LinearDiscriminantAnalysis": linear.answer,
    "OnnxFile": from_onnx.answer,
    "Pipeline": _pipeline,
    "StackingClassifier": _stacking,
    "StackingRegressor": _stacking,
    "TransformedTargetRegressor": _transformed_target,
    "VotingClassifier": _voting,
    "VotingRegressor": _voting,
}
