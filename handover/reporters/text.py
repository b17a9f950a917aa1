"""Findings as plain text: what stands in a terminal and in a log."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from handover.finding import Broken, Clause, Context, Finding, Verdict
from handover.skips import FILE, Skip, skips

PAGES = Path(__file__).parents[2] / "docs" / "checks"


def broken(finding: Finding, context: Context) -> str:
    """Write a broken clause in full: evidence, likely cause, owner, place, command and page."""
    clause, broken = finding.clause, finding.broken
    if broken is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    command, effect = context.remedy(finding)
    return "\n".join(
        [
            f"{clause.code} {finding.verdict}  {clause.topic}: {clause.broken}",
            "",
            f"  {broken.evidence}",
            *([f"  {broken.cause}"] if broken.cause else []),
            f"  Owner: {clause.owner}",
            f"  Fix:   {place(broken, context)}",
            f"  Run:   {command:<28} {effect}",
            f"  Page:  {clause.page}",
            "",
        ]
    )


def place(broken: Broken, context: Context) -> str:
    """Name what to fix, and the line in it where there is one."""
    return broken.named(context.relative) + (f":{broken.line}" if broken.line else "")


def summary(findings: Iterable[Finding]) -> str:
    """Count the verdicts in one line; what was skipped is named with the reason."""
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
    return f"require {reason.removeprefix('requires ')}" if reason.startswith("requires ") else reason


def skipped(skip: Skip, context: Context) -> str:
    """Write why clauses could not be checked: who allowed that and why, or how it is allowed."""
    with_it = f", and with it {', '.join(skip.followers)}" if skip.followers else ""
    headline = f"SKIPPED  as {FILE} allows{with_it}" if skip.allowed else f"NOT CHECKED{with_it}"
    lines = [f"{', '.join(skip.codes)} {headline}", "", f"  Reason:  {skip.reason}"]
    if skip.allowed:
        lines.append(f"  Allowed: {skip.allowed}")
    elif skip.failed:
        lines.append(f"  Run:     {context.explain(skip.codes[0])}")
    else:
        lines.append(f"  Allow:   {skip.remedy}")
    return "\n".join([*lines, ""])


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write every broken clause in full, what was not checked, what to know of those that are kept, then the count."""
    parts = [broken(finding, context) for finding in findings if finding.verdict is Verdict.BROKEN]
    parts += [skipped(skip, context) for skip in skips(findings)]
    parts += [f"{finding.clause.code} kept: {finding.note}\n" for finding in findings if finding.note]
    return "\n".join([*parts, summary(findings)])


def explanation(finding: Finding, context: Context) -> str:
    """Write the clause's page, and above it what the clause found, in full."""
    clause = finding.clause
    if finding.broken:
        outcome = broken(finding, context)
        if finding.broken.details:
            outcome += f"\n{_indented(finding.broken.details)}\n"
    else:
        why = f" ({finding.reason or finding.note})" if finding.reason or finding.note else ""
        leave = f"  {FILE} allows it: {finding.allowed}\n" if finding.allowed else ""
        outcome = f"{clause.code} {finding.verdict}  {clause.topic}: {clause.rule}{why}\n{leave}"
    return f"{outcome}\n{page(clause)}"


def page(clause: Clause) -> str:
    """Read what a clause means, what breaks it and what to do."""
    return (PAGES / f"{clause.code}.md").read_text()


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
