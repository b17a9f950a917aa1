"""The skips that `handover.toml` allows; any other leaves it open whether the contract is kept."""

import json
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.errors import CannotRunError
from handover.finding import Finding, Verdict

FILE = "handover.toml"
TABLE, BUDGETS, BEHAVIOURS = "skips", "budgets", "behaviours"
LOOSER = '{ to = 512, why = "the reason in words" }'


class AllowanceError(CannotRunError):
    """`handover.toml` does not say what it allows; the message says what is wrong with it."""


@dataclass(frozen=True)
class Looser:
    """A budget that deployment agreed to loosen."""

    to: float
    why: str


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
    """Read which clauses a project allows to be skipped, each with the reason in words; none where there is no file.

    ``AllowanceError`` when it names no clause of ``codes``, gives no reason, or is not TOML.
    """
    allowed = {code: _words(reason) for code, reason in _table(root, TABLE, "clause").items()}
    for code, reason in allowed.items():
        if code not in codes:
            raise AllowanceError(f"{FILE} allows {code} to be skipped, and there is no such clause")
        if not reason:
            raise AllowanceError(f'{FILE} allows {code} to be skipped and does not say why: {code} = "the reason"')
    return allowed


def looser_budgets(root: Path, names: Collection[str]) -> dict[str, Looser]:
    """Read which budgets of the contract deployment agreed to loosen, each with its new limit and the reason in words.

    ``AllowanceError`` when the file names no budget of ``names``, does not say how far or why, or is not TOML.
    """
    agreed = {}
    for name, line in _table(root, BUDGETS, "budget").items():
        if name not in names:
            raise AllowanceError(f"{FILE} agrees to a looser {name}, and there is no such budget")
        to, why = (line.get("to"), _words(line.get("why"))) if isinstance(line, dict) else (None, "")
        if not isinstance(to, int | float) or not why:
            raise AllowanceError(
                f"{FILE} agrees to a looser {name} and does not say how far, or why: {name} = {LOOSER}"
            )
        agreed[name] = Looser(to, why)
    return agreed


def looser_behaviours(root: Path) -> dict[str, str]:
    """Read of which behaviours deployment agreed that they go, or ask less: their sentences, each with the reason.

    ``AllowanceError`` when it gives no reason, or is not TOML.
    """
    agreed = {sentence: _words(why) for sentence, why in _table(root, BEHAVIOURS, "behaviour").items()}
    if without := [sentence for sentence, why in agreed.items() if not why]:
        raise AllowanceError(
            f'{FILE} agrees that a behaviour asks less and does not say why: {quoted(without[0])} = "the reason"'
        )
    return agreed


def quoted(sentence: str) -> str:
    """Write a sentence as a key that TOML reads back as it is: JSON's escapes are TOML's, which has one more."""
    return json.dumps(sentence, ensure_ascii=False).replace("\x7f", r"\u007f")


def _words(reason: Any) -> str:
    return " ".join(reason.split()) if isinstance(reason, str) else ""


def _table(root: Path, name: str, of: str) -> dict[str, Any]:
    """Read one table of the file; empty where it has none, or is not there."""
    try:
        document = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AllowanceError(f"{FILE} cannot be read: {error}") from None
    for other in document.keys() - {TABLE, BUDGETS, BEHAVIOURS}:
        raise AllowanceError(
            f"{FILE} has '{other}', and all that it may have is the tables [{TABLE}], [{BUDGETS}] and [{BEHAVIOURS}]"
        )
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise AllowanceError(f"{FILE}: {name} is not a table; write [{name}], and below it a line for each {of}")
    return table


def skips(findings: Sequence[Finding]) -> list[Skip]:
    """Gather what could not be checked by its reasons; what only follows from something broken is none of them."""
    codes = {finding.clause.code for finding in findings}
    skipped = [finding for finding in findings if finding.verdict is Verdict.SKIPPED]
    roots: dict[tuple[str, str, bool], list[str]] = {}
    for finding in skipped:
        if not codes & set(finding.blocked_by):  # or what it lacks was not asked for, and nothing else says that
            roots.setdefault((finding.reason, finding.allowed, finding.failed), []).append(finding.clause.code)
    gathered = []
    for (reason, allowed, failed), members in roots.items():
        followers = tuple(finding.clause.code for finding in skipped if set(members) & set(finding.blocked_by))
        gathered.append(Skip(tuple(members), reason, followers, allowed, failed))
    return gathered


def exit_status(findings: Sequence[Finding]) -> int:
    """Give 0 where everything is kept, or skipped with leave; 1 where something is broken; 2 where it is not known.

    What was left out counts for nothing.
    """
    findings = [finding for finding in findings if finding.verdict is not Verdict.LEFT_OUT]
    if any(finding.verdict is Verdict.BROKEN for finding in findings):
        return 1
    return 2 if not findings or any(finding.unchecked for finding in findings) else 0
