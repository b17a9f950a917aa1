"""What the builds of commits came to: a folder for each commit, which is there when its build has ended."""

import json
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from handover.lesson.ground import Ground


class Outcome(Enum):
    """How a build ended: the exit status of the check, how a page goes on after *its build*, and the page's badge.

    A badge is a class of the style sheet, and a word.
    """

    KEPT = "0", "is green", ("kept", "green")
    BROKEN = "1", "is red", ("broken", "red")
    FAILED = "2", "could not check it", ("failed", "not checked")
    UNKNOWN = "", "has not ended yet", ("waiting", "waiting")

    def __init__(self, status: str, sentence: str, badge: tuple[str, str]) -> None:
        self.status, self.sentence, self.badge = status, sentence, badge


class Record:
    """One commit's build."""

    def __init__(self, ground: "Ground", commit: str) -> None:
        self.commit = commit
        self.folder: Path = ground.hosting / "builds" / commit

    @cached_property
    def outcome(self) -> Outcome:
        """How it ended."""
        status = self.read("status")
        return next(outcome for outcome in Outcome if outcome.status == status)

    @property
    def opened(self) -> bool:
        """Whether somebody opened the report."""
        return (self.folder / "opened").exists()

    def open(self) -> None:
        """Note that somebody opens the report."""
        if self.folder.is_dir():
            (self.folder / "opened").touch()

    @property
    def answer(self) -> dict[str, Any]:
        """The model, and its answer to the usual row, when this commit was deployed; nothing where it was not."""
        text = self.read("answer.json")
        return dict(json.loads(text)) if text else {}

    def answered(self, model: str, answer: str) -> None:
        """Note what the deployed function answered."""
        (self.folder / "answer.json").write_text(json.dumps({"model": model, "answer": answer}), encoding="utf-8")

    def read(self, name: str) -> str:
        """Read a file of the record; nothing where the build did not come to one.

        They are the report or what the build printed (``report.txt``), the report as a page (``report.html``), and how
        long the build took (``seconds`` [s]).
        """
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
