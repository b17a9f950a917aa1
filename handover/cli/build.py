"""From a project's files to what runs: a delivery, what a project has of it beside it, and what is built."""

import os
import tarfile
from pathlib import Path

import click

from handover.cli import tools
from handover.cli.contract import DELIVERY, delivered, existing
from handover.cli.group import DEPLOYMENT, MODELLING, PATH, PIPELINE, PROJECT, apart, command
from handover.cli.reports import FILE
from handover.errors import CannotRunError
from handover.local.stack import own_machine, unavailable

BUILT = (PROJECT.build, PROJECT.build.with_name("build.toml"))
"""What `sam build` writes, and `sam deploy` reads."""
PROCESSORS = ("x86_64", "arm64")
"""As Lambda calls them."""

built_option = click.option("--built", is_flag=True, help="Use the existing build.  [default: build first]")


@command(MODELLING)
def train() -> None:
    """Run modelling/train.py, which trains a model and delivers it; then write the events and monitoring.yaml.

    The delivery goes to layers/model/delivery.
    """
    if not PROJECT.training.is_file():
        raise CannotRunError(
            "there is no modelling/train.py yet, which trains a model (README.md shows one): handover stub "
            "(make stub) writes what stands in for it"
        )
    tools.python("-m", "modelling.train")
    _write_beside()


@command(MODELLING)
@DELIVERY(callback=existing)
@click.option("--decision", help="The decision for every row.  [default: all equally often]")
@click.option(
    "--table", type=PATH, help="A CSV of rows with their score or decision; other rows are answered as without it."
)
def stub(delivery: Path, decision: str | None, table: Path | None) -> None:
    """Write a stand-in for the model, of contract.py and heuristics.py alone: it answers every row at once.

    Scores are made up: they follow from a hash of the row, and all decisions come equally often. The function,
    routes and errors are those that the model will have. What stands in says so: in x-model, in every report, and to
    the stages, which take it only with AllowStandIn=true.
    """
    click.echo(apart("stub", delivery=delivery, decision=decision, table=table)["text"])
    if delivery == PROJECT.delivery and PROJECT.template.is_file():
        _write_beside()


@command(MODELLING)
@DELIVERY(callback=delivered)
@click.option("--to", default=PROJECT.events, type=PATH, help="Where the events go.")
def events(delivery: Path, to: Path) -> None:
    """Write requests to try the function with, made of the delivery's golden rows."""
    from handover.events import write_events

    click.echo(f"Wrote {len(write_events(delivery, to))} requests to {to}.")


@command(MODELLING)
@DELIVERY(callback=delivered)
@click.option("--to", default=PROJECT.monitoring, type=FILE, help="Where the template goes.")
def monitoring(delivery: Path, to: Path) -> None:
    """Write the dashboard and the alarms on drift, whose bands are the delivery's baseline."""
    from handover.monitoring import write_monitoring

    click.echo(f"Wrote {write_monitoring(delivery, to)}.")


def _write_beside() -> None:
    """Write what a project has of its one delivery beside it."""
    context = click.get_current_context()
    context.invoke(events)
    context.invoke(monitoring)


@command(DEPLOYMENT)
@click.option("--architecture", type=click.Choice(PROCESSORS), help="For which processor.  [default: this machine's]")
@click.option("--quiet", is_flag=True, help="Train first if there is no delivery; show sam's output only on failure.")
def build(architecture: str | None, *, quiet: bool) -> None:
    """Build the function, its hook and its layers as they are deployed, into .aws-sam/build: sam build."""
    if quiet:
        build_first(architecture)
    else:
        _run_build(_processor(architecture))


def _processor(asked: str | None = None) -> str:
    """Say for which processor is built: what is asked for, ``ARCHITECTURE`` of the environment, or this machine's."""
    wanted = asked or os.environ.get("ARCHITECTURE") or own_machine()
    if wanted not in PROCESSORS:
        raise CannotRunError(f"ARCHITECTURE is {' or '.join(PROCESSORS)}, not '{wanted}'")
    return wanted


def _run_build(architecture: str, log: Path | None = None) -> None:
    """Have `sam` build all that the template names, for a processor."""
    if elsewhere := unavailable():
        raise CannotRunError(elsewhere)
    # The variable is for the makefiles of the layers, to which sam says nothing of it.
    tools.sam("build", "--parameter-overrides", f"Architecture={architecture}", log=log, ARCHITECTURE=architecture)


def build_first(architecture: str | None = None) -> None:
    """Build what a command is about to look at, and deliver before, where nobody has: a model, or a stand-in.

    Where this is no project that is set up, on a system that builds it, what is built is taken as it is.
    """
    is_set_up = PROJECT.template.is_file() and PROJECT.environment.is_dir() and tools.find("sam")
    if unavailable() or not is_set_up:
        return
    wanted = _processor(architecture)
    if not (PROJECT.delivery / "manifest.json").is_file():
        click.get_current_context().invoke(train if PROJECT.training.is_file() else stub)
    click.echo("Building the function and its layers (sam build) ...")
    _run_build(wanted, log=PROJECT.build.with_name("build.log"))


@command(PIPELINE)
@click.argument("file", type=FILE, default="built.tar.gz")
def archive(file: Path) -> None:
    """Write what was built into FILE, built.tar.gz, so that a later job of a pipeline deploys the same bytes."""
    if not PROJECT.build.is_dir():
        raise CannotRunError("nothing is built: run make build (handover build)")
    with tarfile.open(file, "w:gz", compresslevel=6) as tar:
        for path in BUILT:
            tar.add(path)


@command(PIPELINE)
@click.argument("file", type=FILE, default="built.tar.gz")
def restore(file: Path) -> None:
    """Put what `archive` wrote into FILE, built.tar.gz, back in place: the same bytes for every stage."""
    if not file.is_file():
        raise CannotRunError(f"there is no {file}: handover archive (make archive) writes it")
    try:
        with tarfile.open(file) as tar:
            tar.extractall(filter="data")
    except tarfile.TarError as error:
        raise CannotRunError(f"{file} is not what handover archive wrote: {error}") from None
