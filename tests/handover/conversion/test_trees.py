"""One form of trees: numbers rounded so that no float32 changes sides, trees deeper than Python's stack."""

import sys

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from handover.conversion import thresholds
from handover.conversion.graph import FEATURES, Graph
from handover.conversion.rows import Rows
from handover.conversion.trees import (
    Ensemble,
    Leaf,
    Link,
    Node,
    Split,
    at_most,
    below,
    exponential,
    grow,
    sigmoid,
    splits,
)
from handover.conversion.writer import write
from predictor.delivery import session

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
NUMBERS = st.floats(allow_nan=False) | FLOAT32.map(float)


def graph_of(ensemble: Ensemble, columns: int) -> bytes:
    graph = Graph()
    total = write(Rows(graph, FEATURES, columns), ensemble)
    score = ensemble.link(graph, total) if ensemble.link else total
    classes = tuple("xyz"[: ensemble.width]) if ensemble.width > 1 else ()
    return graph.finish(score, tuple("abc"[:columns]), "test", classes=classes)


def scores(ensemble: Ensemble, rows: np.ndarray) -> list[float]:
    return session(graph_of(ensemble, rows.shape[1]))(rows)[:, 0].tolist()


def walked(node: Node, row: np.ndarray) -> Leaf:
    """Go down a tree as its definition says."""
    while isinstance(node, Split):
        x = float(row[node.column])
        if np.isnan(x):
            says_yes = node.missing
        elif isinstance(node.value, frozenset):
            says_yes = x in node.value
        else:
            says_yes = x <= node.value if node.test == "<=" else x < node.value
        node = node.yes if says_yes else node.no
    return node


@given(number=NUMBERS, x=FLOAT32)
def test_at_most_the_rounded_number_is_at_most_the_number(number: float, x: float) -> None:
    assert (x <= at_most(np.array(number))) == (x <= number)
    beside = float(np.nextafter(np.float32(np.clip(number, -3e38, 3e38)), np.float32(x)))
    assert (beside <= at_most(np.array(number))) == (beside <= number)


@given(number=NUMBERS, x=FLOAT32)
def test_at_most_the_number_below_is_below_the_number(number: float, x: float) -> None:
    assert (x <= below(np.array(number))) == (x < number)
    near = float(np.float32(np.clip(number, -3e38, 3e38)))
    assert (near <= below(np.array(number))) == (near < number)


LEAVES = st.floats(-10, 10) | st.sampled_from([1.0, 2.0])  # few, for equal ones are joined
CODES = st.frozensets(st.integers(0, 60))


def split(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    numbers = st.builds(
        Split, st.just(0), st.sampled_from(["<=", "<"]), st.integers(-8, 8).map(lambda n: n / 4), children, children,
        st.booleans(),
    )  # fmt: skip
    sets = st.builds(Split, st.integers(1, 2), st.just("in"), CODES, children, children, st.booleans())
    return numbers | sets


TREES: st.SearchStrategy[Node] = st.recursive(LEAVES, split, max_leaves=20)


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False), (True, True), (False, False)])
def test_a_missing_value_goes_to_a_leaf_by_the_second_of_two_sets_too(first: bool, second: bool) -> None:
    inner = Split(1, "in", frozenset({4}), 1.0, 2.0, missing=second)
    ensemble = Ensemble([Split(1, "in", frozenset({0}), 1.0, inner, missing=first)])
    rows = np.array([[0, code] for code in (0, 4, 7, np.nan)], dtype=np.float32)

    wanted = [1, 1, 2, 1 if first or second else 2]
    assert scores(ensemble, rows) == wanted


ARRAYS = st.lists(st.recursive(st.tuples(LEAVES, LEAVES, LEAVES).map(np.array), split, max_leaves=20), max_size=4)
OF_SUMS = st.lists(st.tuples(TREES, st.integers(0, 2)), max_size=6)
BASES = st.tuples(LEAVES, LEAVES, LEAVES).map(np.array)
ENSEMBLES = (
    st.builds(Ensemble, st.lists(TREES, min_size=1, max_size=4), LEAVES)
    | st.builds(Ensemble, ARRAYS, BASES)
    | st.builds(
        lambda pairs, base: Ensemble([tree for tree, _ in pairs], base, targets=[place for _, place in pairs]),
        OF_SUMS,
        BASES,
    )
)


@given(ensemble=ENSEMBLES)
def test_any_ensemble_answers_as_it_is_defined_and_the_reference_agrees(ensemble: Ensemble) -> None:
    numbers = np.linspace(-2.25, 2.25, 19, dtype=np.float32)
    rows = np.column_stack([np.resize(numbers, 130), np.resize(np.arange(65), 130), np.arange(130) // 2 % 63])
    rows = rows.astype(np.float32)
    rows[::7, 0] = rows[::11, 1] = rows[::13, 2] = np.nan
    graph = graph_of(ensemble, 3)
    wanted = np.tile(np.array(ensemble.base, dtype=np.float64).reshape(1, -1), (len(rows), 1))
    for place, tree in enumerate(ensemble.trees):
        sums = [ensemble.targets[place]] if ensemble.targets else slice(None)
        wanted[:, sums] += np.array([walked(tree, row) for row in rows]).reshape(len(rows), -1)
    np.testing.assert_allclose(session(graph)(rows), wanted, rtol=1e-6, atol=1e-6)
    (reference,) = ReferenceEvaluator(onnx.load_from_string(graph)).run(None, {"features": rows})
    np.testing.assert_allclose(reference.reshape(len(rows), -1), wanted, rtol=1e-6, atol=1e-6)


def test_a_tree_may_be_deeper_than_pythons_stack() -> None:
    depth = 3 * sys.getrecursionlimit()
    chain = grow(
        lambda index: Split(0, "<=", index, -index, index + 1, missing=False) if 0 < index <= depth else -index, root=1
    )
    ensemble = Ensemble([chain]).scaled(2)
    asked = np.array([[0.5], [1], [1.5], [depth], [depth + 1]], dtype=np.float32)
    assert scores(ensemble, asked) == [2, 2, 4, 2 * depth, -2 * depth - 2]
    assert len(thresholds(onnx.load_from_string(graph_of(ensemble, 1)))) == len(list(splits([chain]))) == depth


def test_leaves_alone_are_a_constant() -> None:
    assert scores(Ensemble([0.25, 0.5], 1.0), np.zeros((2, 1), dtype=np.float32)) == [1.75, 1.75]


@pytest.mark.parametrize(("link", "wanted"), [(sigmoid, 0.5), (exponential, 1.0)])
def test_a_link_makes_the_answer(link: Link, wanted: float) -> None:
    ensemble = Ensemble([0.0], 0.0, link)
    assert scores(ensemble, np.zeros((1, 1), dtype=np.float32)) == [wanted]


def test_numbers_of_a_range_are_read_as_missing_but_no_codes() -> None:
    number = Split(0, "<=", 5.0, 1.0, 2.0, missing=False)
    code = Split(1, "in", frozenset({0}), 10.0, 20.0, missing=False)
    ensemble = Ensemble([number, code], read_as_missing=(-1.0, 1.0))
    rows = np.array([[3, 0], [1, 0], [0, 1], [-1, 1], [-2, 1], [np.nan, 0]], dtype=np.float32)
    assert scores(ensemble, rows) == [11, 12, 22, 22, 21, 12]
