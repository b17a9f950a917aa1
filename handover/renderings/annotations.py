"""Findings as workflow commands of GitHub: marks on the very lines of a pull request.

Escapes: those of the toolkit that GitHub writes them with (actions/toolkit, packages/core/src/command.ts).
"""

from collections.abc import Sequence

from handover.case import Case
from handover.finding import Finding


def report(findings: Sequence[Finding], case: Case) -> str:
    """Write one error for each broken clause, and one notice for each that could not be held."""
    lines = []
    for finding in findings:
        clause, found = finding.clause, finding.broken
        title = _property(f"{clause.code} {clause.broken}")
        if found:
            where = f"file={_property(case.relative(found.look))}" + (f",line={found.line}" if found.line else "")
            cause = f"\n{found.cause}" if found.cause else ""
            said = f"{found.evidence}{cause}\nMend: {clause.owner}. Do: {case.explain(clause.code)}"
            lines.append(f"::error {where},title={title}::{_data(said)}")
        elif finding.failed:
            title = _property(f"{clause.code} {clause.topic}")  # whether it is kept or broken nobody knows
            lines.append(f"::notice title={title}::{_data(finding.reason)}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
