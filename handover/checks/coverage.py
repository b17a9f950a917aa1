"""P, what the golden rows show: nothing that a caller may send is answered without a proof from the training."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from handover.case import Case
from handover.finding import Broken, clause
from handover.rows import Domain, domains

NAMED = 5  # of what is missing; the details name all


@clause(
    "P210",
    topic="coverage",
    owner="modelling",
    requires=("H107", "M104", "M109", "M110", "P201"),
    suppressed_by=("M112", "M114", "M115", "P203"),
    rule="the golden rows show every value that a caller may send, and every decision",
    broken="a value that a caller may send is proven by no golden row",
)
def covered(case: Case) -> Broken | None:
    """The golden rows show each gap, category, flag, end of a range and decision."""
    path = case.folder / "golden.jsonl"
    missing = list(_missing(case))
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        return Broken(
            f"No golden row has {', '.join(missing[:NAMED])}{more}.",
            path,
            cause="They were written or thinned out by hand, or no such row gives every heuristic a number: deliver() "
            f"adds a row for each. Deliver again: {case.delivers}.",
            details="\n".join(missing),
        )
    shown = {line["decision"] for line in case.golden if not line.get("covers")}
    if len(shown) == 1 and len(_decisions(case)) > 1:
        return Broken(
            f"All {case.held_out_rows} held-out rows are decided {next(iter(shown))!r}, and others also get "
            f"{' and '.join(sorted(_decisions(case) - shown))}.",
            path,
            cause="They were chosen by their score, or are too few: the baseline, which production is compared with, "
            "expects that one decision only.",
        )
    return None


def _missing(case: Case) -> Iterator[str]:
    rows = [row.__dict__ for row in case.golden_rows]
    for field in domains(case.compiled):
        seen = {row[field.name] for row in rows}
        yield from (f"{field.name} = {_shown(value)}" for value in _wanted(field) if value not in seen)
    yield from (f"the decision {name}" for name in _decisions(case) - {line["decision"] for line in case.golden})


def _wanted(field: Domain) -> list[Any]:
    """Say what must be there of a field; an open end stands for the number next to it."""
    return [*(field.choices or dict.fromkeys(field.ends)), *([None] if field.nullable else [])]


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value).lower() if isinstance(value, bool) else f"{value}"


def _decisions(case: Case) -> set[str]:
    """Find the decisions that rows of the contract get here: one that none gets needs no proof."""
    return {decision for decision in map(case.decide, np.unique(case.model(case.seen_matrix))) if decision}
