"""A limit to how long somebody's code may run: what never ends must not keep others waiting."""

import faulthandler
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_S = 1.0


class TooLongError(BaseException):
    """The code ran into its limit. Not an ``Exception``: code that catches all of those must not go on."""


@contextmanager
def at_most(seconds: float, *, of_processor: bool = False) -> Iterator[None]:
    """Stop the code in the block where it is, once it has run for so long.

    Only in the main thread, where Python handles signals, and where there are timers, which Windows lacks; elsewhere
    the code runs without a limit. Garbage is not collected meanwhile: what others left behind is not this code's time,
    and what is raised in a collector is lost.

    Parameters
    ----------
    seconds
        By the clock [s].
    of_processor
        Count the process's own time on the processor instead: where the outcome must not depend on what else the
        machine does. Code that sleeps is then not stopped.

    Raises
    ------
    TooLongError
        When it was stopped.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLongError(f"it was stopped after {seconds:g} s")

    timer, alarm = (signal.ITIMER_VIRTUAL, signal.SIGVTALRM) if of_processor else (signal.ITIMER_REAL, signal.SIGALRM)
    collects = gc.isenabled()
    gc.disable()
    before = signal.signal(alarm, stop)
    signal.setitimer(timer, max(seconds, 1e-6), AGAIN_S)  # and again, for a bare except
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(alarm, before)
        if collects:
            gc.enable()


@contextmanager
def or_end(seconds: float) -> Iterator[None]:
    """End this process where the code in the block still runs after so long, and print the line that it is at.

    For what ``at_most`` cannot stop: one call into C that does not come back, and a loop that catches everything.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
