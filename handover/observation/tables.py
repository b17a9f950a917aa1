"""Rows and columns that a model was fitted on: what is kept of them, to compare them with others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_ROWS = 2_000  # at even distances: enough for shares of a column to one percent or two, 240 KB of 30 columns

type Floats = NDArray[np.float32]
type Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Table:
    """What is kept of one table, whatever its size: 8 bytes a row, and a sample."""

    hashes: Hashes
    """One for each row; equal rows have equal ones."""
    sample: Floats
    """Rows at even distances, at most ``SAMPLE_ROWS``."""
    names: tuple[str, ...] | None
    """The columns' names, where the table was a data frame with names."""


def table(data: Any) -> Table | None:
    """Keep what is needed of a table; ``None`` where it is no table of numbers, as a sparse matrix is not."""
    values = _values(data)
    if values is None or values.ndim != 2:
        return None
    columns = list(getattr(data, "columns", ()))
    names = tuple(columns) if columns and all(isinstance(name, str) for name in columns) else None
    return Table(hashed(values), values[:: -(-len(values) // SAMPLE_ROWS) or 1].copy(), names)


def _values(data: Any) -> Floats | None:
    if hasattr(data, "toarray"):  # sparse: what is not in it is zero to one library and missing to the next
        return None
    with np.errstate(all="ignore"):
        try:
            return np.asarray(data, dtype=np.float32)
        except (TypeError, ValueError):
            return _by_column(data)


def _by_column(data: Any) -> Floats | None:
    """Read a data frame whose columns have types of their own: categories count as their codes, as a model counts."""
    try:
        series = [data[name] for name in data.columns]
        codes = [one.cat.codes.replace(-1, np.nan) if hasattr(one, "cat") else one for one in series]
        return np.column_stack([np.asarray(one, dtype=np.float32) for one in codes])
    except Exception:  # as many ways as there are libraries; what cannot be read is not compared, and that is reported
        return None


def hashed(values: Floats) -> Hashes:
    """Hash each row to 64 bits: -0 as 0, and every NaN as one."""
    bits = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0)).view(np.uint32)
    hashes = np.full(len(values), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in bits.T:
        hashes = (hashes ^ column) * np.uint64(0xBF58476D1CE4E5B9)  # the multiplier of splitmix64
        hashes ^= hashes >> np.uint64(29)
    return hashes
