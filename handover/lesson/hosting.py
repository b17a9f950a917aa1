"""What a hosting service does with a repository: pull requests, their review, and the merge."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from handover.errors import CannotRunError
from handover.git import GitError
from handover.lesson.ground import MAIN, Ground, author
from handover.lesson.records import Outcome, Record
from handover.lesson.repository import Repository

BRANCHES, PULLS, APPROVALS = "refs/heads/", "refs/pulls/", "refs/approvals/"
"""What the service knows of a repository is in the repository: a pull request is a ref of its branch's name."""
SERVICE = author({"user.name": "The hosting service", "user.email": "hosting@example.org"})


class Merged(NamedTuple):
    """What came of merging two commits: a commit, the files that both changed, or what else git has against it."""

    commit: str = ""
    conflicts: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Pull:
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


class Hosting:
    """The service, on one practice ground."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.repository = ground.remote

    @property
    def branches(self) -> dict[str, str]:
        """The commit of each branch; the main branch is the first."""
        heads = self.repository.refs(BRANCHES)
        return {MAIN: heads.pop(MAIN, "")} | heads

    @property
    def pulls(self) -> list[Pull]:
        """The pull requests, by their branches' names."""
        return [self._pull(branch, opened) for branch, opened in sorted(self.repository.refs(PULLS).items())]

    def pull(self, branch: str) -> Pull | None:
        """Give the pull request of a branch."""
        opened = self.repository.refs(PULLS).get(branch)
        return self._pull(branch, opened) if opened else None

    def record(self, commit: str) -> Record:
        """Give what is known of a commit's build."""
        return Record(self.ground, commit)

    def earlier(self, branch: str) -> list[Record]:
        """List the builds of a branch's commits before its last one that have ended, the newest first."""
        listed = self._records("--skip=1", f"{MAIN}..{branch}")
        return [record for record in listed if record.outcome is not Outcome.UNKNOWN]

    @property
    def deployed(self) -> list[Record]:
        """The builds of the main branch that were deployed, the newest first."""
        return [record for record in self._records("--first-parent", "-20", MAIN) if record.answer]

    def _records(self, *words: str) -> list[Record]:
        return [self.record(commit) for commit in self.repository.listed("rev-list", *words)]

    def open(self, branch: str) -> None:
        """Open a pull request; ``CannotRunError`` when there is no such branch, or nothing in it to merge."""
        head = self._head(branch)
        if self.repository.contains(head, MAIN):
            raise CannotRunError(f"there is nothing to propose yet: {branch} has no commit that {MAIN} has not")
        self.repository.do("update-ref", PULLS + branch, head)

    def approve(self, branch: str) -> None:
        """Approve what a branch has now; a commit that is pushed later has to be approved again."""
        self.repository.do("update-ref", APPROVALS + branch, self._head(branch))

    def merge(self, branch: str) -> None:
        """Merge a pull request into the main branch; ``CannotRunError`` when there is none, or an obstacle."""
        pull = self.pull(branch)
        if pull is None or pull.merged:
            raise CannotRunError(f"there is no open pull request of {branch}")
        if pull.obstacle:
            raise CannotRunError(pull.obstacle)
        main = self.branches[MAIN]
        done = merge(self.repository.folder, main, pull.head, f"Merge {branch}: {pull.title}")
        self.repository.do("update-ref", PULLS + branch, pull.head)
        self.repository.do("update-ref", BRANCHES + MAIN, done.commit, main)

    def subject(self, commit: str) -> str:
        """Give the first line of a commit's message."""
        return self.repository.ask("log", "-1", "--format=%s", commit) or ""

    def proposed(self, pull: Pull) -> list[str]:
        """List the commits of a pull request, the first one first."""
        return self.repository.listed("log", "--reverse", "--format=%h %s", f"{self._since(pull)}..{pull.head}")

    def changes(self, pull: Pull) -> tuple[list[str], list[str]]:
        """Give what a pull request changes: the names of all files, and the lines of programs."""
        both = f"{self._since(pull)}...{pull.head}"
        return self.repository.listed("diff", "--name-only", both), self.repository.listed("diff", both, "--", "*.py")

    def _since(self, pull: Pull) -> str:
        """Give the main branch as it was before a request was merged."""
        if not pull.merged:
            return MAIN
        merges = self.repository.listed("rev-list", "--merges", "--parents", f"{pull.head}..{MAIN}")
        return next((before for _, before, *others in map(str.split, merges) if pull.head in others), MAIN)

    def _head(self, branch: str) -> str:
        head = self.branches.get(branch)
        if not head or branch == MAIN:
            raise CannotRunError(f"there is no branch {branch} at the remote: push it first")
        return head

    def _pull(self, branch: str, opened: str) -> Pull:
        heads = self.branches
        head = heads.get(branch, opened)
        merged = self.repository.contains(head, MAIN)
        return Pull(
            branch=branch,
            head=head,
            title=self.subject(head),
            merged=merged,
            deleted=branch not in heads and not merged,
            approved=self.repository.refs(APPROVALS).get(branch) == head,
            record=self.record(head),
            trial=Merged() if merged else merge(self.repository.folder, heads[MAIN], head, "Merge"),
        )


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
