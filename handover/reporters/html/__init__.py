"""Findings as one HTML file: what a person opens in a browser, keeps and sends on. It loads and runs nothing."""

import hashlib
import inspect
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from handover.context import DeliveryContext
from handover.finding import Clause, Finding, Verdict
from handover.reporters.html.figures import figures
from handover.reporters.text import place, what_is_left_out
from handover.skips import FILE, exit_status, skips
from predictor import files

# What neither HTML nor UTF-8 can hold, lone surrogates and control characters: a delivery's JSON may hold them all.
UNWRITABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(findings: Sequence[Finding], context: DeliveryContext) -> str:
    """Write the verdict, every broken clause in full, a table of all clauses, and plots of what can be had.

    It names no time and no machine: the same findings on the same delivery give the same bytes. It renders for any
    delivery, however broken, and takes nothing that it quotes for markup.
    """
    broken = [finding for finding in findings if finding.verdict is Verdict.BROKEN]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["coded"] = coded
    page = environment.get_template("report.html.jinja").render(
        contract=contract_name(context),
        model=model_identity(context),
        verdict=verdict(findings),
        counts=counts(findings),
        state=("kept", "broken", "unsure")[exit_status(findings)],
        broken=[(finding, place(finding.broken, context)) for finding in broken if finding.broken],
        skips=skips(findings),
        allowances=FILE,
        groups=[(group(members[0].clause), members) for members in grouped(findings)],
        figures=figures(context),
        explain=context.explain,
        page=context.page,
        left_out=list(what_is_left_out(findings)),
    )
    return UNWRITABLE.sub("\ufffd", page)


def grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Put together what stands side by side and whose codes begin with the same letter."""
    return [list(members) for _, members in groupby(findings, lambda finding: finding.clause.code[0])]


def group(clause: Clause) -> tuple[str, str]:
    """Name a clause's group, and say what it is about: as the module says it that holds the clause, in its first line.

    Such a line is "P, parity: the model answers here as it did where it was trained." Where it is another, the code's
    letter must do.
    """
    letter = clause.code[0]
    line = (inspect.getdoc(inspect.getmodule(clause.check)) or "").partition("\n")[0]
    name, _, about = line.rstrip(".").partition(": ")
    return (name, about) if name.startswith(f"{letter}, ") else (letter, "")


def verdict(findings: Sequence[Finding]) -> str:
    """Say in one sentence how the contract came out."""
    verdicts = ("The contract is kept.", "The contract is broken.", "The contract could not be checked in full.")
    return verdicts[exit_status(findings)]


def cut_short(sentence: str) -> str:
    """Write the page of a check that ended before its verdict: nothing of an older one may stand there."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>The contract could not be checked</title>\n'
        f"<h1>The contract could not be checked</h1>\n<p>{escape(sentence)}</p>\n</html>\n"
    )


def counts(findings: Sequence[Finding]) -> str:
    """Count the verdicts in a sentence, and say how many of the broken clauses each team fixes."""
    count = Counter(finding.verdict for finding in findings)
    verdicts = [verdict for verdict in Verdict if count[verdict] or verdict is not Verdict.LEFT_OUT]
    clauses = "1 clause" if len(findings) == 1 else f"{len(findings)} clauses"
    counted = f"{clauses}: {', '.join(f'{count[verdict]} {verdict.lower()}' for verdict in verdicts)}."
    owners = Counter(finding.clause.owner for finding in findings if finding.verdict is Verdict.BROKEN)
    to_fix = ", ".join(f"{owner} {number}" for owner, number in sorted(owners.items()))
    return f"{counted} To fix: {to_fix}." if to_fix else counted


def contract_name(context: DeliveryContext) -> str:
    """Name the contract and its version: as both teams signed it, else as the manifest has it, else say so."""
    try:
        return f"{context.contract.name} {context.contract.version}"
    except Exception:
        try:
            return f"{context.manifest['contract']['name']} {context.manifest['contract']['version']}"
        except Exception:
            return "a contract that cannot be read"


def model_identity(context: DeliveryContext) -> str:
    """Give the first 12 hex of the model's SHA-256, as every answer's ``x-model`` does; nothing without a model."""
    try:
        model = (context.folder / files.MODEL).read_bytes()
    except OSError:
        return ""
    return files.shortened(hashlib.sha256(model).hexdigest())


def coded(text: str) -> Markup:
    """Set what stands between backticks as code, and escape all of it."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # one backtick is alone: none is a pair for certain
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part) for position, part in enumerate(parts)
    )
