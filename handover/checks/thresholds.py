"""P, parity where trees are most easily wrong: on every threshold, and one float32 step to either side."""

import json
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from handover import parity
from handover.checks import inside
from handover.checks.parity import of_built_answers, of_the_answers
from handover.context import UNANSWERED, DeliveryContext
from handover.conversion import at_thresholds, thresholds
from handover.finding import Broken, Skipped
from handover.rows import domains

MAX_ROWS = 3000  # asked of the built function, in 30 batches; a larger model's thresholds are taken at even distances
TREES = ("C109", "M104", "M105", "M109", "P203")


@of_the_answers(
    "P208",
    topic="thresholds",
    requires=TREES,
    rule="at every threshold the model answers as the ONNX standard says",
    broken="at a threshold the model answers otherwise than the ONNX standard says",
)
def as_the_standard_says(context: DeliveryContext) -> Broken | None:
    stride = 1 + 3 * len(thresholds(context.graph)) // MAX_ROWS
    rows = at_thresholds(context.graph.SerializeToString(), context.golden_matrix)[::stride]
    if not len(rows):
        return None
    try:
        with np.errstate(all="ignore"):
            answer: Any = ReferenceEvaluator(context.graph).run(None, {"features": rows})
            expected = np.asarray(answer[0], dtype=np.float64).reshape(len(rows), -1)
    except Exception as error:  # an operator that the reference does not know, in as many ways as it has operators
        raise Skipped(f"ONNX's reference implementation cannot run this model ({type(error).__name__})") from None
    given = context.model(rows)
    if (apart := parity.compared(given, expected, context.contract.budgets.parity)) is None:
        return None
    row = apart.rows[0]
    first = f"the first should be {context.in_words(expected[row])} and is {context.in_words(given[row])}"
    which = f"{len(apart.rows)} of {len(rows)} rows on and beside thresholds"
    evidence = f"{which} differ by more than {apart.limit}; {first}."
    cause = "onnxruntime reads a threshold, or the way of a missing value, otherwise than the standard says."
    details = json.dumps(dict(zip(context.encoder.columns, map(float, rows[row]), strict=True)), indent=2)
    return Broken(evidence, context.folder / "model.onnx", cause=cause, details=details)


@of_built_answers(
    "P209",
    topic="built thresholds",
    requires=("P206",),
    rule="at every threshold the built function answers as the model does here",
    broken="at a threshold the built function answers otherwise than the model does here",
)
def built_at_thresholds(context: DeliveryContext) -> Broken | None:
    rows = _rows(context)
    if not rows:
        return None
    expected = context.model(context.encoder.matrix(map(context.validated, rows)))
    try:
        answers = context.answers(rows)
    except UNANSWERED as error:
        cause = inside.of_answers(context, rows, "row {}")
        return cause.broken(context, f"Not all rows at thresholds are answered: {error}")
    given = context.scores_of(answers)
    differing = set(context.apart(given, expected).tolist())
    for place, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        decision = context.contract.decide(given[place])
        if place in differing or answer["decision"] != decision:
            expects = f"here it scores {context.in_words(expected[place])}, which is {decision}"
            evidence = f"The golden rows agree, but a row beside a threshold gets {json.dumps(answer)}; {expects}."
            cause = inside.of_answers(context, [row], "that row")
            return cause.broken(context, evidence, json.dumps(row, indent=2))
    return None


def _rows(context: DeliveryContext) -> list[dict[str, Any]]:
    """Make rows that a caller can send: a golden row each, with one field put beside a threshold."""
    fields, rows = domains(context.compiled), []
    for place, (column, threshold) in enumerate(thresholds(context.graph)):
        if column < len(fields):
            row = context.golden[place % len(context.golden)]["row"]
            changed = ({**row, fields[column].name: value} for value in fields[column].beside(threshold))
            rows += [row for row in changed if not context.refusal(row)]
    return rows[:: 1 + len(rows) // MAX_ROWS]
