"""What is built before a command looks at it."""

import os
from pathlib import Path

import click

from handover.cli import delivering, tools
from handover.cli.group import PROJECT
from handover.errors import CannotRunError
from handover.local.stack import own_machine
from handover.local.system import unavailable

PROCESSORS = ("x86_64", "arm64")
"""As Lambda calls them."""

built_option = click.option("--built", is_flag=True, help="Take what is built already.  [default: it is built first]")


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
        delivering.train() if PROJECT.training.is_file() else delivering.write_stand_in()
    click.echo("Building the function and its layers (sam build) ...")
    run_build(wanted, log=PROJECT.build.with_name("build.log"))
