"""Columns that become others: categories one by one, bins, and functions of numpy."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError, refused
from handover.conversion.graph import Graph
from handover.conversion.rows import Rows


def expm1(graph: Graph, x: str) -> str:
    """Add exp(x) - 1, all of whose digits count next to nought too."""
    return graph.add("Mul", graph.add("Tanh", graph.add("Mul", x, 0.5)), graph.add("Add", graph.add("Exp", x), 1.0))


def log1p(graph: Graph, x: str) -> str:
    """Add log(1 + x), all of whose digits count next to nought too: what the sum loses is made up for."""
    more = graph.add("Add", x, 1.0)
    seen = graph.add("Sub", more, 1.0)
    nothing = graph.add("Equal", seen, 0.0)
    ratio = graph.add("Div", x, graph.add("Where", nothing, 1.0, seen))
    return graph.add("Where", nothing, x, graph.add("Mul", graph.add("Log", more), ratio))


FUNCTIONS: dict[str, Callable[[Graph, str], str]] = {
    "absolute": lambda graph, x: graph.add("Abs", x),
    "exp": lambda graph, x: graph.add("Exp", x),
    "expm1": expm1,
    "log": lambda graph, x: graph.add("Log", x),
    "log1p": log1p,
    "sqrt": lambda graph, x: graph.add("Sqrt", x),
    "square": lambda graph, x: graph.add("Mul", x, x),
}
"""Functions of numpy by their names, of float64."""
ROUNDED = {"absolute", "sqrt", "square"}
"""Those whose last bit is the same everywhere: of the others each library has its own."""


def applied(step: Any, rows: Rows) -> Rows:
    """Add a FunctionTransformer of one of numpy's functions, or of none."""
    if step.func is None:
        return rows
    if step.func in {float, np.float64}:
        return rows.changed(rows.graph.double(rows.tensor), wide=True)
    name = getattr(step.func, "__name__", str(step.func))
    if name not in FUNCTIONS or not isinstance(step.func, np.ufunc) or step.kw_args:
        can = f"with numpy's {', '.join(FUNCTIONS)}; what else a column needs is a heuristic's work"
        raise refused("FunctionTransformer", f"func={name}", can)
    graph = rows.graph
    return rows.computed(
        FUNCTIONS[name](graph, graph.double(rows.tensor)), blurred_by=None if name in ROUNDED else step
    )


def looked_up(step: Any, rows: Rows) -> Rows:
    """Add a OneHotEncoder, OrdinalEncoder or TargetEncoder of codes.

    The encoder itself is asked what it makes of each category, and of one that it does not know: that is looked up.
    """
    kind, categories = type(step).__name__, step.categories_
    if not all(np.issubdtype(known.dtype, np.number) for known in categories):
        raise ConversionError(
            f"{kind} was trained on categories that are text: train it on matrix(...).values, where they are codes"
        )
    longest = max(map(len, categories))
    table = asked(step, np.column_stack([np.resize(known, longest) for known in categories]))
    unknown = np.zeros((1, table.shape[1]))
    with suppress(ValueError):  # where an unknown one is an error, no request has one
        unknown = asked(step, np.array([[np.nanmax(known, initial=-1) + 1 for known in categories]]))
    widths = getattr(step, "_n_features_outs", [table.shape[1] // rows.width] * rows.width)
    graph, parts, start = rows.graph, list[Rows](), 0
    for column, known, width in zip(rows.each(), categories, widths, strict=True):
        each = graph.double(is_each(column, known.astype(np.float64)))
        place = graph.add("MatMul", each, np.arange(1.0, len(known) + 1))
        given = np.concatenate([unknown, table[: len(known)]])[:, start : start + width]
        start += width
        parts.append(rows.changed(graph.add("Gather", given, graph.whole(place)), width, wide=True))
    joined = rows.joined(parts, sparse=getattr(step, "sparse_output", False))
    narrow = kind != "TargetEncoder" and np.dtype(step.dtype) == np.float32
    return joined.changed(graph.single(joined.tensor), wide=False) if narrow else joined


def asked(step: Any, rows: NDArray[Any]) -> NDArray[np.float64]:
    """Ask a step itself what it makes of rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that the columns have not, and of what is not known
        given = step.transform(rows)
    return np.asarray(given.toarray() if hasattr(given, "toarray") else given, dtype=np.float64)


def normalised(step: Any, rows: Rows) -> Rows:
    """Add a Normalizer: a row divided by its own length, where it has one."""
    graph, columns, along = rows.graph, rows.graph.double(rows.tensor), np.array([1])
    if step.norm == "l2":
        length = graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", columns, columns), along))
    else:
        length = graph.add("ReduceMax" if step.norm == "max" else "ReduceSum", graph.add("Abs", columns), along)
    return rows.computed(graph.shared(columns, length), blurred_by=None if step.norm == "max" else step)


def binarized(step: Any, rows: Rows) -> Rows:
    """Add a Binarizer: 1 for a number beyond the threshold."""
    beyond = is_beyond(rows, step.threshold)
    return rows.changed(rows.graph.double(beyond) if rows.wide else rows.graph.single(beyond))


def is_beyond(rows: Rows, threshold: float) -> str:
    """Ask each number whether it is beyond a threshold, in the type in which numpy compares the two."""
    kind = np.result_type(np.float64 if rows.wide else np.float32, threshold)
    tensor = rows.graph.double(rows.tensor) if kind == np.float64 else rows.tensor
    return rows.graph.add("Greater", tensor, np.array(threshold, dtype=kind))


def multiplied(step: Any, rows: Rows) -> Rows:
    """Add PolynomialFeatures: each product's numbers in the order in which scikit-learn multiplies them."""
    graph, parts = rows.graph, list[Rows]()
    places = [np.repeat(np.arange(rows.width), powers) for powers in step.powers_]
    for degree, products in groupby(places, key=len):
        factors = np.array(list(products), dtype=np.int64).T
        if not degree:
            nought = rows.of(np.array([0]))
            one = np.array(1, dtype=np.float64 if rows.wide else np.float32)
            parts.append(nought.changed(graph.add("Where", graph.add("IsNaN", nought.tensor), one, one)))
            continue
        first, *others = factors if rows.sparse else factors[::-1]
        product = rows.of(first)
        for factor in others:
            product = product.changed(graph.add("Mul", product.tensor, rows.of(factor).tensor))
        parts.append(product)
    return rows.joined(parts, sparse=rows.sparse)


def ranked(step: Any, rows: Rows) -> Rows:
    """Add a QuantileTransformer: the mean of two lines through its quantiles, the one up and the other down."""
    if step.output_distribution != "uniform":
        raise refused("QuantileTransformer", f"output_distribution={step.output_distribution!r}", "with 'uniform'")
    graph, parts = rows.graph, []
    for column, known in zip(rows.each(), step.quantiles_.T.astype(np.float64), strict=True):
        asked = graph.double(column.tensor)
        up = interpolated(graph, asked, known, step.references_)
        down = interpolated(graph, graph.add("Neg", asked), -known[::-1], -step.references_[::-1])
        middle = graph.add("Mul", graph.add("Sub", up, down), 0.5)
        inside = graph.add("Where", graph.add("Less", asked, known[-1]), middle, 1.0)
        parts.append(graph.add("Where", graph.add("Greater", asked, known[0]), inside, 0.0))
    return rows.computed(graph.add("Concat", *parts, axis=1))


def interpolated(graph: Graph, given: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Go along the lines between points, x rising, as ``numpy.interp`` does; beyond the ends stay, float64 [N, 1]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.append(np.where(np.diff(x) > 0, np.diff(y) / np.diff(x), 0.0), 0.0)
    given = graph.add("Max", given, float(x[0]))
    reached = graph.whole(graph.add("GreaterOrEqual", given, x))
    place = graph.add("Sub", graph.add("ReduceSum", reached, np.array([1])), np.array(1))
    place = graph.add("Max", place, np.array(0))  # what is not a number reaches nothing
    beyond = graph.add("Sub", given, graph.add("Gather", x, place))
    return graph.add("Add", graph.add("Mul", beyond, graph.add("Gather", slopes, place)), graph.add("Gather", y, place))


def binned(step: Any, rows: Rows) -> Rows:
    """Add a KBinsDiscretizer: a column's bin is how many of its inner edges it reaches."""
    wide = rows.wide if step.dtype is None else np.dtype(step.dtype) == np.float64
    graph, parts = rows.graph, []
    for column, edges in zip(rows.each(), step.bin_edges_, strict=True):
        inner = np.asarray(edges[1:-1], dtype=np.float64)
        reached = graph.double(graph.add("GreaterOrEqual", graph.double(column.tensor), inner))
        place = rows.changed(graph.add("ReduceSum", reached, np.array([1])), 1, wide=True)
        if step.encode != "ordinal":
            place = place.changed(is_each(place, np.arange(len(edges) - 1, dtype=np.float64)), len(edges) - 1)
        parts.append(place.changed(graph.double(place.tensor) if wide else graph.single(place.tensor), wide=wide))
    return rows.joined(parts, sparse=step.encode == "onehot")


def is_each(column: Rows, values: NDArray[np.float64]) -> str:
    """Give one column for each value: whether it is that; NaN is a value too."""
    graph, asked = column.graph, column.graph.double(column.tensor)
    equal = graph.add("Equal", asked, values)
    if np.isnan(values).any():
        equal = graph.add("Or", equal, graph.add("And", graph.add("IsNaN", asked), np.isnan(values)))
    return equal
