"""The starts of exercises: what was there when the exercise before was done, as refs of the remote."""

import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from handover.errors import CannotRunError
from handover.git import GitError
from handover.lesson.ground import Ground
from handover.lesson.hosting import APPROVALS, BRANCHES, PULLS
from handover.lesson.repository import MAIN, SOMEBODY, author

STARTS = "refs/lesson/"
KEPT = "refs/kept/"
OF_THE_SERVICE = [refs.split("/")[1] for refs in (BRANCHES, PULLS, APPROVALS)]
HALF_WAY = {
    "rebase-merge": "rebase", "rebase-apply": "rebase", "MERGE_HEAD": "merge", "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}  # fmt: skip
"""Files of git while something is half done, and the command that ends it."""


def reached(ground: Ground) -> int:
    """Give the number of the exercise that was reached; 0 on a ground that is not ready yet."""
    return max((int(name.partition("/")[0]) for name in ground.remote.refs(STARTS)), default=0)


def save(ground: Ground, number: int) -> None:
    """Keep what is there, committed, as the start of an exercise."""
    start = f"{STARTS}{number}"
    patterns = [f"+refs/{kind}/*:{start}/there/{kind}/*" for kind in OF_THE_SERVICE]
    ground.remote.do("fetch", "--quiet", "--prune", ".", *patterns)
    ground.remote.do("fetch", "--quiet", "--prune", str(ground.project), f"+{BRANCHES}*:{start}/mine/*")
    ground.remote.do("symbolic-ref", f"{start}/HEAD", f"{start}/mine/{ground.mine.branch or MAIN}")


def branches_at(ground: Ground, number: int) -> dict[str, str]:
    """Give the person's own branches as they were at the start of an exercise."""
    return ground.remote.refs(f"{STARTS}{number}/mine/")


def restore(ground: Ground, number: int) -> str:
    """Put the start of an exercise back, there and in the person's folder.

    Where what was there before is kept, is given as a sentence. ``CannotRunError`` when that exercise has not begun.
    """
    if number > reached(ground):
        raise CannotRunError(f"exercise {number} has not begun yet: the furthest start is {reached(ground)}'s")
    kept = _keep(ground, number)
    for later in range(number + 1, reached(ground) + 1):
        forget(ground, later)
    start = f"{STARTS}{number}"
    patterns = [f"+{start}/there/{kind}/*:refs/{kind}/*" for kind in OF_THE_SERVICE]
    ground.remote.do("fetch", "--quiet", "--prune", ".", *patterns)
    # The person's branches, and the one that was switched to.
    mine = ground.mine
    for command in set(HALF_WAY.values()):
        mine.ask(command, "--quit")
    mine.do("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")
    mine.do("checkout", "--quiet", "--force", "--detach", f"origin/{MAIN}")
    mine.do("clean", "--quiet", "--force", "-d")
    mine.do("fetch", "--quiet", "--prune", "origin", f"+{start}/mine/*:{BRANCHES}*")
    for name in mine.refs(BRANCHES):
        with suppress(GitError):  # a branch that was not pushed yet has none
            mine.do("branch", "--quiet", f"--set-upstream-to=origin/{name}", name)
    head = ground.remote.do("symbolic-ref", f"{start}/HEAD")
    mine.do("checkout", "--quiet", "--force", head.removeprefix(f"{start}/mine/"))
    return kept


def _keep(ground: Ground, start: int) -> str:
    """Keep the person's branches and all files, where they are not those of a start; give where, as a sentence."""
    mine = ground.mine
    if not ground.project.exists():
        ground.clone()
        return ""
    if mine.ask("rev-parse", "--show-toplevel") != str(ground.project):
        aside = next(path for number in count(1) if not (path := Path(f"{ground.project}-kept-{number}")).exists())
        shutil.move(ground.project, aside)
        ground.clone()
        return f"What was there is kept in {aside}."
    if not mine.changed and mine.branch and mine.refs(BRANCHES) == branches_at(ground, start):
        return ""
    number = next(number for number in count(1) if not mine.refs(f"{KEPT}{number}/"))
    mine.do("fetch", "--quiet", ".", f"{BRANCHES}*:{KEPT}{number}/*")
    mine.do("update-ref", f"{KEPT}{number}/files", _all_files(ground))
    return f"What was there is kept: `git switch --detach {KEPT}{number}/files` shows all files as they were."


def _all_files(ground: Ground) -> str:
    """Commit all files as they lie there to no branch; give the commit."""
    with TemporaryDirectory(prefix="handover-kept-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        ground.mine.do("add", "--all", variables=index)
        tree = ground.mine.do("write-tree", variables=index)
    parents = ("-p", head) if (head := ground.mine.ask("rev-parse", "--verify", "--quiet", "HEAD")) else ()
    return ground.mine.do("commit-tree", tree, *parents, "-m", "What lay there", variables=author(SOMEBODY))


def forget(ground: Ground, number: int) -> None:
    """Forget the start of an exercise."""
    for name in ground.remote.refs(f"{STARTS}{number}/"):
        ground.remote.do("update-ref", "--no-deref", "-d", f"{STARTS}{number}/{name}")
