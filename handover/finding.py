"""One clause's verdict on one delivery: the object that every report is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from handover.context import DeliveryContext

type Owner = Literal["modelling", "deployment", "both teams"]


class Verdict(StrEnum):
    """How a clause came out."""

    KEPT = "KEPT"
    BROKEN = "BROKEN"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Broken:
    """What a clause found wrong."""

    evidence: str
    """One or a few sentences: what was seen, with the figures and the place."""
    path: Path
    """The file to fix."""
    line: int | None = None
    """The line in it, where one line is at fault."""
    cause: str = ""
    """The likely cause, only where it was worked out."""
    details: str = ""
    """All of the evidence, for ``make explain``."""


@dataclass
class Skipped(Exception):  # noqa: N818  a verdict, which the check raises from wherever it sees it
    """Why a clause could not be checked, and how to get what is missing."""

    reason: str
    blocked_by: tuple[str, ...] = ()
    """The clauses that say more of it, if there are such."""


@dataclass(frozen=True)
class Kept:
    """That a clause is kept, with what people should know of how; a clause that has nothing to say gives ``None``."""

    note: str
    """A part of a sentence, as it stands after "kept:"."""


type Outcome = Broken | Kept | Skipped | None
type Check = Callable[[DeliveryContext], Outcome]


@dataclass(frozen=True)
class Clause:
    """One rule of the contract between the teams: a code that never changes, and the function that checks it."""

    code: str
    topic: str
    """The rule's subject in a word or two."""
    rule: str
    """What holds when the clause is kept."""
    broken: str
    """What is the matter when it is not: the headline that people read."""
    owner: Owner
    """Who fixes it."""
    check: Check = field(repr=False)
    requires: tuple[str, ...] = ()
    """Clauses without which this one says nothing: where one is not kept, this one is skipped."""
    suppressed_by: tuple[str, ...] = ()
    """Beginnings of codes whose breach shows here as well: where one of them is broken, this one, if broken too, is
    skipped, so that one fault is told once and at its root."""

    @property
    def page(self) -> str:
        """Where the clause is explained, from the project's root."""
        return f"docs/checks/{self.code}.md"


DECLARED: dict[str, Clause] = {}
"""Every clause by its code, as ``clause`` has declared them."""


def clause(
    code: str,
    *,
    topic: str,
    owner: Owner,
    rule: str,
    broken: str,
    requires: tuple[str, ...] = (),
    suppressed_by: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Declare a clause on its check function; the words are those of ``Clause``.

    Raises
    ------
    ValueError
        When another clause has the code.
    """

    def declare(check: Check) -> Check:
        if code in DECLARED:
            raise ValueError(f"{code} is declared twice")
        DECLARED[code] = Clause(code, topic, rule, broken, owner, check, requires, suppressed_by)
        return check

    return declare


@dataclass(frozen=True)
class Finding:
    """What became of a clause."""

    clause: Clause
    verdict: Verdict
    broken: Broken | None = None
    reason: str = ""
    """Why it was skipped."""
    note: str = ""
    """What to know of how it was kept."""
    blocked_by: tuple[str, ...] = ()
    """The clauses at the root of that: broken ones, or such that could not be checked themselves."""
    failed: bool = False
    """Whether the clause itself failed, and so says nothing of the delivery."""
    allowed: str = ""
    """Why the project allows that it is skipped, in the words of ``handover.toml``; empty where nobody allowed it."""

    @property
    def unchecked(self) -> bool:
        """Whether it was skipped without leave: then the contract is neither kept nor broken here."""
        return self.verdict is Verdict.SKIPPED and not self.allowed

    def as_json(self, relative: Callable[[Path], str]) -> dict[str, Any]:
        """Give the finding as plain data, paths made relative by ``relative``."""
        found: dict[str, Any] = {
            "code": self.clause.code,
            "verdict": self.verdict.value,
            "topic": self.clause.topic,
            "rule": self.clause.rule,
            "owner": self.clause.owner,
            "page": self.clause.page,
        }
        if self.broken:
            found |= {
                "headline": self.clause.broken,
                "evidence": self.broken.evidence,
                "cause": self.broken.cause,
                "path": relative(self.broken.path),
                "line": self.broken.line,
            }
        if self.verdict is Verdict.SKIPPED:
            found |= {"reason": self.reason, "blocked_by": list(self.blocked_by), "allowed": self.allowed or None}
        if self.note:
            found["note"] = self.note
        return found
