"""Fixtures: deliveries to try things on: the real one, and a tiny one of another shape."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports onnxruntime
# The small models of the tests are trained anew, and OpenBLAS adds in another order on each kind of processor: texts
# that quote their scores are those of one kind. Before anything imports numpy; elsewhere OpenBLAS takes what it can.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from handover import deliver, matrix
from tests.helpers.browser import Browser, chromium
from tests.helpers.desk import OF_A_PIPELINE
from tests.helpers.flowers import deliver_flowers
from tests.helpers.parcels import HEURISTICS, PARCELS, REAL, module, parcel_rows

settings.register_profile(
    "steady",
    deadline=None,  # the machines are noisy
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

MEASURED = tuple(Path(__file__).parent / name for name in ("function", "hook"))
"""The tests that coverage is measured in: what ships is covered by its own, and measuring slows every test down."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not any(item.path.is_relative_to(folder) for folder in MEASURED):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver the tiny model, and give its folder."""
    source = tmp_path_factory.mktemp("source") / "heuristics.py"
    source.write_text(HEURISTICS)
    heuristics = module(source)
    rows = parcel_rows(60)
    features = matrix(rows, contract=PARCELS, heuristics=heuristics).values
    days = np.nan_to_num(features[:, 0]) / 3 + np.nan_to_num(features[:, 1]) * 2
    model = make_pipeline(SimpleImputer(), GradientBoostingRegressor(n_estimators=10, random_state=0)).fit(
        features, days
    )
    folder = tmp_path_factory.mktemp("parcels") / "delivery"
    deliver(model, rows=rows[:20], labels=days[:20], contract=PARCELS, heuristics=heuristics, to=folder)
    return folder


@pytest.fixture(scope="session")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver the tiny model of three classes, and give its folder."""
    folder = tmp_path_factory.mktemp("flowers") / "delivery"
    deliver_flowers(folder)
    return folder


@pytest.fixture(params=["parcels", "flowers", "credit"])
def delivery(request: pytest.FixtureRequest) -> Path:
    """Give each delivery in turn: the function knows no field of any, nor how many scores there are."""
    folder: Path = REAL if request.param == "credit" else request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a browser, for all tests of this process that look at a page."""
    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def no_repository_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep git hooks and a CI system's runners from saying which repository, and which base branch, a test means."""
    for variable in OF_A_PIPELINE:
        monkeypatch.delenv(variable, raising=False)
