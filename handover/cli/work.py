"""What the commands on a delivery do in a process of their own, for they run what somebody delivered."""

import json
from pathlib import Path
from typing import Any

from handover.apart import Json, Send
from handover.checks import CLAUSES, UnknownCodeError, evaluate, selected
from handover.context import DeliveryContext
from handover.finding import Clause
from handover.skips import allowances, exit_status


def check(send: Send, *, delivery: str, only: list[str], base: str | None, wanted: list[str]) -> Json:
    """Hold a delivery to its contract.

    Parameters
    ----------
    wanted
        The reports to give: text, json, github, markdown, html.

    Returns
    -------
    ``status``, the exit status, and each report by its name.
    """
    clauses = selected(only)
    send({"total": len(clauses)})
    with _case(delivery, base) as context:
        findings = []
        for finding in evaluate(context, clauses, begin=lambda clause: send(_begun(clause))):
            findings.append(finding)
            send({"done": len(findings)})
        send({"begun": "the report"})
        return {"status": exit_status(findings)} | {name: _rendered(name, findings, context) for name in wanted}


def explain(send: Send, *, delivery: str, code: str, base: str | None) -> Json:
    """Hold a delivery to one clause, and give all that is known of it as ``text``."""
    from handover.reporters import text

    clause = next((clause for clause in CLAUSES if clause.code == code.strip().upper()), None)
    if clause is None:
        raise UnknownCodeError(f"there is no clause '{code}'", code)
    with _case(delivery, base) as context:
        (finding,) = evaluate(context, [clause], begin=lambda clause: send(_begun(clause)))
        return {"text": text.explanation(finding, context)}


def diff(send: Send, *, old: str, new: str, plot: str | None) -> Json:
    """Compare two deliveries, and give the ``text``, and the exit ``status``."""
    from handover.diff import reporters
    from handover.diff.comparison import compare
    from handover.diff.revisions import delivery_at

    with delivery_at(old) as before, delivery_at(new) as after:
        send({"begun": "what the two answer"})
        difference = compare(before, after)
    if plot:
        reporters.plot(difference, Path(plot))
    return {"status": 0 if difference.raised else 1, "text": reporters.text(difference)}


def _case(delivery: str, base: str | None) -> DeliveryContext:
    root = Path.cwd()
    allowed = allowances(root, {clause.code for clause in CLAUSES})
    return DeliveryContext(root, Path(delivery).absolute(), base=base, allowed=allowed)


def _begun(clause: Clause) -> Json:
    return {"begun": f"{clause.code} ({clause.topic})"}


def _rendered(name: str, findings: list[Any], context: DeliveryContext) -> str:
    match name:
        case "json":
            return json.dumps([finding.as_json(context.relative) for finding in findings], indent=2)
        case "github":
            from handover.reporters import annotations

            return annotations.report(findings, context)
        case "markdown":
            from handover.reporters import markdown

            return markdown.report(findings, context)
        case "html":
            from handover.reporters import html  # draws plots: nobody else waits for the library

            return html.report(findings, context)
    from handover.reporters import text

    return text.report(findings, context)
