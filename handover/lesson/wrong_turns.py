"""Wrong turns with git: each is told in one sentence, with the way back. None of them loses anything."""

import re
from itertools import pairwise

from handover.lesson import snapshots
from handover.lesson.ground import Ground
from handover.lesson.repository import MAIN


def wrong_turn(ground: Ground) -> str:
    """Say which wrong turn was taken, and the way back; nothing where none was."""
    return next(filter(None, (turn(ground) for turn in TURNS)), "")


def _folder_gone(ground: Ground) -> str:
    if ground.mine.ask("rev-parse", "--show-toplevel") == str(ground.project):
        return ""
    return f"{ground.project} is no repository any more: `handover lesson back` brings it back."


def _half_way(ground: Ground) -> str:
    """Find a merge, rebase, revert or cherry-pick that stopped, because both sides changed the same lines or files."""
    inside = ground.project / ".git"
    command = next((done for name, done in snapshots.HALF_WAY.items() if (inside / name).exists()), "")
    if not command:
        return ""
    unmerged = ground.mine.listed("diff", "--name-only", "--diff-filter=U")
    programs = ", ".join(name for name in unmerged if name.endswith(".py"))
    finish = "`git commit --no-edit`" if command == "merge" else f"`git {command} --continue`"
    if unmerged:
        finish = f"`make model` writes the delivery anew, then `git add --all` and {finish}"
    if programs:
        finish = f"edit {programs}, where both versions stand between <<<<<<< and >>>>>>>, then {finish}"
    return f"A {command} is half done: `git {command} --abort` takes it back, or finish it: {finish}."


def _on_no_branch(ground: Ground) -> str:
    if ground.mine.branch:
        return ""
    return f"You are on no branch, where commits are easily lost sight of: `git switch {[*ground.others, MAIN][0]}`."


def _committed_on_main(ground: Ground) -> str:
    ahead = ground.mine.listed("log", "--format=%s", f"{MAIN}", f"^origin/{MAIN}")
    if not ahead:
        return ""
    what = f"'{ahead[0]}'" if len(ahead) == 1 else f"{len(ahead)} commits"
    back = f"`git branch --force {MAIN} origin/{MAIN}` puts {MAIN} back"
    branch = ground.mine.branch or MAIN
    if branch != MAIN and ground.mine.contains(MAIN, branch):
        return f"Your {MAIN} has {what} too, which belongs on a branch alone: {back}, and {branch} keeps it."
    if onto := [branch] if branch != MAIN else ground.others:
        along = f"`git switch {onto[0]}` and `git merge --no-edit {MAIN}` take it along"
    else:
        along = "`git switch -c haste` takes it along to a branch"
    return f"You committed {what} on {MAIN}: {along}, then {back}."


def _branch_deleted(ground: Ground) -> str:
    others = ground.others
    if ground.mine.branch in others:
        return ""  # it was renamed, or another one is worked on
    for name, commit in snapshots.branches_at(ground, snapshots.reached(ground)).items():
        last = _last_seen(ground, name) or commit
        if name in {MAIN, *others} or ground.mine.contains(last, f"origin/{MAIN}"):
            continue  # a branch that is merged may go
        if name in ground.remote.branches and ground.mine.contains(last, f"origin/{name}"):
            return f"The branch {name} is deleted here: `git switch {name}` brings it back from the remote."
        return f"The branch {name} is deleted here, and its commits are not: `git switch -c {name} {last[:10]}`."
    return ""


def _rebased(ground: Ground) -> str:
    branch = ground.mine.branch
    counted = ground.mine.ask("rev-list", "--left-right", "--count", f"{branch}...origin/{branch}")
    if not counted or branch == MAIN:
        return ""
    ahead, behind = map(int, counted.split())
    if ahead and behind:
        return (
            f"{branch} has other commits here than at the remote, as after a rebase or an amended commit: "
            f"`git push --force-with-lease` publishes yours, `git reset --hard origin/{branch}` takes the remote's."
        )
    return f"{branch} has commits at the remote that you do not have: `git pull`." if behind else ""


def _pull_hindered(ground: Ground) -> str:
    """Find a pull request whose branch is deleted at the remote, or in conflict with the main branch."""
    return next((pull.obstacle for pull in ground.remote.pulls if pull.deleted or pull.trial.conflicts), "")


TURNS = (_folder_gone, _half_way, _on_no_branch, _committed_on_main, _branch_deleted, _rebased, _pull_hindered)


def _last_seen(ground: Ground, branch: str) -> str:
    """Give the last commit of a branch that was switched away from."""
    left = re.compile(rf"\w+ checkout: moving from {re.escape(branch)} to ")
    pairs = pairwise(ground.mine.listed("reflog", "--format=%H %gs"))
    return next((before.partition(" ")[0] for line, before in pairs if left.match(line)), "")
