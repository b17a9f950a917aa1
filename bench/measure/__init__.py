"""What is measured, one module each; contenders take turns, so that what slows the machine slows them alike."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from rich.progress import Progress

from handover.errors import CannotRunError
from handover.latency import NotMeasuredError

type Samples = dict[str, list[list[float]]]
"""Times [ms] by contender: one list for each round, in which all contenders had their turn."""
type Turn = Callable[[], list[float]]
"""Does what is timed, once or several times, and gives the times [ms]."""


def in_turn(
    turns: Mapping[str, Turn], rounds: int, progress: Progress, description: str, *, uncounted: int = 0
) -> Samples:
    """Give each its turn, round by round; ``uncounted`` rounds go before, for the first reads files from the disk."""
    samples: Samples = {name: [] for name in turns}
    for number in progress.track(range(uncounted + rounds), description=description):
        for name, turn in turns.items():
            try:
                times = [round(time, 4) for time in turn()]
            except CannotRunError as error:
                raise NotMeasuredError(f"{name}: {error}") from None
            if number >= uncounted:
                samples[name].append(times)
    return samples


def timed(work: Callable[[], Any]) -> list[float]:
    """Time something once [ms]."""
    begun = perf_counter()
    work()
    return [(perf_counter() - begun) * 1000]
