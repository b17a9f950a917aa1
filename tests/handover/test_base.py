"""What a contract is compared with, in the repositories that CI systems make: detached, shallow, without branches."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from handover.context.delivered import run
from handover.diff.revisions import FORK, IN_CI, TARGETS, NoBaseError, agreed_before, delivered_before
from handover.git import Snapshot
from tests.helpers.sandbox import CONTRACT

HOME = Path("layers/model/delivery")
PIECES, FEWER, MORE = "le=9", "le=8", "le=10"
"""A range as it was, one that breaks callers, and one that breaks none."""
UNKNOWN = "or name another base: make check BASE=REF"


def git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", folder, *author, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("contracts")

    def compiled(version: str, pieces: str) -> dict[str, Any]:
        file = folder / f"contract_{version}_{pieces[3:]}.py".replace(".", "_", 2)
        file.write_text(CONTRACT.replace("1.0.0", version).replace(PIECES, pieces))
        contract: dict[str, Any] = run(file, file.stem).CONTRACT.compiled()
        return contract

    return compiled


class Project:
    """A repository with a delivery, on a server and as a CI system checks it out."""

    def __init__(self, root: Path, contracts: Callable[[str, str], dict[str, Any]]) -> None:
        self.root = root
        self.contracts = contracts
        self.home = HOME
        root.mkdir()
        git(root, "init", "-qb", "main")

    def agree(self, version: str, pieces: str = PIECES, *, commit: bool = True) -> str:
        """Write the contract, and commit it."""
        (self.root / self.home).mkdir(parents=True, exist_ok=True)
        (self.root / self.home / "contract.json").write_text(json.dumps(self.contracts(version, pieces)))
        return self.commit(f"{version} {pieces}") if commit else ""

    def commit(self, message: str = "another") -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", message, "--allow-empty")
        return git(self.root, "rev-parse", "HEAD")

    def branch(self, name: str = "topic") -> None:
        git(self.root, "checkout", "-qb", name)

    def checked_out(self, commit: str, depth: int, *fetched: str) -> "Project":
        """Fetch as GitLab, Bitbucket, Azure and Jenkins do: one commit, no branch, so many commits deep."""
        checkout = self.root.parent / "checkout"
        checkout.mkdir()
        git(checkout, "init", "-q")
        git(checkout, "remote", "add", "origin", f"file://{self.root}")
        git(self.root, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(checkout, "fetch", "-q", f"--depth={depth}", "origin", commit, *fetched)
        git(checkout, "checkout", "-q", "--detach", commit)
        (checkout / ".git" / "FETCH_HEAD").unlink()  # what an earlier step fetched stands there until the next one
        clone = object.__new__(Project)
        clone.root, clone.contracts, clone.home = checkout, self.contracts, self.home
        return clone

    def before(self, version: str, pieces: str, base: str | None = None, **environment: str) -> list[tuple[str, str]]:
        """Give the versions that a contract is compared with, each with its largest number of pieces."""
        contract = self.contracts(version, pieces)
        others = {name: value for name, value in os.environ.items() if name not in {*TARGETS, *IN_CI, FORK}}
        with patch.dict(os.environ, others | environment, clear=True):
            versions = agreed_before(Snapshot(self.root / self.home), contract, base)
        return [(agreed.contract["version"], f"le={_pieces(agreed.contract)}") for agreed in versions]


def _pieces(contract: dict[str, Any]) -> int:
    largest: int = contract["validator"]["schema"]["fields"]["pieces"]["schema"]["le"]
    return largest


@pytest.fixture
def project(tmp_path: Path, contracts: Callable[[str, str], dict[str, Any]]) -> Project:
    """Give a project whose main branch has agreed on 1.0.0, and has gone on since."""
    made = Project(tmp_path / "project", contracts)
    made.agree("1.0.0")
    made.commit()
    return made


class TestOnABranch:
    def test_it_is_what_the_base_had_where_the_branch_left_it(self, project: Project) -> None:
        project.branch()
        project.agree("1.0.0", FEWER)
        git(project.root, "checkout", "-q", "main")
        project.agree("1.1.0", MORE)
        git(project.root, "checkout", "-q", "topic")

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_what_is_not_committed_yet_is_compared_with_what_is(self, project: Project) -> None:
        project.agree("1.0.0", FEWER, commit=False)

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_base_may_be_named(self, project: Project) -> None:
        released = project.agree("1.1.0", MORE)
        git(project.root, "tag", "v1.1.0")
        project.branch()
        project.agree("1.2.0", "le=11")
        project.commit()

        for name in ("v1.1.0", released, "main"):
            assert project.before("1.2.0", "le=11", name) == [("1.1.0", MORE)]
        assert project.before("1.2.0", "le=11", "main~1") == [("1.0.0", PIECES)]

    @pytest.mark.parametrize("name", ["nowhere", "--output=x"])
    def test_a_base_that_is_not_there_is_one_sentence(self, project: Project, name: str) -> None:
        with pytest.raises(NoBaseError) as caught:
            project.before("1.0.0", PIECES, name)

        assert str(caught.value) == (
            f"git knows no branch {name} to compare with: git fetch origin {name}; on GitHub fetch-depth: 0; {UNKNOWN}"
        )

    def test_a_default_branch_of_another_name_is_the_one_that_the_remote_says(self, project: Project) -> None:
        git(project.root, "branch", "-m", "trunk")
        clone = project.root.parent / "clone"
        git(project.root, "clone", "-q", f"file://{project.root}", str(clone))
        project.root = clone
        project.branch()
        project.agree("1.0.0", FEWER)
        git(clone, "branch", "-qD", "trunk")

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_delivery_that_moved_to_another_folder_is_the_same(self, project: Project) -> None:
        project.branch()
        (project.root / "models").mkdir()
        shutil.move(project.root / HOME, project.root / "models" / "parcels")
        project.home = Path("models/parcels")
        project.agree("1.0.0", FEWER)

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_copy_of_a_delivery_is_a_new_one(self, project: Project) -> None:
        project.branch()
        project.home = Path("models/parcels")
        project.agree("1.0.0", FEWER)

        assert project.before("1.0.0", FEWER) == []


VARIABLES = {
    "GITHUB_BASE_REF": "main",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "BITBUCKET_PR_DESTINATION_BRANCH": "main",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
    "CHANGE_TARGET": "main",
}


@pytest.mark.parametrize("variable", VARIABLES)
class TestAMergeRequest:
    """Checked out detached and shallow, without any branch."""

    @pytest.fixture
    def topic(self, project: Project) -> str:
        project.branch()
        project.commit()
        return project.agree("1.0.0", FEWER)

    def test_without_its_target_it_cannot_be_checked(self, project: Project, topic: str, variable: str) -> None:
        checkout = project.checked_out(topic, 1)

        with pytest.raises(NoBaseError) as caught:
            checkout.before("1.0.0", FEWER, **{variable: VARIABLES[variable]})

        assert str(caught.value) == (
            "git knows no branch main to compare with: git fetch --unshallow origin main; on GitHub fetch-depth: 0; "
            f"{UNKNOWN}"
        )

    def test_the_command_of_that_sentence_helps(self, project: Project, topic: str, variable: str) -> None:
        checkout = project.checked_out(topic, 1)
        git(checkout.root, "fetch", "-q", "--unshallow", "origin", "main")

        assert checkout.before("1.0.0", FEWER, **{variable: VARIABLES[variable]}) == [("1.0.0", PIECES)]

    def test_with_too_short_a_history_it_cannot_be_checked(self, project: Project, topic: str, variable: str) -> None:
        checkout = project.checked_out(topic, 1)
        git(checkout.root, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")

        with pytest.raises(NoBaseError) as caught:
            checkout.before("1.0.0", FEWER, **{variable: VARIABLES[variable]})

        assert str(caught.value) == (
            "this shallow clone does not reach back to where it left main: git fetch --unshallow origin main; "
            f"{UNKNOWN}"
        )

    def test_deep_enough_it_is_compared_with_the_target(self, project: Project, topic: str, variable: str) -> None:
        checkout = project.checked_out(topic, 5, "+refs/heads/main:refs/remotes/origin/main")

        assert checkout.before("1.0.0", FEWER, **{variable: VARIABLES[variable]}) == [("1.0.0", PIECES)]

    def test_merged_with_its_target_one_commit_is_enough(self, project: Project, topic: str, variable: str) -> None:
        git(project.root, "checkout", "-q", "main")
        project.commit()
        git(project.root, "merge", "-q", "--no-ff", "--no-edit", "topic")
        merged = git(project.root, "rev-parse", "HEAD")
        git(project.root, "reset", "-q", "--hard", "HEAD^1")
        checkout = project.checked_out(merged, 1)
        git(checkout.root, "fetch", "-q", "--depth=1", "origin", "main")

        assert checkout.before("1.0.0", FEWER, **{variable: VARIABLES[variable]}) == [("1.0.0", PIECES)]

    def test_a_target_other_than_main_is_the_base(self, project: Project, topic: str, variable: str) -> None:
        git(project.root, "checkout", "-qb", "release/1", "main")
        project.agree("1.3.0", MORE)
        project.branch("later")
        commit = project.commit()
        checkout = project.checked_out(commit, 9, "+refs/heads/*:refs/remotes/origin/*")
        name = VARIABLES[variable].replace("main", "release/1")

        assert checkout.before("1.3.0", MORE, **{variable: name}) == [("1.3.0", MORE)]


def test_gitlab_says_the_commit_where_a_branch_left_its_target(project: Project) -> None:
    left = git(project.root, "rev-parse", "HEAD")
    project.branch()
    checkout = project.checked_out(project.agree("1.0.0", FEWER), 2)

    assert checkout.before(
        "1.0.0", FEWER, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", CI_MERGE_REQUEST_DIFF_BASE_SHA=left
    ) == [("1.0.0", PIECES)]


class TestOnTheBaseItself:
    def test_a_first_contract_follows_none_but_itself(self, project: Project) -> None:
        assert project.before("1.0.0", PIECES) == [("1.0.0", PIECES)]

    def test_a_change_is_compared_with_what_was_before_it(self, project: Project) -> None:
        project.agree("1.0.0", FEWER)

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_change_under_the_same_version_is_still_seen_some_commits_later(self, project: Project) -> None:
        project.agree("1.0.0", FEWER)
        project.commit()
        project.commit()

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_change_that_was_taken_back_is_none(self, project: Project) -> None:
        project.agree("1.0.0", FEWER)
        project.agree("1.0.0")

        assert project.before("1.0.0", PIECES) == [("1.0.0", PIECES)]

    def test_a_version_is_compared_with_the_first_contract_of_the_one_before(self, project: Project) -> None:
        project.agree("1.0.0", FEWER)  # breaks callers, and nobody raised the version
        project.agree("1.1.0", FEWER)

        assert project.before("1.1.0", FEWER) == [("1.1.0", FEWER), ("1.0.0", PIECES)]

    def test_it_is_what_the_branch_had_after_each_merge(self, project: Project) -> None:
        project.branch()
        project.agree("1.0.0", FEWER)  # on the way: no caller has seen it
        project.agree("2.0.0", FEWER)
        git(project.root, "checkout", "-q", "main")
        git(project.root, "merge", "-q", "--no-ff", "--no-edit", "topic")

        assert project.before("2.0.0", FEWER) == [("2.0.0", FEWER), ("1.0.0", PIECES)]

    def test_a_folder_that_moved_there_has_its_contract_from_before(self, project: Project) -> None:
        (project.root / "models").mkdir()
        project.home = Path("models/parcels")
        shutil.move(project.root / HOME, project.root / project.home)
        project.agree("1.0.0", FEWER)
        project.commit()

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_change_before_the_folder_moved_is_still_seen_after_it(self, project: Project) -> None:
        project.agree("1.0.0", FEWER)  # breaks callers, and nobody raised the version
        for name in ("models/parcels", "services/parcels"):
            (project.root / name).parent.mkdir()
            shutil.move(project.root / project.home, project.root / name)
            project.home = Path(name)
            project.commit()

        assert project.before("1.0.0", FEWER) == [("1.0.0", PIECES)]
        assert project.before("1.1.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_file_is_what_it_was_before_the_folder_moved(self, project: Project) -> None:
        (project.root / project.home / "held_out.csv").write_text("first")
        project.commit()
        (project.root / "models").mkdir()
        shutil.move(project.root / HOME, project.root / "models" / "parcels")
        project.home = Path("models/parcels")
        assert delivered_before(Snapshot(project.root / project.home), "held_out.csv", "parcels") == b"first"

        (project.root / project.home / "held_out.csv").write_text("second")
        project.commit()
        assert delivered_before(Snapshot(project.root / project.home), "held_out.csv", "parcels") == b"first"

    def test_a_shallow_clone_that_ends_too_early_cannot_be_checked(self, project: Project) -> None:
        checkout = project.checked_out(project.agree("1.0.0", FEWER), 1, "+refs/heads/main:refs/remotes/origin/main")

        with pytest.raises(NoBaseError, match="this shallow clone ends before the contract's last version: git fetch "):
            checkout.before("1.0.0", FEWER)

        git(checkout.root, "fetch", "-q", "--unshallow")
        assert checkout.before("1.0.0", FEWER) == [("1.0.0", PIECES)]

    def test_a_shallow_clone_that_reaches_back_far_enough_is(self, project: Project) -> None:
        project.agree("2.0.0", FEWER)
        project.agree("3.0.0", PIECES)
        checkout = project.checked_out(
            git(project.root, "rev-parse", "HEAD"), 3, "+refs/heads/main:refs/remotes/origin/main"
        )

        assert checkout.before("3.0.0", PIECES) == [("3.0.0", PIECES), ("2.0.0", FEWER)]


class TestWithoutARepository:
    def test_nothing_was_agreed_before(self, project: Project) -> None:
        shutil.rmtree(project.root / ".git")

        assert project.before("1.0.0", FEWER) == []

    @pytest.mark.parametrize("asked", [{"base": "main"}, {"CI": "true"}, {"TF_BUILD": "True"}, {"CHANGE_TARGET": "x"}])
    def test_who_asks_for_a_base_is_not_answered_that_there_is_none(
        self, project: Project, asked: dict[str, str]
    ) -> None:
        shutil.rmtree(project.root / ".git")

        with pytest.raises(NoBaseError, match=r"^this is not a git repository, so what was agreed before is not known"):
            project.before("1.0.0", FEWER, **asked)

    def test_before_the_first_commit_nothing_was_agreed(self, tmp_path: Path, project: Project) -> None:
        new = Project(tmp_path / "new", project.contracts)
        new.agree("1.0.0", commit=False)

        assert new.before("1.0.0", PIECES) == []
