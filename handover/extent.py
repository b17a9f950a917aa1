"""What the rows were that a training laid out, column by column: ends, choices and gaps, and never a row."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from handover.rows import Domain
from predictor.encoder import FloatRows
from predictor.files import Json

SEEN = "seen_in_training"
"""What the manifest calls the record of it."""

MIN_VALUES = 20  # with fewer, even a range that is rounded outward would reveal the number of one person
STEPS = 10  # between the ends of a column, at most: an end is rounded outward to one, so that it is nobody's number

_LAID_OUT: dict[tuple[str, bytes], "Extent"] = {}
"""What ``matrix`` laid out in this process, by contract and heuristics: ``deliver`` is not given what was fitted."""


@dataclass(frozen=True)
class Extent:
    """How far rows reach, in each column of the model's input.

    Extents are joined and not counted up: who lays the same rows out twice, as in a notebook, gets the same again.
    """

    rows: int
    """How many rows there were, at most, in one table."""
    known: NDArray[np.int64]
    """In how many of them each column had a value."""
    lowest: NDArray[np.float32]
    highest: NDArray[np.float32]
    """The ends of each column; where it never had a value, the lowest is above the highest."""
    missing: NDArray[np.bool_]
    """Whether each column had a gap."""
    codes: tuple[frozenset[int], ...]
    """Which codes the columns of categories and flags had; nothing of others."""

    @classmethod
    def of(cls, values: FloatRows, fields: Sequence[Domain]) -> Self:
        """Measure rows as the model's input, float32 (N, K), whose first columns are the fields."""
        gaps = np.isnan(values)
        lowest = np.fmin.reduce(values, axis=0, initial=np.inf)
        highest = np.fmax.reduce(values, axis=0, initial=-np.inf)
        codes = tuple(
            frozenset(np.unique(column[~np.isnan(column)]).astype(int).tolist() if field.choices else ())
            for field, column in zip(fields, values.T, strict=False)
        )
        return cls(len(values), (~gaps).sum(axis=0), lowest, highest, gaps.any(axis=0), codes)

    def joined(self, other: Self) -> Self:
        """Reach as far as both do."""
        rows, known = max(self.rows, other.rows), np.maximum(self.known, other.known)
        lowest, highest = np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest)
        codes = tuple(one | another for one, another in zip(self.codes, other.codes, strict=True))
        return type(self)(rows, known, lowest, highest, self.missing | other.missing, codes)

    def record(self, fields: Sequence[Domain], columns: Sequence[str]) -> Json:
        """Give what the manifest says of it: ``rows``, and of each column ``name`` and whether it was ever ``missing``.

        Beside that the ``values`` that a category or a flag had, or the ``lowest`` and ``highest`` number, rounded
        outward; both null where there never was one.
        """
        records = []
        for place, name in enumerate(columns):
            if choices := fields[place].choices if place < len(fields) else ():
                reached: Json = {"values": [choices[code] for code in sorted(self.codes[place])]}
            else:
                reached = dict(zip(("lowest", "highest"), self._ends(place), strict=True))
            records.append({"name": name, **reached, "missing": bool(self.missing[place])})
        return {"rows": self.rows, "columns": records}

    def _ends(self, place: int) -> tuple[float | None, float | None]:
        if not self.known[place]:
            return None, None
        low, high = (float(str(np.float32(end[place]))) for end in (self.lowest, self.highest))
        if self.known[place] < MIN_VALUES:
            power = 10.0 ** math.ceil(math.log10(max(-low, high, 1e-30)))
            return (-power if low < 0 else 0.0), power
        if low == high:  # what so many share is nobody's alone
            return low, high
        tenth = (high - low) / STEPS  # or a little more: 1, 2 or 5 times a power of ten
        power = 10.0 ** math.floor(math.log10(tenth))
        step = power * next(times for times in (1, 2, 5, 10) if times * power >= tenth)
        return float(f"{math.floor(low / step) * step:.6g}"), float(f"{math.ceil(high / step) * step:.6g}")


def note(compiled: Json, heuristics: ModuleType, extent: Extent) -> None:
    """Note what was laid out with a contract and heuristics, beside what was before."""
    key = _key(compiled, heuristics)
    _LAID_OUT[key] = _LAID_OUT[key].joined(extent) if key in _LAID_OUT else extent


def noted(compiled: Json, heuristics: ModuleType) -> Extent | None:
    """Give what was laid out with a contract and heuristics; ``None`` where nothing was."""
    return _LAID_OUT.get(_key(compiled, heuristics))


def _key(compiled: Json, heuristics: ModuleType) -> tuple[str, bytes]:
    source = Path(getattr(heuristics, "__file__", None) or "")
    return json.dumps(compiled), source.read_bytes() if source.is_file() else b""
