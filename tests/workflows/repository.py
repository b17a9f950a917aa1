"""The repository that stands for the one on GitHub, and what happened there."""

import os
import subprocess
from pathlib import Path

from tests.workflows.runner import Event

AUTHOR = {f"GIT_{who}_{what}": "github@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
PUSHED, MERGED = "refs/heads/main", "refs/pull/1/merge"


def event(root: Path, origin: Path, *, pull_request: bool) -> Event:
    """Make the repository that stands for GitHub's, and what happened there: a push, or a pull request."""
    git(root, "clone", "--quiet", "--bare", str(root), str(origin))
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    head = git(root, "rev-parse", "HEAD")
    if not pull_request:
        git(origin, "update-ref", PUSHED, head)
        return Event("push", PUSHED, head, origin)
    base = _base(root, head)
    git(origin, "fetch", "--quiet", "--update-shallow", str(root), base)
    merge = git(origin, "commit-tree", f"{head}^{{tree}}", "-p", base, "-p", head, "-m", "Merge")
    git(origin, "update-ref", PUSHED, base)
    git(origin, "update-ref", MERGED, merge)
    return Event("pull_request", MERGED, merge, origin, base="main")


def _base(root: Path, head: str) -> str:
    """Find what a pull request of this commit would be for: main where the two parted, or on main the commit before."""
    for name in ("origin/main", "main"):
        parted = git(root, "merge-base", name, head, check=False)
        if parted and parted != head:
            return parted
    return git(root, "rev-parse", "--quiet", "--verify", f"{head}^", check=False) or head


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | AUTHOR
    command = ["git", "-C", str(folder), *arguments]
    errors = None if check else subprocess.DEVNULL
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, check=check)
    return ended.stdout.strip()
