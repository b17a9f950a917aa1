import json
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from handover.local.emulator import EnvironmentDiedError
from handover.local.pool import Pool, ThrottledError
from handover.local.processes import of_session

# A request says that it is being answered through one pipe, and is held until the other is opened.
HELD = """
import os
def handler(event, context):
    if event == "exit":
        os._exit(1)
    if event:
        with open(event + ".in", "w"): pass
        with open(event + ".go"): pass
    return os.getpid()
"""


class Gate:
    """Holds requests in flight, by two pipes each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def evaluate(self, threads: ThreadPoolExecutor, pool: Pool) -> tuple["Future[object]", Callable[[], object]]:
        """Send a request, wait until the function has it; what is returned last lets it go and gives its reply."""
        name = self._folder / str(self._count)
        self._count += 1
        for end in (".in", ".go"):
            os.mkfifo(f"{name}{end}")
        future = threads.submit(send, pool, str(name))
        Path(f"{name}.in").read_text()

        def release() -> object:
            Path(f"{name}.go").write_text("")
            return future.result()

        return future, release


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def send(pool: Pool, event: object = None) -> object:
    return json.loads(pool.invoke(json.dumps(event).encode()).reply)


def test_one_request_after_another_is_one_environment_cold_only_once(build) -> None:
    with Pool(build(HELD), 2, print) as pool:
        first, second = pool.invoke(b"null"), pool.invoke(b"null")
    assert first.reply == second.reply
    assert (first.cold, second.cold) == (True, False)


def test_two_requests_at_once_are_two_environments_and_the_last_used_is_used_next(build, gate: Gate) -> None:
    with Pool(build(HELD), 2, print) as pool, ThreadPoolExecutor(2) as threads:
        _, release_first = gate.evaluate(threads, pool)
        _, release_second = gate.evaluate(threads, pool)
        second, first = release_second(), release_first()
        assert first != second
        assert send(pool) == first


def test_past_the_limit_a_request_is_throttled_and_room_returns(build, gate: Gate) -> None:
    with Pool(build(HELD), 1, print) as pool, ThreadPoolExecutor(1) as threads:
        _, release = gate.evaluate(threads, pool)
        with pytest.raises(ThrottledError) as throttled:
            send(pool)
        assert str(throttled.value) == "1 requests are being answered already"
        assert release() == send(pool)


def test_an_environment_that_died_is_replaced_by_a_cold_one(build) -> None:
    with Pool(build(HELD), 1, print) as pool:
        first = pool.invoke(b"null")
        with pytest.raises(EnvironmentDiedError):
            send(pool, "exit")
        second = pool.invoke(b"null")
    assert first.reply != second.reply
    assert second.cold


def test_stop_ends_every_environment_also_those_in_a_request(build, gate: Gate) -> None:
    with ThreadPoolExecutor(1) as threads:
        pool = Pool(build(HELD), 2, print)
        held, _ = gate.evaluate(threads, pool)
        send(pool)
        pids = [emulator.pid for emulator in pool._all]
        assert [bool(of_session(pid)) for pid in pids] == [True, True]
        pool.stop()
        with pytest.raises(EnvironmentDiedError):
            held.result()
    assert [of_session(pid) for pid in pids] == [[], []]
    with pytest.raises(EnvironmentDiedError) as refused:
        send(pool)
    assert str(refused.value) == "the function's environments were stopped"
