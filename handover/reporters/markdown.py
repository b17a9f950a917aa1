"""Findings as Markdown: what stands in a pull request's summary."""

import re
from collections.abc import Sequence

from handover.description import as_markdown
from handover.finding import Context, Evidence, Finding, Verdict, Warned
from handover.reporters.groups import counted, folds, group, grouped
from handover.reporters.model import Model, model
from handover.reporters.text import place, proved, source_line, summary, warnings
from handover.skips import FILE, Skip, exit_status, skips

BACKTICK = "&#96;"
MARKS = {Verdict.KEPT: "kept", Verdict.BROKEN: "**BROKEN**", Verdict.SKIPPED: "skipped", Verdict.LEFT_OUT: "left out"}


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write the verdict, every broken clause in full, what the model is, and all clauses, by group, folded if kept."""
    broken = [finding for finding in findings if finding.verdict is Verdict.BROKEN]
    verdict = ("kept", "broken", "not checked in full")[exit_status(findings)]
    parts = [f"## {escaped(context.subject)} is {verdict}", ""]
    parts += [f"**{escaped(context.notice)}**", ""] if context.notice else []
    parts += [escaped(summary(findings)), ""]
    parts += [coded(line), ""] if (line := proved(findings)) else []
    for finding in broken:
        parts += _in_full(finding, context)
    for skip in skips(findings):
        parts += _skipped(skip)
    for finding, warning in warnings(findings):
        parts += _warned(finding, warning, context)
    for finding in findings:
        if finding.note:
            parts += [f"{finding.clause.code} kept: {coded(finding.note)}", ""]
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
    lines = [f"### {', '.join(skip.codes)} {headline}", "", coded(skip.reason), ""]
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
    if broken is None:
        raise ValueError(f"{clause.code} is {finding.verdict}")
    (command, effect), explain = context.remedy(finding), context.explain(clause.code)
    return [
        f"### {clause.code} {clause.topic}: {clause.broken}",
        "",
        *_evidence(broken),
        f"- Owner: **{finding.owner}**",
        _place("Fix", broken, context),
        *([f"- Run: `{command}` {effect}"] if command != explain else []),
        f"- More: `{explain}`" + (f", [{page}]({page})" if page else ""),
        "",
    ]


def _warned(finding: Finding, warning: Warned, context: Context) -> list[str]:
    return [
        f"### {finding.clause.code} warning: {escaped(warning.headline)}",
        "",
        *_evidence(warning),
        f"- Owner: **{warning.owner or finding.clause.owner}**",
        _place("Look", warning, context),
        "",
    ]


def _evidence(evidence: Evidence) -> list[str]:
    return [line for text in (evidence.evidence, evidence.cause) if text for line in (coded(text), "")]


def _place(word: str, evidence: Evidence, context: Context) -> str:
    line = source_line(evidence)
    return f"- {word}: `{place(evidence, context)}`" + (f" <code>{escaped(line)}</code>" if line else "")


def coded(text: str) -> str:
    """Set what stands between backticks as code, and escape all of it."""
    parts = escaped(text).split(BACKTICK)
    if len(parts) % 2 == 0:  # one backtick is alone: none is a pair for certain
        return escaped(text)
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def escaped(text: str) -> str:
    """Keep Markdown and HTML from reading anything into a text: it may quote a delivery, and so hold anything."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&@$-])", lambda mark: f"&#{ord(mark[1])};", one_line)
