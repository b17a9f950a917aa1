"""Findings as Markdown: what stands in a pull request's summary."""

import re
from collections.abc import Sequence
from pathlib import Path

from handover.description import as_markdown
from handover.finding import Context, Finding, Verdict
from handover.reporters.page import filled
from handover.reporters.text import summary
from handover.skips import exit_status
from handover.templates import environment

BACKTICK = "&#96;"
MARKS = {Verdict.KEPT: "kept", Verdict.BROKEN: "**BROKEN**", Verdict.SKIPPED: "skipped", Verdict.LEFT_OUT: "left out"}


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write the verdict, every broken clause in full, what the model is, and all clauses, by group, folded if kept."""
    filters = {"coded": coded, "escaped": escaped, "as_table": as_markdown}
    return filled(
        environment(Path(__file__).parent, html=False, filters=filters).get_template("report.md.jinja"),
        findings,
        context,
        subject=context.subject,
        verdict=("kept", "broken", "not checked in full")[exit_status(findings)],
        summary=summary(findings),
        marks=MARKS,
    )


def cut_short(sentence: str) -> str:
    """Write the verdict of a check that ended before it had one."""
    return f"## The contract could not be checked\n\n{escaped(sentence)}\n"


def coded(text: str) -> str:
    """Set what stands between backticks as code, and escape all of it."""
    plain = escaped(text)
    if plain.count(BACKTICK) % 2:  # one backtick is alone: none is a pair for certain
        return plain
    return re.sub(f"{BACKTICK}(.*?){BACKTICK}", r"<code>\1</code>", plain)


def escaped(text: str) -> str:
    """Keep Markdown and HTML from reading anything into a text: it may quote a delivery, and so hold anything."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&@$-])", lambda mark: f"&#{ord(mark[1])};", " ".join(text.split()))
