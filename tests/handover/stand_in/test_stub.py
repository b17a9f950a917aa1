"""A stand-in answers every row of any contract, each decision in turn, and says what it is."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from handover import Budgets, Contract, DeliverError, Field, Otherwise, Row, Score
from handover.rows import Domain
from handover.stand_in import stub
from handover.stand_in.answers import made_up
from handover.stand_in.graph import PRIME, graph, hashes
from predictor import delivery as serving
from predictor import files
from predictor.prediction import Predictor
from tests.helpers.parcels import module
from tests.helpers.sandbox import CONTRACT, HEURISTICS

BUDGETS = Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0)
FIELDS = [
    Domain("weight", required=True, nullable=False, low=0.0, high=30.0),
    Domain("pieces", required=True, nullable=False, low=1, high=9, step=1, whole=True),
    Domain("zone", required=False, nullable=True, choices=("home", "abroad")),
    Domain("always", required=True, nullable=False, low=7.0, high=7.0),
    Domain("far", required=True, nullable=True, low=-(2.0**127), high=2.0**127),
]


class Flower(Row):
    """A flower."""

    length: float = Field(ge=0, le=10, description="Length [cm]")


def of_edges(decisions: dict[str, float], low: float) -> Contract:
    high = max(decisions.values())
    return Contract(
        name="a", version="1.0.0", row=Flower, score=Score("a", low, high), decisions=decisions, budgets=BUDGETS
    )


def of_classes(count: int, otherwise: Otherwise | None = None) -> Contract:
    classes = [f"class {place}" for place in range(count)]
    return Contract(name="a", version="1.0.0", row=Flower, classes=classes, otherwise=otherwise, budgets=BUDGETS)


@pytest.fixture
def parcels(tmp_path: Path) -> tuple[Contract, Any, Path]:
    (tmp_path / "contract.py").write_text(CONTRACT)
    (tmp_path / "heuristics.py").write_text(HEURISTICS)
    contract = module(tmp_path / "contract.py").CONTRACT
    return contract, module(tmp_path / "heuristics.py"), tmp_path / "delivery"


def scores_of(folder: Path, rows: list[dict[str, Any]]) -> list[Any]:
    return Predictor(serving.Delivery.open(folder)).predict_batch(json.dumps(rows))


# --- the answers that there are


@given(st.sets(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=6))
def test_scores_are_spread_over_the_band_of_each_decision(ends: set[float]) -> None:
    low, *edges = sorted(ends)
    contract = of_edges({f"decision {place}": edge for place, edge in enumerate(edges)}, low)

    count = Counter(contract.decide(scores) for scores in made_up(contract))

    assert set(count) == set(contract.decisions)
    assert max(count.values()) <= 1000 // len(edges)


@given(st.integers(3, 100), st.none() | st.floats(0.02, 1))
@settings(max_examples=30)
def test_the_scores_of_classes_add_up_to_one_and_lead_to_each_decision(count: int, below: float | None) -> None:
    contract = of_classes(count, Otherwise("ask", below) if below else None)

    answers = made_up(contract)

    decided = Counter(contract.decide(scores) for scores in answers)
    assert set(contract.classes) <= set(decided)
    assert "ask" in decided or below is None or below < 1.05 / count
    assert answers.min() >= 0
    assert np.abs(answers.sum(axis=1) - 1).max() < 1e-6


def test_one_decision_is_all_that_is_answered() -> None:
    contract = of_edges({"low": 0.1, "high": 1.0}, 0.0)

    assert {contract.decide(scores) for scores in made_up(contract, "low")} == {"low"}


# --- the graph


@st.composite
def inputs(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    row = [
        draw(st.floats(0, 30, width=32)),
        float(draw(st.integers(1, 9))),
        draw(st.sampled_from([0.0, 1.0, np.nan])),
        7.0,
        draw(st.floats(-(2.0**127), 2.0**127, width=32) | st.just(np.nan)),
        draw(st.floats(width=32)),
    ]
    return np.array([row], dtype=np.float32)


ANSWERS = np.arange(10, dtype=np.float32).reshape(-1, 1)
COLUMNS = ("weight", "pieces", "zone", "always", "far", "a heuristic")
GRAPH = graph("a", FIELDS, COLUMNS, ANSWERS, known={})
SESSION, REFERENCE = serving.session(GRAPH), ReferenceEvaluator(onnx.load_from_string(GRAPH))


@given(inputs())
def test_every_implementation_of_onnx_chooses_the_same_answer(row: np.ndarray[Any, Any]) -> None:
    (expected,) = REFERENCE.run(None, {"features": row})

    assert SESSION(row)[:, 0].tolist() == expected.tolist()


@given(inputs())
def test_a_row_whose_answer_is_given_is_known_by_its_hash(row: np.ndarray[Any, Any]) -> None:
    (known,) = hashes(FIELDS, row).tolist()
    given_answer = np.concatenate([ANSWERS, [[-1]]]).astype(np.float32)

    assert 0 <= known < PRIME
    assert serving.session(graph("a", FIELDS, COLUMNS, given_answer, known={known: 10}))(row) == [[-1]]


def test_rows_that_differ_in_one_field_are_answered_each_in_its_own_way() -> None:
    rows = np.array([[weight, 1, 0, 7, 0, 0] for weight in np.linspace(0, 30, 1000)], dtype=np.float32)

    count = Counter(SESSION(rows)[:, 0].tolist())

    assert len(count) == len(ANSWERS)
    assert min(count.values()) > 50


def test_heuristics_change_no_answer_and_a_gap_counts_as_nothing() -> None:
    row = np.array([[1.5, 3, np.nan, 7, 0, 0]], dtype=np.float32)
    without = [field for field in FIELDS if field.name != "zone"]

    assert hashes(FIELDS, row).tolist() == hashes(without, np.delete(row, 2, axis=1)).tolist()


# --- the delivery


def test_each_decision_is_among_the_golden_rows_and_they_are_answered(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels

    manifest = stub(contract, heuristics, to)

    golden = files.golden(to)
    assert {line["decision"] for line in golden} == set(contract.decisions)
    answers = scores_of(to, [line["row"] for line in golden[:20]])
    assert [answer.decision for answer in answers] == [line["decision"] for line in golden[:20]]
    assert files.identity(manifest) == "stand-in"
    assert manifest["stand_in"] == "scores are made up, by a hash of the row"
    assert sorted(path.name for path in to.iterdir()) == [
        "contract.json", "golden.jsonl", "heuristics.py", "manifest.json", "model.onnx",
    ]  # fmt: skip


def test_the_same_contract_gives_the_same_files(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels
    first = stub(contract, heuristics, to)

    assert stub(contract, heuristics, to) == first


def test_its_file_says_which_contract_it_stands_in_for(parcels: tuple[Contract, Any, Path]) -> None:
    stub(*parcels)

    own = {one.key: one.value for one in onnx.load(parcels[2] / "model.onnx").metadata_props if one.key != "columns"}
    assert own == {"stand_in": "true", "contract": "parcels", "contract_version": "1.0.0"}


def test_rows_of_a_table_get_its_answers_and_others_are_made_up(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels
    table = to.parent / "answers.csv"
    table.write_text("pieces,weight,zone,score\n1,2.5,home,7.25\n2,30,,0\n\n")

    manifest = stub(contract, heuristics, to, decision="late", table=table)

    rows = [
        {"weight": 2.5, "pieces": 1, "zone": "home"},
        {"weight": 30.0, "pieces": 2},
        {"weight": 30.0, "pieces": 3},
    ]
    answers = scores_of(to, rows)
    assert [answer.scores[0] for answer in answers[:2]] == [7.25, 0]
    assert [answer.decision for answer in answers] == ["late", "soon", "late"]
    sentence = "2 rows have their answers by answers.csv; for others every row is decided late"
    assert manifest["stand_in"] == sentence


def test_a_table_may_be_as_an_office_writes_it(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels
    table = to.parent / "answers.csv"
    table.write_text("pieces;weight;score\n1;2,5;7,25\n2;30;0\n")
    stub(contract, heuristics, to, table=table)

    (answer,) = scores_of(to, [{"weight": 2.5, "pieces": 1}])
    assert answer.scores == (7.25,)


def test_a_table_may_name_the_decision_alone(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels
    table = to.parent / "answers.csv"
    table.write_text("weight,pieces,decision\n2.5,1,soon\n2.5,2,late\n")

    stub(contract, heuristics, to, table=table)

    answers = scores_of(to, [{"weight": 2.5, "pieces": 1}, {"weight": 2.5, "pieces": 2}])
    assert [answer.decision for answer in answers] == ["soon", "late"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "weight,score\n1,1\n",
            "answers.csv has no column pieces: it should have one for each field, and score, or decision",
        ),
        ("weight,pieces,colour,score\n1,1,red,1\n", "answers.csv has the column colour, which the contract has not"),
        ("weight,pieces,score\n", "answers.csv has a header and no row below it"),
        (
            "weight,pieces,score\n1,1\n",
            "answers.csv, line 2: 2 words where the header has 3; mend the line (a word with a , in it needs quotes)",
        ),
        (
            "weight,pieces,score\n1,1,1\n1,10,1\n",
            (
                "answers.csv, line 3, field pieces: Input should be less than or equal to 9, but it is 10. Fix the "
                "row, or widen the field in contract.py"
            ),
        ),
        ("weight,pieces,score\n1,1,41\n", "answers.csv, line 2 is answered 41, and a score lies from 0 to 40"),
        (
            "weight,pieces,decision\n1,1,never\n",
            "answers.csv, line 2 is answered 'never': write a score, or one of soon, late",
        ),
        (
            "weight,pieces,score\n1,1,1\n1.0,1,2\n",
            "answers.csv, line 3 has the row of line 2 again: leave one of them out",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(
    parcels: tuple[Contract, Any, Path], text: str, sentence: str
) -> None:
    contract, heuristics, to = parcels
    table = to.parent / "answers.csv"
    table.write_text(text)

    with pytest.raises(DeliverError) as refused:
        stub(contract, heuristics, to, table=table)

    assert str(refused.value) == sentence
    assert not to.exists()


def test_a_table_that_is_not_there_is_one_sentence(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels

    with pytest.raises(DeliverError, match=r"none\.csv cannot be read: No such file or directory$"):
        stub(contract, heuristics, to, table=to.parent / "none.csv")


def test_a_model_is_not_written_over(parcels: tuple[Contract, Any, Path]) -> None:
    contract, heuristics, to = parcels
    stub(contract, heuristics, to)
    manifest = json.loads((to / "manifest.json").read_text())
    del manifest["stand_in"]
    (to / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(DeliverError, match="has a model that was trained, and a stand-in would take its place"):
        stub(contract, heuristics, to)


def test_a_decision_that_no_scores_lead_to_is_named() -> None:
    with pytest.raises(DeliverError, match="no scores that add up to 1 are decided 'ask': of 3 classes"):
        made_up(of_classes(3, Otherwise("ask", 0.3)), "ask")
    with pytest.raises(DeliverError, match="the contract has no decision 'never': it has low, high"):
        made_up(of_edges({"low": 0.1, "high": 1.0}, 0.0), "never")
