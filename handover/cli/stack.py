"""A stack: whether what was built may go there, whether it answers so, and back to the version before."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover.cli.group import (
    CONCURRENCY,
    INTERRUPTED,
    PROJECT,
    build_option,
    main,
    one_sentence,
    only_option,
    progress,
)
from handover.cli.reports import Reports, gives_reports

if TYPE_CHECKING:
    import boto3

    from handover.live.stack import Stack


@main.command()
@click.argument("stage")
@click.option("--architecture", is_flag=True, help="Only print the processor that the stage deploys for.")
@click.option("--arguments", is_flag=True, help="Only print what sam deploy is told beside samconfig.toml.")
@click.option("--dirty", is_flag=True, help="Pass too where files are not committed.")
def preflight(stage: str, *, architecture: bool, arguments: bool, dirty: bool) -> None:
    """Say whether what was built may go to STAGE of samconfig.toml. Exit status: 0, or 2 and one sentence why not.

    Where users are on STAGE, all of it must be committed.
    """
    import shlex

    from handover import stage as stages

    with one_sentence():
        if architecture:
            click.echo(stages.architecture(PROJECT, stage))
        elif arguments:
            click.echo(shlex.join(stages.deploy_arguments(PROJECT, stage)))
        else:
            stages.require_as_built(PROJECT, stage)
            if not dirty:
                stages.require_committed(PROJECT, stage)


_REGION = click.option(
    "--region",
    help="AWS region of the stack.  [default: that of the stage in samconfig.toml, AWS_REGION, AWS_DEFAULT_REGION, "
    "or the profile's]",
)
_URL = click.option("--url", help="Where the API answers.  [default: the stack's output Url]")


def _names_a_stack[F: Callable[..., None]](command: F) -> F:
    """Let a command be told which stack: by its name, or by the stage of ``samconfig.toml`` that deploys it."""
    for option in (
        _REGION,
        click.option("--stage", help="Instead of --stack: the environment of samconfig.toml that deploys it."),
        click.option("--stack", help="Name of the CloudFormation stack."),
    ):
        command = option(command)
    return command


def _stack_name(stack: str | None, stage: str | None) -> str:
    from handover.live.stack import of_stage

    if bool(stack) == bool(stage):
        raise click.UsageError("say which stack: --stack NAME, or --stage ENVIRONMENT")
    return stack or of_stage(str(stage), PROJECT.samconfig)


def _begin(region: str | None, stage: str | None) -> "boto3.Session":
    """Begin where every command here looks, and say where that is before anything is asked or moved.

    It is said on stderr: stdout is for what a program reads.
    """
    from handover.live import aws
    from handover.live.stack import region_of_stage

    session = aws.session(aws.region(region or (region_of_stage(stage, PROJECT.samconfig) if stage else None)))
    click.echo(f"Account {aws.account(session)}, region {session.region_name}", err=True)
    return session


def _deployed(name: str, stage: str | None, region: str | None) -> "tuple[Stack, boto3.Session]":
    from handover.live import aws
    from handover.live.stack import read

    session = _begin(region, stage)
    return read(aws.cloudformation(session), name), session


@main.command()
@_REGION
@click.option("--stage", help="The environment of samconfig.toml, which may name a region.")
def region(*, region: str | None, stage: str | None) -> None:
    """Print the region that the other commands look in, and nothing else, for commands of AWS's own.

    Exit status: 0, or 2 when there is no region or AWS does not take the credentials.
    """
    with one_sentence():
        click.echo(_begin(region, stage).region_name)


@main.command()
@click.option("--stage", required=True, help="The environment of samconfig.toml that is deployed to.")
@_REGION
@_URL
@build_option
@click.option("--force", is_flag=True, help="Pass too where the live API cannot be asked.")
def compatible(*, stage: str, region: str | None, url: str | None, build: Path, force: bool) -> None:
    """Say whether callers of what STAGE has get along with what was built, by the live contract's version.

    Exit status: 0 they do, or there are none yet; 1 they do not; 2 the live API could not be asked.
    """
    try:
        with one_sentence():
            from handover.live.callers import compatible as compared

            passes, sentence = compared(_stack_name(None, stage), build, _begin(region, stage), url=url, force=force)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    click.echo(f"handover: {sentence}", err=not passes)
    sys.exit(0 if passes else 1)


@main.command()
@_names_a_stack
@_URL
@build_option
@click.option(
    "--limit", default=CONCURRENCY, show_default=True, type=click.IntRange(1), help="Requests in the first burst."
)
@only_option
@click.option("--behaviours", is_flag=True, help="Also ask what behaviours.py asks of golden rows and rows by hand.")
@gives_reports
def verify(
    *,
    stack: str | None,
    stage: str | None,
    region: str | None,
    url: str | None,
    build: Path,
    limit: int,
    only: list[str],
    behaviours: bool,
    **asked: Any,
) -> None:
    """Compare a deployed stack with what was built: the same model, contract, scores and decisions, over HTTP.

    Exit status: 0 kept, 1 broken, 2 could not be verified. With Auth=JWT the token is read from HANDOVER_TOKEN.
    """
    reports = Reports(**asked)
    try:
        with one_sentence(), reports.cut_short():
            from handover.evaluation import evaluate, selected
            from handover.live import built
            from handover.live.clauses import CLAUSES, GROUP
            from handover.live.client import Client
            from handover.live.context import LiveContext
            from handover.live.replay import replay, requests
            from handover.live.stack import stage_of
            from handover.reporters import write
            from handover.skips import exit_status

            clauses = selected(only, CLAUSES, GROUP)
            behaviours = behaviours or bool(only and any(one.looks_at == "behaviours" for one in clauses))
            name, expected = _stack_name(stack, stage), built.read(build)
            deployed, session = _deployed(name, stage, region)
            with Client.of(deployed, session, url, connections=limit) as client, progress() as shown:
                task = shown.add_task("Asking for the golden rows", total=requests(expected))
                answers = replay(client, expected, limit, lambda: shown.advance(task))
                behaves = None
                if behaviours:
                    from handover.live.behaviours import tried

                    behaves = tried(client, build)
            context = LiveContext(deployed, expected, answers, stage or stage_of(name, PROJECT.samconfig), behaves)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    findings = list(evaluate(context, [one for one in clauses if behaviours or one.looks_at != "behaviours"]))
    reports.give(lambda report: write(report, findings, context))
    status = exit_status(findings)
    # make ends with 2 whatever its command ended with; a workflow moves users back only where other answers were seen.
    broken = {finding.clause.code for finding in findings if finding.broken}
    otherwise = status == 1 and not (broken == {"V803"} and context.turned_away)
    if asked["github"] and otherwise and (outputs := os.environ.get("GITHUB_OUTPUT")):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write("verdict=broken\n")
    sys.exit(status)


@main.command()
@_names_a_stack
@click.option("--to", help="The version to point it at.  [default: the one before that users stayed with]")
@click.option("--unproven", is_flag=True, help="Move it also to a version that cannot be asked, or answers otherwise.")
@click.option("--dry-run", is_flag=True, help="Only say what would move; the version is asked all the same.")
def rollback(
    *, stack: str | None, stage: str | None, region: str | None, to: str | None, unproven: bool, dry_run: bool
) -> None:
    """Move the alias that users reach back to the version before; run twice, it goes back twice.

    That version must answer the golden rows of its own delivery first. One whose deployment was taken back is passed
    over, and a deployment under way is stopped.

    Exit status: 0, or 2 when it could not be moved.
    """
    with one_sentence():
        from handover.live import aws
        from handover.live.alias import roll_back
        from handover.live.deployments import Deployments
        from handover.live.version import Version, prove

        deployed, session = _deployed(_stack_name(stack, stage), stage, region)
        functions = aws.functions(session)
        deployments = Deployments.of(deployed, aws.cloudformation(session), aws.deployments(session))
        with progress() as shown:

            def proven(function: str, number: str) -> str:
                version = Version(functions, function, number)

                def begin(requests: int) -> Callable[[], None]:
                    task = shown.add_task(f"Asking version {number} for its golden rows", total=requests)
                    return lambda: shown.advance(task)

                return prove(version, deployed, begin)

            moved = roll_back(functions, deployed, deployments, None if unproven else proven, to=to, dry_run=dry_run)
        click.echo(moved)


@main.command()
@_names_a_stack
def live_version(*, stack: str | None, stage: str | None, region: str | None) -> None:
    """Print the version that the alias points at, and nothing else: what to roll back to, noted before a deployment."""
    with one_sentence():
        from handover.live import aws
        from handover.live.alias import read as alias_of

        deployed, session = _deployed(_stack_name(stack, stage), stage, region)
        click.echo(alias_of(aws.functions(session), deployed).version)
