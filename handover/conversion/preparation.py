"""What a pipeline does to the columns before its model: each transformer by the part that knows it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from handover.conversion import encoding, others, scaling
from handover.conversion.errors import ConversionError, title
from handover.conversion.rows import Rows


def prepared(step: Any, rows: Rows) -> Rows:
    """Add a transformer. Its last bit counts: a threshold of the trees behind it is a number that it gives."""
    if step is None or isinstance(step, str):  # "passthrough"
        return rows
    name = type(step).__name__
    if name in scaling.SCALERS:
        return scaling.scaled(step, rows)
    if rule := RULES.get(name):
        return rule(step, rows)
    (tensor,) = others.convert(rows.graph, step, rows.tensor, rows.width)
    return rows.changed(tensor, len(step.get_feature_names_out()))


def _pipeline(step: Any, rows: Rows) -> Rows:
    for _, inner in step.steps:
        rows = prepared(inner, rows)
    return rows


def _by_columns(step: Any, rows: Rows) -> Rows:
    """Give each transformer its columns; set what they give side by side."""
    places = step._transformer_to_input_indices
    chosen = [(name, inner, places[name]) for name, inner, _ in step.transformers_]
    parts = [prepared(inner, rows.of(places)) for _, inner, places in chosen if not _drops(inner) and len(places)]
    return _joined(step, parts, rows, sparse=step.sparse_output_)


def _union(step: Any, rows: Rows) -> Rows:
    if step.transformer_weights:
        raise ConversionError("FeatureUnion cannot be converted with transformer_weights; it can be without")
    parts = [prepared(inner, rows) for _, inner in step.transformer_list if not _drops(inner)]
    return _joined(step, parts, rows, sparse=any(part.sparse for part in parts))


def _drops(step: Any) -> bool:
    return isinstance(step, str) and step == "drop"


def _joined(step: Any, parts: list[Rows], rows: Rows, *, sparse: bool) -> Rows:
    if not parts:
        raise ConversionError(f"{title(step)} gives no column at all")
    return rows.joined(parts, sparse=sparse)


def _filled(step: Any, rows: Rows) -> Rows:
    """Fill the gaps; where the transformer says so, add a column of 0 and 1 for each in which the training saw one."""
    if not np.isnan(step.missing_values):
        raise ConversionError(
            f"SimpleImputer cannot be converted with missing_values={step.missing_values}; it can be with nan, which "
            f"is what matrix(...) gives"
        )
    graph, values = rows.graph, np.asarray(step.statistics_, dtype=np.float32)
    if np.isnan(values).any():
        raise ConversionError("SimpleImputer was trained on a column without a single value: leave that column out")
    gaps = graph.add("IsNaN", rows.tensor)
    tensor = graph.add("Where", gaps, values, rows.tensor)
    if not step.add_indicator:
        return rows.changed(tensor)
    marked = rows.changed(graph.single(gaps)).of(step.indicator_.features_)
    return rows.changed(graph.add("Concat", tensor, marked.tensor, axis=1), rows.width + marked.width)


RULES: dict[str, Callable[[Any, Rows], Rows]] = {
    "ColumnTransformer": _by_columns,
    "FeatureUnion": _union,
    "FunctionTransformer": encoding.applied,
    "KBinsDiscretizer": encoding.binned,
    "OneHotEncoder": encoding.one_hot,
    "Pipeline": _pipeline,
    "SimpleImputer": _filled,
}
