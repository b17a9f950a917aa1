"""What heuristics give here, beside what they gave elsewhere: in training, or in the built function."""

import ast
import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handover.context import DeliveryContext
from handover.wording import listed
from predictor.encoder import FloatRows

type Rows = NDArray[np.intp]

# Another machine's logarithm differs in its last digit, and where two are subtracted, nothing else may be left.
LAST_DIGITS, OF_THE_LARGEST = 1e-6, 1e-9
MAX_NAMED = 3  # heuristics in a sentence


class Changed(NamedTuple):
    """A heuristic that gives other values for golden rows than it gave in training."""

    name: str
    rows: Rows
    was: NDArray[np.float32]
    is_: NDArray[np.float32]


def written(value: Any) -> str:
    """Write what a field can be, as JSON has it, but for the quotes of a category."""
    return str(value) if isinstance(value, str) else json.dumps(value)


def as_trained(context: DeliveryContext) -> FloatRows:
    """Give the golden rows as the model's input, float32 (N, K), with what the heuristics gave in training."""
    matrix, columns = context.golden_matrix.copy(), context.encoder.columns
    for row, line in enumerate(context.golden):
        for name, value in line["heuristics"].items():
            if name in columns:
                matrix[row, columns.index(name)] = np.nan if value is None else value
    return matrix


def changed_heuristics(context: DeliveryContext, given: FloatRows, expected: FloatRows) -> list[Changed]:
    """List the heuristics whose values in the same rows, float32 (N, K), are others, in the order of their columns."""
    heuristics = {heuristic.__name__ for heuristic in context.heuristics}
    known = np.where(np.isnan(expected), 0, expected)
    nothing = OF_THE_LARGEST * np.abs(known).max(axis=0)
    differs = ~np.isclose(given, expected, rtol=LAST_DIGITS, atol=nothing, equal_nan=True)
    return [
        Changed(name, np.flatnonzero(differs[:, column]), expected[:, column], given[:, column])
        for column, name in enumerate(context.encoder.columns)
        if name in heuristics and differs[:, column].any()
    ]


def in_words(
    context: DeliveryContext, changed: list[Changed], then: str = "gave {} in training", row: str = "golden row {}"
) -> str:
    """Say what the first of them gives here and gave elsewhere, and name the others."""
    first, *others = changed
    place, line = first.rows[0], context.heuristic_line(first.name)
    is_, was = ("no value" if np.isnan(values[place]) else f"{values[place]:g}" for values in (first.is_, first.was))
    sentence = f"`{first.name}` (line {line}) gives {is_} for {row.format(place + 1)} and {then.format(was)}"
    if len(first.was) > 1:
        sentence += f"; so for {len(first.rows)} of {len(first.was)} rows"
    if others:
        named = [f"`{other.name}`" for other in others[:MAX_NAMED]]
        named += [f"{len(others) - MAX_NAMED} more"] if len(others) > MAX_NAMED else []
        sentence += f". {listed(named)} {'differ' if others[1:] else 'differs'} too"
    if name := _shared(context, changed):
        sentence += f"; all of them use `{name}` (line {context.heuristic_line(name)})"
    return f"{sentence}."


def line_of(context: DeliveryContext, changed: list[Changed]) -> int | None:
    """Find the line at fault: that of the first heuristic, or of what all of them use, where that is one thing."""
    return context.heuristic_line(_shared(context, changed) or changed[0].name)


def _shared(context: DeliveryContext, changed: list[Changed]) -> str:
    """Name the constant or helper of heuristics.py that all of several heuristics use, where that is one thing."""
    names = {one.name for one in changed}
    used, defined = [], set()
    for node in context.heuristics_tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            used.append({inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)})
        elif isinstance(node, ast.FunctionDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            defined |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    shared = set.intersection(*used) & defined if len(used) > 1 else set()
    return shared.pop() if len(shared) == 1 else ""
