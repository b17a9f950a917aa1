"""Columns that become others: categories one by one, bins, and functions of numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph
from handover.conversion.rows import Rows

FUNCTIONS: dict[str, Callable[[Graph, str], str]] = {
    "absolute": lambda graph, x: graph.add("Abs", x),
    "exp": lambda graph, x: graph.add("Exp", x),
    "expm1": lambda graph, x: graph.add("Sub", graph.add("Exp", x), 1.0),
    "log": lambda graph, x: graph.add("Log", x),
    "log1p": lambda graph, x: graph.add("Log", graph.add("Add", x, 1.0)),
    "sqrt": lambda graph, x: graph.add("Sqrt", x),
    "square": lambda graph, x: graph.add("Mul", x, x),
}
"""Functions of numpy by their names, of float64."""


def applied(step: Any, rows: Rows) -> Rows:
    """Add a FunctionTransformer of one of numpy's functions, or of none."""
    if step.func is None:
        return rows
    name = getattr(step.func, "__name__", str(step.func))
    if name not in FUNCTIONS or not isinstance(step.func, np.ufunc) or step.kw_args:
        raise ConversionError(
            f"FunctionTransformer cannot be converted with func={name}; it can be with numpy's {', '.join(FUNCTIONS)}; "
            f"what else a column needs is a heuristic's work"
        )
    graph = rows.graph
    return rows.changed(graph.single(FUNCTIONS[name](graph, graph.double(rows.tensor))))


def one_hot(step: Any, rows: Rows) -> Rows:
    """Add a OneHotEncoder of codes: one column of 0 and 1 for each category that it keeps."""
    if getattr(step, "infrequent_categories_", None) and any(c is not None for c in step.infrequent_categories_):
        raise ConversionError("OneHotEncoder cannot be converted with infrequent categories; it can be without")
    dropped = [None] * rows.width if step.drop_idx_ is None else step.drop_idx_
    parts = []
    for column, (categories, drop) in enumerate(zip(step.categories_, dropped, strict=True)):
        if not np.issubdtype(categories.dtype, np.number):
            raise ConversionError(
                "OneHotEncoder was trained on categories that are text: train it on matrix(...).values, where they are "
                "codes"
            )
        kept = np.delete(categories, [] if drop is None else [drop]).astype(np.float64)
        parts.append(_each(rows.of(np.array([column])), kept))
    return rows.joined(parts, sparse=step.sparse_output)


def binned(step: Any, rows: Rows) -> Rows:
    """Add a KBinsDiscretizer: a column's bin is how many of its inner edges it reaches."""
    graph, parts = rows.graph, []
    for column, edges in enumerate(step.bin_edges_):
        asked = graph.double(rows.of(np.array([column])).tensor)
        reached = graph.double(graph.add("GreaterOrEqual", asked, np.asarray(edges[1:-1], dtype=np.float64)))
        place = Rows(graph, graph.add("ReduceSum", reached, np.array([1])), 1)
        parts.append(place if step.encode == "ordinal" else _each(place, np.arange(len(edges) - 1, dtype=np.float64)))
    return rows.joined(parts, sparse=step.encode == "onehot")


def _each(column: Rows, values: NDArray[np.float64]) -> Rows:
    """Give one column for each value: 1 where it is that, else 0; NaN is a value too."""
    graph, asked = column.graph, column.graph.double(column.tensor)
    equal = graph.add("Equal", asked, values)
    if np.isnan(values).any():
        equal = graph.add("Or", equal, graph.add("And", graph.add("IsNaN", asked), np.isnan(values)))
    return Rows(graph, graph.single(equal), len(values))
