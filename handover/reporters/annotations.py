"""Findings as workflow commands of GitHub: marks on the very lines of a pull request.

Escapes: those of the toolkit that GitHub writes them with (actions/toolkit, packages/core/src/command.ts).
"""

import os
from collections.abc import Sequence
from pathlib import Path

from handover.finding import Context, Evidence, Finding
from handover.reporters.text import warnings
from handover.skips import FILE, Skip, skips


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write an error for each broken clause, and for what was not checked; warnings; a notice for what was allowed."""
    lines = []
    for finding in findings:
        if broken := finding.broken:
            command, effect = context.remedy(finding)
            next_step = f"Owner: {finding.owner}. Run: {command} ({effect})"
            lines.append(_mark("error", f"{finding.clause.code} {finding.headline}", broken, context, next_step))
    lines += map(_skipped, skips(findings))
    for finding, warning in warnings(findings):
        owner = f"Owner: {warning.owner or finding.clause.owner}."
        lines.append(_mark("warning", f"{finding.clause.code} {warning.headline}", warning, context, owner))
    return "\n".join(lines)


def _mark(level: str, title: str, evidence: Evidence, context: Context, last: str) -> str:
    place = "" if isinstance(evidence.path, str) else f"file={_property(_place(evidence.path, context))},"
    line = f"line={evidence.line}," if evidence.line else ""
    message = "\n".join(part for part in (evidence.evidence, evidence.cause, last) if part)
    return f"::{level} {place}{line}title={_property(title)}::{_data(message)}"


def cut_short(sentence: str) -> str:
    """Write the error of a check that ended before its verdict."""
    return f"::error title=The contract could not be checked::{_data(sentence)}"


def _place(path: Path, context: Context) -> str:
    """Name a path as GitHub does: from the repository's root, which need not be the project's."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE", os.devnull))
    return path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else context.relative(path)


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
