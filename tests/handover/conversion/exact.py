"""Data on which converters go wrong, and the rows at which they show it."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from handover.conversion import at_thresholds, to_graph, training_time_scores
from predictor.delivery import session

type Features = NDArray[np.float32]
type Labels = NDArray[np.int64]

COLUMNS = ("balance", "steps", "often_nought", "income", "shop", "city")
CATEGORIES = {4: 14, 5: 60}  # more than 31 codes is another way through onnxruntime
NUMBERS = (0.0, -0.0, 1e-35, -1e-35, 1e-36, 1e-38, 1e-45, -1e-45, 100.0, -100.0)
BUDGET = 1e-5  # of a delivery, usually; scores larger than one by as much


def data(*, gaps: bool, seed: int = 3, rows: int = 400) -> tuple[Features, Labels]:
    """Make columns of both signs, with noughts, of whole numbers, and two of category codes; and labels."""
    random = np.random.default_rng(seed)
    columns = [
        random.normal(size=rows) * 10,
        np.round(random.normal(size=rows) * 5),
        np.where(random.random(rows) < 0.5, 0, random.normal(size=rows)),
        np.exp(random.normal(size=rows)),
        *(random.integers(0, count, rows) for count in CATEGORIES.values()),
    ]
    features = np.column_stack(columns).astype(np.float32)
    effect = random.normal(size=60)
    signal = features[:, 0] / 5 + features[:, 3] + effect[features[:, 4].astype(int)] * 2
    signal += effect[features[:, 5].astype(int)] * 2 + random.normal(size=rows)
    if gaps:
        features[random.random(features.shape) < 0.1] = np.nan
    return features, (signal > np.median(signal)).astype(np.int64)


def targets(features: Features, labels: Labels) -> NDArray[np.float64]:
    """Make a positive number of each row, for regressions."""
    numbers: NDArray[np.float64] = np.exp(labels + np.nan_to_num(features[:, 1]) / 10)
    return numbers


def rows_asked(graph: bytes, features: Features, *, gaps: bool) -> Features:
    """Give rows of the data, random ones, thresholds and a step beside them, noughts, codes, and gaps where allowed."""
    random = np.random.default_rng(0)
    asked = [features, np.column_stack([random.permutation(column) for column in features.T])]
    beside = at_thresholds(graph, features)
    codes = beside[:, list(CATEGORIES)]
    asked.append(beside[(np.isnan(codes) | (codes == np.round(codes))).all(axis=1)])  # no request has code 2.0000002
    for column in range(features.shape[1]):
        numbers = range(CATEGORIES[column]) if column in CATEGORIES else NUMBERS
        for number in [*numbers, np.nan] if gaps else numbers:
            some = features[:4].copy()
            some[:, column] = number
            asked.append(some)
    if gaps:
        asked.append(np.full((1, features.shape[1]), np.nan, dtype=np.float32))
    return np.concatenate(asked).astype(np.float32)


def assert_exact(
    model: Any, features: Features, *, gaps: bool = True, positive: object = None, classes: tuple[str, ...] = ()
) -> bytes:
    """Assert that the graph answers as the model does, also by ONNX's own reference; and that the bytes repeat."""
    graph = to_graph(model, COLUMNS, "test", positive=positive, classes=classes)
    assert graph == to_graph(model, COLUMNS, "test", positive=positive, classes=classes)
    rows = rows_asked(graph, features, gaps=gaps)
    given = session(graph)(rows)
    wanted = training_time_scores(model, rows, positive=positive, classes=classes)
    np.testing.assert_allclose(given, wanted, rtol=BUDGET, atol=BUDGET)
    few = rows[:: 1 + len(rows) // 40]
    (reference,) = ReferenceEvaluator(onnx.load_from_string(graph)).run(None, {"features": few})
    reference = reference.reshape(len(few), -1)
    np.testing.assert_allclose(session(graph)(few), reference, rtol=BUDGET, atol=BUDGET)
    return graph


CLASSES = ("small", "middle", "large")


def of_classes(features: Features) -> NDArray[np.int64]:
    """Give each row one of three classes, by several columns."""
    signal = np.nan_to_num(features) @ np.array([0.1, 0.2, 1.0, 0.5, 0.1, 0.02], dtype=np.float32)
    return np.searchsorted(np.quantile(signal, [0.3, 0.6]), signal).astype(np.int64)
