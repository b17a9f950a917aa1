"""A clause, and its verdict on what it looks at, a delivery or a live stack: what every report is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

type Owner = Literal["modelling", "deployment", "both teams"]
type Subject = Literal["delivery", "model", "behaviours", "card", "training", "stack"]


class Verdict(StrEnum):
    """How a clause came out."""

    KEPT = "KEPT"
    BROKEN = "BROKEN"
    SKIPPED = "SKIPPED"
    LEFT_OUT = "LEFT OUT"


@dataclass(frozen=True)
class Broken:
    """What a clause found wrong."""

    evidence: str
    """One or a few sentences: what was seen, with the figures and the place."""
    path: Path | str
    """The file to fix; of a live stack, what to look at, in words."""
    line: int | None = None
    """The line in it, where one line is at fault."""
    cause: str = ""
    """The likely cause, only where it was worked out."""
    details: str = ""
    """All of the evidence, for ``handover explain``."""
    owner: Owner | None = None
    """Who fixes it, where the evidence says another than the clause does."""

    def named(self, relative: Callable[[Path], str]) -> str:
        """Name what to fix; a file's path is made relative by ``relative``."""
        return self.path if isinstance(self.path, str) else relative(self.path)


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
type Check[T = Any] = Callable[[T], Outcome]


@dataclass(frozen=True)
class Clause[T = Any]:
    """One rule of the contract between the teams: a code that never changes, and the function that checks it on a T."""

    code: str
    topic: str
    """The rule's subject in a word or two."""
    rule: str
    """What holds when the clause is kept."""
    broken: str
    """What is the matter when it is not: the headline that people read."""
    owner: Owner
    """Who fixes it, as a rule: the evidence of a breach may say another."""
    check: Check[T] = field(repr=False)
    requires: tuple[str, ...] = ()
    """Clauses without which this one says nothing: where one is not kept, this one is skipped."""
    suppressed_by: tuple[str, ...] = ()
    """Beginnings of codes whose breach shows here as well: where one of them is broken, this one, if broken too, is
    skipped, so that one fault is told once and at its root."""
    looks_at: Subject = "delivery"
    """What it is about; where there is no such thing, it is left out."""

    @property
    def subjects(self) -> frozenset[Subject]:
        """All that must be there: what it looks at, and what those look at that it requires."""
        required = (DECLARED[code].subjects for code in self.requires)
        return frozenset({self.looks_at}).union(*required)

    @property
    def page(self) -> str:
        """Where the clause is explained, from the project's root."""
        return f"docs/checks/{self.code}.md"


DECLARED: dict[str, Clause] = {}
"""Every clause by its code, as ``clause`` has declared them."""


def declared(groups: Iterable[str]) -> tuple[Clause, ...]:
    """Give the clauses that are declared in these groups, which are the first letters of codes, in their order."""
    order = list(groups)
    chosen = (clause for clause in DECLARED.values() if clause.code[0] in order)
    return tuple(sorted(chosen, key=lambda clause: (order.index(clause.code[0]), clause.code)))


def clause[T](
    code: str,
    *,
    topic: str,
    owner: Owner,
    rule: str,
    broken: str,
    requires: tuple[str, ...] = (),
    suppressed_by: tuple[str, ...] = (),
    looks_at: Subject = "delivery",
) -> Callable[[Check[T]], Check[T]]:
    """Declare a clause on its check function; the words are those of ``Clause``.

    Raises
    ------
    ValueError
        When another clause has the code.
    """

    def declare(check: Check[T]) -> Check[T]:
        if code in DECLARED:
            raise ValueError(f"{code} is declared twice")
        DECLARED[code] = Clause(code, topic, rule, broken, owner, check, requires, suppressed_by, looks_at)
        return check

    return declare


@dataclass(frozen=True)
class Finding:
    """What became of a clause."""

    clause: Clause
    verdict: Verdict
    broken: Broken | None = None
    reason: str = ""
    """Why it was skipped or left out."""
    note: str = ""
    """What to know of how it was kept."""
    blocked_by: tuple[str, ...] = ()
    """The clauses at the root of that: broken ones, or such that could not be checked themselves."""
    failed: bool = False
    """Whether the clause itself failed, and so says nothing of the delivery."""
    allowed: str = ""
    """Why the project allows that it is skipped, in the words of ``handover.toml``; empty where nobody allowed it."""

    @property
    def owner(self) -> Owner:
        """Who fixes it."""
        return (self.broken and self.broken.owner) or self.clause.owner

    @property
    def unchecked(self) -> bool:
        """Whether it was skipped without leave: then the contract is neither kept nor broken here."""
        return self.verdict is Verdict.SKIPPED and not self.allowed

    def as_json(self, context: "Context") -> dict[str, Any]:
        """Give the finding as plain data, in the words of its context."""
        data: dict[str, Any] = {
            "code": self.clause.code,
            "verdict": self.verdict.value,
            "topic": self.clause.topic,
            "rule": self.clause.rule,
            "owner": self.owner,
            "page": context.page(self.clause) or context.explain(self.clause.code),
        }
        if self.broken:
            data |= {
                "headline": self.clause.broken,
                "evidence": self.broken.evidence,
                "cause": self.broken.cause,
                "path": self.broken.named(context.relative),
                "line": self.broken.line,
            }
        if self.verdict is Verdict.SKIPPED:
            data |= {"reason": self.reason, "blocked_by": list(self.blocked_by), "allowed": self.allowed or None}
        if self.verdict is Verdict.LEFT_OUT:
            data["reason"] = self.reason
        if self.note:
            data["note"] = self.note
        return data


class Context(Protocol):
    """What clauses look at, as far as evaluation and reports know it."""

    @property
    def subject(self) -> str:
        """What is kept or broken: the beginning of a sentence."""

    @property
    def notice(self) -> str:
        """What to know before the verdict is read, in a sentence; mostly nothing."""

    @property
    def has_model(self) -> bool:
        """Whether it is a delivery, whose model a report describes."""

    @property
    def allowed(self) -> Mapping[str, str]:
        """The clauses that may be skipped, each with the reason in words."""

    @property
    def missing(self) -> Mapping[Subject, str]:
        """What clauses look at and is not there, each with the reason in words: such clauses are left out."""

    def relative(self, path: Path) -> str:
        """Name a path as a person at the project's root would type it."""

    def page(self, clause: Clause) -> str:
        """Name a clause's page as a person there would find it; empty where only the command ``explain`` shows it."""

    def explain(self, code: str) -> str:
        """Say what to type to have a clause explained."""

    def remedy(self, finding: Finding) -> tuple[str, str]:
        """Give the command to run next where a clause is broken, and what that does."""
