"""Living processes that have something in common, found and ended with whatever they started in turn."""

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import psutil


def living(belongs: "Callable[[psutil.Process], bool]") -> "Iterator[psutil.Process]":
    """Find the processes of this machine that belong, by what a function says of each."""
    import psutil

    ended = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    for pid in psutil.pids():
        with suppress(ProcessLookupError, psutil.Error):  # it ended meanwhile, or is somebody else's
            process = psutil.Process(pid)
            if belongs(process) and process.status() not in ended:
                yield process


def of_session(leader: int) -> "list[psutil.Process]":
    """List the processes of a session."""
    return list(living(lambda process: os.getsid(process.pid) == leader))


def end(find: "Callable[[], Iterable[psutil.Process]]") -> None:
    """Kill all that are found, the youngest first, until nothing is left that could start another."""
    import psutil

    while members := sorted(find(), key=lambda process: -process.pid):
        for member in members:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        time.sleep(0.001)
