"""Runs the workflows of this project as GitHub would: ``python -m tests.workflows [check] [deploy]``.

What is committed is run, as a pull request (check) and as a push (deploy), with an emulator where AWS would be.
"""

import os
import re
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from werkzeug import Response

from tests.helpers.cloud import ROOT, Cloud, emulated
from tests.helpers.live import serving
from tests.workflows import runner
from tests.workflows.repository import event, git
from tests.workflows.runner import Job

FOLDER = ROOT / ".github" / "workflows"
PROD = "credit-risk-prod"
LONG = {"make test", "make lint"}
"""Commands that both workflows begin with, and that say the same of one commit in any clean clone."""
CONCURRENCY = "4"
"""Environments that the emulator may have: it unpacks the layers anew for each, and `verify` begins with a burst."""


def main(names: list[str]) -> int:
    """Run workflows, all of them where none is named, print how each step came out, and give the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    paths = [FOLDER / f"{name}.yml" for name in names] or sorted(FOLDER.glob("*.yml"))
    with (
        TemporaryDirectory(prefix="handover-workflows-") as scratch,
        emulated(_made(Path(scratch, "cloud")), LAMBDA_ACCOUNT_CONCURRENCY=CONCURRENCY) as cloud,
    ):
        leading = {name: value for name, value in cloud.environment.items() if os.environ.get(name) != value}
        good, already = True, set[str]()
        if git(ROOT, "status", "--porcelain"):
            say("what is not committed is not run")
        for path in paths:
            workflow = runner.read(path)
            happened = event(ROOT, Path(scratch, f"{path.stem}.git"), pull_request="pull_request" in workflow[True])
            jobs = runner.run(path, happened, Path(scratch), lambda: leading, say, already=frozenset(already))
            already |= {
                step.command
                for job in jobs.values()
                for step in job.steps
                if step.conclusion == "success" and step.command in LONG
            }
            say("\n".join(_table(path.stem, jobs)))
            good &= all(job.steps and job.conclusion == "success" for job in jobs.values())
            if good and "prod" in jobs:
                good &= _moves_back(jobs["prod"], cloud)
    return 0 if good else 1


def say(text: str) -> None:
    """Print what is the runner's own among what the steps print."""
    click.echo(textwrap.indent(text, "::: "))


def _moves_back(prod: Job, cloud: Cloud) -> bool:
    """Deploy another version to prod that answers otherwise than it should; users are back on the one before, then?

    And where the API cannot be asked, they stay. No run in which all goes well has the step that does this.
    """
    return _after_a_failed_verify(prod, cloud, 768, _elsewhere, moved="success") and _after_a_failed_verify(
        prod, cloud, 1024, _nowhere, moved="skipped"
    )


@contextmanager
def _nowhere() -> Iterator[str]:
    yield "http://127.0.0.1:9"  # the port of discard, where nobody listens


@contextmanager
def _elsewhere() -> Iterator[str]:
    with serving(Response('{"message": "Not Found"}', HTTPStatus.NOT_FOUND)) as api:
        yield api.url


def _after_a_failed_verify(
    prod: Job, cloud: Cloud, memory: int, api: Callable[[], AbstractContextManager[str]], moved: str
) -> bool:
    clone = prod.folder / f"next-{memory}"
    git(ROOT, "clone", "--quiet", str(prod.event.origin), str(clone))
    samconfig = clone / "samconfig.toml"
    changed = re.sub(r"MemorySize=\d+", f"MemorySize={memory}", samconfig.read_text())
    samconfig.write_text(changed)
    git(clone, "commit", "--quiet", "--all", "--message", "More memory")
    git(clone, "push", "--quiet", "origin", "HEAD:main")
    pushed = replace(prod.event, sha=git(clone, "rev-parse", "HEAD"))
    before = cloud.live(PROD)
    with api() as url:  # make takes it for the address
        steps = [
            step | {"env": {"URL": url}} if step.get("id") == "verify" else step for step in prod.definition["steps"]
        ]
        folder = prod.folder / f"again-{memory}"
        again = replace(prod, definition=prod.definition | {"steps": steps}, event=pushed, folder=folder, steps=[])
        again.run(say)
    say("\n".join(_table(f"deploy, and prod is looked for at {url}", {"prod": again})))
    verified, back = (step.conclusion for step in again.steps[-2:])
    after, newest = cloud.live(PROD), max(map(int, _versions(cloud)))
    say(f"users were on version {before}, {newest} was deployed, and they are on {after}")
    expected = before if moved == "success" else str(newest)
    return (verified, back, after) == ("failure", moved, expected) and newest > int(before)


def _versions(cloud: Cloud) -> list[str]:
    name = cloud.outputs(PROD)["Alias"].split(":")[-2]
    listed = cloud.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    return [version["Version"] for version in listed if version["Version"].isdecimal()]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _table(name: str, jobs: Mapping[str, Job]) -> list[str]:
    lines = [name]
    for job in jobs.values():
        minutes = sum(step.seconds for step in job.steps) / 60
        lines.append(
            f"  {job.name}: {job.conclusion if job.steps else 'skipped'}, {minutes:.1f} of "
            f"{job.definition['timeout-minutes']} minutes"
        )
        lines += [f"    {step.conclusion:<8} {step.seconds:6.1f} s  {step.name}" for step in job.steps]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
