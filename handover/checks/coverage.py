"""P, what the golden rows show: nothing that a caller may send is answered without a proof from the training."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from handover.context import DeliveryContext
from handover.finding import Broken, clause
from handover.rows import Domain, domains

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
    """The golden rows show each gap, category, flag, end of a range and decision."""
    path = context.folder / "golden.jsonl"
    missing = list(_missing(context))
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        return Broken(
            f"No golden row has {', '.join(missing[:NAMED])}{more}.",
            path,
            cause="They were written or thinned out by hand, or no such row gives every heuristic a number: deliver() "
            f"adds a row for each. Deliver again: {context.delivers}.",
            details="\n".join(missing),
        )
    return _cut_off(context)


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
    rows = [row.__dict__ for row in context.golden_rows]
    for field in domains(context.compiled):
        seen = {row[field.name] for row in rows}
        yield from (f"{field.name} = {_shown(value)}" for value in _wanted(field) if value not in seen)
    yield from (f"the decision {name}" for name in _decisions(context) - {line["decision"] for line in context.golden})


def _wanted(field: Domain) -> list[Any]:
    """Say what must be there of a field; an open end stands for the number next to it."""
    return [*(field.choices or dict.fromkeys(field.ends)), *([None] if field.nullable else [])]


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value).lower() if isinstance(value, bool) else f"{value}"


def _decisions(context: DeliveryContext) -> set[str]:
    """Find the decisions that rows of the contract get here: one that none gets needs no proof."""
    return {decision for decision in map(context.decide, np.unique(context.model(context.seen_matrix))) if decision}
