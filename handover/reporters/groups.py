"""Clauses by their groups: what a group is about, and how its clauses came out."""

import inspect
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from handover.finding import Clause, Finding, Verdict
from handover.reporters.text import warning_count


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


def counted(findings: Sequence[Finding]) -> str:
    """Count the verdicts that there are, and the warnings: ``10 kept, 1 broken, 1 warning``."""
    count = Counter(finding.verdict for finding in findings)
    verdicts = ", ".join(f"{count[verdict]} {verdict.lower()}" for verdict in Verdict if count[verdict])
    return verdicts + warning_count(findings)


def folds(findings: Sequence[Finding]) -> bool:
    """Whether nobody need look at a group: all of it is kept, and nothing of that is to be known."""
    quiet = {Verdict.KEPT, Verdict.LEFT_OUT}
    return all(finding.verdict in quiet and not finding.note and not finding.warnings for finding in findings)
