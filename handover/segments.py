"""The segments of single fields in which a model is weakest: figures of many rows each, and never a row."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.merit import Figure, figures
from handover.quality import HeldOut
from handover.rows import Domain
from predictor.encoder import FloatRows
from predictor.files import Json

type Rows = NDArray[np.bool_]

# Of a segment, and of all the rest: what is said of them is of many, and of neither outcome alone.
FEWEST_ROWS = 20
FEWEST_OF_A_LABEL = 5
BANDS = 4  # of a number
STEPS = 10  # between most of a number's values: an edge is rounded to one, so that it is nobody's number
SHOWN = 5
BY_CHANCE = 0.05  # of the models that are as good everywhere: how many have a segment that is called weak


@dataclass(frozen=True)
class _Segment:
    field: str
    words: str
    """What its rows have in common, as it follows the field's name."""
    rows: Rows


def weakest_segments(fields: Sequence[Domain], features: FloatRows, held_out: HeldOut) -> Json:
    """Find where the model is worse than elsewhere.

    A segment is a category, a flag, a gap or a quarter of the numbers of one field. Its AUC, or its mean absolute
    error, is compared with that of all other rows. An R2 is not: it falls wherever the labels differ little. An AUC
    falls where the scores differ little, so also within the segments of a field that the model leans on.

    Parameters
    ----------
    fields
        What the contract's fields can be.
    features, held_out
        The rows as the model's input, float32 (N, K), whose first columns are the fields; their scores and labels.

    Returns
    -------
    ``figure``, which is compared; ``tried``, how many segments have enough rows, and ``fewest_rows``, how many that
    are; ``beyond_chance``, how many are worse than that: so much worse as any segment is in one of twenty models
    that are as good everywhere (Bonferroni's bound); ``worst``, five at most, those first that chance explains least:
    ``field``, ``segment``, ``rows``, ``value``, ``elsewhere``, ``mean_score``, ``mean_label``, ``beyond_chance``.
    """
    segments = [segment for place, field in enumerate(fields) for segment in _segments(field, features[:, place])]
    tried = [
        segment for segment in segments if _is_large(segment.rows, held_out) and _is_large(~segment.rows, held_out)
    ]
    compared = [(segment, _figure(held_out, segment.rows), _figure(held_out, ~segment.rows)) for segment in tried]
    compared.sort(key=lambda one: -_errors_worse(*one[1:]))
    least = NormalDist().inv_cdf(1 - BY_CHANCE / max(1, len(tried)))
    return {
        "figure": _judging(held_out).name,
        "tried": len(tried),
        "fewest_rows": FEWEST_ROWS,
        "beyond_chance": sum(_errors_worse(inside, outside) > least for _, inside, outside in compared),
        "worst": [
            {
                "field": segment.field,
                "segment": segment.words,
                "rows": int(segment.rows.sum()),
                "value": _digits(inside.value),
                "elsewhere": _digits(outside.value),
                "mean_score": _digits(held_out.highest[segment.rows].mean()),
                "mean_label": _digits(held_out.came[segment.rows].mean()),
                "beyond_chance": bool(_errors_worse(inside, outside) > least),
            }
            for segment, inside, outside in compared[:SHOWN]
            if _errors_worse(inside, outside) > 0
        ],
    }


def _segments(field: Domain, values: FloatRows) -> Iterator[_Segment]:
    for code, choice in enumerate(field.choices):
        word = str(choice).lower() if isinstance(choice, bool) else str(choice)
        yield _Segment(field.name, f"= {word}", values == code)
    if not field.choices:
        yield from _bands(field.name, values)
    yield _Segment(field.name, "missing", np.isnan(values))


def _bands(name: str, values: FloatRows) -> Iterator[_Segment]:
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return
    low, high = np.quantile(known, (0.05, 0.95))
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS)) if high > low else 1.0
    quantiles = np.quantile(known, np.arange(1, BANDS) / BANDS)
    edges = sorted({float(f"{round(edge / step) * step:.6g}") for edge in quantiles})
    for start, end in zip([-math.inf, *edges], [*edges, math.inf], strict=True):
        words = f"from {start:g} to below {end:g}" if math.isfinite(start + end) else f"from {start:g}"
        yield _Segment(name, f"below {end:g}" if start == -math.inf else words, (start <= values) & (values < end))


def _is_large(rows: Rows, held_out: HeldOut) -> bool:
    if rows.sum() < FEWEST_ROWS:
        return False
    counts = np.unique_counts(held_out.outcomes[rows]).counts
    return len(counts) > 1 and (not held_out.is_yes_or_no or int(counts.min()) >= FEWEST_OF_A_LABEL)


def _figure(held_out: HeldOut, rows: Rows) -> Figure:
    return _judging(replace(held_out, scores=held_out.scores[rows], labels=held_out.labels[rows]))


def _judging(held_out: HeldOut) -> Figure:
    return figures(held_out)[0 if held_out.is_yes_or_no else 1]


def _errors_worse(inside: Figure, outside: Figure) -> float:
    """Give by how many standard errors of the difference a segment is worse."""
    worse = (outside.value - inside.value) * (1 if inside.rises else -1)
    if not worse:
        return 0.0  # a model without a fault has no error to divide by either
    return worse / error if (error := float(np.hypot(inside.error, outside.error))) else math.copysign(math.inf, worse)


def _digits(figure: Any) -> float:
    return float(f"{float(figure):.4g}")
