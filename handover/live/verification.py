"""A deployment, verified: from the stack's name to the report and the exit status."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from handover.live import aws, built, signing, stack
from handover.live.client import Client
from handover.live.replay import replay, requests
from handover.live.report import report
from handover.live.rules import Broken, Seen, hold


def verify(name: str, build: Path, *, region: str | None = None, url: str | None = None, limit: int) -> int:
    """Ask the live API for every golden row, and print what became of it.

    Parameters
    ----------
    name
        The stack's name.
    url
        Where the API answers, if not at the stack's output ``Url``.
    limit
        Requests in the first burst.

    Returns
    -------
    0 when it answers as it was built, 1 when it does not.

    Raises
    ------
    NothingBuiltError
        When there is no build to hold it to.
    LiveError
        When it could not be asked.
    """
    expected = built.read(build)
    session = aws.session(region)
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
