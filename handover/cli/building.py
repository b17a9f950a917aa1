"""What is made before a command looks at it: a delivery, what a project has of it beside it, and what is built."""

import os
from pathlib import Path

import click

from handover.cli import tools
from handover.cli.group import PROJECT, apart
from handover.errors import CannotRunError
from handover.local.stack import own_machine, unavailable

PROCESSORS = ("x86_64", "arm64")
"""As Lambda calls them."""

built_option = click.option("--built", is_flag=True, help="Take what is built already.  [default: it is built first]")


def write_stand_in(delivery: Path = PROJECT.delivery, decision: str | None = None, table: Path | None = None) -> None:
    """Write a stand-in; into a project's one delivery, also the project's events and monitoring."""
    click.echo(apart("stub", delivery=delivery, decision=decision, table=table)["text"])
    if delivery == PROJECT.delivery and PROJECT.template.is_file():
        write_events()
        write_monitoring()


def write_events(delivery: Path = PROJECT.delivery, to: Path = PROJECT.events) -> None:
    """Write requests of a delivery, and say so."""
    from handover.events import write_events as write

    click.echo(f"Wrote {len(write(delivery, to))} requests to {to}.")


def write_monitoring(delivery: Path = PROJECT.delivery, to: Path = PROJECT.monitoring) -> None:
    """Write the dashboard and the alarms for a delivery, and say so."""
    from handover.monitoring import write_monitoring as write

    click.echo(f"Wrote {write(delivery, to)}.")


def run_training() -> None:
    """Train the project's model and deliver it; write what a project has of its delivery beside it."""
    tools.python("-m", "modelling.train")
    write_events()
    write_monitoring()


def processor(asked: str | None = None) -> str:
    """Say for which processor is built: what is asked for, ``ARCHITECTURE`` of the environment, or this machine's."""
    wanted = asked or os.environ.get("ARCHITECTURE") or own_machine()
    if wanted not in PROCESSORS:
        raise CannotRunError(f"ARCHITECTURE is {' or '.join(PROCESSORS)}, not '{wanted}'")
    return wanted


def run_build(architecture: str, log: Path | None = None) -> None:
    """Have `sam` build all that the template names, for a processor."""
    if elsewhere := unavailable():
        raise CannotRunError(elsewhere)
    # The variable is for the makefiles of the layers, to which sam says nothing of it.
    parameter = f"Architecture={architecture}"
    tools.sam("build", "--parameter-overrides", parameter, log=log, ARCHITECTURE=architecture)


def build_first(architecture: str | None = None) -> None:
    """Build what a command is about to look at, and deliver before, where nobody has: a model, or a stand-in.

    Where this is no project that is set up, on a system that builds it, what is built is taken as it is.
    """
    is_set_up = PROJECT.template.is_file() and PROJECT.environment.is_dir() and tools.find("sam")
    if unavailable() or not is_set_up:
        return
    wanted = processor(architecture)
    if not (PROJECT.delivery / "manifest.json").is_file():
        run_training() if PROJECT.training.is_file() else write_stand_in()
    click.echo("Building the function and its layers (sam build) ...")
    run_build(wanted, log=PROJECT.build.with_name("build.log"))
