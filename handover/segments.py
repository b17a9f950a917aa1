"""The segments of single fields in which a model is weakest: figures of many rows each, and never a row."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from handover.metrics import Metric, metrics
from handover.quality import HeldOut, digits
from handover.rows import Domain
from predictor.encoder import FloatRows
from predictor.files import Json

type Rows = NDArray[np.bool_]

# Of a segment, and of all the rest: what is said of them is of many, and of neither outcome alone.
MIN_ROWS = 20
MIN_OF_A_LABEL = 5
BANDS = 4  # of a number
STEPS = 10  # between most of a number's values: an edge is rounded to one, so that it is nobody's number
SHOWN = 5
ALPHA = 0.05  # family-wise: of models that are as good everywhere, the share with a segment that is called weak


def weakest_segments(fields: Sequence[Domain], features: FloatRows, held_out: HeldOut) -> Json:
    """Find where the model is worse than elsewhere, by rows as its input, float32 (N, K).

    A segment is a category, a flag, a gap or a quarter of the numbers of one field. Its AUC, or its mean absolute
    error, is compared with that of all other rows. An R2 is not: it falls wherever the labels differ little. An AUC
    falls where the scores differ little, so also within the segments of a field that the model leans on. Of classes
    only those with enough rows in the segment and elsewhere count: a hard class that is nearly all in one segment
    makes that no weaker. Rows of the others are left out of both.

    It gives the ``figure``, which is compared; ``tried``, how many segments have enough rows, and ``fewest_rows``, how
    many that are; ``beyond_chance``, how many are worse than that: so much worse as any segment is in one of twenty
    models that are as good everywhere (Bonferroni's bound); ``worst``, five at most, first what chance explains least:
    ``field``, ``segment``, ``rows``, ``value``, ``elsewhere``, ``mean_score``, ``mean_label``, ``beyond_chance``.
    """
    tried = [
        _compared(held_out, field, words, *both)
        for place, field in enumerate(fields)
        for words, rows in _segments(field, features[:, place])
        if (both := _comparable(rows, held_out))
    ]
    tried.sort(key=lambda one: -one["beyond_chance"])
    least = NormalDist().inv_cdf(1 - ALPHA / max(1, len(tried)))
    weak = [one for one in tried[:SHOWN] if one["beyond_chance"] > 0]
    return {
        "figure": _metric(held_out).name,
        "tried": len(tried),
        "fewest_rows": MIN_ROWS,
        "beyond_chance": sum(one["beyond_chance"] > least for one in tried),
        "worst": [one | {"beyond_chance": bool(one["beyond_chance"] > least)} for one in weak],
    }


def _compared(held_out: HeldOut, field: Domain, words: str, rows: Rows, others: Rows) -> Json:
    """Say of a segment how good the model is in it, and by how many standard errors worse than elsewhere."""
    inside, outside = (_metric(held_out.subset(these)) for these in (rows, others))
    return {
        "field": field.name,
        "segment": words,
        "rows": int(rows.sum()),
        "value": digits(inside.value, 4),
        "elsewhere": digits(outside.value, 4),
        "mean_score": digits(held_out.highest[rows].mean(), 4),
        "mean_label": digits(held_out.top_label[rows].mean(), 4),
        "beyond_chance": _errors_worse(inside, outside),
    }


def _segments(field: Domain, values: FloatRows) -> Iterator[tuple[str, Rows]]:
    """Give the segments of a field: what their rows have in common, as it follows the field's name, and those rows."""
    for code, choice in enumerate(field.choices):
        yield f"= {str(choice).lower() if isinstance(choice, bool) else choice}", values == code
    if not field.choices:
        yield from _bands(values)
    yield "missing", np.isnan(values)


def _bands(values: FloatRows) -> Iterator[tuple[str, Rows]]:
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return
    low, high = np.quantile(known, (0.05, 0.95))
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS)) if high > low else 1.0
    quantiles = np.quantile(known, np.arange(1, BANDS) / BANDS)
    edges = sorted({float(f"{round(edge / step) * step:.6g}") for edge in quantiles})
    for start, end in pairwise([-math.inf, *edges, math.inf]):
        words = f"from {start:g} to below {end:g}" if math.isfinite(start + end) else f"from {start:g}"
        yield f"below {end:g}" if start == -math.inf else words, (start <= values) & (values < end)


def _comparable(rows: Rows, held_out: HeldOut) -> tuple[Rows, Rows] | None:
    """Give the rows of a segment and the others, of the labels that both have enough of; None where they are few."""
    both = rows, ~rows
    if held_out.is_binary:
        counted = (np.unique_counts(held_out.targets[these]) for these in both)
        inside, outside = (targets[counts >= MIN_OF_A_LABEL] for targets, counts in counted)
        common = np.isin(held_out.targets, np.intersect1d(inside, outside))
        both = rows & common, ~rows & common
    return both if all(these.sum() >= MIN_ROWS and np.ptp(held_out.targets[these]) for these in both) else None


def _metric(held_out: HeldOut) -> Metric:
    return metrics(held_out)[0 if held_out.is_binary else 1]


def _errors_worse(inside: Metric, outside: Metric) -> float:
    """Give by how many standard errors of the difference a segment is worse."""
    worse = (outside.value - inside.value) * (1 if inside.rises else -1)
    if not worse:
        return 0.0  # a model without a fault has no error to divide by either
    return worse / error if (error := float(np.hypot(inside.error, outside.error))) else math.copysign(math.inf, worse)
