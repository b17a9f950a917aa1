"""Findings as plain text: what stands in a terminal and in a log."""

import linecache
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from handover.finding import Clause, Context, Evidence, Finding, Verdict, Warned, declared
from handover.project import DISTRIBUTION, pages
from handover.skips import FILE, Skip, skips

if TYPE_CHECKING:
    from handover.context import DeliveryContext


SOURCES = {".py", ".yaml", ".toml", ".txt"}
"""Endings of files that people write: a line of these is shown, and never one of data."""
MAX_LINE_LENGTH = 100  # of them
CHECKED = (Verdict.KEPT, Verdict.BROKEN, Verdict.SKIPPED)


def broken(finding: Finding, context: Context) -> str:
    """Write a broken clause in full: evidence, likely cause, owner, place, what to run, and how to see more."""
    clause, broken = finding.clause, finding.broken
    if broken is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    (command, effect), more = context.remedy(finding), context.explain(clause.code)
    headline = f"{clause.code} {finding.verdict}  {clause.topic}: {finding.headline}"
    lines = _lines(headline, broken, finding, "Fix", context)
    if command != more:
        lines.append(f"  Run:   {command:<28} # {effect}")
    meaning = "shows all of the evidence" if broken.details else "says what it means"
    return "\n".join([*lines, f"  More:  {more:<28} # {meaning}", ""])


def warned(finding: Finding, warning: Warned, context: Context) -> str:
    """Write a warning: evidence, what to do where it is meant otherwise, owner and place."""
    headline = f"{finding.clause.code} WARNING  {finding.clause.topic}: {warning.headline}"
    return "\n".join([*_lines(headline, warning, finding, "Look", context), ""])


def _lines(headline: str, evidence: Evidence, finding: Finding, word: str, context: Context) -> list[str]:
    """Write what was seen, who fixes it, and after a ``word`` where."""
    seen = [f"  {sentences}" for sentences in (evidence.evidence, evidence.cause) if sentences]
    owner = f"  Owner: {evidence.owner or finding.clause.owner}"
    lines = [headline, "", *seen, owner, f"  {f'{word}:':<6} {place(evidence, context)}"]
    return [*lines, f"           {line}"] if (line := source_line(evidence)) else lines


def place(evidence: Evidence, context: Context) -> str:
    """Name what to fix, and the line in it where there is one."""
    return evidence.named(context.relative) + (f":{evidence.line}" if evidence.line else "")


def source_line(evidence: Evidence) -> str:
    """Give the line at fault as people wrote it, shortened; nothing of data, or where there is none."""
    path, number = evidence.path, evidence.line
    if not number or not isinstance(path, Path) or path.suffix not in SOURCES:
        return ""
    linecache.checkcache(str(path))
    line = linecache.getline(str(path), number)
    plain = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in line)).strip()
    return plain if len(plain) <= MAX_LINE_LENGTH else f"{plain[: MAX_LINE_LENGTH - 4]} ..."


def warnings(findings: Iterable[Finding]) -> Iterator[tuple[Finding, Warned]]:
    """Give each warning with its finding."""
    return ((finding, warning) for finding in findings for warning in finding.warnings)


def proved(findings: Iterable[Finding]) -> str:
    """Say in a line what is certain now; nothing where no clause says so."""
    facts = "; ".join(finding.proved for finding in findings if finding.proved)
    return f"Proved: {facts}." if facts else ""


def summary(findings: Iterable[Finding]) -> str:
    """Count the verdicts and warnings in one line; what was skipped or left out is named with the reason."""
    findings = list(findings)
    line = counted([finding for finding in findings if finding.verdict in CHECKED], CHECKED)
    left_out = "".join(f"; left out, for {reason}: {', '.join(codes)}" for reason, codes in what_is_left_out(findings))
    skipped = "; ".join(
        f"{', '.join(codes)}: {re.sub('^requires ', 'require ', reason) if len(codes) > 1 else reason}"
        for reason, codes in _by_reason(findings, Verdict.SKIPPED)
    )
    return f"{line}{f' ({skipped})' if skipped else ''}{warning_count(findings)}{left_out}"


def counted(findings: Iterable[Finding], always: Collection[Verdict] = ()) -> str:
    """Count the verdicts that there are, and those of ``always``: ``10 kept, 0 broken``."""
    count = Counter(finding.verdict for finding in findings)
    return ", ".join(f"{count[one]} {one.lower()}" for one in Verdict if count[one] or one in always)


def warning_count(findings: Iterable[Finding]) -> str:
    """Count the warnings, in the end of a list; nothing where there is none."""
    number = len(list(warnings(findings)))
    return f", {number} warning{'s' * (number > 1)}" if number else ""


def what_is_left_out(findings: Iterable[Finding]) -> Iterator[tuple[str, list[str]]]:
    """Give each reason for which clauses were left out, and their codes; of all or most of a group, its letter."""
    for reason, codes in _by_reason(findings, Verdict.LEFT_OUT):
        groups = {letter: list(members) for letter, members in groupby(codes, lambda code: code[0])}
        yield reason, sorted((part for members in groups.values() for part in _shortly(members)), key=len)


def _by_reason(findings: Iterable[Finding], verdict: Verdict) -> Iterable[tuple[str, list[str]]]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is verdict:
            reasons[finding.reason].append(finding.clause.code)
    return reasons.items()


def _shortly(codes: list[str]) -> list[str]:
    """Name some of a group's clauses: by its letter where they are all, or most, of it."""
    letter = codes[0][0]
    others = [clause.code for clause in declared(letter) if clause.code not in codes]
    if len(others) * 4 > len(codes):
        return codes
    return [f"{letter} without {', '.join(others)}" if others else letter]


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
    """Write every broken clause in full, what was not checked, warnings and notes, what was proved, then the count.

    Before the count stands what to know of all of it.
    """
    parts = [broken(finding, context) for finding in findings if finding.verdict is Verdict.BROKEN]
    parts += [skipped(skip, context) for skip in skips(findings)]
    parts += [warned(finding, warning, context) for finding, warning in warnings(findings)]
    parts += [f"{finding.clause.code} kept: {finding.note}\n" for finding in findings if finding.note]
    parts += [f"{line}\n"] if (line := proved(findings)) else []
    return "\n".join([*parts, *filter(None, [context.notice]), summary(findings)])


def explanation(finding: Finding, context: "DeliveryContext") -> str:
    """Write the clause's page, and above it what the clause found, in full."""
    clause = finding.clause
    if finding.broken:
        outcome = broken(finding, context)
        if finding.broken.details:
            outcome += f"\n{indent(finding.broken.details, '  ')}\n"
    else:
        why = f" ({finding.reason or finding.note})" if finding.reason or finding.note else ""
        leave = f"  {FILE} allows it: {finding.allowed}\n" if finding.allowed else ""
        outcome = f"{clause.code} {finding.verdict}  {clause.topic}: {clause.rule}{why}\n{leave}"
        outcome += "".join(f"\n{warned(finding, warning, context)}" for warning in finding.warnings)
    return f"{outcome}\n{context.as_typed(page(clause))}"


def page(clause: Clause) -> str:
    """Read what a clause means, what breaks it and what to do."""
    file = pages() / f"{clause.code}.md"
    if not file.is_file():
        return (
            f"# {clause.code}: {clause.rule}\n\nIts page {file} is gone: install {DISTRIBUTION} again, or restore it.\n"
        )
    return file.read_text(encoding="utf-8")
