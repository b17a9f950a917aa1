"""A report as a page: a template filled with what every such report shows, the model and clauses by their groups."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Template

from handover.description import Table, described
from handover.finding import Clause, Context, Finding, Verdict
from handover.reporters.text import counted, place, proved, source_line, warning_count, warnings
from handover.skips import FILE, skips

if TYPE_CHECKING:  # where a stack is verified, there is nothing that opens a delivery
    from handover.context import DeliveryContext


def filled(template: Template, findings: Sequence[Finding], context: Context, **more: Any) -> str:
    """Fill a template with findings and what their context says of them, and with what only this report shows."""
    return template.render(
        findings=findings,
        notice=context.notice,
        proved=proved(findings),
        broken=[(finding, finding.broken, *context.remedy(finding)) for finding in findings if finding.broken],
        skips=skips(findings),
        allowances=FILE,
        warnings=list(warnings(findings)),
        groups=[
            (group(one[0].clause), counted(one) + warning_count(one), folds(one), one) for one in grouped(findings)
        ],
        described=model(context),
        place=partial(place, context=context),
        source_line=source_line,
        page_of=context.page,
        explain=context.explain,
        **more,
    )


def grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Put together what stands side by side and whose codes begin with the same letter."""
    return [list(members) for _, members in groupby(findings, lambda finding: finding.clause.code[0])]


def group(clause: Clause) -> tuple[str, str]:
    """Name a clause's group, and say what it is about: as the module says it that holds the clause, in its first line.

    Such a line is "P, parity: the model answers here as it did where it was trained." Where it is another, the code's
    letter must do.
    """
    letter = clause.code[0]
    line = (inspect.getdoc(inspect.getmodule(clause.check)) or "").partition("\n")[0]
    name, _, about = line.rstrip(".").partition(": ")
    return (name, about) if name.startswith(f"{letter}, ") else (letter, "")


def folds(findings: Sequence[Finding]) -> bool:
    """Whether nobody need look at a group: all of it is kept, and nothing of that is to be known."""
    quiet = {Verdict.KEPT, Verdict.LEFT_OUT}
    return all(finding.verdict in quiet and not finding.note and not finding.warnings for finding in findings)


@dataclass(frozen=True)
class Model:
    """A delivery's model in tables and sentences, as far as the delivery says it."""

    tables: tuple[Table, ...]
    """The manifest's."""
    change: str
    """What became of the model on the base branch, in sentences."""
    shifts: Table | None
    """Each figure of merit there and here."""
    missing: str = ""
    """Why there are no tables."""


def model(context: Context) -> Model | None:
    """Describe the model of a delivery, however broken that is; of a live stack nothing."""
    if not context.has_model:
        return None
    delivery = cast("DeliveryContext", context)
    change, shifts = ("It is compared with no model.", None) if delivery.stand_in else _change(delivery)
    try:
        return Model(tuple(described(delivery.manifest)), change, shifts)
    except OSError:
        return Model((), change, shifts, "There is no manifest.json, which says how good the model is.")
    except Exception as error:  # a report of a broken delivery is written all the same; M111 says what is wrong
        return Model((), change, shifts, f"manifest.json does not say how good the model is ({type(error).__name__}).")


def _change(context: "DeliveryContext") -> tuple[str, Table | None]:
    try:
        comparison = context.comparison
    except Exception as error:  # no base branch, no contract, whatever lies there
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return f"It is not compared with a model on the base branch: {reason}.", None
    if comparison is None:
        return "The base branch has no model that answers the same question.", None
    if comparison.is_same:
        return "It answers the held-out rows as the model on the base branch does.", None
    head = ("figure", "base branch", "this one", "difference", "95 % interval", "verdict")
    shifts = Table("Against the base branch", head, tuple(shift.words for shift in comparison.shifts))
    return f"Beside the model on the base branch, it {comparison.verdict}. {comparison.rows}", shifts
