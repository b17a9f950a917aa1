"""What runs a delivery's code is done in a process of its own, for that code may end it."""

from collections.abc import Callable
from typing import Any

type Event = dict[str, Any]


def apart(work: str, show: Callable[[Event], None] = lambda event: None, **arguments: Any) -> dict[str, Any]:
    """Run a delivery's code in another process; say where it was when that ended too early."""
    from handover import apart as processes
    from handover.apart import CutShortError

    begun = "its beginning"

    def hear(event: Event) -> None:
        nonlocal begun
        begun = event.get("begun", begun)
        show(event)

    try:
        return processes.apart(f"handover.cli.work:{work}", arguments, hear)
    except CutShortError as error:
        raise CutShortError(
            f"{work} ended early, at {begun}, so nothing is known of the delivery: {error}. What a delivery runs may "
            f"have stopped it, or the machine"
        ) from None
