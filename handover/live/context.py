"""A deployed stack that is being verified: what was built, and what the live API answered."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from handover.finding import Broken, Clause, Finding, Kept
from handover.live.built import Built
from predictor import files

if TYPE_CHECKING:  # a clause is explained where nothing is installed that asks AWS
    from handover.live.replay import Answer, Replay
    from handover.live.stack import Stack


TURNED_AWAY = {429, 503}
"""Statuses of API Gateway's own: too many requests, and no way to the function."""


@dataclass(frozen=True)
class LiveContext:
    """A deployed stack, and what it should be."""

    stack: "Stack"
    built: Built
    replay: "Replay"
    stage: str = ""
    """The environment of ``samconfig.toml`` that deploys the stack, where there is one."""
    behaves: Broken | Kept | None = None
    """Whether it behaves as ``behaviours.py`` says, where that was asked for."""

    has_model = False
    allowed = MappingProxyType[str, str]({})
    """Nothing may be skipped: a deployment is verified in full,"""
    team = None
    """and for both teams."""

    @property
    def subject(self) -> str:
        """Name the stack, for a report may be one of several."""
        return f"The contract of {self.stack.name}"

    @property
    def notice(self) -> str:
        """Say where what was deployed is no model."""
        return "What was built is a stand-in: no model was trained yet." if self.built.model == files.STAND_IN else ""

    def left_out(self, clause: Clause) -> str:
        """Leave out how a stand-in behaves, which nobody meant; all else that is verified is there."""
        return "a stand-in answers, which no training made" if self.notice and clause.looks_at == "behaviours" else ""

    def relative(self, path: Path) -> str:
        """Name a path as it is: what runs there is not of this project's folder."""
        return str(path)

    def page(self, clause: Clause) -> str:
        """Name a clause's page, where the project has the pages: not every one does."""
        return clause.page if Path(clause.page).is_file() else ""

    def explain(self, code: str) -> str:
        """Say what to type to have a clause explained."""
        return f"make explain CODE={code}"

    def remedy(self, finding: Finding) -> tuple[str, str]:
        """Say what to do: where the right model answers wrongly, users are better off without it meanwhile."""
        which = f"{f'STAGE={self.stage}' if self.stage else f'STACK={self.stack.name}'} REGION={self.stack.region}"
        if self.stack.under_way or 0 < self.other_models.total() < len(self.scored):
            return f"make verify {which}", "again, when the deployment has ended"
        if self.other_models or self.health not in (None, (self.built.model, self.built.contract)):
            to = f"STAGE={self.stage or '...'} REGION={self.stack.region}"
            return f"make deploy {to} && make verify {which}", "deploys what was built here"
        return f"make rollback {which}", "moves the users back to the version before"

    @cached_property
    def scored(self) -> "list[Answer]":
        """The answers that are answers."""
        return [answer for answer in self.replay.answers if answer.scores]

    @cached_property
    def other_models(self) -> Counter[str]:
        """The models that answered and are not the one that was built, with the count of their answers."""
        return Counter(answer.model or "none" for answer in self.scored if answer.model != self.built.model)

    @cached_property
    def health(self) -> tuple[object, object] | None:
        """The model and the contract's version that ``/health`` names; ``None`` where it is not answered 200."""
        if self.replay.health.status != 200:
            return None
        document = self.replay.health.document
        named = document if isinstance(document, dict) else {}
        return named.get("model"), named.get("contract")

    @property
    def turned_away(self) -> bool:
        """Whether all that is wrong is that requests were turned away: that says nothing of the version."""
        failed = {answer.status for answer in self.replay.answers if not answer.scores}
        return bool(failed) and failed <= TURNED_AWAY

    @property
    def times(self) -> str:
        """Write how long the answers took over HTTP, from here: the way to the region is in it."""
        replay = self.replay
        lines = [
            f"Cold   {_times(replay.cold_ms)} that met a cold start.",
            f"Warm   {_times(replay.warm_ms)} that met none.",
        ]
        if replay.throttled:
            requests = "1 request was" if replay.throttled == 1 else f"{replay.throttled} requests were"
            lines.append(f"{requests} answered 429, and sent again after a pause.")
        return "".join(f"\n  {line}" for line in lines)


def _times(times: Sequence[float]) -> str:
    if not times:
        return "no answer"
    hundredths = statistics.quantiles(times, n=100, method="inclusive")
    p50, p95, p99 = (hundredths[share - 1] for share in (50, 95, 99))
    count = f"{len(times)} answer{'' if len(times) == 1 else 's'}"
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms over HTTP, of {count}"
