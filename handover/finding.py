"""A clause, and its verdict on what it looks at, a delivery or a live stack: what every report is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

type Team = Literal["modelling", "deployment"]
type Owner = Team | Literal["both teams"]
type Subject = Literal["delivery", "model", "behaviours", "behaviours before", "card", "training", "stack", "function"]


class Verdict(StrEnum):
    """How a clause came out."""

    KEPT = "KEPT"
    BROKEN = "BROKEN"
    SKIPPED = "SKIPPED"
    LEFT_OUT = "LEFT OUT"


@dataclass(frozen=True)
class Evidence:
    """What a clause came upon."""

    evidence: str
    """One or a few sentences: what was seen, with the figures and the place."""
    path: Path | str
    """The file to fix or to look at; of a live stack, what to look at, in words."""
    line: int | None = None
    """The line in it, where it is about one."""
    cause: str = ""
    """The likely cause, only where it was worked out; of a warning, what to do where it is meant otherwise."""
    details: str = ""
    """All of the evidence, for ``handover explain``."""
    owner: Owner | None = None
    """Who fixes it, where the evidence says another than the clause does."""
    remedy: tuple[str, str] | None = None
    """The command that the cause names and what it does, where that is another than the place alone would say."""

    def named(self, relative: Callable[[Path], str]) -> str:
        """Name what to fix; a file's path is made relative by ``relative``."""
        return self.path if isinstance(self.path, str) else relative(self.path)

    def as_json(self, context: "Context") -> dict[str, Any]:
        """Give it as plain data, in the words of its context."""
        path = self.named(context.relative)
        return {"evidence": self.evidence, "cause": self.cause, "path": path, "line": self.line}


@dataclass(frozen=True)
class Broken(Evidence):
    """What a clause found wrong."""

    headline: str = field(default="", kw_only=True)
    """What is the matter, where that is another thing than ``Clause.broken`` says."""


@dataclass(frozen=True)
class Warned(Evidence):
    """What people should look at though the clause is kept: it is shown, and changes no verdict."""

    headline: str = field(kw_only=True)
    """What is the matter, as ``Clause.broken`` says it of a breach."""


@dataclass
class Skipped(Exception):  # noqa: N818  a verdict, which the check raises from wherever it sees it
    """Why a clause could not be checked, and how to get what is missing."""

    reason: str = ""
    """In words; it may be left empty where another clause says it."""
    blocked_by: tuple[str, ...] = ()
    """The clauses that say more of it, if there are such."""


@dataclass(frozen=True)
class Kept:
    """That a clause is kept, with what people should know of how; a clause that has nothing to say gives ``None``."""

    note: str = ""
    """A part of a sentence, as it stands after "kept:"."""
    proved: str = ""
    """What is certain now, a part of a sentence with its figures, as it stands after "Proved:"."""
    warnings: tuple[Warned, ...] = ()


type Outcome = Broken | Kept | Skipped | None
type Check[T = Any] = Callable[[T], Outcome]


@dataclass(frozen=True)
class Clause:
    """One rule of the contract between the teams, declared above the function that checks it."""

    code: str
    """It never changes."""
    topic: str
    """The rule's subject in a word or two."""
    rule: str
    """What holds when the clause is kept."""
    broken: str
    """What is the matter when it is not: the headline that people read."""
    owner: Owner = "modelling"
    """Who fixes it, as a rule: the evidence of a breach may say another."""
    check: Check = field(default=lambda _: None, repr=False)
    """The function that it stands above."""
    requires: tuple[str, ...] = ()
    """Clauses without which this one says nothing: where one is not kept, this one is skipped."""
    suppressed_by: tuple[str, ...] = ()
    """Beginnings of codes whose breach shows here as well: where one of them is broken, this one, if broken too, is
    skipped, so that one fault is told once and at its root."""
    looks_at: Subject = "delivery"
    """What it is about; where there is no such thing, it is left out."""
    co_owner: Owner | None = None
    """Who else may have to fix it: the evidence says so then."""

    def __call__[C: Check](self, check: C) -> C:
        """Declare it, with the function that checks it; ``ValueError`` when another clause has the code."""
        if self.code in DECLARED:
            raise ValueError(f"{self.code} is declared twice")
        DECLARED[self.code] = replace(self, check=check)
        return check

    def concerns(self, team: Team) -> bool:
        """Whether a team has to look at it; what both fix in what is built, deployment looks at."""
        owners = {self.owner, self.co_owner}
        shared = "both teams" in owners and (team == "deployment" or not self.subjects & {"stack", "function"})
        return team in owners or shared

    @cached_property
    def subjects(self) -> frozenset[Subject]:
        """All that must be there: what it looks at, and what those look at that it requires."""
        return frozenset({self.looks_at}).union(*(DECLARED[code].subjects for code in self.requires))

    @property
    def page(self) -> str:
        """Where the clause is explained, from the project's root."""
        return f"docs/checks/{self.code}.md"


clause = Clause
"""Its name above a function."""
DECLARED: dict[str, Clause] = {}
"""Every clause that is declared, by its code."""


def declared(groups: Iterable[str]) -> tuple[Clause, ...]:
    """Give the clauses that are declared in these groups, which are the first letters of codes, in their order."""
    return tuple(DECLARED[code] for group in groups for code in sorted(DECLARED) if code[0] == group)


@dataclass(frozen=True)
class Finding:
    """What became of a clause."""

    clause: Clause
    verdict: Verdict
    broken: Broken | None = None
    reason: str = ""
    """Why it was skipped or left out."""
    note: str = ""
    proved: str = ""
    warnings: tuple[Warned, ...] = ()
    """All three as ``Kept`` has them."""
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
    def headline(self) -> str:
        """What is the matter when it is broken."""
        return (self.broken and self.broken.headline) or self.clause.broken

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
            data |= {"headline": self.headline} | self.broken.as_json(context)
        if self.warnings:
            data["warnings"] = [
                {"headline": warned.headline, "owner": warned.owner or self.clause.owner} | warned.as_json(context)
                for warned in self.warnings
            ]
        if self.verdict is Verdict.SKIPPED:
            data |= {"reason": self.reason, "blocked_by": list(self.blocked_by), "allowed": self.allowed or None}
        if self.verdict is Verdict.LEFT_OUT:
            data["reason"] = self.reason
        texts = {"note": self.note, "proved": self.proved}
        return data | {name: text for name, text in texts.items() if text}


class Context(Protocol):
    """What clauses look at, as far as evaluation and reports know it."""

    has_model: bool
    """Whether it is a delivery, whose model a report describes."""

    @property
    def subject(self) -> str:
        """What is kept or broken: the beginning of a sentence."""

    @property
    def notice(self) -> str:
        """What to know before the verdict is read, in a sentence; mostly nothing."""

    @property
    def allowed(self) -> Mapping[str, str]:
        """The clauses that may be skipped, each with the reason in words."""

    @property
    def team(self) -> Team | None:
        """The team that the check is for; ``None`` where it is for both."""

    def left_out(self, clause: Clause) -> str:
        """Say why a clause cannot be looked at in this place; nothing where all that it looks at is there."""

    def relative(self, path: Path) -> str:
        """Name a path as a person at the project's root would type it."""

    def page(self, clause: Clause) -> str:
        """Name a clause's page as a person there would find it; empty where only the command ``explain`` shows it."""

    def explain(self, code: str) -> str:
        """Say what to type to have a clause explained."""

    def remedy(self, finding: Finding) -> tuple[str, str]:
        """Give the command that fixes what is broken, or comes after the correction, and what that does."""
