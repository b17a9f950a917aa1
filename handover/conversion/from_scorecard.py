"""Scorecards: points for each band of each column, added up; they need no training, and are models like any other."""

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from handover.conversion.errors import ConversionError
from handover.conversion.framework import FloatRows, Framework
from handover.conversion.graph import Graph
from handover.conversion.trees import Ensemble, Node, Split, sigmoid
from predictor.encoder import FLOAT32_MAX

type Closed = Literal["from", "to"]
"""Which end of a band belongs to it."""


@dataclass(frozen=True)
class Scaling:
    """How points become a probability: its log odds are ``(points - offset) / factor``.

    As it stands, points are log odds already. With a negative factor the probability falls as the points rise.
    """

    offset: float = 0.0
    """The points at even odds [points]."""
    factor: float = 1.0
    """How many points multiply the odds by e [points]."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.offset) and math.isfinite(self.factor) and self.factor):
            raise ConversionError(f"{self}: offset and factor are numbers, and the factor is not 0")

    @classmethod
    def by_pdo(cls, pdo: float, *, points: float, odds: float) -> Self:
        """Scale as banks write it; the score is the probability of a bad one.

        ``pdo`` [points] double the odds of good to bad; so many ``points`` stand for so many good ones to one bad, the
        ``odds``, as 600 for 50.
        """
        if not (odds > 0 and math.isfinite(odds)):
            raise ConversionError(f"odds={odds!r}: write how many good ones there are to one bad, as in odds=50")
        factor = pdo / math.log(2)
        return cls(points - factor * math.log(odds), -factor)

    def probability(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Make probabilities of points."""
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + np.exp(-(points - self.offset) / self.factor)))

    def link(self, graph: Graph, points: str) -> str:
        """Do the same in a graph."""
        return sigmoid(graph, graph.add("Div", graph.add("Sub", points, self.offset), self.factor))


@dataclass(frozen=True)
class Bands:
    """A column's points: bands side by side, the first and the last without end."""

    column: int
    edges: tuple[float, ...]
    """What parts them, float32, ascending."""
    points: tuple[float, ...]
    """Of each band, one more than edges; NaN where there are none."""
    missing: float
    """Points of a missing value; NaN where there are none."""

    def of(self, values: NDArray[np.float32], closed: Closed) -> NDArray[np.float64]:
        """Give each value its points."""
        places = np.searchsorted(np.array(self.edges), values, side="right" if closed == "from" else "left")
        return np.where(np.isnan(values), self.missing, np.array(self.points)[places])

    def tree(self, closed: Closed) -> Node:
        """Write the bands as splits: a search in halves, behind a question that only a missing value denies."""
        return Split(
            self.column, "<=", FLOAT32_MAX, self._half(closed, 0, len(self.edges)), self.missing, missing=False
        )

    def _half(self, closed: Closed, first: int, last: int) -> Node:
        if first == last:
            return self.points[first]
        middle = (first + last) // 2
        below, above = self._half(closed, first, middle), self._half(closed, middle + 1, last)
        return Split(self.column, "<" if closed == "from" else "<=", self.edges[middle], below, above, missing=False)


@dataclass(frozen=True)
class Scorecard:
    """A scorecard, which ``deliver`` takes as it takes a trained model; ``read_scorecard`` reads one."""

    feature_names_in_: tuple[str, ...]
    """The columns of the model's input."""
    bands: tuple[Bands, ...]
    base: float = 0.0
    """Points that everyone has."""
    scaling: Scaling | None = None
    """What makes a probability of the points; ``None`` where the points are the score."""
    closed: Closed = "from"

    @property
    def n_features_in_(self) -> int:
        """How many columns the model's input has."""
        return len(self.feature_names_in_)

    def points(self, values: FloatRows) -> NDArray[np.float64]:
        """Add up the points of rows of the model's input, float32 (N, K); float64 (N,)."""
        total = np.full(len(values), self.base)
        for bands in self.bands:
            total += bands.of(values[:, bands.column], self.closed)
        return total

    def predict(self, values: FloatRows) -> NDArray[np.float64]:
        """Score rows of the model's input, as ``matrix(...).values`` has them, float32 (N, K); float64 (N,)."""
        return self.scaling.probability(self.points(values)) if self.scaling else self.points(values)


def read(model: Scorecard) -> Ensemble:
    """Read a scorecard: a tree for each column."""
    link = model.scaling.link if model.scaling else None
    return Ensemble([bands.tree(model.closed) for bands in model.bands], model.base, link)


SCORECARD = Framework(__name__, "scorecards", read)
