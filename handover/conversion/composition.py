"""Models that ask other models (pipelines, stacks, bags, votes, searches), and each model by the part that knows it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from handover.conversion import calibration, from_onnx, linear, neighbours, others, preparation, scaling
from handover.conversion.errors import title
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.rows import Method, Rows, width
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
    """Add what the model's method gives; name it: float64 [N, C], see ``rows.width``.

    C is 1 for a number, and for the second of two classes; of more classes it is their count, in the model's order.
    """
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
    answers = [_of_all(member, answer(member, rows.of(columns), method), model, rows) for member, columns in members]
    return _mean(rows, answers, width=width(model))


def _of_all(member: Any, given: str, model: Any, rows: Rows) -> str:
    """Give a member's answer for each class of the whole; its sample of the rows may have had some of them only."""
    if width(model) in {1, width(member)}:
        return given
    if width(member) == 1:
        given = rows.graph.add("Concat", rows.graph.add("Sub", 1.0, given), given, axis=1)
    return rows.graph.add("MatMul", given, np.eye(width(model))[member.classes_.astype(int)])


def _voting(model: Any, rows: Rows, method: Method) -> str:
    asked = zip(model.estimators, model.weights or [1] * len(model.estimators), strict=True)
    weights = [weight for (_, member), weight in asked if not isinstance(member, str)]  # else "drop"
    return _mean(rows, [answer(member, rows, method) for member in model.estimators_], weights, width=width(model))


def _mean(rows: Rows, answers: list[str], weights: list[float] | None = None, *, width: int) -> str:
    shares = np.array(weights or [1.0] * len(answers), dtype=np.float64)
    together = rows.graph.add("Concat", *answers, axis=1)
    return rows.graph.add("MatMul", together, np.kron((shares / shares.sum())[:, np.newaxis], np.eye(width)))


def _stacking(model: Any, rows: Rows, method: Method) -> str:
    members = zip(model.estimators_, model.stack_method_, strict=True)
    parts = [rows.graph.single(answer(member, rows, asked)) for member, asked in members]
    columns = len(parts) * width(model)
    if model.passthrough:
        parts.append(rows.graph.single(rows.tensor))
        columns += rows.width
    return answer(model.final_estimator_, Rows(rows.graph, rows.graph.add("Concat", *parts, axis=1), columns), method)


def _calibrated(model: Any, rows: Rows, _: Method) -> str:
    members = [_calibrated_member(member, rows) for member in model.calibrated_classifiers_]
    return _mean(rows, members, width=width(model))


def _calibrated_member(model: Any, rows: Rows) -> str:
    method: Method = "decision_function" if hasattr(model.estimator, "decision_function") else "predict_proba"
    given = answer(model.estimator, rows, method)
    return calibration.calibrated(rows.graph, given, model.calibrators, method, width(model.estimator))


def _transformed_target(model: Any, rows: Rows, method: Method) -> str:
    return scaling.undone(model.transformer_, answer(model.regressor_, rows, method), rows.graph, title(model))


RULES: dict[str, Callable[[Any, Rows, Method], str]] = {
    "CalibratedClassifierCV": _calibrated,
    "KNeighborsClassifier": neighbours.answer,
    "KNeighborsRegressor": neighbours.answer,
    "LinearDiscriminantAnalysis": linear.answer,
    "LogisticRegression": linear.answer,
    "LogisticRegressionCV": linear.answer,
    "OnnxFile": from_onnx.answer,
    "Pipeline": _pipeline,
    "StackingClassifier": _stacking,
    "StackingRegressor": _stacking,
    "TransformedTargetRegressor": _transformed_target,
    "VotingClassifier": _voting,
    "VotingRegressor": _voting,
}
