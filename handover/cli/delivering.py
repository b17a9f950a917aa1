"""What becomes a delivery, a training or a stand-in, and what a project has of it beside it."""

from pathlib import Path

import click

from handover.cli import tools
from handover.cli.child import apart
from handover.cli.group import PROJECT


def write_stand_in(delivery: Path = PROJECT.delivery, decision: str | None = None, table: Path | None = None) -> None:
    """Write a stand-in; into a project's one delivery, also the project's events and monitoring."""
    click.echo(apart("stub", delivery=delivery, decision=decision, table=table)["text"])
    if delivery == PROJECT.delivery and PROJECT.template.is_file():
        write_events()
        write_monitoring()


def write_events(delivery: Path = PROJECT.delivery, to: Path = PROJECT.events) -> None:
    """Write requests of a delivery, and say so."""
    from handover.events import write_events as write

    click.echo(f"Wrote {len(list(write(delivery, to)))} requests to {to}.")


def write_monitoring(delivery: Path = PROJECT.delivery, to: Path = PROJECT.monitoring) -> None:
    """Write the dashboard and the alarms for a delivery, and say so."""
    from handover.monitoring import write_monitoring as write

    click.echo(f"Wrote {write(delivery, to)}.")


def train() -> None:
    """Train the project's model and deliver it; write what a project has of its delivery beside it."""
    tools.python("-m", "modelling.train")
    write_events()
    write_monitoring()
