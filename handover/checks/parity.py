"""P, parity: the model answers here, and built, as it did where it was trained."""

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.context import DeliveryContext, RefusedError
from handover.finding import Broken, Skipped, clause
from handover.local.emulator import EnvironmentDiedError, FunctionTimedOutError
from handover.local.stack import NothingBuiltError
from handover.rows import different_rows

FEWEST_GOLDEN_ROWS = 20  # below that, a model that is wrong for one row in ten may pass by luck
HONEST_ROWS_DIFFER = 1e6  # rows that a contract accepts; of one that knows fewer, as ten flags, honest rows repeat
AGAIN = 20  # golden rows that are asked for twice
RARE = 0.3  # what more than this share of the agreeing rows have as well explains nothing
SHOWN = 10  # rows shown side by side; a hundred would say no more

FEW = "Most rows agree: golden.jsonl was edited at these, or heuristics.py gives another number for them than it did."
NOT_OF_ONE_TRAINING = (
    "model.onnx, heuristics.py and golden.jsonl are not of one training, though the manifest vouches for each of them: "
    "the manifest was written by hand, or the model was converted without deliver()."
)

type Rows = NDArray[np.intp]


GRAPH = ("H107", "M104", "M109", "P201")
# Where one of these is broken, other answers than the training's are only what follows.
ELSEWHERE = ("H102", "H103", "H108", "M106", "M110", "M111")


@clause(
    "P201",
    topic="golden rows",
    owner="modelling",
    requires=("C109",),
    rule="the golden rows are rows of the contract",
    broken="the golden rows cannot prove anything",
)
def golden_rows_hold(context: DeliveryContext) -> Broken | None:
    """The golden rows are rows of the contract, and enough of them."""
    path = context.folder / "golden.jsonl"
    try:
        golden = context.golden
    except OSError:
        return Broken("There is no golden.jsonl.", path)
    except ValueError:
        return _unreadable(path)
    for number, line in enumerate(golden, start=1):
        said = _no_golden_row(context, line, number)
        if said:
            return Broken(said, path, number)
    different = len({json.dumps(line["row"], sort_keys=True) for line in golden})
    if different_rows(context.compiled) < HONEST_ROWS_DIFFER:
        different = len(golden)
    if different < FEWEST_GOLDEN_ROWS:
        count = f"{len(golden)} golden rows" if different == len(golden) else f"{different} different golden rows"
        return Broken(f"There are {count}; fewer than {FEWEST_GOLDEN_ROWS} prove little.", path)
    return None


def _unreadable(path: Path) -> Broken:
    """Name the first line that is not JSON."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            json.loads(line.decode())
        except ValueError as error:
            said = f"is not JSON: {error}" if line.strip() else "is blank"
            return Broken(f"Line {number} {said}.", path, number)
    raise ValueError(f"{path} is JSON, line by line")


def _no_golden_row(context: DeliveryContext, line: Any, number: int) -> str:
    if not isinstance(line, dict):
        return f"Line {number} is not a JSON object."
    lacking = sorted({"row", "score", "decision"} - set(line))
    if lacking:
        return f"Line {number} lacks {', '.join(lacking)}."
    score, decisions = line["score"], context.contract.decisions
    if not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score):
        return f"The score of row {number} is {json.dumps(score)}, no number."
    if line["decision"] not in decisions:
        return f"The decision of row {number} is {json.dumps(line['decision'])}, none of {', '.join(decisions)}."
    said = context.refusal(line["row"])
    return f"The contract refuses row {number}: {said}." if said else ""


@clause(
    "P202",
    topic="batch",
    owner="modelling",
    requires=GRAPH,
    suppressed_by=ELSEWHERE,
    rule="a row scores the same alone and among others",
    broken="a row scores otherwise among others",
)
def alone_as_in_a_batch(context: DeliveryContext) -> Broken | None:
    """A row scored alone gets what it gets among others, within the tolerance.

    To the last bit it need not be: a matrix product may add up in another order when it has more rows.
    """
    alone = np.array([context.model(row[np.newaxis])[0] for row in context.golden_matrix])
    rows = _apart(context, alone, context.golden_here)
    if not len(rows):
        return None
    row = rows[0]
    return Broken(
        f"Golden row {row + 1} alone scores {alone[row]:g}, among others {context.golden_here[row]:g}.",
        context.folder / "model.onnx",
        cause="The graph mixes rows: an operator works along the first axis.",
    )


@clause(
    "P203",
    topic="parity",
    owner="modelling",
    requires=(*GRAPH, "P202"),
    suppressed_by=ELSEWHERE,
    rule="the model gives the answers it was delivered with",
    broken="the model does not give the answers it was delivered with",
)
def same_scores(context: DeliveryContext) -> Broken | None:
    """Every golden row gets its training-time score, within the tolerance."""
    rows = _apart(context, context.golden_here, context.golden_scores)
    if shared := _shared(context, rows):
        return _parity(context, context.golden_here, shared, "heuristics.py")
    if rounded := _rounded(context, rows):
        return _parity(context, context.golden_here, rounded, "golden.jsonl")
    if len(rows) <= RARE * len(context.golden):
        return _parity(context, context.golden_here, FEW, "golden.jsonl")
    return _parity(context, context.golden_here, NOT_OF_ONE_TRAINING, "model.onnx")


def _rounded(context: DeliveryContext, rows: Rows) -> str:
    """Find the number of digits to which the answers were rounded, if they were."""
    for digits in range(1, 6):
        apart = np.abs(context.golden_scores[rows] - context.golden_here[rows].astype(np.float64))
        if np.all(apart <= 0.5001 * 10.0**-digits) and np.all(
            context.golden_scores == context.golden_scores.round(digits)
        ):
            return f"The scores in golden.jsonl are rounded to {digits} digits: deliver() writes all of them."
    return ""


def _apart(context: DeliveryContext, given: NDArray[np.floating], expected: NDArray[np.floating]) -> Rows:
    distance = np.abs(given.astype(np.float64) - expected.astype(np.float64))
    return np.flatnonzero(~(distance <= context.contract.budgets.parity))


def _parity(context: DeliveryContext, given: NDArray[np.floating], cause: str, look: str) -> Broken | None:
    rows = _apart(context, given, context.golden_scores)
    if not len(rows):
        return None
    worst = rows[np.abs(given[rows] - context.golden_scores[rows]).argmax()]
    flips = [row for row in rows if context.decide(given[row]) != context.golden[row]["decision"]]
    flipped = ""
    if flips:
        there, here = context.golden[flips[0]]["decision"], context.decide(given[flips[0]])
        count = "1 decision flips" if len(flips) == 1 else f"{len(flips)} decisions flip, first"
        flipped = f" {count} (row {flips[0] + 1}: {there} -> {here})."
    return Broken(
        f"{len(rows)} of {len(given)} golden rows differ by more than {context.contract.budgets.parity:g}; "
        f"the worst, row {worst + 1}, should be {context.golden_scores[worst]:g} and is {given[worst]:g}.{flipped}",
        context.folder / look,
        cause=cause,
        details=_side_by_side(context, rows, given),
    )


def _shared(context: DeliveryContext, rows: Rows) -> str:
    """Find the category or gap that all differing rows have and the fewest others: a hint at the line that changed."""
    differing = set(rows.tolist())
    found: tuple[float, str] = (RARE, "")
    for field in context.compiled["fields"]:
        values = [line["row"].get(field["name"]) for line in context.golden]
        there = {values[row] for row in differing}
        if len(there) != 1 or (field["kind"] == "number" and there != {None}):
            continue
        agreeing = [value for row, value in enumerate(values) if row not in differing]
        alike = sum(value in there for value in agreeing)
        said = f"{alike} of the {len(agreeing)} rows that agree have" if alike else "no row that agrees has"
        sentence = f"All of them have `{field['name']}` = {json.dumps(*there)}; {said}."
        found = min(found, (alike / max(1, len(agreeing)), sentence))
    return found[1]


def _side_by_side(context: DeliveryContext, rows: Rows, given: NDArray[np.floating]) -> str:
    """Show the differing rows as the caller sends them, beside what the model gets of them."""
    lines = []
    for row in rows[:SHOWN]:
        sent = context.golden[row]["row"]
        lines.append(f"row {row + 1}: should be {context.golden_scores[row]:g}, is {given[row]:g}")
        lines.append(f"  {'column':<24} {'as sent':<24} as the model gets it")
        for name, value in zip(context.encoder.columns, context.golden_matrix[row], strict=True):
            lines.append(f"  {name:<24} {json.dumps(sent[name]) if name in sent else '':<24} {value:g}")
    return "\n".join(lines)


@clause(
    "P204",
    topic="decisions",
    owner="modelling",
    requires=(*GRAPH, "P203"),
    suppressed_by=ELSEWHERE,
    rule="no decision differs from training",
    broken="a decision differs from training",
)
def same_decisions(context: DeliveryContext) -> Broken | None:
    """No golden row gets another decision than in training."""
    flipped = [
        row for row, line in enumerate(context.golden) if context.decide(context.golden_here[row]) != line["decision"]
    ]
    budget = context.contract.budgets.flipped_decisions
    if len(flipped) <= budget:
        return None
    row = flipped[0]
    return Broken(
        f"{len(flipped)} of {len(context.golden)} golden rows {'is' if len(flipped) == 1 else 'are'} "
        f"decided otherwise, {budget} may be; the first is row "
        f"{row + 1}: {context.golden[row]['decision']} -> {context.decide(context.golden_here[row])}, "
        f"with a score of {context.golden_here[row]:g}.",
        context.folder / "contract.py",
        context.word_line("decisions"),
        cause="A score lies on the edge of a decision, or the golden rows are not those of this model.",
    )


@clause(
    "P205",
    topic="start",
    owner="modelling",
    requires=("P203", "P204"),
    suppressed_by=ELSEWHERE,
    rule="the built function opens the delivery",
    broken="the built function does not open the delivery",
)
def starts(context: DeliveryContext) -> Broken | Skipped | None:
    """The built function opens the delivery, in AWS's own runtime."""
    try:
        context.ask("/predict", context.golden[0]["row"])
    except NothingBuiltError as error:
        return Skipped(str(error))
    except (EnvironmentDiedError, FunctionTimedOutError, RefusedError) as error:
        said = re.sub(
            r"\S*/handover-opt-[^/]+", "/opt", _own_words(context.log) or str(error)
        )  # as Lambda would say it
        return Broken(f"It says: {said}", context.folder / "manifest.json")
    return None


def _own_words(lines: Iterable[str]) -> str:
    """Give the function's own line about what went wrong: its structured one, or the runtime's."""
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            if line.startswith("[ERROR]"):
                return line.removeprefix("[ERROR]").partition("Traceback")[0].strip()
            continue
        if isinstance(said, dict) and said.get("level") in {"CRITICAL", "ERROR"}:
            return str(said["message"])
    return ""


@clause(
    "P206",
    topic="built",
    owner="deployment",
    requires=("P205",),
    suppressed_by=ELSEWHERE,
    rule="the built function gives the answers of the training",
    broken="the built function does not give the answers of the training",
)
def built_scores(context: DeliveryContext) -> Broken | None:
    """The built function gives every golden row its training-time score."""
    try:
        given = np.array([answer["score"] for answer in context.golden_answers])
    except (EnvironmentDiedError, FunctionTimedOutError, RefusedError) as error:
        said = _own_words(context.log) or str(error)
        return Broken(f"Not all golden rows are answered: {said}", context.folder / "heuristics.py")
    cause = "In this Python the same model agrees: the layer's packages are not those of the training."
    return _parity(context, given, cause, "heuristics.py")


@clause(
    "P207",
    topic="twice",
    owner="modelling",
    requires=("P206",),
    suppressed_by=ELSEWHERE,
    rule="a row gets the same answer twice",
    broken="a row gets another answer the second time",
)
def same_twice(context: DeliveryContext) -> Broken | None:
    """The same row gets the same answer twice, from the same environment."""
    rows = [line["row"] for line in context.golden[:AGAIN]]
    for row, answer in enumerate(context.ask("/predict/batch", rows)):
        if answer != context.golden_answers[row]:
            return Broken(
                f"Golden row {row + 1} got {json.dumps(context.golden_answers[row])}, and then {json.dumps(answer)}.",
                context.folder / "heuristics.py",
                cause="A heuristic remembers something between requests.",
            )
    return None
