"""Findings as workflow commands of GitHub: marks on the very lines of a pull request.

Escapes: those of the toolkit that GitHub writes them with (actions/toolkit, packages/core/src/command.ts).
"""

from collections.abc import Sequence

from handover.context import DeliveryContext
from handover.finding import Finding
from handover.skips import FILE, Skip, skips


def report(findings: Sequence[Finding], context: DeliveryContext) -> str:
    """Write an error for each broken clause, and for what was not checked; a notice for what was allowed."""
    lines = []
    for finding in findings:
        clause, found = finding.clause, finding.broken
        title = _property(f"{clause.code} {clause.broken}")
        if found:
            where = f"file={_property(context.relative(found.path))}" + (f",line={found.line}" if found.line else "")
            cause = f"\n{found.cause}" if found.cause else ""
            said = f"{found.evidence}{cause}\nOwner: {clause.owner}. Run: {context.explain(clause.code)}"
            lines.append(f"::error {where},title={title}::{_data(said)}")
    return "\n".join([*lines, *map(_skipped, skips(findings))])


def cut_short(sentence: str) -> str:
    """Write the error of a check that ended before its verdict."""
    return f"::error title=The contract could not be checked::{_data(sentence)}"


def _skipped(skip: Skip) -> str:
    codes = ", ".join(skip.codes)
    if skip.allowed:
        title = _property(f"{codes} skipped as {FILE} allows")
        return f"::notice title={title}::{_data(f'{skip.reason}\n{skip.allowed}')}"
    remedy = "" if skip.failed else f"\nAllow: {skip.remedy}"
    return f"::error title={_property(f'{codes} not checked')}::{_data(skip.reason + remedy)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
