"""Findings as plain text: what stands in a terminal and in a log."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from handover.finding import Broken, Clause, Context, Finding, Verdict, declared
from handover.project import DISTRIBUTION, pages
from handover.skips import FILE, Skip, skips

if TYPE_CHECKING:
    from handover.context import DeliveryContext


def broken(finding: Finding, context: Context) -> str:
    """Write a broken clause in full: evidence, likely cause, owner, place, command, and page where that is another."""
    clause, broken = finding.clause, finding.broken
    if broken is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    command, effect = context.remedy(finding)
    page = context.page(clause) or context.explain(clause.code)
    return "\n".join(
        [
            f"{clause.code} {finding.verdict}  {clause.topic}: {clause.broken}",
            "",
            f"  {broken.evidence}",
            *([f"  {broken.cause}"] if broken.cause else []),
            f"  Owner: {finding.owner}",
            f"  Fix:   {place(broken, context)}",
            f"  Run:   {command:<28} # {effect}",
            *([f"  Page:  {page}"] if page != command else []),
            "",
        ]
    )


def place(broken: Broken, context: Context) -> str:
    """Name what to fix, and the line in it where there is one."""
    return broken.named(context.relative) + (f":{broken.line}" if broken.line else "")


def summary(findings: Iterable[Finding]) -> str:
    """Count the verdicts in one line; what was skipped or left out is named with the reason."""
    findings = list(findings)
    count = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    left_out = "".join(f"; left out, for {reason}: {', '.join(codes)}" for reason, codes in what_is_left_out(findings))
    reasons: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.SKIPPED:
            reasons[finding.reason].append(finding.clause.code)
    skipped = "; ".join(
        f"{', '.join(codes)}: {_plural(reason) if len(codes) > 1 else reason}" for reason, codes in reasons.items()
    )
    line = f"{count[Verdict.KEPT]} kept, {count[Verdict.BROKEN]} broken, {count[Verdict.SKIPPED]} skipped"
    return f"{line} ({skipped}){left_out}" if skipped else f"{line}{left_out}"


def what_is_left_out(findings: Iterable[Finding]) -> Iterator[tuple[str, list[str]]]:
    """Give each reason for which clauses were left out, and their codes; of a whole group, its letter."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.LEFT_OUT:
            reasons[finding.reason].append(finding.clause.code)
    for reason, codes in reasons.items():
        groups = {letter: list(members) for letter, members in groupby(codes, lambda code: code[0])}
        whole = [letter for letter, members in groups.items() if len(members) == len(declared(letter))]
        yield reason, [*whole, *(code for letter in groups if letter not in whole for code in groups[letter])]


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
    """Write every broken clause in full, what was not checked, what to know of those that are kept, then the count.

    Before the count stands what to know of all of it.
    """
    parts = [broken(finding, context) for finding in findings if finding.verdict is Verdict.BROKEN]
    parts += [skipped(skip, context) for skip in skips(findings)]
    parts += [f"{finding.clause.code} kept: {finding.note}\n" for finding in findings if finding.note]
    return "\n".join([*parts, *filter(None, [context.notice]), summary(findings)])


def explanation(finding: Finding, context: "DeliveryContext") -> str:
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
    return f"{outcome}\n{context.as_typed(page(clause))}"


def page(clause: Clause) -> str:
    """Read what a clause means, what breaks it and what to do."""
    file = pages() / f"{clause.code}.md"
    if not file.is_file():
        return (
            f"# {clause.code}: {clause.rule}\n\nIts page {file} is gone: install {DISTRIBUTION} again, or restore it.\n"
        )
    return file.read_text(encoding="utf-8")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
