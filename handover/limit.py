"""A limit to how long somebody's code may run: what never ends must not keep others waiting."""

import faulthandler
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

AGAIN_S = 1.0
LEFT_ALONE = "left alone"  # what a thread is called that nobody waits for
ENDING_S = 60.0  # more than any limit that is stopped at, where nothing can be stopped and the process is ended


class TooLongError(BaseException):
    """The code ran into its limit. Not an ``Exception``: code that catches all of those must not go on."""


@contextmanager
def at_most(seconds: float, *, of_processor: bool = False) -> Iterator[None]:
    """Stop the code in the block where it is, once it has run for so long.

    Only in the main thread, where Python handles signals. Windows has no timers that signal: there the process is
    ended as by ``or_end``, a minute later. Garbage is not collected meanwhile: what others left behind is not this
    code's time, and what is raised in a collector is lost.

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
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if not hasattr(signal, "setitimer"):
        with or_end(ENDING_S + seconds):
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
    """End this process where the code in the block has had so much of the processor's time; print the line it is at.

    For what ``at_most`` cannot stop: one call into C that does not come back, and a loop that catches everything. Where
    there are no timers, as on Windows, it is ended by the clock.
    """
    if not hasattr(signal, "setitimer"):
        faulthandler.dump_traceback_later(seconds, exit=True, file=2)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        return
    faulthandler.register(signal.SIGPROF, file=2, all_threads=False, chain=True)  # the signal then ends the process
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """Give what a call gives, or wait no longer.

    For calls into C that let other threads run, as onnxruntime's do: what does not come back goes on, in a thread of
    its own, until it is done or the process ends.

    Raises
    ------
    TooLongError
        When nobody waited any longer; else what the call raises.
    """
    given: Future[T] = Future()

    def run() -> None:
        try:
            given.set_result(call())
        except BaseException as error:  # it belongs to the thread that waits
            given.set_exception(error)

    threading.Thread(target=run, name=LEFT_ALONE, daemon=True).start()
    try:
        return given.result(seconds)
    except TimeoutError:
        if given.done():  # the call's own
            raise
        raise TooLongError(f"it had not ended after {seconds:g} s") from None
