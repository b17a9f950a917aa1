"""Work in another process: its result, or in one sentence how it ended without one."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from handover.apart import CutShortError, apart
from handover.errors import CannotRunError
from handover.local import signals

ROOT = Path(__file__).parents[2]
WORK = "tests.handover.apart_work"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_it_gives_the_result_and_passes_events_on() -> None:
    heard: list[Any] = []

    assert apart(f"{WORK}:adds", {"one": 1, "other": 2}, heard.append) == {"sum": 3}
    assert heard == [{"begun": "adding"}]


def test_what_is_printed_there_is_no_result_and_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    assert apart(f"{WORK}:prints", {}) == {"by": "itself"}

    printed = capfd.readouterr()
    assert printed.out == ""
    assert sorted(printed.err.splitlines()) == [
        '{"result": {"by": "a child"}}',
        '{"result": {"by": "print"}}',
        '{"result": {"by": "write"}}',
    ]


def test_why_it_cannot_is_told_in_its_words() -> None:
    with pytest.raises(CannotRunError, match=r"^there is no such thing$"):
        apart(f"{WORK}:cannot", {})


@pytest.mark.parametrize("status", [0, 1, 7])
def test_an_end_without_a_result_is_none_whatever_the_status(status: int) -> None:
    with pytest.raises(CutShortError) as error:
        apart(f"{WORK}:ends", {"status": status})

    assert str(error.value) == (
        f"ends ended early, at the end, so nothing is known of the delivery: its process ended with {status}. "
        f"What a delivery runs may have stopped it, or the machine"
    )


def test_a_crash_is_named_by_its_signal() -> None:
    with pytest.raises(CutShortError, match=r": its process was ended by SIGKILL\. "):
        apart(f"{WORK}:dies", {})


def test_a_failure_shows_where(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CutShortError, match=r": its process ended with 1\. "):
        apart(f"{WORK}:fails", {})

    assert capfd.readouterr().err.endswith("KeyError: 'x'\n")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_its_end_is_the_end_of_both(end: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "ended"

    def interrupt(event: Any) -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), end)).start()

    with pytest.raises(KeyboardInterrupt), signals.as_interrupt():
        apart(f"{WORK}:waits", {"file": str(file)}, interrupt)

    ended = int(file.read_text().removeprefix("ended "))  # it took down what was its own
    with pytest.raises(ProcessLookupError):
        os.kill(ended, 0)
