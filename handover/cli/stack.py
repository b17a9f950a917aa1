"""A stack: whether what was built may go there, whether it answers so, and back to the version before."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from handover.cli.group import BUILD, CONCURRENCY, INTERRUPTED, main, one_sentence

SAMCONFIG = Path("samconfig.toml")


@main.command()
@click.argument("stage")
@click.option("--architecture", is_flag=True, help="Only print the processor that the stage deploys for.")
def ready(stage: str, *, architecture: bool) -> None:
    """Say whether what was built may go to STAGE of samconfig.toml. Exit status: 0, or 2 and one sentence why not."""
    from handover import stage as stages

    with one_sentence():
        if architecture:
            click.echo(stages.architecture(Path.cwd(), stage))
        else:
            stages.hold_back(Path.cwd(), stage)


@main.command()
@click.option("--stage", required=True, help="The environment of samconfig.toml that is deployed to.")
@click.option("--region", help="AWS region of the stack.  [default: as AWS's own tools find it]")
@click.option("--url", help="Where the API answers.  [default: the stack's output Url]")
@click.option(
    "--build", default=BUILD, show_default=True, type=click.Path(path_type=Path), help="What sam build wrote."
)
@click.option("--force", is_flag=True, help="Pass too where the live API cannot be asked.")
def compatible(*, stage: str, region: str | None, url: str | None, build: Path, force: bool) -> None:
    """Say whether callers of what STAGE has get along with what was built, by the live contract's version.

    Exit status: 0 they do, or there are none yet; 1 they do not; 2 the live API could not be asked.
    """
    try:
        with one_sentence():
            from handover.live.callers import compatible as compared

            passes, said = compared(_stack_name(None, stage), build, region=region, url=url, force=force)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    click.echo(f"handover: {said}", err=not passes)
    sys.exit(0 if passes else 1)


def _names_a_stack[F: Callable[..., None]](command: F) -> F:
    """Let a command be told which stack: by its name, or by the stage of ``samconfig.toml`` that deploys it."""
    for option in (
        click.option("--region", help="AWS region of the stack.  [default: as AWS's own tools find it]"),
        click.option("--stage", help="Instead of --stack: the environment of samconfig.toml that deploys it."),
        click.option("--stack", help="Name of the CloudFormation stack."),
    ):
        command = option(command)
    return command


def _stack_name(stack: str | None, stage: str | None) -> str:
    from handover.live.stack import of_stage

    if bool(stack) == bool(stage):
        raise click.UsageError("say which stack: --stack NAME, or --stage ENVIRONMENT")
    return stack or of_stage(str(stage), SAMCONFIG)


@main.command()
@_names_a_stack
@click.option("--url", help="Where the API answers.  [default: the stack's output Url]")
@click.option(
    "--build", default=BUILD, show_default=True, type=click.Path(path_type=Path), help="What sam build wrote."
)
@click.option(
    "--limit", default=CONCURRENCY, show_default=True, type=click.IntRange(1), help="Requests in the first burst."
)
def verify(
    *, stack: str | None, stage: str | None, region: str | None, url: str | None, build: Path, limit: int
) -> None:
    """Hold a deployed stack to what was built: the same model, contract, scores and decisions, over HTTP.

    Exit status: 0 kept, 1 broken, 2 could not be verified. With Auth=JWT the token is read from HANDOVER_TOKEN.
    """
    try:
        with one_sentence():
            from handover.live.verification import verify as held

            sys.exit(held(_stack_name(stack, stage), build, region=region, url=url, limit=limit))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
@_names_a_stack
@click.option("--to", help="The version to point it at.  [default: the one published before]")
@click.option("--dry-run", is_flag=True, help="Only say what would move.")
def rollback(*, stack: str | None, stage: str | None, region: str | None, to: str | None, dry_run: bool) -> None:
    """Move the alias that users reach back to the version before; run twice, it goes back twice.

    Exit status: 0, or 2 when it could not be moved.
    """
    with one_sentence():
        from handover.live import aws
        from handover.live.alias import roll_back
        from handover.live.stack import read

        name, session = _stack_name(stack, stage), aws.session(region)
        found = read(aws.cloudformation(session), name)
        click.echo(roll_back(aws.functions(session), found, to, dry_run=dry_run))


@main.command()
@_names_a_stack
def live(*, stack: str | None, stage: str | None, region: str | None) -> None:
    """Print the version that the alias points at, and nothing else: what to roll back to, noted before a deployment."""
    with one_sentence():
        from handover.live import aws
        from handover.live.alias import read as alias_of
        from handover.live.stack import read

        name, session = _stack_name(stack, stage), aws.session(region)
        found = read(aws.cloudformation(session), name)
        click.echo(alias_of(aws.functions(session), found).version)
