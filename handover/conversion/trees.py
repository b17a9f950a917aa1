"""One form of trees for every framework: what a node asks, what a leaf adds, and what becomes of the sums."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from handover.conversion.graph import Graph
from predictor.encoder import FLOAT32_MAX

type Floats = NDArray[np.float64]
type Leaf = float | Floats
type Node = Split | Leaf
type Link = Callable[[Graph, str], str]


@dataclass(slots=True, eq=False)
class Split:
    """A question about one column of a row. While a tree is read, ``yes`` and ``no`` may be node numbers."""

    column: int
    test: Literal["<=", "<", "in"]
    value: float | frozenset[int]
    """The threshold, a float64, or the category codes that say yes; any other code says no."""
    yes: Node
    no: Node
    missing: bool
    """Whether NaN says yes."""


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added up, to one sum or to one for each class.

    A leaf is a number, which goes to the sum that its tree is for; or it is an array, with a number for each sum.
    """

    trees: list[Node]
    base: Leaf = 0.0
    """What the sum begins with; of several sums an array, as long as there are sums."""
    link: Link | None = None
    """What makes the answer of the sums [N, C], such as a sigmoid; None where they are the answer."""
    single: bool = False
    """Whether the framework adds up in float32, tree by tree, so that the graph does."""
    wide: bool = False
    """Whether the framework compares float64 columns as they are; else they become float32 first."""
    compares_with_what_it_saw: bool = False
    """Whether thresholds are numbers of the training themselves, so that the last bit of a column counts."""
    slopes: NDArray[np.float64] | None = None
    """What a column's number is multiplied by before it is added to each sum, too, (K, C); of a gap nothing is."""
    read_as_missing: tuple[float, float] | None = None
    """From and to: a number between them, both included, is missing too, in a column that no set of codes tests."""
    targets: Sequence[int] | None = None
    """For each tree, which of the sums its numbers go to; None where there is one sum, or the leaves are arrays."""

    @property
    def width(self) -> int:
        """How many sums there are."""
        return np.size(self.base)

    def scaled(self, weight: float) -> Self:
        """Multiply what the trees add, in place."""

        def times(node: Node) -> Node:
            return node if isinstance(node, Split) else node * weight

        self.trees[:] = map(times, self.trees)
        for split in splits(self.trees):
            split.yes, split.no = times(split.yes), times(split.no)
        return replace(self, base=self.base * weight)


def splits(trees: Iterable[Node]) -> Iterable[Split]:
    """Go through all splits: a tree's in depth first order, the side of yes first."""
    for tree in trees:
        waiting = [tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Split):
                yield node
                waiting += [node.no, node.yes]


def grow(read: Callable[[int], Node], root: int = 0) -> Node:
    """Build a tree of what is read by number: a leaf, or a split whose ``yes`` and ``no`` are numbers of nodes.

    It is no recursion: a tree may be deeper than Python's stack.
    """
    top = read(root)
    waiting = [top] if isinstance(top, Split) else []
    while waiting:
        split = waiting.pop()
        split.yes, split.no = read(int(split.yes)), read(int(split.no))  # type: ignore[arg-type]
        waiting += [child for child in (split.yes, split.no) if isinstance(child, Split)]
    return top


def at_most(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the largest finite float32 that does not exceed each value, or minus infinity."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.clip(values, -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
        lower = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded <= values, rounded, lower).astype(np.float64)


def below(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the largest finite float32 below each value, or minus infinity."""
    with np.errstate(over="ignore", under="ignore"):
        return at_most(np.nextafter(values, -np.inf))


def sigmoid(graph: Graph, total: str) -> str:
    """Make a probability of log odds."""
    return graph.add("Sigmoid", total)


def softmax(graph: Graph, totals: str) -> str:
    """Make the probabilities of all classes, which add up to 1, of a number for each."""
    return graph.add("Softmax", totals, axis=1)


def exponential(graph: Graph, total: str) -> str:
    """Make a mean of its logarithm."""
    return graph.add("Exp", total)
