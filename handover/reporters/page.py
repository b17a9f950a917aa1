"""A report as a page: a template filled with what every such report shows."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from jinja2 import Template

from handover.finding import Context, Finding
from handover.reporters.groups import counted, folds, group, grouped
from handover.reporters.model import model
from handover.reporters.text import place, proved, source_line, warnings
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
        groups=[(group(one[0].clause), counted(one), folds(one), one) for one in grouped(findings)],
        described=model(context),
        place=partial(place, context=context),
        source_line=source_line,
        page_of=context.page,
        explain=context.explain,
        **more,
    )
