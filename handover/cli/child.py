"""What runs a delivery's code is done in a process of its own, for that code may end it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from handover.cli.group import progress
from predictor.files import Json


def apart(work: str, show: Callable[[Json], None] = lambda event: None, **arguments: Any) -> Json:
    """Have a function of ``work.py`` done in another process."""
    from handover.apart import apart as done_apart

    given = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
    return done_apart(f"handover.cli.work:{work}", given, show)


def shown(work: str, description: str, *, verbose: bool = False, **arguments: Any) -> Json:
    """Do the same, and show how far it is; each finding too, if there is much to be said."""
    with progress() as bars:
        task = bars.add_task(description, total=None)

        def show(event: Json) -> None:
            bars.update(task, total=event.get("total"), completed=event.get("done"))
            if verbose and "finding" in event:
                bars.console.print(event["finding"], markup=False, highlight=False, soft_wrap=True)

        return apart(work, show, **arguments)
