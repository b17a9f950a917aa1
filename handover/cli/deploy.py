"""What brings a built function to a stage, and takes it down again: whether it may go there, then `sam`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handover.cli import tools
from handover.cli.build import build_first
from handover.cli.contract import check
from handover.cli.group import DEPLOYMENT, PIPELINE, PROJECT, build_option, command
from handover.cli.stack import boto3_session, of_stage, region_option, stack_name, url_option
from handover.errors import CannotRunError

if TYPE_CHECKING:
    import boto3


@command(PIPELINE)
@click.argument("stage")
@click.option("--dirty", is_flag=True, help="Allow files that are not committed.")
def preflight(stage: str, *, dirty: bool) -> None:
    """Say whether what was built may go to STAGE of samconfig.toml. Exit status: 0, or 2 and one sentence why not.

    Where users are on STAGE, all of it must be committed.
    """
    from handover import stage as stages

    stages.require_as_built(PROJECT, stage)
    if not dirty:
        stages.require_committed(PROJECT, stage)


@command(PIPELINE)
@region_option
@click.option("--stage", help="The environment of samconfig.toml, which may name a region.")
def region(*, region: str | None, stage: str | None) -> None:
    """Print the region that the other commands use, and nothing else, for the AWS CLI.

    Exit status: 0, or 2 when there is no region or AWS does not take the credentials.
    """
    click.echo(boto3_session(region, stage).region_name)


def _named(_: click.Context, __: click.Parameter, stage: str | None) -> str:
    """Require a stage that there is, before anything else is looked at."""
    if not stage:
        raise CannotRunError("say where: --stage and an environment of samconfig.toml (STAGE= to make)")
    of_stage(stage)
    return stage


_stage_option = click.option("--stage", callback=_named, help="The environment of samconfig.toml that is deployed to.")
_force_option = click.option("--force", is_flag=True, help="Go on if the live API cannot be asked.")


@command(PIPELINE)
@_stage_option
@region_option
@url_option
@build_option
@_force_option
def compatible(*, stage: str, region: str | None, url: str | None, build: Path, force: bool) -> None:
    """Say whether the build is compatible with the contract that is live on STAGE.

    Exit status: 0 they do, or there are none yet; 1 they do not; 2 the live API could not be asked.
    """
    _require_compatible(stage, boto3_session(region, stage), url, build, force=force)


def _require_compatible(stage: str, session: "boto3.Session", url: str | None, build: Path, *, force: bool) -> None:
    from handover.live.callers import compatible as compared

    passes, sentence = compared(stack_name(None, stage), build, session, url=url, force=force)
    click.echo(f"handover: {sentence}", err=not passes)
    if not passes:
        sys.exit(1)


@command(DEPLOYMENT)
@_stage_option
@region_option
@url_option
@click.option("--built", is_flag=True, help="Deploy what is built and checked already.")
@click.option("--dirty", is_flag=True, help="Allow files that are not committed.")
@_force_option
def deploy(*, stage: str, region: str | None, url: str | None, built: bool, dirty: bool, force: bool) -> None:
    """Build for a stage, check, compare with the live contract, and deploy: sam deploy.

    Exit status: that of sam deploy; before it, 1 where the contract is broken or callers would break, 2 where
    something could not be done or checked.
    """
    from handover import stage as stages

    context = click.get_current_context()
    session = boto3_session(region, stage)
    if not built:
        build_first(stages.architecture(PROJECT, stage))
        context.invoke(check, only=[], github="GITHUB_ACTIONS" in os.environ)
    context.invoke(preflight, stage=stage, dirty=dirty)
    _require_compatible(stage, session, url, PROJECT.build, force=force)
    arguments = stages.deploy_arguments(PROJECT, stage)
    tools.sam("deploy", "--config-env", stage, "--region", session.region_name, *arguments)


@command(DEPLOYMENT)
@_stage_option
@region_option
@click.option("--yes", is_flag=True, help="Do not ask first.")
def undeploy(*, stage: str, region: str | None, yes: bool) -> None:
    """Take a stage's stack down, once you have agreed: sam delete. The layers' versions stay."""
    without_asking = ["--no-prompts"] if yes else []
    tools.sam("delete", "--config-env", stage, "--region", boto3_session(region, stage).region_name, *without_asking)
