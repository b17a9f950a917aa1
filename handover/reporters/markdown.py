"""Findings as Markdown: what stands in a pull request's summary."""

import re
from collections.abc import Sequence

from handover.description import as_markdown
from handover.finding import Context, Finding, Verdict
from handover.reporters.groups import counted, folds, group, grouped
from handover.reporters.model import Model, model
from handover.reporters.text import place, summary
from handover.skips import FILE, Skip, exit_status, skips

MARKS = {Verdict.KEPT: "kept", Verdict.BROKEN: "**BROKEN**", Verdict.SKIPPED: "skipped", Verdict.LEFT_OUT: "left out"}


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write the verdict, every broken clause in full, what the model is, and all clauses, by group, folded if kept."""
    broken = [finding for finding in findings if finding.verdict is Verdict.BROKEN]
    verdict = ("kept", "broken", "not checked in full")[exit_status(findings)]
    parts = [f"## {escaped(context.subject)} is {verdict}", ""]
    parts += [f"**{escaped(context.notice)}**", ""] if context.notice else []
    parts += [escaped(summary(findings)), ""]
    for finding in broken:
        parts += _in_full(finding, context)
    for finding in findings:
        if finding.note:
            parts += [f"{finding.clause.code} kept: {escaped(finding.note)}", ""]
    for skip in skips(findings):
        parts += _skipped(skip)
    if described := model(context):
        parts += _model(described)
    for members in grouped(findings):
        parts += _group(members, context)
    return "\n".join(parts)


def _model(described: Model) -> list[str]:
    parts = ["### The model", ""]
    if described.missing:
        parts += [escaped(described.missing), ""]
    for table in described.tables[:1]:
        parts.append(as_markdown(table))
    parts += [escaped(described.change), ""]
    if described.shifts:
        parts.append(as_markdown(described.shifts))
    for table in described.tables[1:]:
        parts += ["<details>", f"<summary>{table.title}</summary>", "", as_markdown(table), "</details>", ""]
    return parts


def _group(members: Sequence[Finding], context: Context) -> list[str]:
    name, _ = group(members[0].clause)
    return [
        "<details>" if folds(members) else "<details open>",
        f"<summary>{name}: {counted(members)}</summary>",
        "",
        "| clause | topic | verdict | owner | rule |",
        "|---|---|---|---|---|",
        *(_row(finding, context) for finding in members),
        "",
        "</details>",
        "",
    ]


def cut_short(sentence: str) -> str:
    """Write the verdict of a check that ended before it had one."""
    return f"## The contract could not be checked\n\n{escaped(sentence)}\n"


def _skipped(skip: Skip) -> list[str]:
    headline = f"skipped as {FILE} allows" if skip.allowed else "not checked"
    lines = [f"### {', '.join(skip.codes)} {headline}", "", escaped(skip.reason), ""]
    if skip.followers:
        lines.append(f"- With it: {', '.join(skip.followers)}")
    if skip.allowed:
        lines.append(f"- Allowed: {escaped(skip.allowed)}")
    elif not skip.failed:
        lines.append(f"- Allow: {escaped(skip.remedy)}")
    return [*lines, ""]


def _row(finding: Finding, context: Context) -> str:
    clause, page = finding.clause, context.page(finding.clause)
    code = f"[{clause.code}]({page})" if page else clause.code
    return f"| {code} | {clause.topic} | {MARKS[finding.verdict]} | {finding.owner} | {clause.rule} |"


def _in_full(finding: Finding, context: Context) -> list[str]:
    clause, broken, page = finding.clause, finding.broken, context.page(finding.clause)
    command, explain = context.remedy(finding)[0], context.explain(clause.code)
    if broken is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    return [
        f"### {clause.code} {clause.topic}: {clause.broken}",
        "",
        escaped(broken.evidence),
        "",
        *([escaped(broken.cause), ""] if broken.cause else []),
        f"- Owner: **{finding.owner}**",
        f"- Fix: `{place(broken, context)}`",
        f"- Run: `{command}`",
        *([f"- Page: [{page}]({page})" if page else f"- Page: `{explain}`"] if page or explain != command else []),
        "",
    ]


def escaped(text: str) -> str:
    """Keep Markdown and HTML from reading anything into a text: it may quote a delivery, and so hold anything."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&@$-])", lambda mark: f"&#{ord(mark[1])};", one_line)
