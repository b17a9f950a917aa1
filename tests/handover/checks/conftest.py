"""Fixtures: deliveries to be broken: one that keeps every clause, and ways to break it."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from handover import extent
from handover.checks import determinism, finite
from tests.helpers.remembered import Elsewhere, Searches, search_briefly
from tests.helpers.sandbox import Sandbox


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Sandbox(tmp_path_factory.mktemp("whole") / "delivery").deliver().folder


@pytest.fixture
def sandbox(whole: Path, tmp_path: Path) -> Sandbox:
    """Give a delivery that keeps every clause, to be broken."""
    sys.modules.pop("tried_contract", None)
    return Sandbox(Path(shutil.copytree(whole, tmp_path / "delivery")))


@pytest.fixture(scope="session")
def searches() -> Searches:
    return Searches()


@pytest.fixture(autouse=True)
def searched_once(searches: Searches, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search once for what the same contract and heuristics fail on."""
    monkeypatch.setattr(finite, "first_failure", searches)


@pytest.fixture(scope="session")
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture(autouse=True)
def asked_once(request: pytest.FixtureRequest, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the processes of H108 once for the same heuristics, where something else is broken."""
    if not re.search("H108|determinism", request.node.nodeid):
        monkeypatch.setattr(determinism, "answers", elsewhere)


@pytest.fixture(autouse=True)
def searched_briefly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for rows that fail among fewer, where something else is broken: the searches have tests of their own."""
    if not re.search("H107|H113|M110|determinism|finite|tries", request.node.nodeid):
        search_briefly(monkeypatch)


@pytest.fixture(autouse=True)
def nothing_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test as a training does, in which nothing was laid out before."""
    monkeypatch.setattr(extent, "_LAID_OUT", {})
