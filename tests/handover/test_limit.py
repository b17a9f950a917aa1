"""A limit to how long code may run, by the clock or by the processor's time."""

import gc
import signal
import time

import pytest

from handover.limit import TooLongError, at_most

pytestmark = pytest.mark.quick


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("of_processor", [False, True])
def test_what_never_ends_is_stopped(of_processor: bool) -> None:
    with pytest.raises(TooLongError, match=r"^it was stopped after 0\.05 s$"), at_most(0.05, of_processor=of_processor):
        spin()


def test_what_is_left_alone_by_the_machine_is_stopped_by_the_clock_only() -> None:
    with at_most(0.05, of_processor=True):
        time.sleep(0.2)
    with pytest.raises(TooLongError), at_most(0.05):
        time.sleep(60)


def test_after_the_block_nothing_is_stopped() -> None:
    for of_processor in (False, True):
        with at_most(0.02, of_processor=of_processor):
            pass
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass


def test_garbage_that_others_left_is_not_collected_in_the_codes_time() -> None:
    with at_most(1):
        assert not gc.isenabled()
    assert gc.isenabled()


def test_where_there_are_no_timers_code_runs_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer")

    with at_most(0.01):
        time.sleep(0.05)
