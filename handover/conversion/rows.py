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
    blurred: bool = False
    """Whether a number may differ from scikit-learn's in its last bit, as where it is a sum, or a logarithm."""

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

    def computed(self, tensor: str, width: int | None = None, *, blurred: bool = False) -> Self:
        """Give what the columns have become, computed in float64 and now rounded to the rows' type."""
        typed = tensor if self.wide else self.graph.single(tensor)
        return self.changed(typed, width, blurred=self.blurred or blurred)

    def joined(self, parts: Sequence[Self], *, sparse: bool) -> Self:
        """Give what the columns have become: these parts side by side, as float64 where one of them is."""
        if not parts:
            raise ConversionError("a step of the pipeline gives no column at all")
        wide, blurred = any(part.wide for part in parts), any(part.blurred for part in parts)
        typed = (self.graph.double(part.tensor) if wide and not part.wide else part.tensor for part in parts)
        tensor = self.graph.add("Concat", *typed, axis=1)
        return self.changed(tensor, sum(part.width for part in parts), sparse=sparse, wide=wide, blurred=blurred)
