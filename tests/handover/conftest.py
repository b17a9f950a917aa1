"""Fixtures: commands whose work begins in a process that has imported its libraries already."""

import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from handover import apart
from tests.helpers.warm import Warm

OF_COMMANDS = ("handover.cli.work", "handover.diff.reporters", "handover.scored", "handover.trained")


@pytest.fixture(scope="session")
def waiting() -> Iterator[Warm]:
    """Start the process that all of these fork from."""
    with Warm(*OF_COMMANDS) as waiting:
        yield waiting


@pytest.fixture
def warm_commands(waiting: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the work of a command apart, as ever, without importing everything for each one anew."""
    monkeypatch.setattr(apart, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": waiting.popen}))
