"""Findings in as few lines as a script or a person in a hurry wants: nothing where all is kept."""

from collections.abc import Sequence

from handover.finding import Context, Finding, Verdict


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write a line for each clause that is broken or was not checked."""
    return "\n".join(
        f"{finding.clause.code} {finding.verdict}  "
        + (f"{finding.clause.broken} ({finding.owner})" if finding.verdict is Verdict.BROKEN else finding.reason)
        for finding in findings
        if finding.verdict is Verdict.BROKEN or finding.unchecked
    )
