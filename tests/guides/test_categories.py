"""The page on categories: each model of it is delivered, where the contract allows gaps and where it does not."""

import re
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from handover import Budgets, Contract, Field, Row, Score, deliver, matrix
from predictor.delivery import load_source

PAGE = Path(__file__).parents[2] / "docs" / "categories.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
KNOWS = 0.75  # AUC of a model that was told of the shops; of their codes as numbers, a line knows 0.6
FEW = {"n_estimators": 30, "n_jobs": 1}
NAMES = {
    thing.__name__: thing
    for thing in (
        ColumnTransformer, LogisticRegression, OneHotEncoder, Ridge, SimpleImputer,
        StandardScaler, deliver, make_pipeline, matrix,
    )
} | {
    "CatBoostClassifier": partial(CatBoostClassifier, iterations=30, thread_count=1, verbose=0),
    "HistGradientBoostingClassifier": partial(HistGradientBoostingClassifier, max_iter=30),
    "LGBMClassifier": partial(LGBMClassifier, verbose=-1, **FEW),
    "XGBClassifier": partial(XGBClassifier, **FEW),
    "np": np,
}  # fmt: skip
SERVICES, SHOPS = ("economy", "standard", "express"), tuple(f"shop {number}" for number in range(9))
HEURISTICS = b'''"""What a parcel's row says."""


def is_express(row):
    """Whether it is in a hurry [1]."""
    return row.service == "express"
'''


class Whole(Row):
    """A parcel of which everything is known."""

    weight: float = Field(ge=-10, le=10, description="[kg]")
    service: Literal["economy", "standard", "express"] = Field(description="How fast")
    abroad: bool = Field(description="[1]")
    shop: Literal[SHOPS] = Field(description="Where")  # type: ignore[valid-type]


class Gapped(Row):
    """A parcel of which everything may be missing."""

    weight: float | None = Field(default=None, ge=-10, le=10, description="[kg]")
    service: Literal["economy", "standard", "express"] | None = Field(default=None, description="How fast")
    abroad: bool | None = Field(default=None, description="[1]")
    shop: Literal[SHOPS] | None = Field(default=None, description="Where")  # type: ignore[valid-type]


def parcels(row: type[Row]) -> tuple[pd.DataFrame, pd.Series]:
    """Make parcels, and whether each came late: it depends on the shop, in no order."""
    random = np.random.default_rng(5)
    table = pd.DataFrame({
        "weight": random.normal(size=600).round(2),
        "service": random.choice(SERVICES, 600),
        "abroad": random.random(600) < 0.3,
        "shop": random.choice(SHOPS, 600),
    })  # fmt: skip
    effect = dict(zip(SHOPS, random.permutation(9) - 4.0, strict=True))
    late = table["shop"].map(effect) + table["weight"] + random.normal(size=600) > 0.3
    return table.mask(random.random(table.shape) < 0.1) if row is Gapped else table, late.astype(int)


@pytest.mark.parametrize("row", [Whole, Gapped])
def test_each_model_of_the_page_is_delivered(row: type[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where CatBoost writes what it likes
    table, late = parcels(row)
    budgets = Budgets(model_kib=4096, layers_mib=100, parity=1e-5, flipped_decisions=0)
    common = {
        "contract": Contract(
            name="parcels",
            version="1.0.0",
            row=row,
            score=Score("late", 0.0, 1.0),
            decisions={"no": 0.371, "yes": 1.0},
            budgets=budgets,
        ),
        "heuristics": load_source(HEURISTICS, tmp_path / "heuristics.py"),
    }
    Path(common["heuristics"].__file__).write_bytes(HEURISTICS)
    judges, outcomes = table[400:], late[400:]
    page = NAMES | {"table": table[:400], "y": late[:400], "judges": judges, "outcomes": outcomes}
    page |= {"CONTRACT": common["contract"], "heuristics": common["heuristics"], "DELIVERY": tmp_path / "delivery"}
    for block in BLOCKS:
        exec(block, page)  # noqa: S102  the page's own
        if "fit(" in block and "deliver(" not in block:
            manifest = deliver(page["model"], rows=judges, labels=outcomes, to=tmp_path / "delivery", **common)
            assert manifest["quality"]["auc"] > KNOWS, block
    assert page["X"].categories == (1, 3)
