"""Which stack a command is about, and where it is looked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from handover.cli.group import PROJECT
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


def begin(region: str | None, stage: str | None) -> "boto3.Session":
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

    session = begin(region, stage)
    return read(session.client("cloudformation"), name), session


def of_stage(stage: str | None) -> "Json":
    """Give what ``sam deploy --config-env STAGE`` gets, with the stack's name and region; nothing without a file.

    ``CannotRunError`` where the file has no such stage.
    """
    from handover.stage import known

    return known(PROJECT, stage).parameters(stage) if stage and PROJECT.samconfig.is_file() else {}
