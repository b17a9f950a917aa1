"""P, parity: the model answers here, and built, as it did where it was trained."""

import json
import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover import parity
from handover.checks import causes, inside
from handover.checks.causes import Cause
from handover.checks.values import Rows
from handover.context import UNANSWERED, DeliveryContext
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.golden import MIN_GOLDEN_ROWS, real_rows
from handover.local.stack import NothingBuiltError
from handover.rows import domains
from predictor import files

HONEST_ROWS_DIFFER = 1e6  # rows that a contract accepts; of one that knows fewer, as ten flags, honest rows repeat
AGAIN = 20  # golden rows that are asked for twice
SHOWN = 10  # rows shown side by side; a hundred would say no more

type Scores = NDArray[np.floating]


GRAPH = ("H105", "H107", "M104", "M109", "P201")
# Where one of these is broken, other answers than the training's are only what follows.
ELSEWHERE = ("H102", "H103", "H108", "M106", "M110", "M111")
of_the_answers = partial(clause, suppressed_by=ELSEWHERE)
of_built_answers = partial(of_the_answers, owner="deployment", co_owner="modelling")


@clause(
    "P201",
    topic="golden rows",
    requires=("C109",),
    rule="the golden rows are rows of the contract",
    broken="the golden rows cannot prove anything",
)
def golden_rows_prove(context: DeliveryContext) -> Broken | Kept | None:
    path = context.folder / "golden.jsonl"
    try:
        golden = context.golden
    except OSError:
        return Broken("There is no golden.jsonl.", path)
    except ValueError:
        return _unreadable(path)
    for number, line in enumerate(golden, start=1):
        if fault := _no_golden_row(context, line, number):
            return Broken(fault, path, number)
    different = len({json.dumps(line["row"], sort_keys=True) for line in golden})
    if math.prod(field.count for field in domains(context.compiled)) < HONEST_ROWS_DIFFER:
        different = len(golden)
    if different < MIN_GOLDEN_ROWS:
        kind = "" if different == len(golden) else "different "
        evidence = f"Of {kind}golden rows there {'is' if different == 1 else 'are'} {different}"
        return Broken(f"{evidence}; fewer than {MIN_GOLDEN_ROWS} prove little.", path)
    real = sum("real" in line for line in golden)
    if not real:
        return None
    warning = Warned(
        f"Of the {len(golden)} golden rows, {real_rows(real)}.",
        path,
        cause="That is fine for public data. With customers' data leave out golden=: deliver() draws rows of nobody.",
        headline="real rows lie in the repository, and ship",
    )
    return Kept(warnings=(warning,))


def _unreadable(path: Path) -> Broken:
    """Name the first line that is not JSON."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            json.loads(line.decode())
        except ValueError as error:
            fault = f"is not JSON: {error}" if line.strip() else "is blank"
            return Broken(f"Line {number} {fault}.", path, number)
    raise ValueError(f"{path} is JSON, line by line")


def _no_golden_row(context: DeliveryContext, line: Any, number: int) -> str:
    if not isinstance(line, dict):
        return f"Line {number} is not a JSON object."
    scores = context.contract.scores
    missing = sorted({"row", "scores" if scores.of_classes else files.SINGLE, "decision", "heuristics"} - set(line))
    if missing:
        return f"Line {number} lacks {', '.join(missing)}."
    if fault := _no_scores(files.scores_in(line), scores.names):
        return f"The {'scores' if scores.of_classes else 'score'} of golden row {number} {fault}."
    values = line["heuristics"]
    if not isinstance(values, dict) or not all(value is None or _is_number(value) for value in values.values()):
        return f"The heuristics of golden row {number} are {json.dumps(values)}, not numbers by their names."
    if line["decision"] not in scores.decisions:
        decided = json.dumps(line["decision"])
        return f"The decision of golden row {number} is {decided}, none of {', '.join(scores.decisions)}."
    refusal = context.refusal(line["row"])
    return f"The contract refuses golden row {number}: {refusal}." if refusal else ""


def _no_scores(given: Any, names: tuple[str, ...]) -> str:
    """Say what is wrong with the scores of a golden row, in the end of a sentence."""
    if not isinstance(given, dict) or given.keys() != set(names):
        return f"are {json.dumps(given)}, and should be of {', '.join(names)}"
    for name, score in given.items():
        if not _is_number(score):
            have = "is" if name == files.SINGLE else f"have for {name}"
            return f"{have} {json.dumps(score)}, not a number"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@of_the_answers(
    "P202",
    topic="batch",
    requires=GRAPH,
    rule="a row scores the same alone and among others",
    broken="a row scores otherwise among others",
)
def alone_as_in_a_batch(context: DeliveryContext) -> Broken | None:
    """To the last bit it need not be: a matrix product may add up in another order when it has more rows."""
    alone = np.array([context.model(row[np.newaxis])[0] for row in context.golden_matrix])
    neither = np.isnan(alone) & np.isnan(context.local_scores)  # M110 says that it is no number
    rows = context.apart(np.where(neither, 0, alone), np.where(neither, 0, context.local_scores))
    if not len(rows):
        return None
    row = rows[0]
    by_itself, among_others = (context.in_words(scores[row]) for scores in (alone, context.local_scores))
    evidence = f"Golden row {row + 1} alone scores {by_itself}, among others {among_others}."
    cause = "The graph mixes rows: an operator works along the first axis."
    return Broken(evidence, context.folder / "model.onnx", cause=cause)


@of_the_answers(
    "P203",
    topic="parity",
    requires=(*GRAPH, "P202"),
    rule="the model gives the answers it was delivered with",
    broken="the model does not give the answers it was delivered with",
)
def same_scores(context: DeliveryContext) -> Broken | Kept:
    differing = _differing(context, context.local_scores, lambda rows: causes.of_scores(context, rows))
    return differing or Kept(proved=f"the model gives {len(context.golden)} golden rows their delivered answers")


def _differing(context: DeliveryContext, given: Scores, why: Callable[[Rows], Cause]) -> Broken | None:
    """Compare scores with those of the training, and point at a file of the delivery where they differ."""
    expected, budget = context.golden_scores, context.contract.budgets.parity
    if (apart := parity.compared(given, expected, budget)) is None:
        return None
    rows, worst = np.array(apart.rows, dtype=np.intp), apart.worst
    flips = [row for row in context.flipped(given) if row in rows]
    flipped = ""
    if flips:
        count = "1 decision flips" if len(flips) == 1 else f"{len(flips)} decisions flip, first"
        flipped = f" {count} (golden row {flips[0] + 1}: {_flip(context, flips[0], given)})."
    evidence = (
        f"{len(rows)} of {len(given)} golden rows differ by more than {apart.limit}; the worst, golden row "
        f"{worst + 1}, should be {context.in_words(expected[worst])} and is {context.in_words(given[worst])}.{flipped}"
    )
    return why(rows).broken(context, evidence, _side_by_side(context, rows, given))


def _flip(context: DeliveryContext, row: int, given: Scores) -> str:
    return f"{context.golden[row]['decision']} -> {context.contract.decide(given[row])}"


def _side_by_side(context: DeliveryContext, rows: Rows, given: Scores) -> str:
    """Show the differing rows as the caller sends them, beside what the model gets of them."""
    lines = []
    for row in rows[:SHOWN]:
        sent = context.golden[row]["row"]
        should, is_ = context.in_words(context.golden_scores[row]), context.in_words(given[row])
        lines.append(f"golden row {row + 1} (line {row + 1} of {files.GOLDEN}): should be {should}, is {is_}")
        lines.append(f"  {'column':<24} {'as sent':<24} as the model gets it")
        for name, value in zip(context.encoder.columns, context.golden_matrix[row], strict=True):
            lines.append(f"  {name:<24} {json.dumps(sent[name]) if name in sent else '':<24} {value:g}")
    return "\n".join(lines)


@of_the_answers(
    "P204",
    topic="decisions",
    requires=(*GRAPH, "P203"),
    rule="no decision differs from training",
    broken="a decision differs from training",
)
def same_decisions(context: DeliveryContext) -> Broken | None:
    given, flipped = context.local_scores, context.flipped(context.local_scores)
    budget = context.contract.budgets.flipped_decisions
    if len(flipped) <= budget:
        return None
    row = flipped[0]
    decided = f"golden rows {'is' if len(flipped) == 1 else 'are'} decided otherwise, {budget} may be"
    first = f"golden row {row + 1}: {_flip(context, row, given)}, with a score of {context.in_words(given[row])}"
    evidence = f"{len(flipped)} of {len(given)} {decided}; the first is {first}."
    return causes.of_decisions(context, flipped).broken(context, evidence)


@of_the_answers(
    "P205",
    topic="start",
    looks_at="function",
    co_owner="deployment",
    requires=("P203", "P204"),
    rule="the built function opens the delivery",
    broken="the built function does not open the delivery",
)
def starts(context: DeliveryContext) -> Broken | None:
    try:
        context.ask("/predict", context.golden[0]["row"])
    except NothingBuiltError as error:
        raise Skipped(context.elsewhere or str(error)) from None
    except UNANSWERED as error:
        message = re.sub(r"\S*/handover-opt-[^/]+", "/opt", _own_words(context, error))  # as Lambda would say it
        return inside.of_start(context, message).broken(context, f"It says: {message}")
    return None


def _own_words(context: DeliveryContext, error: Exception) -> str:
    """Give the function's own line about what went wrong: its structured one, or the runtime's."""
    for line in context.log:
        try:
            record = json.loads(line)
        except ValueError:
            if line.startswith("[ERROR]"):
                return line.removeprefix("[ERROR]").partition("Traceback")[0].strip()
            continue
        if isinstance(record, dict) and record.get("level") in {"CRITICAL", "ERROR"}:
            return str(record["message"])
    return str(error)


@of_built_answers(
    "P206",
    topic="built",
    requires=("P205",),
    rule="the built function gives the answers of the training",
    broken="the built function does not give the answers of the training",
)
def built_scores(context: DeliveryContext) -> Broken | Kept:
    try:
        given = context.scores_of(context.golden_answers)
    except UNANSWERED as error:
        return _inside(context).broken(context, f"Not all golden rows are answered: {_own_words(context, error)}")
    differing = _differing(context, given, lambda _: _inside(context))
    return differing or Kept(proved=f"the built function gives {len(given)} golden rows their delivered answers")


def _inside(context: DeliveryContext) -> Cause:
    return inside.of_answers(context, [line["row"] for line in context.golden])


@of_the_answers(
    "P207",
    topic="twice",
    requires=("P206",),
    rule="a row gets the same answer twice",
    broken="a row gets another answer the second time",
)
def same_twice(context: DeliveryContext) -> Broken | None:
    rows = [line["row"] for line in context.golden[:AGAIN]]
    for row, answer in enumerate(context.ask("/predict/batch", rows)):
        if answer != (before := context.golden_answers[row]):
            evidence = f"Golden row {row + 1} got {json.dumps(before)}, and then {json.dumps(answer)}."
            cause = "A heuristic remembers something between requests: have it compute from the row alone."
            return Broken(evidence, context.folder / "heuristics.py", cause=cause)
    return None


@clause(
    "P211",
    topic="heuristics",
    requires=GRAPH,
    suppressed_by=(*ELSEWHERE, "P203", "R505"),
    rule="each heuristic gives the values that it gave in training",
    broken="a heuristic gives another value than in training",
)
def values_of_the_training(context: DeliveryContext) -> Broken | None:
    """Where scores differ too, P203 says it, and R505 where they were written anew: here they agree."""
    if differ := causes.of_values(context):
        evidence, cause = differ
        return cause.broken(context, evidence)
    return None
