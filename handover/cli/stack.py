"""A deployed stack: which one is meant, whether it answers as what was built, and back to the version before."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handover.cli.group import CONCURRENCY, DEPLOYMENT, PROJECT, build_option, command, only_option, progress
from handover.cli.reports import Reports, gives_reports
from handover.errors import CannotRunError

if TYPE_CHECKING:
    import boto3

    from handover.live.stack import Stack
    from predictor.files import Json

region_option = click.option(
    "--region",
    help="AWS region of the stack.  [default: that of the stage in samconfig.toml, AWS_REGION, AWS_DEFAULT_REGION, "
    "or the profile's]",
)
url_option = click.option("--url", help="Where the API answers.  [default: the stack's output Url]")


def names_a_stack[F: Callable[..., None]](command: F) -> F:
    """Let a command be told which stack: by its name, or by the stage of ``samconfig.toml`` that deploys it."""
    stage = click.option("--stage", help="Instead of --stack: the environment of samconfig.toml that deploys it.")
    stack = click.option("--stack", help="Name of the CloudFormation stack.")
    return stack(stage(region_option(command)))


def stack_name(stack: str | None, stage: str | None) -> str:
    """Give the stack's name: its own, or that of the stage, which samconfig.toml must have."""
    if bool(stack) == bool(stage):
        raise CannotRunError(
            "say which stack: --stage and an environment of samconfig.toml, or --stack and its name (STAGE= or STACK= "
            "to make)"
        )
    named = stack or of_stage(stage).get("stack_name")
    if not named:
        raise CannotRunError(f"{PROJECT.samconfig} names no stack for '{stage}': name it with --stack")
    return str(named)


def boto3_session(region: str | None, stage: str | None) -> "boto3.Session":
    """Begin where every command here looks, and say where that is before anything is asked or moved.

    It is said on stderr: stdout is for what a program reads.
    """
    from handover.live import aws

    named = of_stage(stage).get("region")  # of no such stage it is said, also where a region is given
    session = aws.session(aws.region(region or named))
    click.echo(f"Account {aws.account(session)}, region {session.region_name}", err=True)
    return session


def find_stack(name: str, stage: str | None, region: str | None) -> "tuple[Stack, boto3.Session]":
    """Read a stack as it is there, and give the session that looked."""
    from handover.live.stack import read

    session = boto3_session(region, stage)
    return read(session.client("cloudformation"), name), session


def of_stage(stage: str | None) -> "Json":
    """Give what ``sam deploy --config-env STAGE`` gets, with the stack's name and region; nothing without a file.

    ``CannotRunError`` where the file has no such stage.
    """
    from handover.stage import known

    return known(PROJECT, stage).parameters(stage) if stage and PROJECT.samconfig.is_file() else {}


@command(DEPLOYMENT)
@names_a_stack
@url_option
@build_option
@click.option("--limit", default=CONCURRENCY, type=click.IntRange(1), help="Requests in the first burst.")
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
    with reports.cut_short():
        name = stack_name(stack, stage)
        from handover.evaluation import evaluate, selected
        from handover.live import built
        from handover.live.clauses import CLAUSES, GROUP
        from handover.live.client import Client
        from handover.live.context import LiveContext
        from handover.live.replay import replay
        from handover.live.stack import stage_of
        from handover.reporters import write
        from handover.skips import exit_status

        clauses = selected(only, CLAUSES, GROUP)
        behaviours = behaviours or bool(only and any(one.looks_at == "behaviours" for one in clauses))
        expected = built.read(built.delivery_in(build))
        deployed, session = find_stack(name, stage, region)
        with Client.of(deployed, session, url, connections=limit) as client, progress() as shown:
            answers = replay(client.ask, expected, limit, shown, "Asking for the golden rows")
            behaves = None
            if behaviours:
                from handover.live.behaviours import tried

                behaves = tried(client, build)
        context = LiveContext(deployed, expected, answers, stage or stage_of(deployed.name, PROJECT.samconfig), behaves)
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


@command(DEPLOYMENT)
@names_a_stack
@click.option("--to", help="The version to go back to.  [default: the last one that users kept]")
@click.option("--unproven", is_flag=True, help="Move it also to a version that cannot be asked, or answers otherwise.")
@click.option("--dry-run", is_flag=True, help="Only say what would move; the version is asked all the same.")
def rollback(
    *, stack: str | None, stage: str | None, region: str | None, to: str | None, unproven: bool, dry_run: bool
) -> None:
    """Point the live alias at the version before; run twice, it goes back twice.

    That version must answer the golden rows of its own delivery first. One whose deployment was taken back is passed
    over, and a deployment under way is stopped.

    Exit status: 0, or 2 when it could not be moved.
    """
    from handover.live.alias import roll_back
    from handover.live.deployments import Deployments

    deployed, session = find_stack(stack_name(stack, stage), stage, region)
    functions = session.client("lambda")
    deployments = Deployments.of(deployed, session.client("cloudformation"), session.client("codedeploy"))
    with progress() as shown:
        moved = roll_back(functions, deployed, deployments, shown, to=to, unproven=unproven, dry_run=dry_run)
    click.echo(moved)


@command(DEPLOYMENT)
@names_a_stack
def live_version(*, stack: str | None, stage: str | None, region: str | None) -> None:
    """Print the version that the alias points at, and nothing else: what to roll back to, noted before a deployment."""
    from handover.live.alias import read as alias_of

    deployed, session = find_stack(stack_name(stack, stage), stage, region)
    click.echo(alias_of(session.client("lambda"), deployed).version)
