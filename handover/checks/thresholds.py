"""P, parity where trees are most easily wrong: on every threshold, and one float32 step to either side."""

import json
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from handover.checks.parity import ELSEWHERE
from handover.context import DeliveryContext, RefusedError
from handover.conversion import at_thresholds, thresholds
from handover.finding import Broken, Skipped, clause
from handover.local.emulator import EnvironmentDiedError, FunctionTimedOutError
from handover.rows import domains
from predictor.problems import MAX_BATCH_ROWS

MOST_ROWS = 3000  # asked of the built function, in 30 batches; a larger model's thresholds are taken at even distances
TREES = ("C109", "M104", "M105", "M109", "P203")


@clause(
    "P208",
    topic="thresholds",
    owner="modelling",
    requires=TREES,
    suppressed_by=ELSEWHERE,
    rule="at every threshold the model answers as the ONNX standard says",
    broken="at a threshold the model answers otherwise than the ONNX standard says",
)
def as_the_standard_says(context: DeliveryContext) -> Broken | Skipped | None:
    """At every threshold, onnxruntime gives what ONNX's own reference implementation gives."""
    rows = at_thresholds(context.graph.SerializeToString(), context.golden_matrix)[:: _stride(context)]
    if not len(rows):
        return None
    try:
        with np.errstate(all="ignore"):
            answer: Any = ReferenceEvaluator(context.graph).run(None, {"features": rows})
            expected = np.asarray(answer[0], dtype=np.float64)
    except Exception as error:  # an operator that the reference does not know, in as many ways as it has operators
        return Skipped(f"ONNX's reference implementation cannot run this model ({type(error).__name__})")
    given = context.model(rows)
    apart = np.flatnonzero(~(np.abs(given.astype(np.float64) - expected) <= context.contract.budgets.parity))
    if not len(apart):
        return None
    row = apart[0]
    return Broken(
        f"{len(apart)} of {len(rows)} rows on and beside thresholds differ by more than "
        f"{context.contract.budgets.parity:g}; the first should be {expected[row]:g} and is {given[row]:g}.",
        context.folder / "model.onnx",
        cause="onnxruntime reads a threshold, or the way of a missing value, otherwise than the standard says.",
        details=json.dumps(dict(zip(context.encoder.columns, map(float, rows[row]), strict=True)), indent=2),
    )


@clause(
    "P209",
    topic="built thresholds",
    owner="deployment",
    requires=("P206",),
    suppressed_by=ELSEWHERE,
    rule="at every threshold the built function answers as the model does here",
    broken="at a threshold the built function answers otherwise than the model does here",
)
def built_at_thresholds(context: DeliveryContext) -> Broken | None:
    """At every threshold of a field, the built function answers what the model answers here."""
    rows = _rows(context)
    made = [context.validator.validate_json(json.dumps(row)) for row in rows]
    if not made:
        return None
    here = context.model(context.encoder.matrix(made))
    try:
        answers: list[dict[str, Any]] = [
            answer
            for start in range(0, len(rows), MAX_BATCH_ROWS)
            for answer in context.ask("/predict/batch", rows[start : start + MAX_BATCH_ROWS])
        ]
    except (EnvironmentDiedError, FunctionTimedOutError, RefusedError) as error:
        return Broken(f"Not all rows at thresholds are answered: {error}", context.folder / "heuristics.py")
    for row, answer, expected in zip(rows, answers, here, strict=True):
        decided = context.decide(np.float32(answer["score"]))
        if (
            not abs(answer["score"] - float(expected)) <= context.contract.budgets.parity
            or answer["decision"] != decided
        ):
            return Broken(
                f"A row beside a threshold gets {json.dumps(answer)}; here it scores {expected:g}, which is {decided}.",
                context.folder / "model.onnx",
                cause="The golden rows agree, so it shows only in numbers of more digits than theirs.",
                details=json.dumps(row, indent=2),
            )
    return None


def _rows(context: DeliveryContext) -> list[dict[str, Any]]:
    """Make rows that a caller can send: a golden row each, with one field put beside a threshold."""
    fields, rows = domains(context.compiled), []
    for place, (column, threshold) in enumerate(thresholds(context.graph)):
        if column < len(fields):
            row = context.golden[place % len(context.golden)]["row"]
            changed = ({**row, fields[column].name: value} for value in fields[column].beside(threshold))
            rows += [row for row in changed if not context.refusal(row)]
    return rows[:: 1 + len(rows) // MOST_ROWS]


def _stride(context: DeliveryContext) -> int:
    return 1 + 3 * len(thresholds(context.graph)) // MOST_ROWS
