"""What a model of a graph is asked: a tensor of rows, and by which of its methods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError
from handover.conversion.graph import Graph

type Method = Literal["predict_proba", "decision_function", "predict"]


def width(model: Any) -> int:
    """Count the numbers that a model gives for a row: one for each class; of two classes, that of the second."""
    classes = np.size(getattr(model, "classes_", ()))
    return classes if classes > 2 else 1


@dataclass(frozen=True)
class Rows:
    """A tensor of the graph, [N, width]."""

    graph: Graph
    tensor: str
    width: int
    sparse: bool = False
    """Whether scikit-learn has them as a sparse matrix, in which XGBoost reads 0 as missing."""
    wide: bool = False
    """Whether scikit-learn has them as float64, and the tensor is: what comes next is computed in the rows' type."""
    blurred: tuple[str, ...] = ()
    """The steps that gave a number which may differ from scikit-learn's in its last bit: a sum, or a logarithm."""
    coarse: bool = False
    """Whether that may be the last bit of a float32."""

    def of(self, columns: NDArray[np.int64]) -> Self:
        """Take some of the columns, in this order."""
        if np.array_equal(columns, np.arange(self.width)):
            return self
        return self.changed(self.graph.add("Gather", self.tensor, columns, axis=1), len(columns))

    def each(self) -> Iterator[Self]:
        """Take the columns one by one."""
        return (self.of(np.array([column])) for column in range(self.width))

    def changed(self, tensor: str, width: int | None = None, **facts: Any) -> Self:
        """Give what the columns have become, and what else is no longer as it was."""
        return replace(self, tensor=tensor, width=width or self.width, **facts)

    def computed(self, tensor: str, width: int | None = None, *, blurred_by: Any = None) -> Self:
        """Give what the columns have become, computed in float64 and now rounded to the rows' type."""
        changed = self.changed(tensor if self.wide else self.graph.single(tensor), width)
        return changed if blurred_by is None else changed.blurred_by(type(blurred_by).__name__)

    def blurred_by(self, name: str) -> Self:
        """Note who gave the columns numbers of another last bit, of the rows' type."""
        return replace(self, blurred=tuple(dict.fromkeys((*self.blurred, name))), coarse=self.coarse or not self.wide)

    def rounded(self, number: str) -> str:
        """Give a number that was computed in float64 as the rows' type holds it, float64."""
        return number if self.wide else self.graph.double(self.graph.single(number))

    def joined(self, parts: Sequence[Self], *, sparse: bool) -> Self:
        """Give what the columns have become: these parts side by side, as float64 where one of them is."""
        if not parts:
            raise ConversionError("a step of the pipeline gives no column at all")
        wide, coarse = any(part.wide for part in parts), any(part.coarse for part in parts)
        blurred = tuple(dict.fromkeys(name for part in parts for name in part.blurred))
        typed = (self.graph.double(part.tensor) if wide and not part.wide else part.tensor for part in parts)
        tensor = self.graph.add("Concat", *typed, axis=1)
        count = sum(part.width for part in parts)
        return self.changed(tensor, count, sparse=sparse, wide=wide, blurred=blurred, coarse=coarse)
