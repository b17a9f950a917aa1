"""A limit to how long code may run, by the clock or by the processor's time."""

import gc
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import pytest

from handover import limit
from handover.limit import TooLongError, at_most, or_end, within


def spin() -> None:
    while True:
        pass


@pytest.fixture(params=["timers", "threads"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have timers that signal, or have none, as on Windows."""
    if request.param == "threads":
        for name in ("setitimer", "SIGALRM", "SIGVTALRM", "SIGPROF", "ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"):
            monkeypatch.delattr(signal, name)


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("of_processor", [False, True])
def test_what_never_ends_is_stopped(of_processor: bool) -> None:
    with pytest.raises(TooLongError, match=r"^it was stopped after 0\.05 s$"), at_most(0.05, of_processor=of_processor):
        spin()


@pytest.mark.usefixtures("anywhere")
def test_what_catches_everything_is_stopped_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "AGAIN_S", 0.05)
    caught = []

    def catches() -> None:
        try:
            spin()
        except:  # noqa: E722  as somebody's code may have it
            caught.append(1)
            spin()

    with pytest.raises(TooLongError), at_most(0.02):
        catches()

    assert caught == [1]


def test_a_limit_that_was_over_before_it_began_stops_nothing_later() -> None:
    with pytest.raises(TooLongError), at_most(-0.004):
        spin()

    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_is_left_alone_by_the_machine_is_stopped_by_the_clock_only() -> None:
    with at_most(0.05, of_processor=True):
        time.sleep(0.2)
    with pytest.raises(TooLongError), at_most(0.05):
        time.sleep(60)


@pytest.mark.usefixtures("anywhere")
def test_after_the_block_nothing_is_stopped() -> None:
    for of_processor in (False, True):
        with at_most(0.2, of_processor=of_processor):  # by the clock, a busy machine may keep even this waiting
            pass
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass


def test_garbage_that_others_left_is_not_collected_in_the_codes_time() -> None:
    before = gc.isenabled()
    gc.enable()  # the function's handler disables it where it is imported

    try:
        with at_most(1):
            assert not gc.isenabled()
        assert gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()


def test_one_call_that_never_comes_back_ends_the_process_at_a_line_that_is_printed() -> None:
    program = (
        "import itertools\n"
        "from handover.limit import at_most, or_end\n"
        "with or_end(0.2), at_most(0.1):\n"
        "    sum(itertools.repeat(1))\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert ended.returncode == -signal.SIGPROF
    assert 'File "<string>", line 4 in <module>' in ended.stderr


def test_what_ends_in_time_goes_on() -> None:
    with or_end(0.05):
        time.sleep(0.1)  # a busy machine ends nothing
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass


NO_TIMERS = "import itertools, signal, time\ndel signal.setitimer\nfrom handover.limit import at_most, or_end\n"


@pytest.mark.parametrize(
    "blocks",
    [
        "with or_end(0.3):\n    sum(itertools.repeat(1))\n",
        "with or_end(0.3), or_end(60):\n    sum(itertools.repeat(1))\n",
        "with or_end(0.3), at_most(60):\n    sum(itertools.repeat(1))\n",
    ],
)
def test_where_there_are_no_timers_it_is_ended_by_the_clock(blocks: str) -> None:
    ended = subprocess.run([sys.executable, "-c", NO_TIMERS + blocks], check=False, capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stderr.startswith("Timeout (0:00:00.")
    assert 'File "<string>", line 5 in <module>' in ended.stderr


def test_where_there_are_no_timers_a_call_that_is_stuck_is_ended_a_minute_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "setitimer")
    monkeypatch.setattr(limit, "or_end", lambda seconds: nullcontext(waited.append(seconds)))
    waited: list[float] = []

    with at_most(30):
        pass

    assert waited == [90]


def test_where_there_are_no_timers_what_is_inside_another_limit_ends_with_it() -> None:
    program = NO_TIMERS + "with or_end(0.3):\n    with or_end(60):\n        pass\n    time.sleep(60)\n"

    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert ended.returncode == 1
    assert 'File "<string>", line 7 in <module>' in ended.stderr


def test_where_there_are_no_timers_ctrl_c_is_still_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer")
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it

    try:
        with pytest.raises(KeyboardInterrupt), at_most(60):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, outside)


def test_what_does_not_come_back_is_not_waited_for() -> None:
    released = threading.Event()

    with pytest.raises(TooLongError, match=r"^it had not ended after 0\.02 s$"):
        within(0.02, released.wait)
    released.set()


def test_what_a_call_gives_or_raises_is_its_own() -> None:
    def fails() -> None:
        raise TimeoutError("of its own")

    assert within(60, lambda: 7) == 7
    with pytest.raises(TimeoutError, match=r"^of its own$"):
        within(60, fails)
