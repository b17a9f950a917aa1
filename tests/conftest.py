"""Fixtures: deliveries to try things on: the real one, and a tiny one of another shape.

Each imports what it needs when it is asked for: the process that hands the tests to others loads this file as well.
"""

import gc
import os
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports onnxruntime
# The small models of the tests are trained anew, and OpenBLAS adds in another order on each kind of processor: texts
# that quote their scores are those of one kind. Before anything imports numpy; elsewhere OpenBLAS takes what it can.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
# Threads of OpenMP wait for each other in loops, which costs twenty times the training itself where the cores are busy
# with other tests: these sleep. It changes no number of threads, and so no figure.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.helpers.browser import Browser

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
SHIPS = ("delivery", "documents", "openapi", "page", "prediction")
"""Modules of the function that import all of it but the handler: they are measured as they are imported, once."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End what pytest-cov starts in a worker before the worker's own: it goes on wherever that one pauses."""
    controller = _controller(session.config)
    if controller and hasattr(session.config, "workerinput"):
        controller.pause()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import the tests without looking for garbage meanwhile, nor ever again among what was imported."""
    if _controller(session.config):
        for name in SHIPS:
            import_module(f"predictor.{name}")
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> None:
    _measure(collector)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Measure whole tests, with what their fixtures do, and change only from folder to folder: a change is dear."""
    _measure(item)


def _measure(node: pytest.Item | pytest.Collector) -> None:
    if controller := _controller(node.config):
        measured = any(node.path.is_relative_to(folder) for folder in MEASURED)
        if measured != controller.started:
            (controller.resume if measured else controller.pause)()


def _controller(config: pytest.Config) -> Any:
    """Give what starts and stops the measuring in this process; ``None`` where nothing is measured."""
    return getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)


@pytest.fixture(scope="session")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver the tiny model, and give its folder."""
    import numpy as np
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    from handover import deliver, matrix
    from tests.helpers.parcels import HEURISTICS, PARCELS, module, parcel_rows

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
    from tests.helpers.flowers import deliver_flowers

    folder = tmp_path_factory.mktemp("flowers") / "delivery"
    deliver_flowers(folder)
    return folder


@pytest.fixture(params=["parcels", "flowers", "credit"])
def delivery(request: pytest.FixtureRequest) -> Path:
    """Give each delivery in turn: the function knows no field of any, nor how many scores there are."""
    from tests.helpers.parcels import REAL

    folder: Path = REAL if request.param == "credit" else request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Start a browser, for all tests of this process that look at a page."""
    from tests.helpers.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def no_repository_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep git hooks and a CI system's runners from saying which repository, and which base branch, a test means."""
    from tests.helpers.desk import OF_A_PIPELINE

    for variable in OF_A_PIPELINE:
        monkeypatch.delenv(variable, raising=False)
