"""An ONNX file of any tool takes the contract's columns and gives one score, or one sentence says why not."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from handover.conversion import ConversionError, opened, to_graph
from predictor.delivery import session
from tests.handover.conversion.onnx_files import (
    COLUMNS,
    both,
    by_column,
    classifier,
    linear,
    plain,
    save,
    sigmoid_of_sum,
    value,
)

pytestmark = pytest.mark.quick

random = np.random.default_rng(0)
ROWS = np.column_stack([random.normal(size=50), random.integers(0, 3, 50), random.normal(size=50)]).astype(np.float32)
ROWS[::7, 0] = np.nan


def graph_of(path: Path, output: str | None = None, positive: object = None) -> bytes:
    return to_graph(opened(path, COLUMNS, output), tuple(COLUMNS), "test", positive=positive)


def assert_answers(graph: bytes, wanted: Any = sigmoid_of_sum) -> None:
    ask = session(graph)
    np.testing.assert_allclose(ask(ROWS)[:, 0], wanted(ROWS), atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([ask(row[np.newaxis]) for row in ROWS]), ask(ROWS))


def two_columns(path: Path) -> Path:
    nodes, constants = linear("x")
    more, ones = both()
    return save(path, [*nodes, *more], [value("x", ["N", 3])], [value("both", ["N", 2])], [*constants, *ones])


def flat(path: Path) -> Path:
    nodes, constants = linear("x", to="wide")
    nodes.append(helper.make_node("Reshape", ["wide", "all"], ["score"]))
    constants.append(numpy_helper.from_array(np.array([-1]), "all"))
    return save(path, nodes, [value("x", ["N", 3])], [value("score", ["N"])], constants)


def of_functions(path: Path) -> Path:
    """As torch.onnx.export of PyTorch 2 writes: a function of the file's own, and notes of the program in each node."""
    nodes, constants = linear("x")
    body = helper.make_function("mine", "Squash", ["a"], ["b"], [helper.make_node("Sigmoid", ["a"], ["b"])],
                                [helper.make_opsetid("", 18)])  # fmt: skip
    nodes[-1] = helper.make_node("Squash", ["total"], ["score"], domain="mine")
    nodes[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value="/home/me/net.py:3")
    return save(path, nodes, [value("x", ["s0", 3])], [value("score", ["s0", 1])], constants, opset=18,
                opsets=[helper.make_opsetid("mine", 1)], functions=[body])  # fmt: skip


def with_weights_beside(path: Path) -> Path:
    model = onnx.load(plain(path))
    onnx.save(model, path, save_as_external_data=True, location="weights.data", size_threshold=0)
    return path


@pytest.mark.parametrize(
    "write",
    [
        plain,
        partial(plain, rows=1),
        partial(plain, kind=np.float64),
        partial(plain, opset=9),
        partial(plain, opset=21),
        two_columns,
        flat,
        by_column,
        of_functions,
        with_weights_beside,
    ],
    ids=["plain", "of one row", "in double", "old", "new", "two columns", "flat", "by column", "functions", "beside"],
)
def test_a_file_gives_the_score(write: Callable[[Path], Path], tmp_path: Path) -> None:
    graph = graph_of(write(tmp_path / "mine.onnx"))

    assert_answers(graph)
    assert b"/home/me" not in graph
    assert graph == graph_of(tmp_path / "mine.onnx")


@pytest.mark.parametrize("zipped", [False, True])
def test_a_classifier_gives_the_class_that_is_named(zipped: bool, tmp_path: Path) -> None:
    path = classifier(tmp_path / "mine.onnx", zipped)

    assert opened(path, COLUMNS).classes_ == ["good", "bad"]
    assert_answers(graph_of(path, positive="bad"))
    assert_answers(graph_of(path, positive="good"), lambda rows: 1 - sigmoid_of_sum(rows))
    with pytest.raises(ConversionError) as raised:
        graph_of(path)
    assert str(raised.value) == (
        "say which is the score's: the classes of mine.onnx, 'good' and 'bad': pass positive='bad' or positive='good'"
    )


def softmax_of_columns(features: Any) -> Any:
    powers = np.exp(np.nan_to_num(features.astype(np.float64)))
    return powers / powers.sum(axis=1, keepdims=True)


def of_three(path: Path, labels: list[Any]) -> Path:
    """Give the probabilities of three classes, and of each row the likeliest one's label."""
    nodes = [
        helper.make_node("IsNaN", ["x"], ["gap"]),
        helper.make_node("Where", ["gap", "nought", "x"], ["known"]),
        helper.make_node("Softmax", ["known"], ["each"], axis=1),
        helper.make_node("ArgMax", ["each"], ["place"], axis=1, keepdims=0),
    ]
    if labels:
        nodes += [
            helper.make_node("LabelEncoder", ["place"], ["label"], domain="ai.onnx.ml",
                             keys_int64s=[0, 1, 2], values_strings=labels),
            helper.make_node("ZipMap", ["each"], ["map"], domain="ai.onnx.ml", classlabels_strings=labels),
        ]  # fmt: skip
    nought = numpy_helper.from_array(np.zeros(1, np.float32), "nought")
    given = [value("label", ["N"], TensorProto.STRING)] if labels else []
    return save(path, nodes, [value("x", ["N", 3])], [*given, value("each", ["N", 3])], [nought])


@pytest.mark.parametrize(
    ("labels", "classes", "places"),
    [
        (["low", "middle", "high"], ("high", "low", "middle"), [2, 0, 1]),
        ([], ("high", "low", "middle"), [0, 1, 2]),  # numbers, in the contract's order
    ],
)
def test_the_scores_of_classes_stand_in_the_order_of_the_contract(
    labels: list[Any], classes: tuple[str, ...], places: list[int], tmp_path: Path
) -> None:
    file = opened(of_three(tmp_path / "mine.onnx", labels), COLUMNS)
    ask = session(to_graph(file, tuple(COLUMNS), "test", classes=classes))

    np.testing.assert_allclose(ask(ROWS), softmax_of_columns(ROWS)[:, places], atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([ask(row[np.newaxis]) for row in ROWS]), ask(ROWS))


def test_classes_where_one_score_is_promised_are_named(tmp_path: Path) -> None:
    file = opened(of_three(tmp_path / "mine.onnx", []), COLUMNS)
    with pytest.raises(ConversionError) as raised:
        to_graph(file, tuple(COLUMNS), "test")
    assert str(raised.value) == (
        "the model knows 3 classes; a score needs exactly two, or write classes=(...) in the contract, in place of "
        "score and decisions"
    )


def test_one_of_several_outputs_is_chosen(tmp_path: Path) -> None:
    nodes, constants = linear("x")
    outputs = [value("total", ["N", 1]), value("score", ["N", 1])]
    path = save(tmp_path / "mine.onnx", nodes, [value("x", ["N", 3])], outputs, constants)

    assert_answers(graph_of(path, output="score"))
    with pytest.raises(ConversionError) as raised:
        graph_of(path)
    assert str(raised.value) == "mine.onnx gives total, score: say which is the score, as in output='total'"
    with pytest.raises(ConversionError) as raised:
        graph_of(path, output="label")
    assert str(raised.value) == (
        "output='label' is no output of mine.onnx that has numbers; its outputs are total, score"
    )


@pytest.mark.filterwarnings("ignore::FutureWarning")  # skl2onnx reads what scikit-learn will drop one day
@pytest.mark.parametrize("zipmap", [True, False])
def test_what_skl2onnx_writes_for_a_data_frame(zipmap: bool, tmp_path: Path) -> None:
    cities = np.array(COLUMNS["city"])
    frame = pd.DataFrame({"age": np.nan_to_num(ROWS[:, 0]), "city": cities[ROWS[:, 1].astype(int)], "sum": ROWS[:, 2]})
    frame["sum"] = np.round(frame["sum"] * 10).astype(np.int64)
    prepared = make_column_transformer((OneHotEncoder(), ["city"]), (StandardScaler(), ["age", "sum"]))
    model = make_pipeline(prepared, LogisticRegression()).fit(frame, frame["sum"] > 0)
    kinds = [("age", FloatTensorType), ("city", StringTensorType), ("sum", Int64TensorType)]
    written = to_onnx(
        model, initial_types=[(name, kind([None, 1])) for name, kind in kinds], options={"zipmap": zipmap},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )  # fmt: skip
    onnx.save(written, tmp_path / "mine.onnx")

    rows = np.column_stack([frame["age"], ROWS[:, 1], frame["sum"]]).astype(np.float32)
    graph = graph_of(tmp_path / "mine.onnx", output=None if zipmap else "probabilities", positive=1)
    np.testing.assert_allclose(session(graph)(rows)[:, 0], model.predict_proba(frame)[:, 1], atol=1e-6)


def of(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any], **changes: Any
) -> Callable[[Path], Path]:
    return lambda path: save(path, nodes, inputs, outputs, constants, **changes)


def cut(path: Path) -> Path:
    path.write_bytes(plain(path).read_bytes()[:200])
    return path


def alone(path: Path) -> Path:
    with_weights_beside(path)
    (path.parent / "weights.data").unlink()
    return path


def one_row_only(path: Path) -> Path:
    nodes, constants = linear("x", to="wide")
    nodes.append(helper.make_node("Reshape", ["wide", "one"], ["score"]))
    constants.append(numpy_helper.from_array(np.array([1, 1]), "one"))
    return save(path, nodes, [value("x", [1, 3])], [value("score", [1, 1])], constants)


def branching(path: Path) -> Path:
    nodes, constants = linear("x")
    sides = [
        helper.make_graph([helper.make_node("Identity", [given], [name])], name, [], [value(name, ["N", 1])])
        for given, name in (("score", "then"), ("total", "else"))
    ]
    nodes.append(helper.make_node("If", ["yes"], ["out"], then_branch=sides[0], else_branch=sides[1]))
    constants.append(numpy_helper.from_array(np.array(True), "yes"))
    return save(path, nodes, [value("x", ["N", 3])], [value("out", ["N", 1])], constants)


NODES, CONSTANTS = linear("x")
X, SCORE = value("x", ["N", 3]), value("score", ["N", 1])
FUSED = [*NODES[:-1], helper.make_node("QuickGelu", ["total"], ["score"], domain="com.microsoft")]
TURNED = [helper.make_node("Transpose", ["x"], ["score"])]
WIDE = [helper.make_node("Identity", ["x"], ["score"])]
PICTURE = [helper.make_node("GlobalMaxPool", ["x"], ["score"])]
LABEL = [helper.make_node("ArgMax", ["x"], ["label"], axis=1)]


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (cut, "mine.onnx is not a whole ONNX file: it is cut off, or another thing"),
        (one_row_only, "mine.onnx does not answer two rows at once ("),
        (branching, "mine.onnx has If, and a model must run straight through: export it without"),
        (
            of(FUSED, [X], [SCORE], CONSTANTS, opsets=[helper.make_opsetid("com.microsoft", 1)]),
            (
                "mine.onnx uses com.microsoft.QuickGelu: only ai.onnx and ai.onnx.ml are in every onnxruntime; export "
                "it without optimisations and custom operators"
            ),
        ),
        (
            of(TURNED, [X], [value("score", [3, "N"])], []),
            (
                "mine.onnx gives an answer of shape [3, 2] for two rows; a score is one number a row, or the "
                "probabilities of its classes; if its first dimension is not the rows', export it so"
            ),
        ),
        (
            of(PICTURE, [value("x", ["N", 3, 8, 8])], [value("score", ["N", 3, 1, 1])], []),
            "the input x of mine.onnx has 4 dimensions; a table of rows has two, [N, 3]",
        ),
        (
            of(LABEL, [X], [value("label", ["N", 1], TensorProto.INT64)], []),
            "mine.onnx gives label, and no number among them: export it with its probabilities or its prediction",
        ),
        (
            of(WIDE, [value("x", ["N", 2])], [value("score", ["N", 2])], []),
            (
                "mine.onnx takes 2 columns, and the contract gives 3: age, city, sum; train it on all of them, in this "
                "order"
            ),
        ),
        (
            of(
                [helper.make_node("Add", ["age", "height"], ["score"])],
                [value("age", ["N", 1]), value("height", ["N", 1])],
                [SCORE],
                [],
            ),
            (
                "mine.onnx takes height, and the contract has no such column: export it with one input of 3 columns, "
                "or with inputs of these names: age, city, sum"
            ),
        ),
        (
            of(
                [helper.make_node("Cast", ["age"], ["score"], to=1)],
                [value("age", ["N", 1], TensorProto.STRING)],
                [SCORE],
                [],
            ),
            "mine.onnx takes words as age, which are numbers in the contract",
        ),
        (
            of(NODES, [X], [SCORE], CONSTANTS, opset=99),
            "onnxruntime ",
        ),
        (alone, "mine.onnx keeps its weights in another file, which belongs beside it: "),
    ],
)
def test_what_cannot_be_is_one_sentence(write: Callable[[Path], Path], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError) as raised:
        graph_of(write(tmp_path / "mine.onnx"))
    assert str(raised.value).startswith(sentence)
    assert os.linesep not in str(raised.value)
