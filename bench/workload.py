"""The same work for everybody: a contract, heuristics, rows and one model, drawn from a seed in any size."""

import itertools
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from bench import trees
from handover.contract import Budgets, Contract, Score
from handover.delivery import deliver, matrix
from handover.local import gateway
from predictor.delivery import load_source

HEURISTICS = 4
ROWS = 600
GOLDEN_ROWS = 150
DEPTH = 3
CATEGORIES = ("first", "second", "third", "fourth", "fifth")
WANTED = Path("wanted.json")

HEADER = {
    "contract": '''"""The row, in the vocabulary of the contract."""

from typing import Literal

import handover
from handover import Field


class Row(handover.Row):
''',
    "peer": '''"""The row, in pydantic alone, with the contract's strictness: what a peer validates with."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

''',
}
HEURISTICS_SOURCE = '''"""Row-level heuristics; every public function is a column."""


def total(row):
    return row.number_0 + row.number_1 + row.number_2


def ratio(row):
    return row.number_0 / row.number_1


def gap(row):
    return abs(row.number_2 - row.number_3)


def favoured(row):
    return row.category_0 == "first" and row.number_3 > 500.0
'''
FEATURES_SOURCE = '''"""A row becomes the model's input: fields as numbers, category codes, then heuristics."""

import heuristics

CODES = {codes}
FIELDS = {fields}


def features(row):
    values = [CODES[getattr(row, name)] if name.startswith("category") else getattr(row, name) for name in FIELDS]
    values += [heuristics.total(row), heuristics.ratio(row), heuristics.gap(row), float(heuristics.favoured(row))]
    return values
'''


class UnequalError(RuntimeError):
    """A contender does not give the model's scores, so its times would compare nothing; the message says which."""


HEADERS = (("host", "localhost"), ("user-agent", "bench"), ("content-type", "application/json"))


@dataclass(frozen=True)
class Size:
    """How much work: ``columns`` of the model's input (the heuristics among them), and ``trees`` of depth 3."""

    columns: int = 20
    trees: int = 100
    seed: int = 7


@dataclass(frozen=True)
class Workload:
    """A generated contract, its rows and its model, in one folder.

    The folder holds ``delivery/`` for our function; ``row.py``, ``heuristics.py``, ``features.py``, ``model.onnx``,
    ``model.pkl`` (scikit-learn) and ``xgboost.pkl`` (a booster of the same trees) for the peers.
    """

    size: Size
    folder: Path
    rows: list[dict[str, Any]]
    scores: list[float]
    """What the training-time model says of each row."""


def field_names(columns: int) -> tuple[list[str], list[str]]:
    """Split the fields into numbers and categories, three to one: 16 fields are 12 numbers and 4 categories."""
    fields = columns - HEURISTICS
    categories = fields // 4
    return [f"number_{i}" for i in range(fields - categories)], [f"category_{i}" for i in range(categories)]


def row_source(size: Size, kind: str) -> str:
    """Write the row's class: ``kind`` is "contract" for handover's vocabulary, "peer" for pydantic alone."""
    numbers, categories = field_names(size.columns)
    lines = [f'    {name}: float = Field(ge=0.5, le=1000.0, description="A number [1]")\n' for name in numbers]
    allowed = ", ".join(f'"{category}"' for category in CATEGORIES)
    lines += [f'    {name}: Literal[{allowed}] = Field(description="A category")\n' for name in categories]
    return HEADER[kind] + "".join(lines)


def features_source(size: Size) -> str:
    """Write what a peer lays a row out with."""
    codes = {category: float(code) for code, category in enumerate(CATEGORIES)}
    return FEATURES_SOURCE.format(codes=codes, fields=tuple(itertools.chain(*field_names(size.columns))))


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
    (folder / "row.py").write_text(row_source(size, "peer"))
    (folder / "features.py").write_text(features_source(size))
    (folder / "heuristics.py").write_text(HEURISTICS_SOURCE)
    contract = Contract(
        name="bench",
        version="1.0.0",
        row=load_source(row_source(size, "contract").encode(), folder / "contract.py").Row,
        score=Score("a probability", low=0.0, high=1.0),
        decisions={"low": 0.25, "middle": 0.75, "high": 1.0},
        budgets=Budgets(model_kib=16_384, layers_mib=250, parity=1e-5, flipped_decisions=GOLDEN_ROWS),
    )
    heuristics = load_source(HEURISTICS_SOURCE.encode(), folder / "heuristics.py")
    drawn = rows(size, ROWS)
    features = matrix(drawn, contract=contract, heuristics=heuristics).values
    labels = _labels(features, size.seed)
    model = GradientBoostingClassifier(n_estimators=size.trees, max_depth=DEPTH, subsample=0.5, random_state=size.seed)
    model.fit(features[GOLDEN_ROWS:], labels[GOLDEN_ROWS:])
    golden = drawn[:GOLDEN_ROWS]
    deliver(
        model,
        rows=golden,
        labels=labels[:GOLDEN_ROWS],
        contract=contract,
        heuristics=heuristics,
        to=folder / "delivery",
    )
    (folder / "model.onnx").write_bytes((folder / "delivery" / "model.onnx").read_bytes())
    booster = trees.to_xgboost(model, features[:GOLDEN_ROWS]).get_booster()
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    (folder / "xgboost.pkl").write_bytes(pickle.dumps(booster))
    scores = model.predict_proba(features[:GOLDEN_ROWS])[:, 1].tolist()
    (folder / WANTED).write_text(json.dumps({"rows": golden, "scores": scores}))
    return Workload(size, folder, golden, scores)


def _labels(features: Any, seed: int) -> Any:
    """Outcomes that trees can learn something of, and never all."""
    centred = (features - features.mean(axis=0)) / features.std(axis=0)
    signal = centred[:, :4].sum(axis=1) + centred[:, -1] + np.random.default_rng(seed + 1).normal(0, 1, len(features))
    return (signal > np.median(signal)).astype(int)


def event(path: str, body: Any) -> dict[str, Any]:
    """Wrap a body in API Gateway's event, payload format 2.0, as an HTTP API sends it."""
    request = gateway.Request("POST", path, headers=HEADERS, body=json.dumps(body).encode())
    return gateway.event(request, "bench", datetime(2026, 1, 1, tzinfo=UTC))


def hold_equal(label: str, answered: Iterator[float], workload: Workload, count: int = 50) -> None:
    """Compare a contender's scores with the training-time model's.

    Raises
    ------
    UnequalError
        When one of the first ``count`` rows gets a score that differs by more than 1e-5.
    """
    for index, wanted in enumerate(workload.scores[:count]):
        found = next(answered)
        if not abs(found - wanted) <= trees.TOLERANCE:
            raise UnequalError(
                f"{label} gives row {index} the score {found:.6f}, the model gives {wanted:.6f}: "
                f"they do not run the same model on the same features, so their times are not compared"
            )
