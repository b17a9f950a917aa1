"""A report as a page: a template filled with what every such report shows, clauses by their groups."""

import inspect
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from jinja2 import Template

from handover.finding import Clause, Context, Finding, Verdict
from handover.reporters.model import model
from handover.reporters.text import counted, place, proved, source_line, warning_count, warnings
from handover.skips import FILE, skips


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
