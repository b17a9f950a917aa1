"""Wrong turns with git: each is told in one sentence, with the way back. None of them loses anything."""

import re
from collections.abc import Callable

from handover.lesson import snapshots
from handover.lesson.ground import MAIN, Ground
from handover.lesson.hosting import Hosting, conflict


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
    unmerged = (ground.mine.ask("diff", "--name-only", "--diff-filter=U") or "").splitlines()
    programs = [name for name in unmerged if name.endswith(".py")]
    finish = "`git commit --no-edit`" if command == "merge" else f"`git {command} --continue`"
    if programs:
        on = (
            f"edit {', '.join(programs)}, where both versions stand between <<<<<<< and >>>>>>>, then `make model` "
            f"writes the delivery anew, then `git add --all` and {finish}"
        )
    elif unmerged:
        on = f"`make model` writes the delivery anew, then `git add --all` and {finish}"
    else:
        on = finish
    return f"A {command} is half done: `git {command} --abort` takes it back, or finish it: {on}."


def _on_no_branch(ground: Ground) -> str:
    if ground.mine.branch:
        return ""
    branch = next((name for name in _branches(ground) if name != MAIN), MAIN)
    return f"You are on no branch, where commits are easily lost sight of: `git switch {branch}`."


def _committed_on_main(ground: Ground) -> str:
    ahead = (ground.mine.ask("log", "--format=%s", f"{MAIN}", f"^origin/{MAIN}") or "").splitlines()
    if not ahead:
        return ""
    what = f"'{ahead[0]}'" if len(ahead) == 1 else f"{len(ahead)} commits"
    back = f"`git branch --force {MAIN} origin/{MAIN}` puts {MAIN} back"
    branch = ground.mine.branch or MAIN
    if branch != MAIN and ground.mine.contains(MAIN, branch):
        return f"Your {MAIN} has {what} too, which belongs on a branch alone: {back}, and {branch} keeps it."
    others = [name for name in _branches(ground) if name != MAIN]
    if branch != MAIN or others:
        name = branch if branch != MAIN else others[0]
        along = f"`git switch {name}` and `git merge --no-edit {MAIN}` take it along"
    else:
        along = "`git switch -c haste` takes it along to a branch"
    return f"You committed {what} on {MAIN}: {along}, then {back}."


def _branch_deleted(ground: Ground) -> str:
    before = snapshots.branches_at(ground, snapshots.reached(ground))
    at_remote = Hosting(ground).branches
    for name, commit in before.items():
        if name in _branches(ground) or name == MAIN:
            continue
        last = _last_seen(ground, name) or commit
        if ground.mine.ask("merge-base", "--is-ancestor", last, f"origin/{MAIN}") is not None:
            continue  # it is merged, and a branch that is merged may go
        if any(ground.mine.branch == other for other in _branches(ground) if other != MAIN):
            continue  # it was renamed, or another one is worked on
        if at_remote.get(name) and ground.mine.ask("merge-base", "--is-ancestor", last, f"origin/{name}") is not None:
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


def _deleted_at_the_remote(ground: Ground) -> str:
    return next((pull.obstacle for pull in Hosting(ground).pulls if pull.deleted), "")


def _conflict(ground: Ground) -> str:
    pulls = [pull for pull in Hosting(ground).pulls if not pull.merged]
    return next((conflict(pull.branch, pull.trial.conflicts) for pull in pulls if pull.trial.conflicts), "")


TURNS: tuple[Callable[[Ground], str], ...] = (
    _folder_gone,
    _half_way,
    _on_no_branch,
    _committed_on_main,
    _branch_deleted,
    _rebased,
    _deleted_at_the_remote,
    _conflict,
)


def _branches(ground: Ground) -> list[str]:
    return list(ground.mine.refs("refs/heads/"))


def _last_seen(ground: Ground, branch: str) -> str:
    """Give the last commit of a branch that was switched away from."""
    lines = (ground.mine.ask("reflog", "--format=%H %gs") or "").splitlines()
    left = re.compile(rf"checkout: moving from {re.escape(branch)} to ")
    for place, line in enumerate(lines[:-1]):
        if left.match(line.partition(" ")[2]):
            return lines[place + 1].partition(" ")[0]
    return ""
