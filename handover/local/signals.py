"""The end that a terminal, a supervisor or a closed window asks for, as one exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

CLOSED = "SIGHUP"
ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", CLOSED, "SIGBREAK") if hasattr(signal, name)]
"""Those of them that this system has: Windows has no SIGHUP, and only Windows SIGBREAK."""


@contextmanager
def as_interrupt() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` in the main thread at the first signal to end; further ones are not heard."""
    previous = {number: signal.getsignal(number) for number in ENDS}

    def interrupt(number: int, frame: FrameType | None) -> Never:
        for end in ENDS:
            signal.signal(end, signal.SIG_IGN)
        raise KeyboardInterrupt

    try:
        for number, handler in previous.items():
            if handler is not signal.SIG_IGN or number.name != CLOSED:  # nohup asked to outlive the window
                signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
