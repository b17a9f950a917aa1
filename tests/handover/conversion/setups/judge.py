"""Fits a set-up, delivers it to a graph, and compares the two on rows of every kind that a contract accepts."""

import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from sklearn import config_context
from sklearn.base import clone
from threadpoolctl import ThreadpoolController

from delivery import heuristics
from delivery.contract import CONTRACT
from handover import parity
from handover.conversion import ConversionError, at_thresholds, in_float32, to_graph, training_time_scores
from handover.encoding import RowEncoder, stacked
from handover.rows import domains, drawn_row
from handover.scoring import OF_FLOAT32, OWN_SHARE
from modelling.data import read
from predictor.delivery import session
from tests.handover.conversion import exact

type Features = NDArray[np.float32]

BUDGET = CONTRACT.budgets.parity
DRAWN = 2000
GAPS = 0.1
FEW = 25
EDGES = np.array([*CONTRACT.decisions.values()], dtype=np.float32)

KINDS = ("high", "low", "middle")
"""What a contract calls three classes that a model knows by their places."""

EXACT, REFUSED, TAKES_NO_GAPS = "exact", "refused", "takes none"


@dataclass(frozen=True, eq=False)
class Data:
    """What a set-up is trained on, and asked."""

    columns: tuple[str, ...]
    features: Features
    labels: NDArray[np.int64]
    numbers: NDArray[np.float64]
    """Positive ones, for regressions."""
    codes: dict[int, int]
    """The columns of categories, and how many there are."""
    drawn: Features
    """Random rows."""
    gaps: bool

    @property
    def kinds(self) -> NDArray[np.int64]:
        """One of three classes for each row."""
        return np.searchsorted(np.quantile(self.numbers, [0.3, 0.6]), self.numbers)

    @property
    def nullable(self) -> list[int]:
        """The columns in which values may be missing."""
        return np.flatnonzero(np.isnan(self.drawn).any(axis=0)).tolist()


type Fit = Callable[[Data], Any]


@dataclass(frozen=True)
class Verdict:
    """What became of a set-up."""

    result: str
    because: str = ""


@cache
def credit(*, gaps: bool) -> Data:
    """Give the example's own rows through its own contract, with its heuristics where there are gaps.

    Without gaps there are no heuristics either: some of them have no value for some rows.
    """
    compiled, data = CONTRACT.compiled(), read(CONTRACT)
    encoding = RowEncoder(compiled, heuristics if gaps else types.ModuleType("none"))
    random, fields = Random(0), domains(compiled)
    rows = [
        {name: None if gaps and name in optional and random.random() < GAPS else value for name, value in row.items()}
        for optional in [{field.name for field in fields if field.nullable}]
        for row in data.rows
    ]
    made = encoding.vectors(drawn_row(fields, random, gaps=GAPS if gaps else 0) for _ in range(DRAWN))
    drawn = stacked([row for row in made if row is not None], len(encoding.columns))
    labels = np.array(data.labels).astype(np.int64)
    features = encoding.matrix(rows)
    return Data(
        encoding.columns,
        features,
        labels,
        np.exp(labels / 2 + features[:, 0].astype(np.float64) / 72),
        {place: len(field.choices) for place, field in enumerate(fields) if field.choices},
        drawn,
        gaps,
    )


@cache
def made_up(*, gaps: bool) -> Data:
    """Give columns of both signs, with noughts, with many categories, at random."""
    features, labels = exact.data(gaps=gaps, seed=11, rows=300)
    random = np.random.default_rng(0)
    drawn = np.column_stack([random.choice(column, DRAWN) for column in features.T])
    numbers = exact.targets(features, labels / 2)
    return Data(exact.COLUMNS, features, labels, numbers, exact.CATEGORIES, drawn, gaps)


def rows_asked(graph: bytes, data: Data) -> Features:
    """Give rows of the data, random ones, thresholds and a step beside them, every code, and gaps."""
    beside = at_thresholds(graph, data.drawn)
    codes = beside[:, list(data.codes)]
    low, high = np.nanmin(data.drawn, axis=0), np.nanmax(data.drawn, axis=0)
    valid = (np.isnan(codes) | (codes == np.round(codes))).all(axis=1) & ~((beside < low) | (beside > high)).any(axis=1)
    asked = [data.features, data.drawn, beside[valid]]
    for column, count in data.codes.items():
        asked.append(data.drawn[:count].copy())
        asked[-1][:, column] = range(count)
    gaps = np.repeat(data.drawn[:3], len(data.nullable), axis=0)
    for place, column in enumerate(data.nullable):
        gaps[place :: len(data.nullable), column] = np.nan
    asked.append(gaps)
    if data.gaps:
        asked.append(data.drawn[:1].copy())
        asked[-1][:, data.nullable] = np.nan
    return np.concatenate(asked).astype(np.float32)


def judged(fit: Fit, data: Data) -> Verdict:
    """Fit, convert, and compare; raise where the graph answers otherwise than the model."""
    with warnings.catch_warnings(), _pools().limit(limits=1):  # the other worker of pytest has the other core
        warnings.simplefilter("ignore")
        try:
            with config_context(skip_parameter_validation=True):  # these files are what gives them
                model = fit(data)
        except ValueError as error:
            if not data.gaps or "NaN" not in str(error):
                raise
            return Verdict(TAKES_NO_GAPS)
        try:
            graph = to_graph(model, data.columns, "test", classes=kinds_of(model))
            rows = rows_asked(graph, data)
            wanted = training_time_scores(model, rows, classes=kinds_of(model)).astype(np.float32)
        except ConversionError as error:
            return Verdict(REFUSED, str(error))
        try:
            require_same(graph, rows, wanted)
        except AssertionError:
            if not (because := of_float32(model, graph, rows, wanted)):
                raise
            return Verdict(REFUSED, because)
    return Verdict(EXACT)


@cache
def _pools() -> ThreadpoolController:
    """Find the libraries with threads once: it takes as long as a small model, and all set-ups are imported by then."""
    return ThreadpoolController()


def of_float32(model: Any, graph: bytes, rows: Features, wanted: NDArray[np.float32]) -> str:
    """Say why ``deliver()`` refuses a model that gives the worst row several answers itself; else nothing."""
    apart = parity.compared(session(graph)(rows), wanted, BUDGET)
    if not apart or not (computing := in_float32(model, rows.shape[1])):
        return ""
    row = rows[[apart.worst]]
    asked = [training_time_scores(model, one, classes=kinds_of(model))[0] for one in (row, row.astype(np.float64))]
    if np.ptp([wanted[apart.worst], *asked], axis=0).max() < apart.distance * OWN_SHARE:
        return ""
    verb = "computes" if len(computing) == 1 else "compute"
    return f"what {' and '.join(computing)} {verb} is rounded to float32, and here that shows: {OF_FLOAT32}"


def require_same(graph: bytes, rows: Features, wanted: NDArray[np.float32]) -> None:
    """Require the model's answers and decisions of the graph, of many rows at once, one by one, and of ONNX itself."""
    score = session(graph)
    given = score(rows)
    near = (np.abs(given - wanted) <= BUDGET).all(axis=1)  # by less than any score may be off: the others are judged
    differ = parity.differing(given[~near], wanted[~near], BUDGET)
    assert not differ, f"{len(differ)} of {len(rows)} rows, by {np.nanmax(np.abs(given - wanted)):.3g}"
    flips = decided(given) != decided(wanted)
    assert not flips.any(), f"{flips.sum()} of {len(rows)} decisions flip"
    few = rows[:: 1 + len(rows) // FEW]
    alone, together = np.array([score(row[np.newaxis])[0] for row in few]), score(few)
    np.testing.assert_allclose(alone, together, rtol=BUDGET, atol=BUDGET)
    file = onnx.load_from_string(graph)
    if any(node.op_type == "SVMClassifier" for node in file.graph.node):
        return  # whose probabilities of several classes the reference (onnx 1.23) couples otherwise than libsvm does
    (reference,) = ReferenceEvaluator(file).run(None, {"features": few})
    np.testing.assert_allclose(together, reference.reshape(len(few), -1), rtol=BUDGET, atol=BUDGET)


def kinds_of(model: Any) -> tuple[str, ...]:
    """Give the classes of a model of several; of a single score none."""
    return KINDS if np.size(getattr(model, "classes_", ())) > 2 else ()


def decided(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Give the place of each row's decision: of the highest score, or between the edges of a single one."""
    places = scores.argmax(axis=1) if scores.shape[1] > 1 else np.searchsorted(EDGES, scores[:, 0])
    return places.astype(np.int64)


def of_kinds(model: Any, **fitting: Any) -> Fit:
    """Fit a copy of the model on three classes."""
    return lambda data: clone(model).fit(data.features, data.kinds, **fitting)


def classifier(model: Any, **fitting: Any) -> Fit:
    """Fit a copy of the model on two classes."""
    return lambda data: clone(model).fit(data.features, data.labels, **fitting)


def regressor(model: Any, **fitting: Any) -> Fit:
    """Fit a copy of the model on positive numbers."""
    return lambda data: clone(model).fit(data.features, data.numbers, **fitting)


def on_few(fit: Fit, rows: int = 300) -> Fit:
    """Fit on some of the rows: a model that keeps its rows takes time for each, in training and in every answer."""
    return lambda data: fit(_some(data, rows))


@cache
def _some(data: Data, rows: int) -> Data:
    return replace(data, features=data.features[:rows], labels=data.labels[:rows], numbers=data.numbers[:rows])
