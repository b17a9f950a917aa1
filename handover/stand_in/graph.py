"""The stand-in's graph: a hash of the row chooses one of its answers, in whole numbers, so each processor agrees."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
import onnx
from numpy.typing import NDArray

from handover.conversion.graph import FEATURES, Graph
from handover.rows import Domain
from predictor.encoder import FloatRows

PRIME = 2**31 - 1
"""What is counted modulo: a product of two smaller numbers fits into an int64."""
LEVELS = 2**30
"""Into how many equal parts a number's range is cut; numbers in one part are one to the stand-in."""
STIRRED = 1_164_413_355  # any number below PRIME: it makes neighbouring rows no neighbours
MARK = "stand_in"
"""The property of the ONNX file that says what it is."""

type Whole = NDArray[np.int64]


def hashes(fields: Sequence[Domain], features: FloatRows) -> Whole:
    """Give the number below ``PRIME`` that stands for each row of float32 (N, K), as the graph computes it.

    The contract's fields are the first columns. Heuristics are not looked at, for they follow from these.
    """
    lows, scales, weights = _scaled(fields)
    given = features[:, : len(fields)].astype(np.float64)
    codes = np.where(np.isnan(given), 0, np.floor((np.where(np.isnan(given), lows, given) - lows) * scales) + 1)
    return np.asarray((codes.astype(np.int64) * weights % PRIME).sum(axis=1) % PRIME)


def graph(
    name: str,
    fields: Sequence[Domain],
    columns: tuple[str, ...],
    answers: NDArray[np.float32],
    *,
    known: Mapping[int, int],
    classes: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> bytes:
    """Write the graph.

    The ``answers`` are float32 (M, C), each given as often as the next but for the last ``len(known)``: those belong to
    the rows whose hashes are ``known``, each with the place of its answer. What the file says ``about`` itself stands
    beside that it is a stand-in.
    """
    lows, scales, weights = _scaled(fields)
    made = Graph()
    given = made.double(made.add("Slice", FEATURES, *(np.array([place]) for place in (0, len(fields), 1))))
    is_known = made.add("Not", made.add("IsNaN", given))
    level = made.add("Floor", made.add("Mul", made.add("Sub", made.add("Where", is_known, given, lows), lows), scales))
    # A gap counts as nothing: a row without a new optional field gets the answer that it had.
    code = made.add("Where", is_known, made.add("Add", made.whole(level), np.array(1)), np.array(0))
    weighted = made.add("Mod", made.add("Mul", code, weights), np.array(PRIME))
    row = made.add("Mod", made.add("ReduceSum", weighted, np.array([1]), keepdims=0), np.array(PRIME))
    stirred = made.add("Mul", row, made.add("Mod", made.add("Add", row, np.array(STIRRED)), np.array(PRIME)))
    place = made.add("Mod", made.add("Mod", stirred, np.array(PRIME)), np.array(len(answers) - len(known)))
    if known:
        looked_up = made.add(
            "LabelEncoder",
            row,
            domain="ai.onnx.ml",
            keys_int64s=list(known),
            values_int64s=list(known.values()),
            default_int64=-1,
        )
        place = made.add("Where", made.add("Less", looked_up, np.array(0)), place, looked_up)
    scores = made.add("Gather", answers, place)
    return made.finish(scores, columns, name, classes=classes, about={MARK: "true", **(about or {})})


def is_stand_in(model: onnx.ModelProto) -> bool:
    """Say whether an ONNX file is a stand-in's, by its own word."""
    return any(prop.key == MARK for prop in model.metadata_props)


def _scaled(fields: Sequence[Domain]) -> tuple[NDArray[np.float64], NDArray[np.float64], Whole]:
    """Give each field's lowest number, its levels in a unit, and what its level is multiplied by."""
    ends = np.array([field.column_ends for field in fields], dtype=np.float64).reshape(-1, 2)
    finest = np.spacing(np.abs(ends).max(axis=1).astype(np.float32)).astype(np.float64)
    width = np.maximum(ends[:, 1] - ends[:, 0], finest)
    digests = (sha256(field.name.encode()).digest() for field in fields)
    weights = [int.from_bytes(digest[:8]) % (PRIME - 1) + 1 for digest in digests]
    return ends[:, 0].astype(np.float32).astype(np.float64), (LEVELS - 1) / width, np.array(weights, dtype=np.int64)
