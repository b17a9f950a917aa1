"""Models that ask other models (pipelines, stacks, bags, votes, searches), and each model by the part that knows it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from handover.conversion import calibration, from_onnx, kernels, linear, others, preparation, scaling
from handover.conversion.errors import ConversionError, title
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.rows import Method, Rows, width
from handover.conversion.writer import write

SEARCHES = ("GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV")
INSIDE = {
    "FrozenEstimator": "estimator",
    **dict.fromkeys(("FixedThresholdClassifier", "TunedThresholdClassifierCV"), "estimator_"),
    **dict.fromkeys(("RANSACRegressor", "SelfTrainingClassifier"), "estimator_"),
    **dict.fromkeys(SEARCHES, "best_estimator_"),
}
"""Models that answer as another one does: where it is."""
AROUND = {**INSIDE, "TransformedTargetRegressor": "regressor_"}
MEMBERS = "the members of a stack"


def answer(model: Any, rows: Rows, method: Method) -> str:
    """Add what the model's method gives; name it: float64 [N, C], see ``rows.width``.

    C is 1 for a number, and for the second of two classes; of more classes it is their count, in the model's order.
    """
    name = type(model).__name__
    if name in INSIDE:
        if not hasattr(model, INSIDE[name]):
            raise ConversionError(f"{name} has no model of its own: leave refit=False out")
        return answer(getattr(model, INSIDE[name]), rows, method)
    if framework_of(model) and (rule := RULES.get(name)):
        return rule(model, rows, method)
    framework = framework_of(model) or SCIKIT_LEARN  # whose classes others inherit from
    if ensemble := framework.read(model):
        if ensemble.compares_with_what_it_saw and ensemble.trees:
            _require_sharp(name, rows, wide=ensemble.wide)
        if rows.sparse and framework.reads_sparse_zero_as_missing:
            ensemble = replace(ensemble, read_as_missing=(0.0, 0.0))
        total = write(rows, ensemble)
        given = total if ensemble.link is None or method == "decision_function" else ensemble.link(rows.graph, total)
        of_two = ensemble.width == 2 and width(model) == 1  # some objectives sum up for each of two classes
        return rows.graph.add("Gather", given, np.array([1]), axis=1) if of_two else given
    if name.startswith("Bagging"):
        return _bagging(model, rows, method)
    return linear.answer(model, rows, method) or others.answer(model, rows, method)


def _require_sharp(name: str, rows: Rows, *, wide: bool) -> None:
    """Require columns whose last bit is the same everywhere of trees that compare with numbers of the training.

    Trees of float32 do not see the last bit of a float64. Those of float64 do; but what a stack's members answered in
    training, other members did.
    """
    steps = [name for name in rows.blurred if name != MEMBERS]
    if not (steps if wide else rows.coarse):
        return
    before = " and ".join(steps if wide else rows.blurred)
    first = "" if wide or MEMBERS in rows.blurred else "; or make FunctionTransformer(np.float64) the first step of all"
    raise ConversionError(
        f"{name} cannot be converted behind {before}: the last bit of what a logarithm, a power, a sum or another "
        f"model gives is not the same everywhere, and its thresholds are such numbers, as they were in training. "
        f"There a forest, LightGBM and CatBoost can be{first}"
    )


def _bagging(model: Any, rows: Rows, method: Method) -> str:
    members = zip(model.estimators_, model.estimators_features_, strict=True)
    if method == "predict_proba" and not hasattr(model.estimators_[0], method):
        raise ConversionError(
            f"{title(model)} of {title(model.estimators_[0])} counts votes and cannot be converted; it can be of "
            f"members that give probabilities, such as trees or LogisticRegression"
        )
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


def _median(model: Any, rows: Rows, method: Method) -> str:
    """Give the answer at which half of the weight is reached, from the smallest answer on."""
    graph = rows.graph
    each = graph.add("Concat", *(answer(member, rows, method) for member in model.estimators_), axis=1)
    count = len(model.estimators_)
    ordered, order = graph.add_several("TopK", 2, each, np.array([count]), axis=1, largest=0)
    weights = graph.add("Gather", model.estimator_weights_[:count].astype(np.float64), order)
    reached = graph.add("CumSum", weights, np.array(1))
    half = graph.add("Mul", graph.add("Gather", reached, np.array([count - 1]), axis=1), 0.5)
    enough = graph.whole(graph.add("GreaterOrEqual", reached, half))
    return graph.add("GatherElements", ordered, graph.add("ArgMax", enough, axis=1), axis=1)


def _stacking(model: Any, rows: Rows, method: Method) -> str:
    members = list(zip(model.estimators_, model.stack_method_, strict=True))
    if any(asked == "predict" and hasattr(member, "classes_") for member, asked in members):
        raise ConversionError(
            f"{title(model)} cannot be converted where it asks its members for classes; it can be with "
            f"stack_method='auto', of members that give probabilities"
        )
    blurred = rows.blurred if model.passthrough else ()
    each, blank = width(model), Rows(rows.graph, rows.tensor, rows.width, blurred=blurred).blurred_by(MEMBERS)
    parts = [blank.changed(rows.graph.single(answer(member, rows, asked)), each) for member, asked in members]
    parts += [blank.changed(rows.graph.single(rows.tensor))] if model.passthrough else []
    return answer(model.final_estimator_, blank.joined(parts, sparse=False), method)


def _calibrated(model: Any, rows: Rows, _: Method) -> str:
    members = []
    for member in model.calibrated_classifiers_:
        asked, calibrators = member.estimator, member.calibrators
        method: Method = "decision_function" if hasattr(asked, "decision_function") else "predict_proba"
        given, single = answer(asked, rows, method), _is_single(asked)
        members.append(calibration.calibrated(rows.graph, given, calibrators, method, width(asked), single=single))
    return _mean(rows, members, width=width(model))


def _is_single(model: Any) -> bool:
    """Whether the graph answers for a model in float32, as skl2onnx does: networks, and support vectors of classes."""
    name = type(model).__name__
    if steps := getattr(model, "steps", None):
        return _is_single(steps[-1][1])
    if name in INSIDE:
        return _is_single(getattr(model, INSIDE[name]))
    return name == "MLPClassifier" or (name in {"SVC", "NuSVC"} and width(model) > 1)


def _one_against_rest(model: Any, rows: Rows, method: Method) -> str:
    """Ask a model for each class; of more than two, their probabilities are divided by their sum, where it is not 0."""
    each = [answer(member, rows, method) for member in model.estimators_]
    if len(each) == 1:
        return each[0]
    graph = rows.graph
    together = graph.add("Concat", *each, axis=1)
    if method == "decision_function":
        return together
    return graph.shared(together, graph.add("ReduceSum", together, np.array([1]), keepdims=1))


def _transformed_target(model: Any, rows: Rows, method: Method) -> str:
    return scaling.undone(model.transformer_, answer(model.regressor_, rows, method), rows.graph, title(model))


def in_float32(model: Any, columns: int) -> tuple[str, ...]:
    """Name the steps, and the model, whose sums are float32's where it is asked about such rows, of one that converts.

    Its own answer to a row moves with the rows beside it. Trees of columns as they are, and of sums in float64, have
    none such.
    """
    rows = Rows(Graph(), FEATURES, columns)
    while (name := type(model).__name__) in AROUND or hasattr(model, "steps"):
        if name in AROUND:
            model = getattr(model, AROUND[name])
        else:
            *steps, (_, model) = model.steps
            rows = preparation.through(steps, rows)
    steps_in_float32 = rows.blurred if rows.coarse else ()
    is_other = framework_of(model) not in {SCIKIT_LEARN, None}
    return steps_in_float32 if is_other or rows.wide or SCIKIT_LEARN.read(model) else (*steps_in_float32, name)


RULES: dict[str, Callable[[Any, Rows, Method], str]] = {
    "AdaBoostRegressor": _median,
    "CalibratedClassifierCV": _calibrated,
    "OneVsRestClassifier": _one_against_rest,
    "OnnxFile": from_onnx.answer,
    "Pipeline": lambda model, rows, method: answer(model[-1], preparation.through(model.steps[:-1], rows), method),
    "TransformedTargetRegressor": _transformed_target,
    **dict.fromkeys(("BalancedBaggingClassifier", "EasyEnsembleClassifier"), _bagging),
    **dict.fromkeys(("KNeighborsClassifier", "KNeighborsRegressor"), kernels.neighbours),
    **dict.fromkeys(("NuSVC", "NuSVR", "SVC", "SVR"), kernels.support_vectors),
    **dict.fromkeys(("StackingClassifier", "StackingRegressor"), _stacking),
    **dict.fromkeys(("VotingClassifier", "VotingRegressor"), _voting),
    **dict.fromkeys(linear.GENERATIVE, linear.generative),
}
