"""A limit to how long somebody's code may run: what never ends must not keep others waiting."""

import _thread
import faulthandler
import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import Never

type Stop = Callable[[], Never]

AGAIN_S = 1.0
LOOKS_S = 0.01  # how often, at most, a thread looks at a clock
LEFT_ALONE = "left alone"  # what a thread is called that nobody waits for
ENDING_S = 60.0  # more than any limit that is stopped at, where nothing can be stopped and the process is ended
_ENDS: list[float] = []


class TooLongError(BaseException):
    """The code ran into its limit. Not an ``Exception``: code that catches all of those must not go on."""


@contextmanager
def at_most(seconds: float, *, of_processor: bool = False) -> Iterator[None]:
    """Stop the code in the block where it is, once it has run for so long by the clock: with ``TooLongError``.

    Only in the main thread, where Python handles signals. Garbage is not collected meanwhile: what others left behind
    is not this code's time, and what is raised in a collector is lost. ``of_processor`` counts the process's own time
    on the processor instead, where the outcome must not depend on what else the machine does; code that sleeps is then
    not stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop() -> Never:
        raise TooLongError(f"it was stopped after {seconds:g} s")

    interrupted = _by_a_timer if hasattr(signal, "setitimer") else _by_a_thread
    collects = gc.isenabled()
    gc.disable()
    try:
        with interrupted(seconds, stop, of_processor=of_processor):
            yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _by_a_timer(seconds: float, stop: Stop, *, of_processor: bool) -> Iterator[None]:
    timer, alarm = (signal.ITIMER_VIRTUAL, signal.SIGVTALRM) if of_processor else (signal.ITIMER_REAL, signal.SIGALRM)
    before = signal.signal(alarm, lambda *_: stop())
    try:
        signal.setitimer(timer, max(seconds, 1e-6), AGAIN_S)  # and again, for a bare except
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(alarm, before)


@contextmanager
def _by_a_thread(seconds: float, stop: Stop, *, of_processor: bool) -> Iterator[None]:
    """Stop the code where there are no timers that signal, as on Windows: between two lines of Python, in no sleep.

    What does not come back from C is ended with the process, a minute later.
    """
    clock = time.process_time if of_processor else time.monotonic
    end, late, done = clock() + seconds, threading.Event(), threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if late.is_set() and not done.is_set():
            stop()
        if not late.is_set() and callable(before):  # somebody's Ctrl-C
            before(number, frame)

    def watch() -> None:
        left = seconds
        while not done.wait(max(left, LOOKS_S)):
            left = end - clock()
            if left <= 0:
                late.set()
                _thread.interrupt_main()
                left = AGAIN_S

    watcher = threading.Thread(target=watch, daemon=True)
    with or_end(ENDING_S + seconds):
        signal.signal(signal.SIGINT, interrupt)
        watcher.start()
        try:
            yield
        finally:
            try:
                done.set()
            finally:
                watcher.join()
                signal.signal(signal.SIGINT, before)


@contextmanager
def or_end(seconds: float) -> Iterator[None]:
    """End this process where the code in the block has had so much of the processor's time; print the line it is at.

    For what ``at_most`` cannot stop: one call into C that does not come back, and a loop that catches everything. Where
    there are no timers, as on Windows, it is ended by the clock.
    """
    if not hasattr(signal, "setitimer"):
        _ENDS.append(time.monotonic() + seconds)
        _end_at_the_first()
        try:
            yield
        finally:
            _ENDS.pop()
            _end_at_the_first()
        return
    faulthandler.register(signal.SIGPROF, file=2, all_threads=False, chain=True)  # the signal then ends the process
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)


def _end_at_the_first() -> None:
    """End the process at the first limit of those in force: Python has one such clock, and blocks nest."""
    faulthandler.cancel_dump_traceback_later()
    if _ENDS:
        faulthandler.dump_traceback_later(max(min(_ENDS) - time.monotonic(), LOOKS_S), exit=True, file=2)


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """Give what a call gives, or wait no longer, which is a ``TooLongError``.

    For calls into C that let other threads run, as onnxruntime's do: what does not come back goes on, in a thread of
    its own, until it is done or the process ends.
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
