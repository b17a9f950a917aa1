"""What a hosting service does with a repository: builds of commits, pull requests, their review, and the merge."""

import json
from enum import Enum
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from handover.errors import CannotRunError
from handover.git import GitError
from handover.lesson.repository import MAIN, Repository, author

BRANCHES, PULLS, APPROVALS = "refs/heads/", "refs/pulls/", "refs/approvals/"
"""What the service knows of a repository is in the repository: a pull request is a ref of its branch's name."""
SERVICE = author({"user.name": "The hosting service", "user.email": "hosting@example.org"})


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
    """One commit's build: a folder, which is there when it has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commit = folder.name

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
        return dict(json.loads(self.read("answer.json") or "{}"))

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


class Merged(NamedTuple):
    """What came of merging two commits: a commit, the files that both changed, or what else git has against it."""

    commit: str = ""
    conflicts: tuple[str, ...] = ()
    refused: str = ""


class Pull(NamedTuple):
    """A pull request of a branch into the main branch."""

    branch: str
    head: str
    title: str
    merged: bool
    deleted: bool
    """Whether the branch is gone from the remote, and the request not merged."""
    approved: bool
    record: Record
    trial: Merged
    """What came of merging it, only to see."""

    @property
    def obstacle(self) -> str:
        """Why it cannot be merged now, as a sentence; nothing where it can be, or is."""
        if self.merged:
            return ""
        if self.deleted:
            return (
                f"The branch {self.branch} is gone: `git push --set-upstream origin {self.branch}` publishes it again."
            )
        if self.trial.conflicts:
            first, *others = self.trial.conflicts
            return (
                f"{MAIN} and {self.branch} both changed {first}{f' and {len(others)} more' if others else ''}: "
                f"`git pull --no-rebase --no-edit origin {MAIN}`, on {self.branch}, brings both together, and "
                "`handover lesson check` says what is left."
            )
        if self.trial.refused:
            return f"It cannot be merged: {self.trial.refused}."
        if self.record.outcome is not Outcome.KEPT:
            return f"Its build {self.record.outcome.sentence}."
        return "" if self.approved else "Nobody has approved it yet."


class Hosting(Repository):
    """The remote of one practice ground, and what the service does with it."""

    @property
    def branches(self) -> dict[str, str]:
        """The commit of each branch; the main branch is the first."""
        heads = self.refs(BRANCHES)
        return {MAIN: heads.pop(MAIN, "")} | heads

    @property
    def pulls(self) -> list[Pull]:
        """The pull requests, by their branches' names."""
        heads, approvals = self.branches, self.refs(APPROVALS)
        pulls = []
        for branch, opened in sorted(self.refs(PULLS).items()):
            head = heads.get(branch, opened)
            merged = self.contains(head, MAIN)
            pulls.append(
                Pull(
                    branch=branch,
                    head=head,
                    title=self.subject(head),
                    merged=merged,
                    deleted=branch not in heads and not merged,
                    approved=approvals.get(branch) == head,
                    record=self.record(head),
                    trial=Merged() if merged else merge(self.folder, heads[MAIN], head, "Merge"),
                )
            )
        return pulls

    def pull(self, branch: str) -> Pull | None:
        """Give the pull request of a branch."""
        return next((pull for pull in self.pulls if pull.branch == branch), None)

    def record(self, commit: str) -> Record:
        """Give what is known of a commit's build."""
        return Record(self.folder.parent / "builds" / commit)

    def earlier(self, branch: str) -> list[Record]:
        """List the builds of a branch's commits before its last one that have ended, the newest first."""
        listed = self._records("--skip=1", f"{MAIN}..{branch}")
        return [record for record in listed if record.outcome is not Outcome.UNKNOWN]

    @property
    def deployed(self) -> list[Record]:
        """The builds of the main branch that were deployed, the newest first."""
        return [record for record in self._records("--first-parent", "-20", MAIN) if record.answer]

    def _records(self, *words: str) -> list[Record]:
        return [self.record(commit) for commit in self.listed("rev-list", *words)]

    def open(self, branch: str) -> None:
        """Open a pull request; ``CannotRunError`` when there is no such branch, or nothing in it to merge."""
        head = self._head(branch)
        if self.contains(head, MAIN):
            raise CannotRunError(f"there is nothing to propose yet: {branch} has no commit that {MAIN} has not")
        self.do("update-ref", PULLS + branch, head)

    def approve(self, branch: str) -> None:
        """Approve what a branch has now; a commit that is pushed later has to be approved again."""
        self.do("update-ref", APPROVALS + branch, self._head(branch))

    def merge(self, branch: str) -> None:
        """Merge a pull request into the main branch; ``CannotRunError`` when there is none, or an obstacle."""
        pull = self.pull(branch)
        if pull is None or pull.merged:
            raise CannotRunError(f"there is no open pull request of {branch}")
        if pull.obstacle:
            raise CannotRunError(pull.obstacle)
        main = self.branches[MAIN]
        done = merge(self.folder, main, pull.head, f"Merge {branch}: {pull.title}")
        self.do("update-ref", PULLS + branch, pull.head)
        self.do("update-ref", BRANCHES + MAIN, done.commit, main)

    def subject(self, commit: str) -> str:
        """Give the first line of a commit's message."""
        return self.ask("log", "-1", "--format=%s", commit) or ""

    def proposed(self, pull: Pull) -> list[str]:
        """List the commits of a pull request, the first one first."""
        return self.listed("log", "--reverse", "--format=%h %s", f"{self._since(pull)}..{pull.head}")

    def changes(self, pull: Pull) -> tuple[list[str], list[str]]:
        """Give what a pull request changes: the names of all files, and the lines of programs."""
        both = f"{self._since(pull)}...{pull.head}"
        return self.listed("diff", "--name-only", both), self.listed("diff", both, "--", "*.py")

    def _since(self, pull: Pull) -> str:
        """Give the main branch as it was before a request was merged."""
        if not pull.merged:
            return MAIN
        merges = self.listed("rev-list", "--merges", "--parents", f"{pull.head}..{MAIN}")
        return next((before for _, before, *others in map(str.split, merges) if pull.head in others), MAIN)

    def _head(self, branch: str) -> str:
        head = self.branches.get(branch)
        if not head or branch == MAIN:
            raise CannotRunError(f"there is no branch {branch} at the remote: push it first")
        return head


@lru_cache
def merge(repository: Path, main: str, head: str, message: str) -> Merged:
    """Merge two commits in a clone, of which only the merge commit comes back."""
    with TemporaryDirectory(prefix="handover-merge-") as folder:
        Repository(repository).do("clone", "--quiet", "--shared", "--no-checkout", str(repository), folder)
        clone = Repository(Path(folder))
        clone.do("checkout", "--quiet", "--detach", main)
        words = ("-c", "commit.gpgsign=false", "merge", "--quiet", "--no-ff", "--no-verify", "--message", message, head)
        try:
            clone.do(*words, variables=SERVICE)
        except GitError as error:
            unmerged = clone.listed("diff", "--name-only", "--diff-filter=U")
            programs_first = tuple(sorted(unmerged, key=lambda name: not name.endswith(".py")))
            return Merged(conflicts=programs_first) if unmerged else Merged(refused=error.reason)
        Repository(repository).do("fetch", "--quiet", folder, "HEAD")
        return Merged(clone.do("rev-parse", "HEAD"))
