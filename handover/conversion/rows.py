"""What a model of a graph is asked: a tensor of rows, and by which of its methods."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handover.conversion.graph import Graph

type Method = Literal["predict_proba", "decision_function", "predict"]


@dataclass(frozen=True)
class Rows:
    """A tensor of the graph, [N, width]."""

    graph: Graph
    tensor: str
    width: int

    def of(self, columns: NDArray[np.int64]) -> "Rows":
        """Take some of the columns, in this order."""
        if np.array_equal(columns, np.arange(self.width)):
            return self
        return Rows(self.graph, self.graph.add("Gather", self.tensor, columns, axis=1), len(columns))
