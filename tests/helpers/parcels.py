"""Deliveries to try things on: the real one, and a tiny one of another shape."""

from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from handover import Budgets, Contract, Field, Row, Score
from predictor.delivery import load_source

REAL = Path(__file__).parents[2] / "layers" / "model" / "delivery"


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
    """Run a file as a module, from its source: bytecode would be a second old when a test edits it."""
    return load_source(path.read_bytes(), path)


def parcel_rows(count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    zones = random.choice(["home", "abroad", "island: far", None], count)
    weights = random.uniform(0, 12, count).round(2)
    return [{"weight": float(weight), "zone": zone} for weight, zone in zip(weights, zones, strict=True)]
