"""A deployment, verified: from the stack's name to the report and the exit status."""

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from handover.live import aws, signing, stack
from handover.live.built import Built
from handover.live.client import Client
from handover.live.replay import replay, requests
from handover.live.report import report
from handover.live.rules import Broken, Seen, hold

if TYPE_CHECKING:
    import boto3


def verify(name: str, expected: Built, session: "boto3.Session", *, url: str | None = None, limit: int) -> int:
    """Ask the live API for every golden row, and print what became of it.

    Parameters
    ----------
    name
        The stack's name.
    expected
        What was built.
    session
        Account and region to look in.
    url
        Where the API answers, if not at the stack's output ``Url``.
    limit
        Requests in the first burst.

    Returns
    -------
    0 when it answers as it was built, 1 when it does not.

    Raises
    ------
    LiveError
        When it could not be asked.
    """
    found = stack.read(aws.cloudformation(session), name)
    sign = signing.signer(found.output("Auth"), session, found.region)
    terminal = Console(stderr=True)
    with (
        Client(url or found.output("Url"), sign) as client,
        Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress,
    ):
        task = progress.add_task("Asking for the golden rows", total=requests(expected))
        seen = Seen(found, expected, replay(client, expected, limit, lambda: progress.advance(task)))
    outcomes = hold(seen)
    click.echo(report(seen, outcomes))
    return int(any(isinstance(found, Broken) for _, found in outcomes))
