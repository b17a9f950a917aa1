"""Findings as one HTML file: what a person opens in a browser, keeps and sends on. It loads and runs nothing."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from markupsafe import Markup, escape

from handover.context import DeliveryContext
from handover.description import Code
from handover.finding import Finding, Verdict
from handover.markup import coded
from handover.reporters.html import figures
from handover.reporters.page import filled
from handover.reporters.text import CHECKED, counted, warning_count, what_is_left_out
from handover.skips import exit_status
from handover.templates import environment
from predictor import files

VERDICTS = (("kept", "is kept"), ("broken", "is broken"), ("unsure", "could not be checked in full"))
# What neither HTML nor UTF-8 can hold, lone surrogates and control characters: a delivery's JSON may hold them all.
UNWRITABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cell(text: str) -> Markup:
    """Set a name of the delivery as code, and escape all of it."""
    return Markup("<code>{}</code>").format(text) if isinstance(text, Code) else escape(text)


TEMPLATES = environment(Path(__file__).parent, html=True, filters={"coded": coded, "cell": cell})


def report(findings: Sequence[Finding], context: DeliveryContext) -> str:
    """Write the verdict, every broken clause in full, what the model is, and all clauses, folded by group where kept.

    It names no time and no machine: the same findings on the same delivery give the same bytes. It renders for any
    delivery, however broken, and takes nothing that it quotes for markup.
    """
    state, verdict = VERDICTS[exit_status(findings)]
    page = filled(
        TEMPLATES.get_template("report.html.jinja"),
        findings,
        context,
        contract=contract_name(context),
        model=model_identity(context),
        verdict=f"{context.subject} {verdict}.",
        counts=counts(findings),
        state=state,
        of_the_model=figures.of_the_model(context),
        of_its_running=figures.of_its_running(context),
        left_out=list(what_is_left_out(findings)),
    )
    return UNWRITABLE.sub("\ufffd", page)


def cut_short(sentence: str) -> str:
    """Write the page of a check that ended before its verdict: nothing of an older one may stand there."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>The contract could not be checked</title>\n'
        f"<h1>The contract could not be checked</h1>\n<p>{escape(sentence)}</p>\n</html>\n"
    )


def counts(findings: Sequence[Finding]) -> str:
    """Count the verdicts in a sentence, and say how many of the broken clauses each team fixes."""
    clauses = "1 clause" if len(findings) == 1 else f"{len(findings)} clauses"
    counts = f"{clauses}: {counted(findings, CHECKED)}{warning_count(findings)}."
    owners = Counter(finding.owner for finding in findings if finding.verdict is Verdict.BROKEN)
    to_fix = ", ".join(f"{owner} {number}" for owner, number in sorted(owners.items()))
    return f"{counts} To fix: {to_fix}." if to_fix else counts


def contract_name(context: DeliveryContext) -> str:
    """Name the contract and its version: as both teams signed it, else as the manifest has it, else say so."""
    with suppress(Exception):
        return f"{context.contract.name} {context.contract.version}"
    with suppress(Exception):
        return f"{context.manifest['contract']['name']} {context.manifest['contract']['version']}"
    return "a contract that cannot be read"


def model_identity(context: DeliveryContext) -> str:
    """Give the first 12 hex of the model's SHA-256, as every answer's ``x-model`` does; nothing without a model."""
    if context.stand_in:
        return files.STAND_IN
    with suppress(OSError):
        return files.shortened(hashlib.sha256((context.folder / files.MODEL).read_bytes()).hexdigest())
    return ""
