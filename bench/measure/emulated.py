"""Lambda contenders under AWS's runtime interface emulator: cold starts, and memory after many requests."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench import processes
from bench.measure import Samples, Tick
from bench.staging import Staged
from handover.local.emulator import Emulator, EnvironmentDiedError


class NoAnswerError(RuntimeError):
    """A contender does not answer under the emulator; the message names it, and is the last that it said."""


@contextmanager
def emulator(staged: Staged) -> Iterator[Emulator]:
    """Start a contender under the emulator, and end it.

    Raises
    ------
    NoAnswerError
        When it ends without an answer.
    """
    lines: list[str] = []
    running = Emulator(staged.function, lines.append)
    try:
        yield running
    except EnvironmentDiedError as error:
        raise NoAnswerError(
            f"{staged.contender.label}: {error}: {lines[-1] if lines else 'it said nothing'}"
        ) from error
    finally:
        running.stop()


def cold(contenders: Sequence[Staged], event: Any, rounds: int, tick: Tick) -> Samples:
    """Time each from starting the process to its first answer [ms], all in turn, round by round.

    One round goes before and is not counted: it reads the files from the disk, as the first of a day does.
    """
    sent = json.dumps(event).encode()
    samples: Samples = {}
    for round_ in range(rounds + 1):
        for staged in contenders:
            with emulator(staged) as running:
                running.invoke(sent)
            if round_:
                samples.setdefault(staged.contender.name, []).append([round(running.cold_ms or 0.0, 3)])
            tick(staged.contender.label)
    return samples


def peak_memory(contenders: Sequence[Staged], events: Sequence[Any], requests: int, tick: Tick) -> dict[str, float]:
    """Give the most memory that each function's process held, after so many requests [MB]."""
    sent = [json.dumps(event).encode() for event in events]
    peaks = {}
    for staged in contenders:
        with emulator(staged) as running:
            for request in range(requests):
                running.invoke(sent[request % len(sent)])
            peaks[staged.contender.name] = round(processes.peak_rss_mb(running.pid, "awslambdaric"), 2)
        tick(staged.contender.label)
    return peaks
