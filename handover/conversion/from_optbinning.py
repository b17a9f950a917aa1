"""Reads optbinning's scorecards and bins: of each band of a column, what optbinning itself gives to a value in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError, refused
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.from_scorecard import Bands
from handover.conversion.rows import Method, Rows
from handover.conversion.trees import Ensemble, Node, sigmoid
from handover.conversion.writer import write

LINKS = {
    **dict.fromkeys(("LogisticRegression", "LogisticRegressionCV"), sigmoid),
    **dict.fromkeys(("ElasticNet", "HuberRegressor", "Lasso", "LinearRegression", "Ridge")),
}
"""The estimators behind the bands, and what makes an answer of their sum."""


def read(model: Any) -> Ensemble:
    """Read a fitted scorecard: its points where it was scaled, else the answer of its estimator."""
    process, estimator = model.binning_process_, model.estimator_
    kind = type(estimator).__name__
    if kind not in LINKS:
        raise refused("a Scorecard of optbinning", f"the estimator {kind}", f"with {', '.join(LINKS)}")
    of_bins = model.table().groupby("Variable") if model.scaling_method else ()
    points = {name: part["Points"].to_numpy(dtype=np.float64) for name, part in of_bins}  # in the order of the bins
    weights = dict(zip(process.get_support(names=True), np.ravel(estimator.coef_), strict=True))
    # optbinning gives the place of each value's bin, or its weight of evidence.
    how: dict[str, Any] = {"metric": "indices", "metric_special": "empirical", "metric_missing": "empirical"}
    if not points:
        how = {"metric": None, "metric_special": model._metric_special, "metric_missing": model._metric_missing}
    trees = []
    for name, weight in weights.items():
        place, edges, asked = _asked(process, name)
        given = process.transform(X=asked, **how)[name].to_numpy()
        trees.append(_tree(place, edges, points[name][given] if points else weight * given))
    if points:
        return Ensemble(trees, float(np.ravel(model.intercept_)[0]))
    return Ensemble(trees, float(np.ravel(estimator.intercept_)[0]), LINKS[kind])


def prepared(step: Any, rows: Rows) -> Rows:
    """Add a BinningProcess: a column of what it gives to each band, for each column that it selected."""
    given = []
    for name in step.get_support(names=True):
        place, edges, asked = _asked(step, name)
        tree = _tree(place, edges, step.transform(asked)[name].to_numpy(dtype=np.float64))
        given.append(rows.changed(write(rows, Ensemble([tree], wide=True)), 1, wide=True))
    return rows.joined(given, sparse=False)


def _asked(process: Any, name: str) -> tuple[int, list[float], Any]:
    """Give a column's place, the edges of its bands, and a row for a value inside of each, the last for none."""
    edges, inside = _bands(process.get_binned_variable(name), name)
    names = list(process.variable_names)
    asked = np.full((len(inside) + 1, len(names)), np.nan)
    asked[:-1, names.index(name)] = inside
    return names.index(name), edges, _frame(process, asked)


def _tree(place: int, edges: list[float], given: NDArray[np.float64]) -> Node:
    *each, missing = given.tolist()
    return Bands(place, tuple(edges), tuple(each), missing).tree("from")


def _bands(binned: Any, name: str) -> tuple[list[float], list[float]]:
    """Give the edges of a column's bands, and a value inside of each."""
    if binned.dtype == "categorical":
        try:
            codes = [int(code) for group in binned.splits for code in group]
        except ValueError:
            raise ConversionError(
                f"optbinning was given words as '{name}': train it on matrix(...).values, whose categories are codes"
            ) from None
        inside = list(map(float, range(max(codes, default=0) + 2)))  # and one that it does not know
        return [code + 0.5 for code in inside[:-1]], inside
    special = binned.special_codes or ()
    listed = np.hstack([*special.values()] if isinstance(special, dict) else [special]) if len(special) else np.empty(0)
    exact = [float(value) for value in listed if float(np.float32(value)) == value]  # no other is ever met
    with np.errstate(over="ignore"):
        after = [float(np.nextafter(np.float32(value), np.float32(np.inf))) for value in exact]
    edges = sorted({*map(float, binned.splits), *exact, *after})
    first = float(np.nextafter(np.float32(edges[0]), np.float32(-np.inf))) if edges else 0.0
    return edges, [first, *edges]


def _frame(process: Any, values: NDArray[np.floating[Any]]) -> Any:
    from pandas import DataFrame

    return DataFrame(values.astype(np.float64), columns=list(process.variable_names))


def _ask(model: Any, _: Method, features: FloatRows) -> Any:
    frame = _frame(model.binning_process_, features)
    if model.scaling_method:
        return model.score(frame)
    if hasattr(model.estimator_, "predict_proba"):
        return model.predict_proba(frame)[:, 1]
    return model.predict(frame)


OPTBINNING = Framework(
    "optbinning", "optbinning", read, ask=_ask, count_columns=lambda model: len(model.binning_process_.variable_names)
)
