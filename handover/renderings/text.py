"""Findings as plain text: what stands in a terminal and in a log."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from handover.case import Case
from handover.finding import Broken, Finding, Verdict
from handover.skips import FILE, Skip, skips

PAGES = Path(__file__).parents[2] / "docs" / "checks"


def broken(finding: Finding, case: Case) -> str:
    """Write a broken clause in full: the rule, the evidence, the likely cause, who mends it, the command, the page."""
    clause, found = finding.clause, finding.broken
    if found is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    lines = [f"{clause.code} {finding.verdict}  {clause.topic}: {clause.broken}", "", f"  {found.evidence}"]
    if found.cause:
        lines.append(f"  {found.cause}")
    command = case.explain(clause.code)
    lines += [
        f"  Mend:  {clause.owner:<12} look in {place(found, case)}",
        f"  Do:    {command:<28} shows {'all of the evidence and ' if found.details else ''}the remedy",
        f"  Page:  {clause.page}",
        "",
    ]
    return "\n".join(lines)


def place(found: Broken, case: Case) -> str:
    """Name the file to mend, and the line where there is one."""
    return case.relative(found.look) + (f":{found.line}" if found.line else "")


def summary(findings: Iterable[Finding]) -> str:
    """Count the verdicts in one line; what was skipped is named with what it lacks."""
    findings = list(findings)
    count = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    reasons: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.SKIPPED:
            reasons[finding.reason].append(finding.clause.code)
    skipped = "; ".join(
        f"{', '.join(codes)}: {_plural(reason) if len(codes) > 1 else reason}" for reason, codes in reasons.items()
    )
    line = f"{count[Verdict.KEPT]} kept, {count[Verdict.BROKEN]} broken, {count[Verdict.SKIPPED]} skipped"
    return f"{line} ({skipped})" if skipped else line


def _plural(reason: str) -> str:
    return f"need {reason.removeprefix('needs ')}" if reason.startswith("needs ") else reason


def skipped(skip: Skip, case: Case) -> str:
    """Write why clauses could not be checked: who allowed that and why, or how it is allowed."""
    with_it = f", and with it {', '.join(skip.followers)}" if skip.followers else ""
    headline = f"SKIPPED  as {FILE} allows{with_it}" if skip.allowed else f"NOT CHECKED{with_it}"
    lines = [f"{', '.join(skip.codes)} {headline}", "", f"  Lacks: {skip.reason}"]
    if skip.allowed:
        lines.append(f"  Leave: {skip.allowed}")
    elif skip.failed:
        lines.append(f"  Do:    {case.explain(skip.codes[0])}")
    else:
        lines.append(f"  Allow: {skip.remedy}")
    return "\n".join([*lines, ""])


def report(findings: Sequence[Finding], case: Case) -> str:
    """Write every broken clause in full, what was not checked, what to know of those that are kept, then the count."""
    parts = [broken(finding, case) for finding in findings if finding.verdict is Verdict.BROKEN]
    parts += [skipped(skip, case) for skip in skips(findings)]
    parts += [f"{finding.clause.code} kept: {finding.note}\n" for finding in findings if finding.note]
    return "\n".join([*parts, summary(findings)])


def explanation(finding: Finding, case: Case) -> str:
    """Write the clause's page, and above it what the clause found in this delivery, in full."""
    clause = finding.clause
    if finding.broken:
        found = broken(finding, case)
        if finding.broken.details:
            found += f"\n{_indented(finding.broken.details)}\n"
    else:
        why = f" ({finding.reason or finding.note})" if finding.reason or finding.note else ""
        leave = f"  {FILE} allows it: {finding.allowed}\n" if finding.allowed else ""
        found = f"{clause.code} {finding.verdict}  {clause.topic}: {clause.rule}{why}\n{leave}"
    return f"{found}\n{(PAGES / f'{clause.code}.md').read_text()}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
