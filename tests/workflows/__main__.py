"""Runs the workflows of this project as GitHub would: ``python -m tests.workflows [check] [deploy]``.

What is committed is run, as a pull request (check) and as a push (deploy), with an emulator where AWS would be.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.deploy.conftest import ROOT, emulated
from tests.workflows import runner
from tests.workflows.runner import Event, Job

FOLDER = ROOT / ".github" / "workflows"
AUTHOR = {f"GIT_{who}_{what}": "github@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
PUSHED, MERGED = "refs/heads/main", "refs/pull/1/merge"


def main(names: list[str]) -> int:
    """Run workflows, all of them where none is named, print how each step came out, and give the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    paths = [FOLDER / f"{name}.yml" for name in names] or sorted(FOLDER.glob("*.yml"))
    with TemporaryDirectory(prefix="handover-workflows-") as scratch, emulated(_made(Path(scratch, "cloud"))) as cloud:
        leading = {name: value for name, value in cloud.environment.items() if os.environ.get(name) != value}
        good = True
        for path in paths:
            event = _event(Path(scratch, f"{path.stem}.git"), pull_request="pull_request" in runner.read(path)[True])
            jobs = runner.run(path, event, Path(scratch), lambda: leading, lambda text: click.echo(f"::: {text}"))
            click.echo("\n".join(_table(path.stem, jobs)))
            good &= all(job.steps and job.conclusion == "success" for job in jobs.values())
    return 0 if good else 1


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _event(origin: Path, *, pull_request: bool) -> Event:
    """Make the repository that stands for GitHub's, and what happened there: a push, or a pull request."""
    if _git(ROOT, "status", "--porcelain"):
        click.echo("::: what is not committed is not run")
    _git(ROOT, "clone", "--quiet", "--bare", str(ROOT), str(origin))
    _git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    head = _git(ROOT, "rev-parse", "HEAD")
    if not pull_request:
        _git(origin, "update-ref", PUSHED, head)
        return Event("push", PUSHED, head, origin)
    base = _base(head)
    _git(origin, "fetch", "--quiet", "--update-shallow", str(ROOT), base)
    tree = _git(origin, "merge-tree", "--write-tree", base, head)
    merge = _git(origin, "commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")
    _git(origin, "update-ref", PUSHED, base)
    _git(origin, "update-ref", MERGED, merge)
    return Event("pull_request", MERGED, merge, origin, base="main")


def _base(head: str) -> str:
    """Find what a pull request of this commit would be for: main, or the commit before on main itself."""
    for name in ("origin/main", "main", f"{head}^"):
        found = _git(ROOT, "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", check=False)
        if found and found != head:
            return found
    return head


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | AUTHOR
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=check).stdout.strip()


def _table(name: str, jobs: Mapping[str, Job]) -> list[str]:
    lines = [f"::: {name}"]
    for job in jobs.values():
        minutes = sum(step.seconds for step in job.steps) / 60
        lines.append(
            f":::   {job.name}: {job.conclusion if job.steps else 'skipped'}, {minutes:.1f} of "
            f"{job.said['timeout-minutes']} minutes"
        )
        lines += [f":::     {step.conclusion:<8} {step.seconds:6.1f} s  {step.name}" for step in job.steps]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
