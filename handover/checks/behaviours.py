"""B, behaviours: the model does what those who know the subject say of it in behaviours.py."""

from handover.behaviours import sentences
from handover.behaviours.asking import FaultError
from handover.behaviours.running import Result, counted
from handover.checks.parity import ELSEWHERE
from handover.checks.running import failure
from handover.context import DeliveryContext
from handover.context.sources import BEHAVIOURS
from handover.finding import Broken, Kept, clause
from handover.limit import TooLongError


@clause(
    "B701",
    topic="behaviours",
    looks_at="behaviours",
    rule="behaviours.py runs",
    broken="behaviours.py does not run",
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


@clause(
    "B703",
    topic="behaviour",
    looks_at="model",
    requires=("B702",),
    suppressed_by=ELSEWHERE,
    rule="the model behaves as behaviours.py says",
    broken="the model does not behave as behaviours.py says",
)
def behaves(context: DeliveryContext) -> Broken | Kept | None:
    """All that a new model breaks is one finding: it is one model."""
    results = [one for one in context.behaviours if isinstance(one, Result)]
    if broken := [result for result in results if not result.passes]:
        evidence, details = sentences.broken(broken, len(results)), sentences.details(broken)
        return Broken(evidence, context.folder / BEHAVIOURS, broken[0].line, details=details)
    golden = any(result.behaviour.kind == "golden rows" for result in results)
    where = (
        "by the built function" if context.is_answered_as_built else "in this Python, for nothing that is built answers"
    )
    asked = f", golden rows answered {where}" if golden else ""
    number = counted(len(results), "behaviours")
    return Kept(
        f"{number}{asked}{sentences.kept(results)}", proved=f"{number} {'holds' if len(results) == 1 else 'hold'}"
    )
