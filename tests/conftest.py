"""Deliveries to try things on: the real one, and a tiny one of another shape."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports onnxruntime

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from handover import Budgets, Contract, Field, Row, Score, deliver, matrix
from handover.diff.revisions import IN_CI, TARGETS

settings.register_profile(
    "steady",
    deadline=None,  # the machines are noisy
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

REAL = Path(__file__).parents[1] / "layers" / "model" / "delivery"

HEURISTICS = '''"""What a parcel's row says."""


def volume_weight(row):
    """Weight as charged [kg]."""
    if row.weight == 13:
        raise KeyError(row.weight)
    return 1e39 if row.weight == 14 else row.weight * 1.2


def abroad(row):
    """Whether it leaves the country [1]."""
    return None if row.zone is None else row.zone == "abroad"
'''


class Parcel(Row):
    """A parcel on its way."""

    weight: float = Field(ge=0, le=30, description="Weight [kg]")
    zone: Literal["home", "abroad", "island: far"] | None = Field(default=None, description="Where it goes")


PARCELS = Contract(
    name="parcels",
    version="0.1.0",
    row=Parcel,
    score=Score("days on the way", low=0.0, high=40.0),
    decisions={"soon": 3.0, "late": 40.0},
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)


def module(path: Path) -> ModuleType:
    """Import a file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def parcel_rows(count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    zones = random.choice(["home", "abroad", "island: far", None], count)
    weights = random.uniform(0, 12, count).round(2)
    return [{"weight": float(weight), "zone": zone} for weight, zone in zip(weights, zones, strict=True)]


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


@pytest.fixture(params=["parcels", "credit"])
def delivery(request: pytest.FixtureRequest) -> Path:
    """Give each delivery in turn: the function knows no field of either."""
    folder: Path = request.getfixturevalue("parcels") if request.param == "parcels" else REAL
    return folder


@pytest.fixture(autouse=True)
def no_repository_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep git hooks and a CI system's runners from saying which repository, and which base branch, a test means."""
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "CI_MERGE_REQUEST_DIFF_BASE_SHA", *TARGETS, *IN_CI):
        monkeypatch.delenv(variable, raising=False)
