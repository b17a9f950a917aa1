"""A model that only another tool can ask: its proof's rows go out as a file, and the scores come back."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingRegressor

from handover import Contract, deliver, matrix
from handover.cli import main
from handover.conversion import to_graph
from handover.errors import DeliverError
from handover.scoring import OF_SCORES, Again, Oracle
from predictor.delivery import Delivery, session
from tests.handover.conversion.onnx_files import classifier, save, value
from tests.helpers import sandbox
from tests.helpers.flowers import deliver_flowers, flower_rows
from tests.helpers.parcels import module

pytestmark = pytest.mark.usefixtures("warm_commands")
COLUMNS = ("weight", "pieces", "zone", "piece_weight", "heavy")
ROWS = sandbox.rows(60)


def days(features: NDArray[Any]) -> NDArray[np.float64]:
    """Give the outcomes, and what the model was trained on."""
    numbers: NDArray[np.float64] = np.nan_to_num(features[:, 0].astype(np.float64)) / 3 + features[:, 1] / 10
    return numbers


class Elsewhere:
    """A folder with a contract, and a model that was trained in R, say: a file, and a function that answers there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "contract.py").write_text(sandbox.CONTRACT)
        (folder / "heuristics.py").write_text(sandbox.HEURISTICS)
        features = matrix(ROWS, contract=self.contract, heuristics=self.heuristics).values
        self.trained = HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3).fit(features, days(features))
        self.model = folder / "model.onnx"
        self.model.write_bytes(to_graph(self.trained, COLUMNS, "from R"))

    @property
    def contract(self) -> Contract:
        contract: Contract = module(self.folder / "contract.py").CONTRACT
        return contract

    @property
    def heuristics(self) -> ModuleType:
        return module(self.folder / "heuristics.py")

    def written(self, *options: str) -> str:
        done = CliRunner().invoke(main, ["proof-rows", "--delivery", str(self.folder), *options])
        assert done.exit_code == 0, done.output
        return done.output

    def scores(self, rows: str, to: str = "scores.csv", change: Callable[[Any], Any] = lambda lines: lines) -> Path:
        """Score the rows as R does: read.csv, predict, write.csv with its column of row names."""
        lines = list(csv.DictReader(io.StringIO(rows)))
        features = np.array([[float(line[name] or "nan") for name in COLUMNS] for line in lines])
        answers = self.trained.predict(features).tolist()
        named = [(str(number), line["id"], answer) for number, (line, answer) in enumerate(zip(lines, answers), 1)]  # noqa: B905
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(["", "id", "score"])
        writer.writerows(change(named))
        (self.folder / to).write_text(out.getvalue())
        return self.folder / to

    def deliver(self, **changes: Any) -> dict[str, Any]:
        known: dict[str, Any] = {"contract": self.contract, "heuristics": self.heuristics}
        features = matrix(ROWS, **known).values
        given = {"rows": ROWS, "labels": days(features), "to": self.folder / "out", "onnx": self.model, **known}
        return deliver(**given | changes)

    def refusal(self, **changes: Any) -> str:
        with pytest.raises(ValueError, match=r".") as raised:
            self.deliver(**changes)
        assert not (self.folder / "out").exists()
        return str(raised.value)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> str:
    outside = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    return outside.written("--model", str(outside.model))


def test_given_scores_prove_a_model_that_cannot_be_asked(elsewhere: Elsewhere, rows: str) -> None:
    scores = elsewhere.scores(rows)
    manifest = elsewhere.deliver(scores=scores)

    assert manifest["scored_elsewhere"].keys() == {"file", "sha256", "rows"}
    assert manifest["scored_elsewhere"]["rows"] == len(rows.splitlines()) - 1
    assert manifest["model_file"]["file"] == "model.onnx"
    assert Delivery.open(elsewhere.folder / "out").manifest == manifest
    golden = [json.loads(line) for line in (elsewhere.folder / "out" / "golden.jsonl").read_text().splitlines()]
    features = matrix(
        [line["row"] for line in golden], contract=elsewhere.contract, heuristics=elsewhere.heuristics
    ).values
    assert [line["score"] for line in golden] == pytest.approx(elsewhere.trained.predict(features), abs=1e-6)
    assert len([line for line in golden if "covers" not in line]) == 100


def test_each_row_has_an_id_and_is_the_models_input(rows: str) -> None:
    lines = list(csv.DictReader(io.StringIO(rows)))

    assert list(lines[0]) == ["id", *COLUMNS]
    assert len({line["id"] for line in lines}) == len(lines)
    assert {line["zone"] for line in lines} == {"", "0", "1"}
    assert {line["heavy"] for line in lines} == {"0", "1"}
    halves = [float(line["weight"]) for line in lines if line["id"].startswith("r")]
    assert all(np.float32(weight) == weight for weight in halves)


def test_an_application_s_words_may_be_scored_instead(elsewhere: Elsewhere) -> None:
    lines = list(csv.DictReader(io.StringIO(elsewhere.written("--fields", "--model", str(elsewhere.model)))))

    assert list(lines[0]) == ["id", "weight", "pieces", "zone"]
    assert {line["zone"] for line in lines} == {"", "home", "abroad"}
    known = {"contract": elsewhere.contract, "heuristics": elsewhere.heuristics}
    sent = [
        {"weight": float(line["weight"]), "pieces": int(line["pieces"]), "zone": line["zone"] or None} for line in lines
    ]
    answers = elsewhere.trained.predict(matrix(sent, **known).values).tolist()
    table = "\n".join(f"{line['id']},{answer!r}" for line, answer in zip(lines, answers, strict=True))
    (elsewhere.folder / "scores.csv").write_text(f"ID,Score\n{table}\n")
    manifest = elsewhere.deliver(scores=elsewhere.folder / "scores.csv")
    assert manifest["scored_elsewhere"]["rows"] == len(lines)


def test_lines_may_stand_in_any_order(elsewhere: Elsewhere, rows: str) -> None:
    assert elsewhere.deliver(scores=elsewhere.scores(rows, change=lambda lines: lines[::-1]))


def test_a_function_may_answer_instead_of_a_file(elsewhere: Elsewhere) -> None:
    manifest = elsewhere.deliver(scores=elsewhere.trained.predict, golden=ROWS[:3])

    assert "scored_elsewhere" not in manifest
    assert manifest["golden_rows"]["real"] == 3


def test_the_scores_of_another_model_are_refused(elsewhere: Elsewhere, rows: str) -> None:
    def mistaken(lines: Any) -> Any:
        return [(number, name, answer + 0.01 * (number == "7")) for number, name, answer in lines]

    sentence = elsewhere.refusal(scores=elsewhere.scores(rows, change=mistaken))
    assert sentence.startswith("onnxruntime does not give the model's answers: 1 of ")
    assert sentence.endswith(
        "by 0.01. Nothing was delivered: the scores= are those of another model or stand beside other rows, the file "
        "takes its columns in another order, or gives the other class's probability (see positive=)"
    )


def test_scores_of_a_few_digits_are_refused(elsewhere: Elsewhere, rows: str) -> None:
    scores = elsewhere.scores(rows, change=lambda lines: [(row, name, round(score, 3)) for row, name, score in lines])
    assert elsewhere.refusal(scores=scores).endswith(
        "Nothing was delivered: the scores= are rounded to 3 digits: write all that they have"
    )


@pytest.mark.parametrize(
    ("oracle", "apart", "begins"),
    [
        (Oracle(days), 1e-5, "That is float32's rounding, at scores so large: fit the model on"),
        (Oracle(days), 0.1, "The model's conversion to ONNX is not exact"),
        (Oracle(days, cause=OF_SCORES), 1e-5, "Nothing was delivered: the scores= are those of another model"),
    ],
)
def test_the_size_of_a_difference_tells_its_cause(oracle: Oracle, apart: float, begins: str) -> None:
    assert oracle.why(apart, 300.0).startswith(begins)


@pytest.mark.parametrize(
    ("apart", "computing", "begins"),
    [
        (
            0.002,
            ("Normalizer", "LinearRegression"),
            (
                "The model's own answer moves too: 1.5 among other rows, 1.502 alone, and 1.501 asked in float64; "
                "what Normalizer and LinearRegression compute is rounded to float32. Nothing was delivered: make "
                "FunctionTransformer(np.float64) the first step of a Pipeline, and train again"
            ),
        ),
        (0.05, ("LinearRegression",), "The model's conversion to ONNX is not exact"),
        (0.002, (), "The model's conversion to ONNX is not exact"),
    ],
    ids=["its own", "more than its own", "nothing of it computes in float32"],
)
def test_a_model_that_answers_otherwise_when_it_is_asked_again_is_the_cause(
    apart: float, computing: tuple[str, ...], begins: str
) -> None:
    oracle = Oracle(days, again=lambda _: Again([0.5, 1.502], [0.5, 1.501], computing))
    row = np.zeros((1, 3), dtype=np.float32)
    assert oracle.why(apart, 1.5, row, [0.5, 1.5]).startswith(begins)


def test_scores_beside_the_wrong_rows_are_refused(elsewhere: Elsewhere, rows: str) -> None:
    def moved(lines: Any) -> Any:
        return [(number, name, other[2]) for (number, name, _), other in zip(lines, lines[1:] + lines[:1], strict=True)]

    assert elsewhere.refusal(scores=elsewhere.scores(rows, change=moved)).startswith(
        "onnxruntime does not give the model's answers: "
    )


@pytest.mark.parametrize("separator", [";", "\t"])
def test_scores_with_a_decimal_comma_are_read(separator: str, elsewhere: Elsewhere, rows: str) -> None:
    path = elsewhere.scores(rows)
    path.write_text(
        path.read_text().replace(",", separator).replace(".", ","), encoding="utf-8-sig"
    )  # as R's write.csv2

    assert elsewhere.deliver(scores=path)["scored_elsewhere"]["rows"] == len(rows.splitlines()) - 1


def test_scores_for_another_contract_are_refused(elsewhere: Elsewhere, rows: str) -> None:
    count = len(rows.splitlines()) - 1
    path = elsewhere.folder / "contract.py"
    path.write_text(path.read_text().replace('"1.0.0"', '"1.1.0"'))

    assert elsewhere.refusal(scores=elsewhere.scores(rows)) == (
        f"scores.csv has scores of other rows: {count} of {count} are none that the proof of parcels 1.1.0 asks for, "
        f"first {rows.splitlines()[1].partition(',')[0]}; they were written for another contract, for other heuristics "
        f"or for another model. Write the rows again with handover proof-rows, and score them"
    )


def test_rows_without_the_thresholds_of_the_model_are_too_few(elsewhere: Elsewhere, rows: str) -> None:
    fewer = elsewhere.written()
    every, some = ([line for line in text.splitlines()[1:] if line.startswith("r")] for text in (rows, fewer))
    first = next(line for line in every if line not in some).partition(",")[0]

    assert elsewhere.refusal(scores=elsewhere.scores(fewer)) == (
        f"scores.csv lacks the scores of {len(every) - len(some)} of {len(every)} rows, first {first}: the proof asks "
        f"for all, those beside the thresholds of the model's trees too. Write the rows again with handover "
        f"proof-rows, and score them, with --model where it has trees"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "",
            "scores.csv has the columns none: it should have id, as handover proof-rows wrote it, and score",
        ),
        (
            "id|score\nr1|0.5\n",
            ("scores.csv has the columns id|score; none of comma, semicolon and tab separates them: it should have id, "
            "as handover proof-rows wrote it, and score"),
        ),
        ("score\n0.5\n", "scores.csv has the columns score"),
        ("id;score\nr1;1.234,5\n", "scores.csv, line 2 has no id or no number as score: r1;1.234,5"),
        ("id,score\nr1,NA\n", "scores.csv, line 2 has no id or no number as score: r1,NA"),
        ("id,score\nr1,1\nr1,2\n", "scores.csv, line 3 has another score of r1 than a line before it"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_scores_is_named(elsewhere: Elsewhere, content: str, sentence: str) -> None:
    path = elsewhere.folder / "scores.csv"
    path.write_text(content)
    assert elsewhere.refusal(scores=path).startswith(sentence)


def test_scores_of_classes_are_a_column_for_each(tmp_path: Path) -> None:
    folder = tmp_path / "flowers"
    deliver_flowers(folder)
    contract, heuristics = module(folder / "contract.py").CONTRACT, module(folder / "heuristics.py")
    done = CliRunner().invoke(main, ["proof-rows", "--delivery", str(folder), "--model", str(folder / "model.onnx")])
    lines = list(csv.DictReader(io.StringIO(done.output)))
    features = np.array([[float(line[name] or "nan") for name in list(line)[1:]] for line in lines], dtype=np.float32)
    answers = session((folder / "model.onnx").read_bytes())(features).tolist()
    file = tmp_path / "scores.csv"
    rows, kinds = flower_rows(150, seed=2)

    def delivered(head: str) -> dict[str, Any]:
        table = "\n".join(
            f"{line['id']},{','.join(map(repr, answer))}" for line, answer in zip(lines, answers, strict=True)
        )
        file.write_text(f"{head}\n{table}\n")
        given: dict[str, Any] = {"rows": rows, "labels": kinds, "contract": contract, "heuristics": heuristics}
        return deliver(onnx=folder / "model.onnx", scores=file, to=tmp_path / "out", **given)

    assert delivered("id,setosa,virginica,versicolor")["scored_elsewhere"]["rows"] == len(lines)
    assert Delivery.open(tmp_path / "out").manifest["contract"]["name"] == "flowers"
    with pytest.raises(DeliverError, match=r"^onnxruntime does not give the model's answers: "):
        delivered("id,virginica,setosa,versicolor")
    with pytest.raises(DeliverError) as raised:
        delivered("id,setosa,virginica,score")
    assert str(raised.value) == (
        "scores.csv has the columns id, setosa, virginica, score: it should have id, as handover proof-rows wrote it, "
        "and setosa, virginica, versicolor"
    )


def test_without_scores_it_is_said_how_to_get_them(elsewhere: Elsewhere) -> None:
    assert elsewhere.refusal() == (
        "model.onnx cannot be asked for the answers of its training: write rows with `handover proof-rows --model "
        "model.onnx > rows.csv`, score them where it was trained, and pass scores='scores.csv', or pass as scores= a "
        "function that answers as it does there"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"onnx": None}, "give deliver() a model or a model's file, or onnx= with the scores= of its training"),
        (
            {"model": "model.onnx"},
            "give deliver() a model or a model's file, or onnx= with the scores= of its training",
        ),
        ({"onnx": "model.txt"}, "onnx= is model.txt, and an ONNX file ends with .onnx: give another file as model="),
        (
            {"onnx": None, "model": HistGradientBoostingRegressor(), "output": "score"},
            "output= names an output of an ONNX file, and the model is none: leave it out",
        ),
        (
            {"scores": lambda features: np.ones((len(features), 2))},
            "the function scores= gives an answer of shape [60, 2] for 60 rows: let it give one number for each",
        ),
        (
            {"scores": [0.5]},
            (
                "scores= is a list: give the CSV file with id and score that another tool made of `handover "
                "proof-rows`, or a function that gives the scores of rows"
            ),
        ),
        (
            {"onnx": b"a graph"},
            "onnx= is a bytes: save the model, as with onnx.save(model, 'model.onnx'), and give the file",
        ),
        (
            {"contract": csv},
            "contract= is a module: give the contract in it, as in `from contract import CONTRACT`",
        ),
        ({"heuristics": None}, "heuristics= is a NoneType: give the module itself, as in `import heuristics`"),
    ],
)
def test_what_contradicts_itself_is_named(elsewhere: Elsewhere, changes: dict[str, Any], sentence: str) -> None:
    assert elsewhere.refusal(**changes) == sentence


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (lambda features: np.isnan(np.array(["x"])), "TypeError: ufunc 'isnan' not supported for the input types"),
        (lambda features: ["many"] * len(features), "ValueError: could not convert string to float: 'many'"),
        (lambda features: {}["zone"], "KeyError: 'zone'"),
    ],
)
def test_a_function_that_gives_no_numbers_is_one_sentence(elsewhere: Elsewhere, answers: Any, why: str) -> None:
    sentence = elsewhere.refusal(scores=answers)

    assert sentence.startswith(
        "the function scores= gives no numbers for 60 rows of matrix(...).values, in which a category is its code "
        f"({why}"
    )
    assert sentence.endswith(
        "): mend it, and where its model takes words, turn the codes into them, as docs/model-files.md shows"
    )
    assert "\n" not in sentence


def test_a_function_that_fails_at_a_gap_alone_names_it_and_its_own_error(elsewhere: Elsewhere) -> None:
    def of_whole_rows(features: Any) -> Any:
        if np.isnan(features).any():
            raise ValueError("gaps")
        return elsewhere.trained.predict(features)

    whole = [row for row in ROWS if None not in row.values()]
    sentence = elsewhere.refusal(scores=of_whole_rows, rows=whole, labels=np.arange(len(whole)))
    assert sentence.startswith("the model fails where ")
    assert "(ValueError: gaps)" in sentence


def test_codes_become_words_as_the_guide_shows(elsewhere: Elsewhere) -> None:
    shown = (Path(__file__).parents[2] / "docs" / "model-files.md").read_text()
    (lines,) = re.findall(r"## A model that takes words.*?```py\n(.*?)```", shown, re.DOTALL)
    asked: list[Any] = []
    model = SimpleNamespace(predict_proba=lambda table: asked.append(table) or np.zeros((len(table), 2)))
    known = {"pd": pd, "columns": COLUMNS, "CONTRACT": elsewhere.contract, "model": model}
    exec(lines, known)  # noqa: S102  the guide's own lines

    features = matrix(ROWS, contract=elsewhere.contract, heuristics=elsewhere.heuristics).values
    known["scores"](features)

    words = [word if isinstance(word, str) else None for word in asked[0]["zone"]]
    assert words == [row.get("zone") for row in ROWS]


def test_golden_rows_cannot_be_asked_of_a_file(elsewhere: Elsewhere, rows: str) -> None:
    assert elsewhere.refusal(scores=elsewhere.scores(rows), golden=ROWS[:1]) == (
        "golden= has rows that the model must be asked for: scores= of a file has none of them"
    )


def test_a_batch_that_is_answered_otherwise_than_a_row_is_refused(elsewhere: Elsewhere) -> None:
    nodes = [  # what it gives depends on the other rows
        helper.make_node("IsNaN", ["x"], ["gap"]),
        helper.make_node("Cast", ["gap"], ["gaps"], to=1),
        helper.make_node("ReduceMean", ["gaps"], ["of all"], axes=[0, 1], keepdims=1),
        helper.make_node("ReduceSum", ["gaps", "axis"], ["of one"], keepdims=1),
        helper.make_node("Add", ["of all", "of one"], ["score"]),
    ]
    axis = numpy_helper.from_array(np.array([1]), "axis")
    save(elsewhere.model, nodes, [value("x", ["N", 5])], [value("score", ["N", 1])], [axis])

    def of_all_rows(features: Any) -> Any:
        gaps = np.isnan(features).astype(np.float32)
        return gaps.mean() + gaps.sum(axis=1)

    assert "golden rows, each asked alone, differ by more than" in elsewhere.refusal(scores=of_all_rows)


def test_proof_rows_of_a_file_that_is_none_is_one_sentence(elsewhere: Elsewhere) -> None:
    done = CliRunner().invoke(main, ["proof-rows", "--delivery", str(elsewhere.folder), "--model", "lost.onnx"])

    assert (done.exit_code, done.output) == (2, "handover: there is no file lost.onnx\n")


def test_proof_rows_of_a_contract_that_cannot_be_used_is_one_sentence(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "heuristics.py").write_text("import os\n")
    done = CliRunner().invoke(main, ["proof-rows", "--delivery", str(elsewhere.folder)])

    assert (done.exit_code, done.output) == (
        2,
        (
            f"handover: contract.py or heuristics.py in '{elsewhere.folder}' cannot be used (RefusedSourceError: "
            f"line 1 imports os)\n"
        ),
    )


def test_proof_rows_need_no_word_of_which_class_is_the_score(elsewhere: Elsewhere) -> None:
    classifier(elsewhere.model)
    (elsewhere.folder / "heuristics.py").write_text('"""Nothing."""\n')

    assert elsewhere.written("--model", str(elsewhere.model)).startswith("id,weight,pieces,zone\nr")
