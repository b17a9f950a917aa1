"""A tiny delivery of three classes, in place of one score."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from handover import Contract, deliver, matrix
from tests.helpers.parcels import module

CONTRACT = '''"""What both teams agreed on flowers."""

from typing import Literal

from handover import Budgets, Contract, Field, Otherwise, Row


class Flower(Row):
    """A flower, measured."""

    petal: float = Field(ge=0, le=10, description="Length of its petals [cm]")
    place: Literal["meadow", "shore"] | None = Field(default=None, description="Where it grew")


CONTRACT = Contract(
    name="flowers",
    version="1.0.0",
    row=Flower,
    classes=("setosa", "virginica", "versicolor"),
    otherwise=Otherwise("ask_an_expert", below=0.6),
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)
'''
HEURISTICS = '''"""What a flower's row says."""


def shore_petal(row):
    """Length of its petals, if it grew on the shore [cm]."""
    return None if row.place is None else row.petal * (row.place == "shore")
'''


def _contract() -> Contract:
    named: dict[str, Any] = {"__name__": __name__}
    exec(CONTRACT, named)  # noqa: S102  as a delivery's contract.py is run
    contract: Contract = named["CONTRACT"]
    return contract


FLOWERS = _contract()


def flower_rows(count: int, seed: int = 1) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw flowers of three kinds whose petals overlap, and the kind of each."""
    random = np.random.default_rng(seed)
    kinds = random.choice(FLOWERS.classes, count)
    petals = random.normal([{"setosa": 2.0, "versicolor": 4.0, "virginica": 6.0}[kind] for kind in kinds], 0.9)
    places = random.choice(["meadow", "shore", None], count)
    rows = [
        {"petal": round(float(np.clip(petal, 0, 10)), 2), "place": place}
        for petal, place in zip(petals, places, strict=True)
    ]
    return rows, kinds.tolist()


def deliver_flowers(folder: Path, model: Any = None, labelled: dict[str, str] | None = None) -> dict[str, Any]:
    """Deliver a small tree, or another model, with all that a check looks at; give the manifest.

    Parameters
    ----------
    labelled
        What the rows that judge it are labelled as, where that is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.py").write_text(CONTRACT)
    (folder / "heuristics.py").write_text(HEURISTICS)
    heuristics = module(folder / "heuristics.py")
    (rows, kinds), (unseen, theirs) = flower_rows(300), flower_rows(150, seed=2)
    if labelled:
        theirs = [labelled[kind] for kind in theirs]
    values = matrix(rows, contract=FLOWERS, heuristics=heuristics).values
    if model is None:
        model = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0)
    return deliver(
        model.fit(values, kinds), rows=unseen, labels=theirs, contract=FLOWERS, heuristics=heuristics, to=folder
    )
