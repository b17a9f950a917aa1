"""Reads optbinning's scorecards: of each band of a column, what optbinning itself gives to a value in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.from_scorecard import Bands
from handover.conversion.rows import Method
from handover.conversion.trees import Ensemble, sigmoid

LINKS = {
    **dict.fromkeys(("LogisticRegression", "LogisticRegressionCV"), sigmoid),
    **dict.fromkeys(("ElasticNet", "HuberRegressor", "Lasso", "LinearRegression", "Ridge")),
}
"""The estimators behind the bands, and what makes an answer of their sum."""


def read(model: Any) -> Ensemble:
    """Read a fitted scorecard: its points where it was scaled, else the answer of its estimator."""
    process, estimator = model.binning_process_, model.estimator_
    kind, columns = type(estimator).__name__, len(process.variable_names)
    if kind not in LINKS:
        raise ConversionError(
            f"a Scorecard of optbinning cannot be converted with the estimator {kind}; it can be with "
            f"{', '.join(LINKS)}"
        )
    points = _points(model) if model.scaling_method else None
    weights = dict(zip(process.get_support(names=True), np.ravel(estimator.coef_), strict=True))
    trees = []
    for name, weight in weights.items():
        edges, inside = _bands(process.get_binned_variable(name), name)
        place = list(process.variable_names).index(name)
        asked = np.full((len(inside) + 1, columns), np.nan)
        asked[:-1, place] = inside  # the last stays missing
        given = _transformed(model, asked, points is not None)[name].to_numpy()
        *each, missing = (points[name][given] if points else weight * given).tolist()
        trees.append(Bands(place, tuple(edges), tuple(each), missing).tree("from"))
    if points:
        return Ensemble(trees, columns, float(np.ravel(model.intercept_)[0]))
    return Ensemble(trees, columns, float(np.ravel(estimator.intercept_)[0]), LINKS[kind])


def _points(model: Any) -> dict[str, NDArray[np.float64]]:
    """Give each column's points, in the order of its bins."""
    table = model.table()
    return {name: part["Points"].to_numpy(dtype=np.float64) for name, part in table.groupby("Variable")}


def _bands(binned: Any, name: str) -> tuple[list[float], list[float]]:
    """Give the edges of a column's bands, and a value inside of each."""
    if binned.dtype == "categorical":
        try:
            codes = [int(code) for group in binned.splits for code in group]
        except ValueError:
            raise ConversionError(
                f"a Scorecard of optbinning was trained on the words of '{name}': train it on matrix(...).values, "
                f"whose categories are codes"
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


def _frame(model: Any, values: NDArray[np.floating[Any]]) -> Any:
    from pandas import DataFrame

    return DataFrame(values.astype(np.float64), columns=list(model.binning_process_.variable_names))


def _transformed(model: Any, values: NDArray[np.float64], as_places: bool) -> Any:
    """Ask optbinning for the place of each value's bin, or for its weight of evidence."""
    empirical = {"metric_special": "empirical", "metric_missing": "empirical"}
    fitted = {"metric_special": model._metric_special, "metric_missing": model._metric_missing}
    how: dict[str, Any] = {"metric": "indices", **empirical} if as_places else {"metric": None, **fitted}
    return model.binning_process_.transform(X=_frame(model, values), **how)


def _ask(model: Any, _: Method, features: FloatRows) -> Any:
    frame = _frame(model, features)
    if model.scaling_method:
        return model.score(frame)
    if hasattr(model.estimator_, "predict_proba"):
        return model.predict_proba(frame)[:, 1]
    return model.predict(frame)


OPTBINNING = Framework(
    "optbinning",
    "optbinning",
    read,
    unnamed=(),
    ask=_ask,
    count_columns=lambda model: len(model.binning_process_.variable_names),
)
