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
from handover.conversion.trees import Ensemble, Node, Split, at_most, below, exponential, grow, sigmoid, splits
from handover.conversion.writer import write
from predictor.delivery import session

pytestmark = pytest.mark.quick

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
NUMBERS = st.floats(allow_nan=False) | FLOAT32.map(float)


def graph_of(ensemble: Ensemble) -> bytes:
    graph = Graph()
    total = write(graph, ensemble, FEATURES)
    score = ensemble.link(graph, total) if ensemble.link else total
    return graph.finish(score, tuple("abc"[: ensemble.columns]), "test")


def walked(node: Node, row: np.ndarray) -> float:
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
    ensemble = Ensemble([Split(1, "in", frozenset({0}), 1.0, inner, missing=first)], columns=2)
    rows = np.array([[0, code] for code in (0, 4, 7, np.nan)], dtype=np.float32)

    wanted = [1, 1, 2, 1 if first or second else 2]
    assert session(graph_of(ensemble))(rows).tolist() == wanted


@given(trees=st.lists(TREES, min_size=1, max_size=4), base=LEAVES)
def test_any_ensemble_answers_as_it_is_defined_and_the_reference_agrees(trees: list[Node], base: float) -> None:
    numbers = np.linspace(-2.25, 2.25, 19, dtype=np.float32)
    rows = np.column_stack([np.resize(numbers, 130), np.resize(np.arange(65), 130), np.arange(130) // 2 % 63])
    rows = rows.astype(np.float32)
    rows[::7, 0] = rows[::11, 1] = rows[::13, 2] = np.nan
    graph = graph_of(Ensemble(trees, 3, base))
    wanted = [base + sum(walked(tree, row) for tree in trees) for row in rows]
    np.testing.assert_allclose(session(graph)(rows), wanted, rtol=1e-6, atol=1e-6)
    (reference,) = ReferenceEvaluator(onnx.load_from_string(graph)).run(None, {"features": rows})
    np.testing.assert_allclose(reference, wanted, rtol=1e-6, atol=1e-6)


def test_a_tree_may_be_deeper_than_pythons_stack() -> None:
    depth = 3 * sys.getrecursionlimit()
    chain = grow(
        lambda index: Split(0, "<=", index, -index, index + 1, missing=False) if 0 < index <= depth else -index, root=1
    )
    graph = graph_of(Ensemble([chain], 1).scaled(2))
    asked = np.array([[0.5], [1], [1.5], [depth], [depth + 1]], dtype=np.float32)
    assert session(graph)(asked).tolist() == [2, 2, 4, 2 * depth, -2 * depth - 2]
    assert len(thresholds(onnx.load_from_string(graph))) == len(list(splits([chain]))) == depth


def test_leaves_alone_are_a_constant() -> None:
    assert session(graph_of(Ensemble([0.25, 0.5], 1, 1.0)))(np.zeros((2, 1), dtype=np.float32)).tolist() == [1.75, 1.75]


@pytest.mark.parametrize(("link", "wanted"), [(sigmoid, 0.5), (exponential, 1.0)])
def test_a_link_makes_the_answer(link: object, wanted: float) -> None:
    graph = graph_of(Ensemble([0.0], 1, 0.0, link))  # type: ignore[arg-type]
    assert session(graph)(np.zeros((1, 1), dtype=np.float32)).tolist() == [wanted]


def test_numbers_of_a_range_are_read_as_missing_but_no_codes() -> None:
    number = Split(0, "<=", 5.0, 1.0, 2.0, missing=False)
    code = Split(1, "in", frozenset({0}), 10.0, 20.0, missing=False)
    graph = graph_of(Ensemble([number, code], 2, read_as_missing=(-1.0, 1.0)))
    rows = np.array([[3, 0], [1, 0], [0, 1], [-1, 1], [-2, 1], [np.nan, 0]], dtype=np.float32)
    assert session(graph)(rows).tolist() == [11, 12, 22, 22, 21, 12]
