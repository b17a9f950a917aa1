"""What a model of a graph is asked: a tensor of rows, and by which of its methods."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

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

    def of(self, columns: NDArray[np.int64]) -> "Rows":
        """Take some of the columns, in this order."""
        if np.array_equal(columns, np.arange(self.width)):
            return self
        return self.changed(self.graph.add("Gather", self.tensor, columns, axis=1), len(columns))

    def changed(self, tensor: str, width: int | None = None, *, sparse: bool | None = None) -> "Rows":
        """Give what the columns have become."""
        return replace(
            self,
            tensor=tensor,
            width=self.width if width is None else width,
            sparse=self.sparse if sparse is None else sparse,
        )

    def joined(self, parts: Sequence["Rows"], *, sparse: bool | None = None) -> "Rows":
        """Give what the columns have become: these parts, float32, side by side."""
        tensor = self.graph.add("Concat", *(self.graph.single(part.tensor) for part in parts), axis=1)
        return self.changed(tensor, sum(part.width for part in parts), sparse=sparse)
