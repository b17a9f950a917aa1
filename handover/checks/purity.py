"""H, what a heuristic must keep away from: read in its source, for no number of runs would show all of it."""

from handover.context import NOT_IN_PRODUCTION, DeliveryContext
from handover.finding import Broken, Skipped, clause
from handover.source import PURE_MODULES, foreign_import, reach_beyond_the_row

HARDLY_KNOWN = {"__future__", "collections.abc", "typing"}  # allowed as well, but nobody looks for them in a list
NO_CONTRACT = "Only `if TYPE_CHECKING:` may import the contract: in production there is no contract.py."
UNREADABLE = Skipped("requires H101", blocked_by=("H101",))  # what Python cannot read is not judged, and H101 says why


@clause(
    "H102",
    topic="imports",
    owner="modelling",
    rule="heuristics import arithmetic only",
    broken="heuristics.py imports what the function does not have or must not use",
)
def imports_arithmetic_only(context: DeliveryContext) -> Broken | Skipped | None:
    """Nothing is imported but the standard library's arithmetic."""
    try:
        found = foreign_import(context.heuristics_tree)
    except (OSError, SyntaxError, ValueError):
        return UNREADABLE
    if found is None:
        return None
    line, name = found
    return Broken(
        f"It imports {name}. A heuristic is arithmetic on one row; of the standard library, it may use "
        f"{', '.join(sorted(PURE_MODULES - HARDLY_KNOWN))}.",
        context.folder / "heuristics.py",
        line,
        cause=NO_CONTRACT if name in NOT_IN_PRODUCTION else "",
    )


@clause(
    "H103",
    topic="purity",
    owner="modelling",
    suppressed_by=("H102",),
    rule="a heuristic touches only its row",
    broken="a heuristic reaches beyond its row",
)
def touches_only_its_row(context: DeliveryContext) -> Broken | Skipped | None:
    """No heuristic reads or writes anything but its row: no file, no clock, no global."""
    try:
        fault = reach_beyond_the_row(context.heuristics_tree)
    except (OSError, SyntaxError, ValueError):
        return UNREADABLE
    if fault is None:
        return None
    return Broken(f"Line {fault.line} {fault.sentence}.", context.folder / "heuristics.py", fault.line)
