"""A limit to how long somebody's code may run: what never ends must not keep others waiting."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_S = 1.0


class TooLongError(BaseException):
    """The code ran into its limit. Not an ``Exception``: code that catches all of those must not go on."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop the code in the block where it is, once it has run for so long by the clock.

    Only in the main thread, where Python handles signals; in another one the code runs without a limit.

    Raises
    ------
    TooLongError
        When it was stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLongError(f"it was stopped after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), AGAIN_S)  # and again, for a bare except
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
