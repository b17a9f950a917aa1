"""What a pipeline does to the columns before its model: each transformer by the part that knows it."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from handover.conversion import encoding, from_optbinning, others, scaling
from handover.conversion.errors import ConversionError, refused
from handover.conversion.frameworks import framework_of
from handover.conversion.from_scikit_learn import SCIKIT_LEARN
from handover.conversion.rows import Rows

AFFINE = (
    "FactorAnalysis", "FastICA", "FeatureAgglomeration", "GaussianRandomProjection", "IncrementalPCA",
    "LinearDiscriminantAnalysis", "PCA", "PLSRegression", "SparseRandomProjection", "TruncatedSVD",
)  # fmt: skip


def prepared(step: Any, rows: Rows) -> Rows:
    """Add a transformer. Its last bit counts: a threshold of the trees behind it is a number that it gives."""
    if step is None or isinstance(step, str):  # "passthrough"
        return rows
    name = type(step).__name__
    if name == "BinningProcess" and framework_of(step) is from_optbinning.OPTBINNING:
        return from_optbinning.prepared(step, rows)
    if framework_of(step) is not SCIKIT_LEARN:
        raise others.unknown(step, others.STEPS_CAN)
    if rule := RULES.get(name):
        return rule(step, rows)
    if hasattr(step, "get_support"):
        return rows.of(np.flatnonzero(step.get_support()))
    if name not in others.STEPS:
        raise others.unknown(step, others.STEPS_CAN)
    (tensor,) = others.converted(step, rows, {}, others.STEPS_CAN)
    return rows.changed(tensor, len(step.get_feature_names_out()), wide=False).blurred_by(name)


def through(steps: Iterable[tuple[str, Any]], rows: Rows) -> Rows:
    """Add the steps of a pipeline, one after another."""
    for _, step in steps:
        if not hasattr(step, "fit_resample"):  # it changes the rows of a training alone
            rows = prepared(step, rows)
    return rows


def _by_columns(step: Any, rows: Rows) -> Rows:
    """Give each transformer its columns; set what they give side by side."""
    places = step._transformer_to_input_indices
    chosen = [(inner, places[name]) for name, inner, _ in step.transformers_ if len(places[name]) and inner != "drop"]
    parts = [prepared(inner, rows.of(columns)) for inner, columns in chosen]
    return rows.joined(parts, sparse=step.sparse_output_)


def _union(step: Any, rows: Rows) -> Rows:
    weights, parts = step.transformer_weights or {}, list[Rows]()
    for name, inner in step.transformer_list:
        if inner != "drop":
            part = prepared(inner, rows)
            weight = np.array(weights.get(name, 1), np.float64 if part.wide else np.float32)
            parts.append(part.changed(rows.graph.add("Mul", part.tensor, weight)) if name in weights else part)
    return rows.joined(parts, sparse=any(part.sparse for part in parts))


def _affine(step: Any, rows: Rows) -> Rows:
    """Add a transformer whose every column is a weighted sum: it is asked for the weights itself."""
    at_nought = encoding.asked(step, np.zeros((1, rows.width)))
    slopes = encoding.asked(step, np.eye(rows.width)) - at_nought
    total = rows.graph.add("MatMul", rows.graph.double(rows.tensor), slopes)
    return rows.computed(rows.graph.add("Add", total, at_nought[0]), slopes.shape[1], blurred_by=step)


def _gaps(step: Any, rows: Rows) -> str:
    """Ask each value whether it is missing."""
    if not np.isnan(step.missing_values):
        setting = f"missing_values={step.missing_values}"
        raise refused(type(step).__name__, setting, "with nan, which is what matrix(...) gives")
    return rows.graph.add("IsNaN", rows.tensor)


def _filled(step: Any, rows: Rows) -> Rows:
    """Fill the gaps; where the transformer says so, add a column of 0 and 1 for each in which the training saw one."""
    gaps, values = _gaps(step, rows), np.asarray(step.statistics_, dtype=np.float64 if rows.wide else np.float32)
    if np.isnan(values).any():
        raise ConversionError("SimpleImputer was trained on a column without a single value: leave that column out")
    full = rows.changed(rows.graph.add("Where", gaps, values, rows.tensor))
    return rows.joined([full, _marked(step.indicator_, rows)], sparse=rows.sparse) if step.add_indicator else full


def _marked(step: Any, rows: Rows) -> Rows:
    """Add a column of 0 and 1 for each in which the training saw a gap, or for all."""
    return rows.changed(rows.graph.single(_gaps(step, rows)), wide=False).of(step.features_)


RULES: dict[str, Callable[[Any, Rows], Rows]] = {
    "Binarizer": encoding.binarized,
    "ColumnTransformer": _by_columns,
    "FeatureUnion": _union,
    "FunctionTransformer": encoding.applied,
    "KBinsDiscretizer": encoding.binned,
    "MissingIndicator": _marked,
    "Normalizer": encoding.normalised,
    "Pipeline": lambda pipeline, rows: through(pipeline.steps, rows),
    "PolynomialFeatures": encoding.multiplied,
    "PowerTransformer": scaling.powered,
    "QuantileTransformer": encoding.ranked,
    "SimpleImputer": _filled,
    **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"), encoding.looked_up),
    **dict.fromkeys(AFFINE, _affine),
    **dict.fromkeys(scaling.SCALERS, scaling.scaled),
}
