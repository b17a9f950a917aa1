"""P, what the golden rows show: nothing that a caller may send is answered without a proof from the training."""

from collections.abc import Iterator

import numpy as np

from handover.checks.values import written
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.rows import domains
from handover.wording import shortly

NAMED = 5  # of what is missing; the details name all


@clause(
    "P210",
    topic="coverage",
    requires=("H107", "M104", "M109", "M110", "P201"),
    suppressed_by=("M111", "M112", "M114", "M115", "M118", "M119", "M120", "P203"),
    rule="the golden rows show every value that a caller may send, and every decision",
    broken="a value that a caller may send is proven by no golden row",
)
def covered(context: DeliveryContext) -> Broken | None:
    missing = list(_missing(context))
    if not missing:
        return None
    cause = "They were written or thinned out by hand, or no such row gives every heuristic a number"
    remedy = f"deliver() adds a row for each. Deliver again: {context.delivers}."
    evidence, details = f"No golden row has {shortly(missing, NAMED)}.", "\n".join(missing)
    return Broken(evidence, context.folder / "golden.jsonl", cause=f"{cause}: {remedy}", details=details)


def _missing(context: DeliveryContext) -> Iterator[str]:
    """Name each gap, category, flag, end of a range and decision that no golden row has."""
    for field in domains(context.compiled):
        seen = {row.__dict__[field.name] for row in context.golden_rows}
        # An open end stands for the number next to it.
        wanted = [*(field.choices or dict.fromkeys(field.ends)), *([None] if field.nullable else [])]
        yield from (f"{field.name} = {written(value)}" for value in wanted if value not in seen)
    # A decision that no row of the contract gets here needs no proof.
    decisions = {*map(context.contract.decide, np.unique(context.model(context.probe_matrix), axis=0))} - {None}
    yield from (f"the decision {name}" for name in decisions - {line["decision"] for line in context.golden})
