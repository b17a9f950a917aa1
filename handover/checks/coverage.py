"""P, what the golden rows show: nothing that a caller may send is answered without a proof from the training."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.rows import domains

NAMED = 5  # of what is missing; the details name all
NEAR_AN_EDGE = 0.2  # of a decision's scores
MANY_NEAR_AN_EDGE = 8  # rows; where scores thin out towards an edge, so many on one side leave some on the other


@clause(
    "P210",
    topic="coverage",
    owner="modelling",
    requires=("H107", "M104", "M109", "M110", "P201"),
    suppressed_by=("M112", "M114", "M115", "P203"),
    rule="the golden rows show every value that a caller may send, and every decision",
    broken="a value that a caller may send is proven by no golden row",
)
def covered(context: DeliveryContext) -> Broken | None:
    missing = list(_missing(context))
    if not missing:
        return _cut_off(context)
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return Broken(
        f"No golden row has {', '.join(missing[:NAMED])}{more}.",
        context.folder / "golden.jsonl",
        cause="They were written or thinned out by hand, or no such row gives every heuristic a number: deliver() "
        f"adds a row for each. Deliver again: {context.delivers}.",
        details="\n".join(missing),
    )


def _cut_off(context: DeliveryContext) -> Broken | None:
    """Find held-out rows that were chosen by their score: many next to the edge of the one decision, none beyond."""
    scores = context.golden_scores[: context.held_out_rows]
    decisions = {line["decision"] for line in context.golden[: context.held_out_rows]}
    if len(decisions) != 1:
        return None
    (decision,) = decisions
    edges = [context.contract.score.low, *context.contract.decisions.values()]
    place = list(context.contract.decisions).index(decision)
    low, high = edges[place : place + 2]
    near = NEAR_AN_EDGE * (high - low)
    for edge, count in ((high, (scores > high - near).sum()), (low, (scores < low + near).sum())):
        if edge not in {edges[0], edges[-1]} and count >= MANY_NEAR_AN_EDGE:
            return Broken(
                f"All {len(scores)} held-out rows are decided {decision!r}: {count} of them score next to its edge "
                f"{edge:g}, and none beyond.",
                context.folder / "golden.jsonl",
                cause="They were chosen by their score: the baseline, which production is compared with, expects that "
                "one decision only.",
            )
    return None


def _missing(context: DeliveryContext) -> Iterator[str]:
    """Name each gap, category, flag, end of a range and decision that no golden row has."""
    for field in domains(context.compiled):
        seen = {row.__dict__[field.name] for row in context.golden_rows}
        # An open end stands for the number next to it.
        wanted = [*(field.choices or dict.fromkeys(field.ends)), *([None] if field.nullable else [])]
        yield from (f"{field.name} = {_shown(value)}" for value in wanted if value not in seen)
    # A decision that no row of the contract gets here needs no proof.
    decisions = {*map(context.decide, np.unique(context.model(context.seen_matrix)))} - {None}
    yield from (f"the decision {name}" for name in decisions - {line["decision"] for line in context.golden})


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value).lower() if isinstance(value, bool) else f"{value}"
