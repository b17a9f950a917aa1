"""The same work for everybody: a contract, heuristics, rows and one model, drawn from a seed in any size."""

import itertools
import json
import pickle
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from xgboost import XGBClassifier

from bench.contenders import XGBOOST
from handover import Budgets, Contract, Score, deliver, matrix
from handover.errors import CannotRunError
from handover.local import gateway
from handover.templates import environment
from predictor.delivery import load_source

HEURISTICS = 4
ROWS = 600
HELD_OUT_ROWS = 150
TOLERANCE = 1e-5
"""How far a contender's scores may lie from its model's: a hundred float32 sums in another order differ by less."""
CATEGORIES = ("first", "second", "third", "fourth", "fifth")
HEADERS = (("host", "localhost"), ("user-agent", "bench"), ("content-type", "application/json"))
SHARED = Path(__file__).parent / "peers" / "shared"
SOURCES = environment(SHARED, html=False)


@dataclass(frozen=True)
class Size:
    """How much work: ``columns`` of the model's input (the heuristics among them), and ``trees`` of depth 3."""

    columns: int = 20
    trees: int = 100
    seed: int = 7


@dataclass(frozen=True)
class Workload:
    """A generated contract, its rows and its model, in one folder.

    The folder holds ``delivery/`` for our function; for the peers what is in ``peers/shared``, ``model.onnx``,
    ``model.pkl`` (scikit-learn) and ``xgboost.pkl`` (a booster of as many trees of the same depth).
    """

    size: Size
    folder: Path
    rows: list[dict[str, Any]]
    scores: list[float]
    """What the training-time model says of each row."""
    booster_scores: list[float]
    """What XGBoost's own says."""


def field_names(columns: int) -> tuple[list[str], list[str]]:
    """Split the fields into numbers and categories, three to one: 16 fields are 12 numbers and 4 categories."""
    fields = columns - HEURISTICS
    categories = fields // 4
    return [f"number_{i}" for i in range(fields - categories)], [f"category_{i}" for i in range(categories)]


def row_source(size: Size, *, pydantic_alone: bool) -> str:
    """Write the row's class, in the contract's vocabulary or in pydantic alone."""
    numbers, categories = field_names(size.columns)
    fields = {"numbers": numbers, "categories": categories, "allowed": CATEGORIES}
    return SOURCES.get_template("row.py.jinja").render(fields, pydantic_alone=pydantic_alone)


def features_source(size: Size) -> str:
    """Write what a peer lays a row out with."""
    codes = {category: float(code) for code, category in enumerate(CATEGORIES)}
    fields = tuple(itertools.chain(*field_names(size.columns)))
    return SOURCES.get_template("features.py.jinja").render(codes=codes, fields=fields)


def rows(size: Size, count: int) -> list[dict[str, Any]]:
    """Draw rows that the contract accepts; the same for the same seed. Numbers have two digits behind the point."""
    draw = np.random.default_rng(size.seed)
    numbers, categories = field_names(size.columns)
    values = np.round(draw.uniform(0.5, 1000.0, (count, len(numbers))), 2)
    codes = draw.integers(len(CATEGORIES), size=(count, len(categories)))
    return [
        dict(zip(numbers, row.tolist(), strict=True))
        | {name: CATEGORIES[code] for name, code in zip(categories, picked, strict=True)}
        for row, picked in zip(values, codes, strict=True)
    ]


def generate(size: Size, folder: Path) -> Workload:
    """Draw, train and deliver; a second or two for the default size."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "row.py").write_text(row_source(size, pydantic_alone=True))
    (folder / "features.py").write_text(features_source(size))
    for source in SHARED.glob("*.py"):
        shutil.copyfile(source, folder / source.name)
    contract = Contract(
        name="bench",
        version="1.0.0",
        row=load_source(row_source(size, pydantic_alone=False).encode(), folder / "contract.py").Row,
        score=Score("a probability", low=0.0, high=1.0),
        decisions={"low": 0.25, "middle": 0.75, "high": 1.0},
        budgets=Budgets(model_kib=16_384, layers_mib=250, parity=1e-5, flipped_decisions=10),
    )
    heuristics = load_source((folder / "heuristics.py").read_bytes(), folder / "heuristics.py")
    drawn = rows(size, ROWS)
    features = matrix(drawn, contract=contract, heuristics=heuristics).values
    labels = _labels(features, size.seed)
    how: dict[str, Any] = {"n_estimators": size.trees, "max_depth": 3, "learning_rate": 0.1, "subsample": 0.5}
    model, xgboost = (
        kind(**how, random_state=size.seed).fit(features[HELD_OUT_ROWS:], labels[HELD_OUT_ROWS:])
        for kind in (GradientBoostingClassifier, XGBClassifier)
    )
    judges = drawn[:HELD_OUT_ROWS]
    delivery = folder / "delivery"
    deliver(model, rows=judges, labels=labels[:HELD_OUT_ROWS], contract=contract, heuristics=heuristics, to=delivery)
    shutil.copyfile(delivery / "model.onnx", folder / "model.onnx")
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    (folder / "xgboost.pkl").write_bytes(pickle.dumps(xgboost.get_booster()))
    scores, booster_scores = (one.predict_proba(features[:HELD_OUT_ROWS])[:, 1].tolist() for one in (model, xgboost))
    (folder / "expected.json").write_text(json.dumps({"rows": judges, "scores": scores}))
    return Workload(size, folder, judges, scores, booster_scores)


def _labels(features: Any, seed: int) -> Any:
    """Outcomes that trees can learn something of, and never all."""
    centred = (features - features.mean(axis=0)) / features.std(axis=0)
    signal = centred[:, :4].sum(axis=1) + centred[:, -1] + np.random.default_rng(seed + 1).normal(0, 1, len(features))
    return (signal > np.median(signal)).astype(int)


def event(path: str, body: Any) -> dict[str, Any]:
    """Wrap a body in API Gateway's event, payload format 2.0, as an HTTP API sends it."""
    return gateway.event(gateway.Request("POST", path, headers=HEADERS, body=json.dumps(body).encode()), "bench")


def compare_scores(label: str, scores: Sequence[float], workload: Workload) -> None:
    """Compare a contender's scores of the first rows with the training-time model's; XGBoost has its own.

    ``CannotRunError`` when they differ, for then its times would compare nothing; the message says which.
    """
    of_model = workload.booster_scores if label == XGBOOST.name else workload.scores
    for index, (score, expected) in enumerate(zip(scores, of_model, strict=False)):
        if not abs(score - expected) <= TOLERANCE:
            raise CannotRunError(
                f"{label} gives row {index} the score {score:.6f}, the model gives {expected:.6f}: "
                f"they do not run the same model on the same features, so their times are not compared"
            )
