"""A row becomes the float32 vector that the model was trained on; training imports this same file."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT32_MAX = 3.4028234663852886e38  # IEEE 754 binary32, the largest finite number

type Row = Any  # what the contract's validator made: one attribute per field
type FloatRows = NDArray[np.float32]
type Heuristic = Callable[[Row], float | None]


class HeuristicError(ArithmeticError):
    """A heuristic raised, or gave what float32 cannot hold, on a row that the contract accepts."""


class Encoder:
    """Lays rows out as the model's input: the contract's fields, then the heuristics.

    Parameters
    ----------
    fields
        The ``fields`` of ``contract.json``: name and kind of each, and the categories in the contract's order.
    heuristics
        Functions of one row, in the order in which ``heuristics.py`` defines them.
    """

    def __init__(self, fields: Iterable[dict[str, Any]], heuristics: Sequence[Heuristic]) -> None:
        self._fields = [
            (
                field["name"],
                {None: None} | {category: float(code) for code, category in enumerate(field["categories"])}
                if field["kind"] == "category"
                else None,
            )
            for field in fields
        ]
        self._heuristics = tuple(heuristics)
        self.columns: tuple[str, ...] = (
            *(name for name, _ in self._fields),
            *(heuristic.__name__ for heuristic in self._heuristics),
        )

    def vector(self, row: Row) -> FloatRows:
        """Lay one validated row out as the model's input.

        Returns
        -------
        float32, shape (1, K), columns in the order of ``columns``: numbers as they are, false and true as 0 and 1, a
        category as its place in the contract's ``Literal``, then the heuristics. A missing value is NaN, never 0: the
        model was trained that way.

        Raises
        ------
        HeuristicError
            When a heuristic raises, or gives a number that float32 cannot hold; names the heuristic.
        """
        return self.matrix((row,))

    def matrix(self, rows: Iterable[Row]) -> FloatRows:
        """Lay several validated rows out, one below the other: float32, shape (N, K); see ``vector``."""
        # numpy writes None as NaN
        return np.array([self._values(row) for row in rows], dtype=np.float32)

    def _values(self, row: Row) -> list[float | None]:
        fields = row.__dict__
        values = [fields[name] if codes is None else codes[fields[name]] for name, codes in self._fields]
        for heuristic in self._heuristics:
            try:
                value = heuristic(row)
                if value is not None and not -FLOAT32_MAX <= value <= FLOAT32_MAX:
                    raise ArithmeticError("the number does not fit into float32")
            except Exception as error:  # whatever a heuristic raises is its own fault, and is named so
                raise HeuristicError(f"heuristic {heuristic.__name__}: {type(error).__name__}") from error
            values.append(value)
        return values
