"""Each wrong turn is told in one sentence, and the commands that stand in it lead back."""

import re
from typing import NamedTuple

import pytest

from handover.lesson import snapshots
from handover.lesson.exercises import missing
from handover.lesson.ground import Ground
from handover.lesson.hosting import Outcome, Pull
from handover.lesson.wrong_turns import wrong_turn
from tests.helpers.lesson import typed

COMMANDS = re.compile("`(.*?)`")
HEURISTICS = "layers/model/delivery/heuristics.py"
ON_A_BRANCH = "git switch --quiet -c haste"
THEN = '`git add --all`, then `git commit -m "..."`, which says why.'
COMMITTED = f"echo '# haste' >> {HEURISTICS} && git commit --quiet --all --message Haste"
PUSHED = "git push --quiet --set-upstream origin haste"
CHANGED_THERE = f"sed -i 's/standard/economy/' {HEURISTICS} && git commit --quiet --all --message Economy"
CHANGED_HERE = f"sed -i 's/standard/express/' {HEURISTICS} && git commit --quiet --all --message Express"


class Turn(NamedTuple):
    """A wrong turn."""

    typed: tuple[str, ...]
    sentence: str
    back: int
    """How many of the commands in the sentence, from the first, lead back."""


TURNS = {
    "committed on main": Turn(
        (COMMITTED,),
        "You committed 'Haste' on main: `git switch -c haste` takes it along to a branch, then "
        "`git branch --force main origin/main` puts main back.",
        2,
    ),
    "committed on main, with a branch": Turn(
        (ON_A_BRANCH, "git switch --quiet main", COMMITTED),
        "You committed 'Haste' on main: `git switch haste` and `git merge --no-edit main` take it along, then "
        "`git branch --force main origin/main` puts main back.",
        3,
    ),
    "committed on main, then a branch": Turn(
        (COMMITTED, ON_A_BRANCH),
        "Your main has 'Haste' too, which belongs on a branch alone: `git branch --force main origin/main` puts main "
        "back, and haste keeps it.",
        1,
    ),
    "on no branch": Turn(
        (ON_A_BRANCH, COMMITTED, "git switch --quiet --detach HEAD"),
        "You are on no branch, where commits are easily lost sight of: `git switch haste`.",
        1,
    ),
    "amended after a push": Turn(
        (ON_A_BRANCH, COMMITTED, PUSHED, "git commit --quiet --amend --message Hurry"),
        "haste has other commits here than at the remote, as after a rebase or an amended commit: "
        "`git push --force-with-lease` publishes yours, `git reset --hard origin/haste` takes the remote's.",
        1,
    ),
    "rebased after a push": Turn(
        (
            ON_A_BRANCH, COMMITTED, f"{COMMITTED} && echo >> README.md && git commit --quiet --all --message Words",
            PUSHED, "GIT_SEQUENCE_EDITOR='sed -i 2d' git rebase --quiet --interactive origin/main",
        ),
        "haste has other commits here than at the remote, as after a rebase or an amended commit: "
        "`git push --force-with-lease` publishes yours, `git reset --hard origin/haste` takes the remote's.",
        1,
    ),
    "behind the remote": Turn(
        (ON_A_BRANCH, COMMITTED, PUSHED, "git reset --quiet --hard HEAD~1"),
        "haste has commits at the remote that you do not have: `git pull`.",
        1,
    ),
    "a merge that stopped": Turn(
        (
            ON_A_BRANCH, CHANGED_THERE, "git switch --quiet -c other main", CHANGED_HERE,
            "git merge --quiet haste || true",
        ),
        "A merge is half done: `git merge --abort` takes it back, or finish it: edit "
        "layers/model/delivery/heuristics.py, where both versions stand between <<<<<<< and >>>>>>>, then `make "
        "model` writes the delivery anew, then `git add --all` and `git commit --no-edit`.",
        1,
    ),
    "a rebase that stopped": Turn(
        (
            ON_A_BRANCH, CHANGED_THERE, "git switch --quiet -c other main", CHANGED_HERE,
            "git rebase --quiet haste || true",
        ),
        "A rebase is half done: `git rebase --abort` takes it back, or finish it: edit "
        "layers/model/delivery/heuristics.py, where both versions stand between <<<<<<< and >>>>>>>, then `make "
        "model` writes the delivery anew, then `git add --all` and `git rebase --continue`.",
        1,
    ),
    "a cherry-pick that stopped": Turn(
        (
            ON_A_BRANCH, "echo a > model.onnx && git add . && git commit --quiet --message Theirs",
            "git switch --quiet -c other main", "echo b > model.onnx && git add . && git commit --quiet --message Mine",
            "git cherry-pick haste || true",
        ),
        "A cherry-pick is half done: `git cherry-pick --abort` takes it back, or finish it: `make model` writes the "
        "delivery anew, then `git add --all` and `git cherry-pick --continue`.",
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
def test_it_is_told_and_its_commands_lead_back(ground: Ground, name: str) -> None:
    turn = TURNS[name]
    for command in turn.typed:
        typed(ground, command)
    sentence = wrong_turn(ground)
    assert sentence == turn.sentence

    for command in COMMANDS.findall(sentence)[: turn.back]:
        typed(ground, command)
    assert wrong_turn(ground) == ""
    assert missing(ground, 1) == ""


def test_a_branch_that_was_deleted_here_comes_back_from_the_remote(ground: Ground) -> None:
    for command in (ON_A_BRANCH, COMMITTED, PUSHED):
        typed(ground, command)
    snapshots.save(ground, 2)
    typed(ground, "git switch --quiet main && git branch --quiet --delete --force haste")

    sentence = wrong_turn(ground)
    assert sentence == "The branch haste is deleted here: `git switch haste` brings it back from the remote."
    typed(ground, *COMMANDS.findall(sentence))
    assert missing(ground, 1) == ""


def test_a_branch_that_was_deleted_everywhere_comes_back_with_its_last_commit(ground: Ground) -> None:
    typed(ground, ON_A_BRANCH)
    snapshots.save(ground, 2)
    typed(ground, COMMITTED)
    last = typed(ground, "git rev-parse HEAD").strip()
    typed(ground, "git switch --quiet main && git branch --quiet --delete --force haste")

    sentence = wrong_turn(ground)
    assert sentence == f"The branch haste is deleted here, and its commits are not: `git switch -c haste {last[:10]}`."
    typed(ground, *COMMANDS.findall(sentence))
    assert typed(ground, "git rev-parse haste").strip() == last


def test_a_branch_that_was_renamed_is_no_wrong_turn(ground: Ground) -> None:
    typed(ground, ON_A_BRANCH)
    snapshots.save(ground, 2)
    typed(ground, "git branch --move hurry")

    assert wrong_turn(ground) == ""


def test_a_branch_that_was_deleted_at_the_remote_is_published_again(ground: Ground) -> None:
    for command in (ON_A_BRANCH, COMMITTED, PUSHED):
        typed(ground, command)
    ground.remote.open("haste")
    typed(ground, "git push --quiet origin --delete haste")

    sentence = wrong_turn(ground)
    assert sentence == "The branch haste is gone: `git push --set-upstream origin haste` publishes it again."
    typed(ground, *COMMANDS.findall(sentence))
    assert wrong_turn(ground) == ""


def test_a_conflict_with_main_is_told_and_resolved(ground: Ground) -> None:
    for branch, change in (("haste", CHANGED_HERE), ("other", CHANGED_THERE)):
        typed(ground, f"git switch --quiet -c {branch} main && {change} && git push --quiet -u origin {branch}")
        ground.remote.open(branch)
    merged(ground, "other")
    typed(ground, "git switch --quiet haste")

    sentence = wrong_turn(ground)
    assert sentence == (
        "main and haste both changed layers/model/delivery/heuristics.py: `git pull --no-rebase --no-edit origin "
        "main`, on haste, brings both together, and `handover lesson check` says what is left."
    )
    typed(ground, f"{COMMANDS.findall(sentence)[0]} || true")
    assert wrong_turn(ground).startswith("A merge is half done: `git merge --abort` takes it back, or finish it: edit ")
    typed(ground, f"git checkout --ours {HEURISTICS} && git add --all && git commit --no-edit && git push")
    assert wrong_turn(ground) == ""
    assert merged(ground, "haste").obstacle == ""


def test_nobody_pushes_to_main(ground: Ground) -> None:
    typed(ground, COMMITTED)
    refused = typed(ground, "git push origin main || true")

    assert "main is protected: push a branch, and open a pull request for it on the page." in refused


@pytest.mark.parametrize("destroyed", ["rm -rf ../parcels", "rm -rf .git"])
def test_a_folder_that_is_no_repository_any_more_is_told(ground: Ground, destroyed: str) -> None:
    typed(ground, destroyed)

    assert wrong_turn(ground) == (f"{ground.project} is no repository any more: `handover lesson back` brings it back.")
    snapshots.restore(ground, 1)
    assert wrong_turn(ground) == ""
    assert (ground.project / ".venv" / "bin").exists()


@pytest.mark.parametrize(
    ("commands", "sentence"),
    [
        ((), "layers/model/delivery/heuristics.py is as it is on main: edit it."),
        (
            (f"echo >> {HEURISTICS}",),
            f"In no commit yet: {HEURISTICS}. {THEN}",
        ),
        (
            (f"echo >> {HEURISTICS}", "echo > model.onnx", f"git add {HEURISTICS}", "git commit --quiet -m Haste"),
            f"In no commit yet: model.onnx. {THEN}",
        ),
        (
            (f"echo >> {HEURISTICS}", "echo > model.onnx"),
            f"In no commit yet: {HEURISTICS} and 1 more. {THEN}",
        ),
        ((COMMITTED,), "What you committed is not at the remote yet: `git push --set-upstream origin haste`."),
        (
            (COMMITTED, PUSHED),
            "The build of 'Haste' has not ended yet: it takes some seconds, while the page is open.",
        ),
        (("git switch --quiet main",), "You are on main: `git switch haste`."),
    ],
)
def test_what_was_forgotten_is_told(ground: Ground, commands: tuple[str, ...], sentence: str) -> None:
    typed(ground, ON_A_BRANCH)
    for command in commands:
        typed(ground, command)

    assert missing(ground, 2) == sentence


def merged(ground: Ground, branch: str) -> Pull:
    """Merge a pull request as if its build were green and somebody had approved it; give it as it was before."""
    hosting = ground.remote
    pull = hosting.pull(branch)
    assert pull
    pull.record.folder.mkdir(parents=True)
    (pull.record.folder / "status").write_text(Outcome.KEPT.status)
    hosting.approve(branch)
    pull = hosting.pull(branch)
    assert pull
    hosting.merge(branch)
    return pull
