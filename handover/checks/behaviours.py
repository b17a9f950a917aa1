"""B, behaviours: the model does what those who know the subject say of it in behaviours.py."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from handover.behaviours import loosened, sentences
from handover.behaviours.asking import FaultError
from handover.behaviours.running import RANDOM_MODELS, Result, counted
from handover.checks.contract import COMPILES
from handover.checks.parity import of_the_answers
from handover.checks.running import failure
from handover.context import DeliveryContext
from handover.context.delivered import BEHAVIOURS
from handover.diff.revisions import NoBaseError
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.limit import TooLongError
from handover.skips import BEHAVIOURS as AGREED
from handover.skips import FILE, quoted
from handover.wording import shortly
from predictor.files import MODEL


@clause(
    "B701", topic="behaviours", looks_at="behaviours", rule="behaviours.py runs", broken="behaviours.py does not run"
)
def runs(context: DeliveryContext) -> Broken | None:
    try:
        context.behaviours_module  # noqa: B018  running it is the check
    except (Exception, SystemExit, TooLongError) as error:  # it is somebody's code
        return failure(context.folder / BEHAVIOURS, error)
    return None


@clause(
    "B702",
    topic="trials",
    looks_at="model",
    requires=("B701", "P203"),
    rule="each behaviour can be tried",
    broken="a behaviour says nothing of the model",
)
def tried(context: DeliveryContext) -> Broken | None:
    """It asks about rows of the contract, asserts something of the answers, and comes to an end."""
    faults = [one for one in context.behaviours if isinstance(one, FaultError)]
    if not context.behaviours:
        evidence = 'There is none in it: write one, as in @always("a longer loan is no safer"), or remove the file.'
        return Broken(evidence, context.folder / BEHAVIOURS)
    return Broken(sentences.faults(faults), context.folder / BEHAVIOURS, faults[0].line) if faults else None


@of_the_answers(
    "B703",
    topic="behaviour",
    looks_at="model",
    requires=("B702",),
    rule="the model behaves as behaviours.py says",
    broken="the model does not behave as behaviours.py says",
)
def behaves(context: DeliveryContext) -> Broken | Kept | None:
    """All that a new model breaks is one finding: it is one model. What made it is to be fixed, not the test."""
    results = [one for one in context.behaviours if isinstance(one, Result)]
    if broken := [result for result in results if not result.passes]:
        evidence, details = sentences.broken(broken, len(results)), sentences.details(broken)
        says = ", ".join(f"{context.relative(context.folder / BEHAVIOURS)}:{result.line}" for result in broken)
        return Broken(evidence, context.training or context.folder / MODEL, None, f"Says it: {says}", details)
    asked = ""
    if any(result.behaviour.kind == "golden rows" for result in results):
        unbuilt = "in this Python, for nothing that is built answers"
        asked = f", golden rows answered {'by the built function' if context.is_answered_as_built else unbuilt}"
    number, verb = counted(len(results), "behaviours"), "holds" if len(results) == 1 else "hold"
    warnings = tuple(_at_random(context))
    return Kept(f"{number}{asked}{sentences.kept(results)}", proved=f"{number} {verb}", warnings=warnings)


def _at_random(context: DeliveryContext) -> Iterator[Warned]:
    """Warn of behaviours that pass with models which answer at random."""
    if anything := context.passed_at_random:
        named = shortly([f"`{one.check.__name__}`" for one in anything], 3)
        yield Warned(
            f"{named} would pass whatever the model answers: {RANDOM_MODELS} models that answer at random passed.",
            context.folder / BEHAVIOURS,
            anything[0].check.__code__.co_firstlineno,
            "Ask for more: compare two rows that differ, or a score with a number that a wrong model misses.",
            headline="a behaviour says nothing of the model",
        )


@clause(
    "B704",
    topic="looser behaviours",
    owner="both teams",
    looks_at="behaviours before",
    requires=COMPILES,
    rule="no behaviour is gone or asks less than before, unless both teams agree",
    broken="a behaviour is gone or asks less, and only one team has agreed",
)
def asks_as_much(context: DeliveryContext) -> Broken | Kept | None:
    """Compare behaviours.py with that of the base branch: whoever changes a model may change both."""
    path = context.folder / BEHAVIOURS
    try:
        before = context.behaviours_before()
    except NoBaseError:
        raise Skipped(blocked_by=("C110",)) from None
    except (Exception, SystemExit, TooLongError) as error:
        raise Skipped(f"{BEHAVIOURS} of the base branch does not run here: {type(error).__name__}: {error}") from None
    if before is None:
        return None
    try:
        now = (path.read_bytes(), context.behaviours_module) if path.is_file() else (b"", ModuleType("nothing"))
    except (Exception, SystemExit, TooLongError):
        raise Skipped(blocked_by=("B701",)) from None
    changed = [*loosened.changes(before, now, context.contract.row.model_fields)]
    looser = [change for change in changed if change.looser]
    if unsigned := [change for change in looser if change.sentence not in context.asking_less]:
        each = [f"{_named(change)}: it {', '.join(change.looser)}." for change in unsigned]
        remedy = f"Write what it was; or, where both teams mean it, deployment adds to {FILE}, below [{AGREED}]:"
        lines = [f'{quoted(change.sentence)} = "the reason in words"' for change in unsigned]
        evidence = "\n  ".join(["The check lets through more than before.", *each, remedy, *lines])
        return Broken(evidence, path, unsigned[0].line)
    agreed = "; ".join(f"{change.sentence}: {context.asking_less[change.sentence]}" for change in looser)
    return Kept(f"agreed in {FILE}: {agreed}" if looser else "", warnings=(*_reworded(path, changed),))


def _reworded(path: Path, changed: Sequence[loosened.Change]) -> Iterator[Warned]:
    if other := [change for change in changed if change.other]:
        parts = [(_named(change), " and ".join(change.other), "are" if change.other[1:] else "is") for change in other]
        yield Warned(
            "\n  ".join(f"{name}: its {words} {verb} other than before." for name, words, verb in parts),
            path,
            other[0].line,
            "Whether it asks less now, the code cannot say: read both, as git diff shows them.",
            headline="a behaviour asks something else than before",
        )


def _named(change: loosened.Change) -> str:
    return f"Line {change.line}, {change.sentence}" if change.line else f'"{change.sentence}"'
