"""V, verification: the live stack answers with the model, the contract and the scores that were built."""

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from handover import parity
from handover.finding import Broken, Kept, Skipped, clause, declared
from handover.live.built import BATCH_ROWS
from handover.live.context import LiveContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handover.live.replay import Answer
    from handover.live.stack import Stack

BOTH_ANSWER = "Both models answer: the alias still sends some requests to another version."
LAST_DEPLOYMENT = "the stack's last deployment"
LOG = "the function's log"
of_the_stack = partial(clause, owner="deployment")
NONE_ANSWERED = Skipped("no row got an answer", blocked_by=("V803",))


@of_the_stack(
    "V801",
    topic="model",
    rule="the live model is the one that was built",
    broken="another model answers than was built",
)
def right_model(context: LiveContext) -> Broken | Kept | Skipped:
    """``/health`` and every answer name the model that was built."""
    others, built = context.other_models, context.built.model
    if not others and not context.health:
        return _no_health(context)
    model, _ = context.health or (None, None)
    if not others and model == built:
        return Kept(f"{context.stack.name} answers with the model {built}")
    evidence = f"The build has {built}; /health says {model or 'nothing'}"
    if others:
        names = " or ".join(name for name, _ in others.most_common())
        evidence += f", and {others.total()} of {len(context.scored)} answers name {names}"
    cause = BOTH_ANSWER if 0 < others.total() < len(context.scored) else _deployment(context.stack)
    return Broken(f"{evidence}.", LAST_DEPLOYMENT, cause=cause)


def _deployment(stack: "Stack") -> str:
    """Say how the stack's last deployment ended, where that explains another model."""
    if stack.under_way:
        return f"A deployment is under way (the stack's status is {stack.status})."
    if "ROLLBACK" in stack.status:
        return f"The stack's last deployment was taken back (its status is {stack.status})."
    return ""


@of_the_stack(
    "V802",
    topic="contract",
    rule="the live contract has the version that was built",
    broken="another contract answers than was built",
    suppressed_by=("V801",),
)
def right_contract(context: LiveContext) -> Broken | Kept | Skipped:
    """``/health`` names the contract's version that was built; another model brings its own along."""
    if not context.health:
        return _no_health(context)
    built, (_, version) = context.built.contract, context.health
    if version == built:
        return Kept(f"its version is {built}")
    return Broken(f"The build has {built}; /health says {version or 'nothing'}.", LAST_DEPLOYMENT)


def _no_health(context: LiveContext) -> Skipped:
    return Skipped(f"/health is answered {context.replay.health.status}", blocked_by=("V803",))


@of_the_stack("V803", topic="answers", rule="every request gets an answer", broken="not every request gets an answer")
def all_answered(context: LiveContext) -> Broken | Kept:
    """Status 200, with a score and a decision for every row."""
    failed = [answer for answer in context.replay.answers if not answer.scores]
    if not failed and context.health:
        rows = len(context.built.golden)
        return Kept(f"{rows} golden rows one by one, {min(rows, BATCH_ROWS)} of them in a batch too.{context.times}")
    if not failed:
        status = context.replay.health.status
        return Broken(f"Every row got one, but /health is answered {status}.{context.times}", LOG)
    statuses = Counter(answer.status for answer in failed)
    counts = ", ".join(f"{count} status {status}" for status, count in sorted(statuses.items()))
    worst = max(failed, key=lambda answer: (answer.status, -answer.golden.number))
    return Broken(
        f"{len(failed)} of {len(context.replay.answers)} rows got no answer: {counts}. "
        f"Golden row {worst.golden.number}, {worst.way}, got {worst.status}: {worst.refusal}{context.times}",
        LOG,
        cause="The deployed contract refuses rows that the built one accepts." if statuses.keys() == {422} else "",
    )


@of_the_stack(
    "V804",
    topic="scores",
    rule="every golden row gets its score of training",
    broken="a score is not the one of training",
)
def same_scores(context: LiveContext) -> Broken | Kept | Skipped:
    """Within the delivery's tolerance, or four steps of float32 where these are more."""
    if not context.scored:
        return NONE_ANSWERED
    tolerance = context.built.tolerance
    given, trained = zip(*map(_side_by_side, context.scored), strict=True)
    if (apart := parity.compared(given, trained, tolerance)) is None:
        return Kept(f"every score is within {parity.limit(trained, tolerance)} of training's")
    worst = context.scored[apart.worst]
    return _wrong(
        context,
        [context.scored[row] for row in apart.rows],
        f"differ by more than {apart.limit}; the worst, {_named(worst)}, should be "
        f"{parity.in_words(worst.golden.scores)} and is {parity.in_words(worst.scores)} ({_decisions(worst)}).",
    )


@of_the_stack(
    "V805",
    topic="decisions",
    rule="every golden row gets its decision of training",
    broken="a decision is not the one of training",
)
def same_decisions(context: LiveContext) -> Broken | Skipped | None:
    """However near its score is: an edge may lie between the two."""
    if not context.scored:
        return NONE_ANSWERED
    flipped = [answer for answer in context.scored if answer.decision != answer.golden.decision]
    if not flipped:
        return None
    worst = max(flipped, key=lambda answer: parity.distance(*_side_by_side(answer)))
    return _wrong(
        context,
        flipped,
        f"decide otherwise; the furthest off, {_named(worst)}: {_decisions(worst)}, with a score of "
        f"{parity.in_words(worst.scores)} that should be {parity.in_words(worst.golden.scores)}.",
    )


def _wrong(context: LiveContext, wrong: "Sequence[Answer]", how: str) -> Broken:
    """Say what is wrong, and what these answers have in common, as far as their model tells."""
    are_built = {answer.model == context.built.model for answer in wrong}
    cause = ""
    if are_built == {False}:
        cause = "All of them come from another model."
    elif are_built == {True}:
        cause = "The model is the one that was built, so its heuristics, its contract or the runtime layer are not."
    return Broken(f"{len(wrong)} of {len(context.scored)} answers {how}", "the layers of the live version", cause=cause)


def _named(answer: "Answer") -> str:
    return f"golden row {answer.golden.number} {answer.way}"


@clause(
    "V806",
    topic="behaviours",
    owner="modelling",
    looks_at="behaviours",
    suppressed_by=("V801", "V804", "V805"),
    rule="the live API behaves as behaviours.py says",
    broken="the live API does not behave as behaviours.py says",
)
def behaves(context: LiveContext) -> Broken | Kept | None:
    """Golden rows and rows by hand; drawn ones are the check's."""
    return context.behaves


def _decisions(answer: "Answer") -> str:
    flips = answer.decision != answer.golden.decision
    return f"{answer.golden.decision} -> {answer.decision}" if flips else f"{answer.decision}, as it should be"


def _side_by_side(answer: "Answer") -> tuple[list[float], list[float]]:
    """Give the scores of an answer and of the training, in one order; NaN where one is not there."""
    trained = answer.golden.scores
    return [answer.scores.get(name, math.nan) for name in trained], [*trained.values()]


GROUP = {"V": "a live stack"}
CLAUSES = declared(GROUP)
