"""What must hold of a deployment: it answers with the model, the contract and the scores that were built."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from handover.finding import Owner, Skipped
from handover.live.built import Built
from handover.live.replay import Answer, Replay
from handover.live.stack import Stack


@dataclass(frozen=True)
class Broken:
    """What was found wrong."""

    evidence: str
    """What was seen, with the counts and the worst case."""
    cause: str = ""
    """The likely cause, only where it was worked out."""


@dataclass(frozen=True)
class Seen:
    """A deployment, and what it should be."""

    stack: Stack
    built: Built
    replay: Replay

    @property
    def scored(self) -> list[Answer]:
        """The answers that are answers."""
        return [answer for answer in self.replay.answers if answer.score is not None]

    @property
    def other_models(self) -> Counter[str]:
        """The models that answered and are not the one that was built, with the count of their answers."""
        return Counter(answer.model or "none" for answer in self.scored if answer.model != self.built.model)


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of a deployment."""

    topic: str
    broken: str
    """What is the matter when it does not hold: the headline."""
    owner: Owner
    look: str
    """Where its owner looks first."""
    hold: Callable[[Seen], Broken | Skipped | None]


def right_model(seen: Seen) -> Broken | Skipped | None:
    """``/health`` and every answer name the model that was built."""
    others, model = seen.other_models, _health(seen.replay).get("model")
    if not others and seen.replay.health.status != 200:
        return _no_health(seen.replay)
    if not others and model == seen.built.model:
        return None
    evidence = f"The build has {seen.built.model}; /health says {model or 'nothing'}"
    if others:
        each = " or ".join(name for name, _ in others.most_common())
        evidence += f", and {others.total()} of {len(seen.scored)} answers name {each}"
    if 0 < others.total() < len(seen.scored):
        return Broken(f"{evidence}.", "Both models answer: the alias still sends some requests to another version.")
    return Broken(f"{evidence}.", _deployment(seen.stack))


def _deployment(stack: Stack) -> str:
    """Say how the stack's last deployment ended, where that explains another model."""
    if stack.under_way:
        return f"A deployment is under way (the stack's status is {stack.status})."
    if "ROLLBACK" in stack.status:
        return f"The stack's last deployment was taken back (its status is {stack.status})."
    return ""


def right_contract(seen: Seen) -> Broken | Skipped | None:
    """``/health`` names the contract's version that was built."""
    if seen.replay.health.status != 200:
        return _no_health(seen.replay)
    version = _health(seen.replay).get("contract")
    if version == seen.built.contract:
        return None
    cause = "Another model answers, and brought its contract along." if seen.other_models else ""
    return Broken(f"The build has {seen.built.contract}; /health says {version or 'nothing'}.", cause)


def _health(replay: Replay) -> Mapping[str, object]:
    try:
        said = json.loads(replay.health.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _no_health(replay: Replay) -> Skipped:
    return Skipped(f"/health is answered {replay.health.status}")


def all_answered(seen: Seen) -> Broken | None:
    """Every request gets an answer: status 200, with a score and a decision for every row."""
    failed = [answer for answer in seen.replay.answers if answer.score is None]
    if not failed:
        status = seen.replay.health.status
        return None if status == 200 else Broken(f"Every row got one, but /health is answered {status}.")
    statuses = Counter(answer.status for answer in failed)
    each = ", ".join(f"{count} status {status}" for status, count in sorted(statuses.items()))
    worst = max(failed, key=lambda answer: (answer.status, -answer.golden.number))
    return Broken(
        f"{len(failed)} of {len(seen.replay.answers)} rows got no answer: {each}. "
        f"Golden row {worst.golden.number}, {worst.way}, got {worst.status}: {worst.said}",
        "The deployed contract refuses rows that the built one accepts." if statuses.keys() == {422} else "",
    )


def same_scores(seen: Seen) -> Broken | Skipped | None:
    """Every golden row gets its training-time score, within the tolerance."""
    if not seen.scored:
        return NONE_ANSWERED
    apart = [answer for answer in seen.scored if not _distance(answer) <= seen.built.tolerance]
    if not apart:
        return None
    worst = max(apart, key=_distance)
    return Broken(
        f"{len(apart)} of {len(seen.scored)} answers differ by more than {seen.built.tolerance:g}; the worst, "
        f"golden row {worst.golden.number} {worst.way}, should be {worst.golden.score:g} and is {worst.score:g} "
        f"({_decisions(worst)}).",
        _common(seen.built.model, apart),
    )


def same_decisions(seen: Seen) -> Broken | Skipped | None:
    """No golden row gets another decision than in training."""
    if not seen.scored:
        return NONE_ANSWERED
    flipped = [answer for answer in seen.scored if answer.decision != answer.golden.decision]
    if not flipped:
        return None
    worst = max(flipped, key=_distance)
    return Broken(
        f"{len(flipped)} of {len(seen.scored)} answers decide otherwise; the furthest off, golden row "
        f"{worst.golden.number} {worst.way}: {_decisions(worst)}, with a score of {worst.score:g} that should be "
        f"{worst.golden.score:g}.",
        _common(seen.built.model, flipped),
    )


def _decisions(answer: Answer) -> str:
    flips = answer.decision != answer.golden.decision
    return f"{answer.golden.decision} -> {answer.decision}" if flips else f"{answer.decision}, as it should be"


def _common(model: str, answers: Sequence[Answer]) -> str:
    """Say what all answers that differ have in common, as far as their model tells."""
    if all(answer.model != model for answer in answers):
        return "All of them come from another model."
    if all(answer.model == model for answer in answers):
        return "The model is the one that was built, so its heuristics, its contract or the runtime layer are not."
    return ""


def _distance(answer: Answer) -> float:
    return abs((answer.score or 0.0) - answer.golden.score)


NONE_ANSWERED = Skipped("no row got an answer")
LAST_DEPLOYMENT = "the stack's last deployment"
LAYERS = "the layers of the live version"
RULES = (
    Rule("model", "another model answers than was built", "deployment", LAST_DEPLOYMENT, right_model),
    Rule("contract", "another contract answers than was built", "deployment", LAST_DEPLOYMENT, right_contract),
    Rule("answers", "not every request gets an answer", "deployment", "the function's log", all_answered),
    Rule("scores", "a score is not the one of training", "deployment", LAYERS, same_scores),
    Rule("decisions", "a decision is not the one of training", "deployment", LAYERS, same_decisions),
)


def hold(seen: Seen) -> list[tuple[Rule, Broken | Skipped | None]]:
    """Hold a deployment to every rule, in their order; ``None`` stands for kept."""
    return [(rule, rule.hold(seen)) for rule in RULES]
