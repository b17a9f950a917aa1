"""Lambda contenders under AWS's runtime interface emulator, and the memory that they hold after many requests."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from typing import Any

from rich.progress import Progress

from bench import processes
from bench.measure import in_turn
from bench.staging import Staged
from handover.latency import NotMeasuredError
from handover.local.emulator import Emulator, EnvironmentDiedError


@contextmanager
def emulator(staged: Staged) -> Iterator[Emulator]:
    """Start a contender under the emulator, and end it; ``NotMeasuredError`` when it ends without an answer."""
    lines = ["it wrote nothing"]
    try:
        with Emulator(staged.function, lines.append) as running:
            yield running
    except EnvironmentDiedError as error:
        raise NotMeasuredError(f"{error}: {lines[-1]}") from error


def peak_memory(
    contenders: Sequence[Staged], events: Sequence[Any], requests: int, progress: Progress
) -> dict[str, float]:
    """Give the most memory that each function's process held, after so many requests [MB]."""
    payloads = [json.dumps(event).encode() for event in events]

    def peak(staged: Staged) -> list[float]:
        with emulator(staged) as running:
            for payload in islice(cycle(payloads), requests):
                running.invoke(payload)
            return [processes.peak_rss_bytes(processes.of_function(running.pid)) / 1e6]

    turns = {staged.contender.name: partial(peak, staged) for staged in contenders}
    return {name: peaks[0][0] for name, peaks in in_turn(turns, 1, progress, "Memory").items()}
