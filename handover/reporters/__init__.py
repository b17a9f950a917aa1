"""One finding, many reports: each module writes the same findings for another reader."""

import json
from collections.abc import Sequence
from importlib import import_module

from handover.finding import Context, Finding


def write(name: str, findings: Sequence[Finding], context: Context) -> str:
    """Write findings as ``json`` or ``quiet``, or as the module of that name does: ``html`` alone waits for plots.

    ``quiet`` is a line for each clause that is broken or was not checked; nothing where all is kept.
    """
    if name == "json":
        return json.dumps([finding.as_json(context) for finding in findings], indent=2)
    if name == "quiet":
        return "\n".join(
            f"{one.clause.code} {one.verdict}  {f'{one.headline} ({one.owner})' if one.broken else one.reason}"
            for one in findings
            if one.broken or one.unchecked
        )
    report: str = import_module(f"{__name__}.{name}").report(findings, context)
    return report


def write_cut_short(name: str, sentence: str) -> str:
    """Write a report of a check that has no verdict, in all but what is printed: the sentence says why."""
    report: str = import_module(f"{__name__}.{name}").cut_short(sentence)
    return report
