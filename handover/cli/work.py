"""What the commands on a delivery do in a process of their own, for they run what somebody delivered."""

import json
from pathlib import Path
from typing import Any

from handover.apart import Json, Send
from handover.case import Case
from handover.checks import CLAUSES, UnknownCodeError, hold, selected
from handover.errors import CannotRunError
from handover.finding import Clause
from handover.skips import allowances, exit_status


def check(send: Send, *, delivery: str, only: list[str], base: str | None, wanted: list[str]) -> Json:
    """Hold a delivery to its contract.

    Parameters
    ----------
    wanted
        The renderings to give: text, json, github, markdown, html.

    Returns
    -------
    ``status``, the exit status, and each rendering by its name.
    """
    clauses = selected(only)
    send({"total": len(clauses)})
    with _case(delivery, base) as case:
        findings = []
        for finding in hold(case, clauses, begin=lambda clause: send(_begun(clause))):
            findings.append(finding)
            send({"done": len(findings)})
        send({"begun": "the report"})
        return {"status": exit_status(findings)} | {name: _rendered(name, findings, case) for name in wanted}


def explain(send: Send, *, delivery: str, code: str, base: str | None) -> Json:
    """Hold a delivery to one clause, and give all that is known of it as ``text``."""
    from handover.renderings import text

    try:
        (clause,) = (clause for clause in selected([code]) if clause.code == code.strip().upper())
    except (UnknownCodeError, ValueError):
        codes = ", ".join(clause.code for clause in CLAUSES)
        raise CannotRunError(f"there is no clause '{code}'; there are {codes}") from None
    with _case(delivery, base) as case:
        (finding,) = hold(case, [clause], begin=lambda clause: send(_begun(clause)))
        return {"text": text.explanation(finding, case)}


def diff(send: Send, *, old: str, new: str, plot: str | None) -> Json:
    """Compare two deliveries, and give the ``text``, and the exit ``status``."""
    from handover.diff import renderings
    from handover.diff.comparison import compare
    from handover.diff.revisions import delivery_at

    with delivery_at(old) as before, delivery_at(new) as after:
        send({"begun": "what the two answer"})
        difference = compare(before, after)
    if plot:
        renderings.plot(difference, Path(plot))
    return {"status": 0 if difference.raised else 1, "text": renderings.text(difference)}


def _case(delivery: str, base: str | None) -> Case:
    root = Path.cwd()
    allowed = allowances(root, {clause.code for clause in CLAUSES})
    return Case(root, Path(delivery).absolute(), base=base, allowed=allowed)


def _begun(clause: Clause) -> Json:
    return {"begun": f"{clause.code} ({clause.topic})"}


def _rendered(name: str, findings: list[Any], case: Case) -> str:
    match name:
        case "json":
            return json.dumps([finding.as_json(case.relative) for finding in findings], indent=2)
        case "github":
            from handover.renderings import annotations

            return annotations.report(findings, case)
        case "markdown":
            from handover.renderings import markdown

            return markdown.report(findings, case)
        case "html":
            from handover.renderings import html  # draws plots: nobody else waits for the library

            return html.report(findings, case)
    from handover.renderings import text

    return text.report(findings, case)
