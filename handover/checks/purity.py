"""H, what a heuristic must keep away from: read in its source, for no number of runs would show all of it."""

import ast

from handover.context import DeliveryContext
from handover.context.delivered import NOT_IN_PRODUCTION
from handover.finding import Broken, Skipped, clause
from handover.source import PURE_MODULES, foreign_import, reach_beyond_the_row

HARDLY_KNOWN = {"__future__", "collections.abc", "typing"}  # allowed as well, but nobody looks for them in a list
FROM_THE_ROW = "Compute from the row alone; what it lacks becomes a field of the contract."
NO_CONTRACT = "Only `if TYPE_CHECKING:` may import the contract: in production there is no contract.py."


@clause(
    "H102",
    topic="imports",
    rule="heuristics import arithmetic only",
    broken="heuristics.py imports what the function does not have or must not use",
)
def imports_arithmetic_only(context: DeliveryContext) -> Broken | None:
    foreign = foreign_import(_tree(context))
    if foreign is None:
        return None
    line, name = foreign
    evidence = f"It imports {name}. Write it with plain numbers, `math`, `datetime`, `statistics` and the like."
    cause = NO_CONTRACT if name in NOT_IN_PRODUCTION else ""
    details = f"It may import {', '.join(sorted(PURE_MODULES - HARDLY_KNOWN))}."
    return Broken(evidence, context.folder / "heuristics.py", line, cause, details)


@clause(
    "H103",
    topic="purity",
    suppressed_by=("H102",),
    rule="a heuristic touches only its row",
    broken="a heuristic reaches beyond its row",
)
def touches_only_its_row(context: DeliveryContext) -> Broken | None:
    fault = reach_beyond_the_row(_tree(context))
    if fault is None:
        return None
    return Broken(f"Line {fault.line} {fault.sentence}. {FROM_THE_ROW}", context.folder / "heuristics.py", fault.line)


def _tree(context: DeliveryContext) -> ast.Module:
    try:
        return context.heuristics_tree
    except (OSError, SyntaxError, ValueError):
        raise Skipped(blocked_by=("H101",)) from None  # it says why Python cannot read the file
