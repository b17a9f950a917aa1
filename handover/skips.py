"""What could not be checked: with the leave of `handover.toml`, or without it, and then nothing is kept."""

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from handover.errors import CannotRunError
from handover.finding import Finding, Verdict

FILE = "handover.toml"
TABLE = "skips"


class AllowanceError(CannotRunError):
    """`handover.toml` does not say what may be skipped; the message says what is wrong with it."""


@dataclass(frozen=True)
class Skip:
    """One reason for which clauses could not be checked."""

    codes: tuple[str, ...]
    """The clauses that lack something themselves."""
    reason: str
    followers: tuple[str, ...]
    """The clauses that were skipped only for want of those."""
    allowed: str
    """Why the project allows it; empty where nobody did."""
    failed: bool
    """Whether the clauses themselves failed, which nobody can allow."""

    @property
    def remedy(self) -> str:
        """How a project allows it, in a line."""
        return f'in {FILE}, which is deployment\'s, below [{TABLE}]: {self.codes[0]} = "the reason in words"'


def allowances(root: Path, codes: Collection[str]) -> dict[str, str]:
    """Read which clauses a project allows to be skipped, each with the reason in words.

    Returns
    -------
    Nothing where there is no such file.

    Raises
    ------
    AllowanceError
        When the file names no clause of ``codes``, gives no reason, or is not TOML.
    """
    try:
        document = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AllowanceError(f"{FILE} cannot be read: {error}") from None
    for name in document:
        if name != TABLE:
            raise AllowanceError(f"{FILE} has '{name}', and all that it may have is the table [{TABLE}]")
    allowed = document.get(TABLE, {})
    if not isinstance(allowed, dict):
        raise AllowanceError(f"{FILE}: {TABLE} is not a table; write [{TABLE}], and below it a line for each clause")
    for code, reason in allowed.items():
        if code not in codes:
            raise AllowanceError(f"{FILE} allows {code} to be skipped, and there is no such clause")
        if not isinstance(reason, str) or not reason.strip():
            raise AllowanceError(f'{FILE} allows {code} to be skipped and does not say why: {code} = "the reason"')
    return {code: " ".join(reason.split()) for code, reason in allowed.items()}


def skips(findings: Sequence[Finding]) -> list[Skip]:
    """Gather what could not be checked by its reasons; what only follows from something broken is none of them."""
    codes = {finding.clause.code for finding in findings}
    skipped = [finding for finding in findings if finding.verdict is Verdict.SKIPPED]
    roots: dict[tuple[str, str, bool], list[str]] = {}
    for finding in skipped:
        if not codes & set(finding.blocked_by):  # or what it lacks was not asked for, and nothing else says that
            roots.setdefault((finding.reason, finding.allowed, finding.failed), []).append(finding.clause.code)
    return [
        Skip(
            tuple(members),
            reason,
            tuple(finding.clause.code for finding in skipped if set(members) & set(finding.blocked_by)),
            allowed,
            failed,
        )
        for (reason, allowed, failed), members in roots.items()
    ]


def exit_status(findings: Sequence[Finding]) -> int:
    """Give 0 where everything is kept, or skipped with leave; 1 where something is broken; 2 where it is not known.

    What was left out counts for nothing.
    """
    findings = [finding for finding in findings if finding.verdict is not Verdict.LEFT_OUT]
    if any(finding.verdict is Verdict.BROKEN for finding in findings):
        return 1
    return 2 if not findings or any(finding.unchecked for finding in findings) else 0
