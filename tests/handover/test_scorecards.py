"""A scorecard in a table becomes a delivery, or a sentence that names the line."""

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import openpyxl
import pytest

from handover import Budgets, Contract, Field, Row, Scaling, Score, deliver, matrix, read_scorecard
from handover.conversion import at_thresholds
from handover.delivery import DeliverError
from predictor.delivery import Delivery, session
from predictor.prediction import Predictor
from tests.helpers.parcels import module


class Loan(Row):
    """An application."""

    age: int = Field(ge=18, le=75, description="Age [a]")
    income: float | None = Field(default=None, ge=0, le=1e6, description="Income [EUR a month]")
    job: Literal["clerk", "worker", "self employed"] = Field(description="What they do")
    owner: bool = Field(description="Whether they own their home")
    street: Literal["a", "b"] | None = Field(default=None, description="No part of the card")


LOANS = Contract(
    name="loans",
    version="1.0.0",
    row=Loan,
    score=Score("points, more for good payers", low=300.0, high=850.0),
    decisions={"decline": 520.5, "review": 599.5, "accept": 850.0},
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)
DEFAULTS = Contract(
    name="loans",
    version="1.0.0",
    row=Loan,
    score=Score("probability of default", low=0.0, high=1.0),
    decisions={"accept": 0.02, "review": 0.2, "decline": 1.0},
    budgets=LOANS.budgets,
)
HEURISTICS = '''"""What an application's row says."""


def share(row):
    """Income for each year of age [EUR]."""
    return None if row.income is None else row.income / row.age
'''
CARD = """column,from,to,category,points
base,,,,400
age,,25,,10
age,25,35.5,,40
age,35.5,,,90
income,,1000,,-20
income,1000,2500,,30
income,2500,,,80
income,,,missing,5
job,,,clerk,35
job,,,worker,30
job,,,self employed,0
owner,,,true,50
owner,,,false,0
share,,40,,0
share,40,,,20
share,,,missing,0
"""
FIRST = {"age": 30, "income": 1000.0, "job": "clerk", "owner": True}


@pytest.fixture(scope="module")
def heuristics(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("source") / "heuristics.py"
    path.write_text(HEURISTICS)
    return module(path)


def read(content: str | bytes, folder: Path, heuristics: ModuleType, **given: Any) -> Any:
    path = folder / "card.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_scorecard(path, **{"contract": LOANS, "heuristics": heuristics} | given)


def points(card: Any, rows: list[dict[str, Any]], heuristics: ModuleType) -> list[float]:
    scores: list[float] = card.predict(
        matrix([ROW_OF_GAPS | row for row in rows], contract=LOANS, heuristics=heuristics).values
    ).tolist()
    return scores


ROW_OF_GAPS: dict[str, Any] = {"income": None, "street": None}


def by_hand(row: dict[str, Any]) -> float:
    age, income, share = row["age"], row.get("income"), (row.get("income") or 0) / row["age"]
    total = 400 + (10 if age < 25 else 40 if age < 35.5 else 90)
    total += 5 if income is None else -20 if income < 1000 else 30 if income < 2500 else 80
    total += {"clerk": 35, "worker": 30, "self employed": 0}[row["job"]] + (50 if row["owner"] else 0)
    return total + (20 if income is not None and np.float32(share) >= 40 else 0)


def loans(count: int = 300) -> tuple[list[dict[str, Any]], list[int]]:
    """Give applications, and 1 for those that were paid back: the more points, the more often."""
    random = np.random.default_rng(5)
    rows: list[dict[str, Any]] = [
        {
            "age": int(random.integers(18, 76)),
            "income": None
            if random.random() < 0.1
            else float(random.choice([999.99, 1000, 2500, random.uniform(0, 9e3)])),
            "job": str(random.choice(["clerk", "worker", "self employed"])),
            "owner": bool(random.random() < 0.4),
            "street": None,
        }
        for _ in range(count)
    ]
    paid = [int(random.random() < 1 / (1 + np.exp(-(by_hand(row) - 540) / 40))) for row in rows]
    return rows, paid


def test_each_row_gets_the_points_of_its_bands(tmp_path: Path, heuristics: ModuleType) -> None:
    card = read(CARD, tmp_path, heuristics)
    rows, _ = loans()
    assert points(card, rows, heuristics) == [by_hand(row) for row in rows]
    below = np.nextafter(np.float32(1000), np.float32(0)).item()
    edges = [FIRST | {"income": income} for income in (0.0, below, 1000.0, 2499.99, 2500.0, 1e6)]
    assert points(card, edges, heuristics) == [505, 505, 555, 575, 625, 625]


@pytest.mark.parametrize(
    ("content", "given"),
    [
        (CARD.replace(",", ";").replace("35.5", "35,5").encode("utf-8-sig"), {}),
        (CARD.replace(",", "\t").replace("35.5", "35,5"), {}),
        (CARD.replace("column,from", "Column,From").replace("base,", "Intercept,"), {}),
        ("sep=;\r\n" + CARD.replace(",", ";").replace("35.5", "35,5").replace("\n", "\r\n"), {}),
        (CARD.replace("missing", "k. A."), {"missing": "k. A."}),
        (CARD.replace("age,,25", "age,-inf,25").replace("age,35.5,", "age,35.5,inf").replace(",true", ",yes"), {}),
        (CARD.replace("income,1000,2500,,30\n", "") + "income,1000,2500,,30\n", {}),
    ],
)  # fmt: skip
def test_a_card_is_read_as_people_write_it(content: Any, given: Any, tmp_path: Path, heuristics: ModuleType) -> None:
    assert repr(read(content, tmp_path, heuristics, **given)) == repr(read(CARD, tmp_path, heuristics))


def test_thousands_are_parted_by_dots_where_a_comma_is_the_decimal_mark(tmp_path: Path, heuristics: ModuleType) -> None:
    german = CARD.replace(",", ";").replace("35.5", "35,5").replace("1000", "1.000").replace("2500", "2.500")
    assert repr(read(german, tmp_path, heuristics)) == repr(read(CARD, tmp_path, heuristics))


def test_a_card_may_be_a_workbook(tmp_path: Path, heuristics: ModuleType) -> None:
    book = openpyxl.Workbook()
    for line in CARD.splitlines():
        words = [float(word) if re.fullmatch(r"-?[\d.]+", word) else word or None for word in line.split(",")]
        book.active.append(words)
    book.save(tmp_path / "card.xlsx")
    card = read_scorecard(tmp_path / "card.xlsx", contract=LOANS, heuristics=heuristics)
    assert repr(card) == repr(read(CARD, tmp_path, heuristics))


def test_an_end_may_belong_to_the_band_below(tmp_path: Path, heuristics: ModuleType) -> None:
    card = read(CARD, tmp_path, heuristics, closed="to")
    rows = [FIRST | {"age": 25}, FIRST | {"age": 26}, FIRST | {"income": 1000.0}, FIRST | {"income": 1000.01}]
    assert points(card, rows, heuristics) == [475, 505, 505, 555]


def delivered(card: Any, contract: Contract, labels: Any, heuristics: ModuleType, to: Path) -> dict[str, Any]:
    return deliver(card, rows=loans()[0], labels=labels, contract=contract, heuristics=heuristics, to=to)


def test_points_are_delivered_as_the_score(tmp_path: Path, heuristics: ModuleType) -> None:
    _, paid = loans()
    manifest = delivered(read(CARD, tmp_path, heuristics), LOANS, paid, heuristics, tmp_path / "delivery")

    assert manifest["quality"]["auc"] > 0.7
    assert not {"log_loss", "brier", "calibration"} & set(manifest["quality"])
    assert manifest["importance"]["columns"][0]["fall"] > 0.01
    for line in (tmp_path / "delivery" / "golden.jsonl").read_text().splitlines():
        golden = json.loads(line)
        assert golden["score"] == by_hand(golden["row"])
    served = Predictor(Delivery.open(tmp_path / "delivery"))
    answer = served.predict(json.dumps({"age": 18, "income": 500.0, "job": "self employed", "owner": True}), 3)
    assert (answer.scores, answer.decision) == ((440.0,), "decline")
    assert answer.reasons[0] in {"income", "age"}
    assert "street" not in answer.reasons


def test_labels_may_be_words(tmp_path: Path, heuristics: ModuleType) -> None:
    rows, paid = loans()
    card = read(CARD, tmp_path, heuristics)
    given: dict[str, Any] = {"rows": rows, "contract": LOANS, "heuristics": heuristics, "to": tmp_path / "delivery"}
    words = ["paid" if one else "lost" for one in paid]
    named = {"score_of": {"class": "paid", "other": "lost"}}
    assert deliver(card, labels=words, positive="paid", **given) == deliver(card, labels=paid, **given) | named


def test_points_are_delivered_as_a_probability(tmp_path: Path, heuristics: ModuleType) -> None:
    _, paid = loans()
    card = read(CARD, tmp_path, heuristics, scaling=Scaling.by_pdo(40 * np.log(2), points=540, odds=1))
    manifest = delivered(card, DEFAULTS, [1 - one for one in paid], heuristics, tmp_path / "delivery")

    assert manifest["quality"]["auc"] > 0.7
    assert manifest["quality"]["log_loss"] < manifest["quality"]["base_rate"]["log_loss"]
    golden = [json.loads(line) for line in (tmp_path / "delivery" / "golden.jsonl").read_text().splitlines()]
    right = [1 / (1 + np.exp((by_hand(line["row"]) - 540) / 40)) for line in golden]
    np.testing.assert_allclose([line["score"] for line in golden], right, rtol=1e-6)


def test_every_edge_is_exact_in_the_delivery(tmp_path: Path, heuristics: ModuleType) -> None:
    card = read(CARD, tmp_path, heuristics)
    delivered(card, LOANS, loans()[1], heuristics, tmp_path / "delivery")
    graph = (tmp_path / "delivery" / "model.onnx").read_bytes()
    known = matrix(loans()[0], contract=LOANS, heuristics=heuristics).values
    asked = at_thresholds(graph, known)
    assert len(asked) > 20
    np.testing.assert_array_equal(session(graph)(asked)[:, 0], card.predict(asked).astype(np.float32))


REFUSALS = {
    "gap between bands": (
        ("age,25,35.5", "age,26,35.5"),
        "line 4: the part from 25 to 26 of `age` has no points: line 3 ends before 25",
    ),
    "overlap": (
        ("age,25,35.5", "age,24,35.5"),
        "line 4: the part from 24 to 25 of `age` has points already, in line 3",
    ),
    "overlap without end": (
        ("age,25,35.5", "age,25,"),
        "line 5: the part from 35.5 on of `age` has points already, in line 4",
    ),
    "last band excludes the range's end": (
        ("age,35.5,,", "age,35.5,75,"),
        (
            "line 5: the contract accepts `age` = 75, which is in no band: leave to empty in the last one, or narrow "
            "the field"
        ),
    ),
    "first band above the range's end": (
        ("age,,25", "age,19,25"),
        (
            "line 3: the contract accepts `age` = 18, which is in no band: leave from empty in the first one, or "
            "narrow the field"
        ),
    ),
    "band the wrong way round": (("age,25,35.5", "age,35.5,25"), "line 4: from 35.5 is not below to 25, as float32"),
    "category without points": (
        ("job,,,worker,30\n", ""),
        "line 11: `job` ends here, without points for worker",
    ),
    "unknown category": (
        ("worker", "boss"),
        "line 11: the contract's `job` has no 'boss'; it has clerk, worker, self employed",
    ),
    "category twice": (("worker", "clerk"), "line 11: 'clerk' of `job` has points already, in line 10"),
    "no line for a missing value": (
        ("income,,,missing,5\n", ""),
        "line 8: `income` ends here, and the contract lets it be missing: add a line with the category 'missing'",
    ),
    "missing twice": (
        ("income,1000,2500,,30", "income,,,missing,30"),
        "line 9: a missing value of `income` has points already, in line 7",
    ),
    "unknown column": (
        ("owner,,,true", "owns,,,true"),
        "line 13: the contract has no column 'owns'; it has age, income, job, owner, street and 1 more",
    ),
    "word for points": (("worker,30", "worker,thirty"), "line 11: points is 'thirty', which is not a number"),
    "no points": (("worker,30", "worker,"), "line 11: points is empty"),
    "word for an end": (("age,25,35.5", "age,young,35.5"), "line 4: from is 'young', which is not a number"),
    "category of a number": (
        ("age,25,35.5,", "age,,,young"),
        "line 4: `age` is a number: write from and to in place of the category 'young'",
    ),
    "band of a category": (
        ("job,,,worker", "job,1,2,"),
        "line 11: `job` is a category: write it in place of from and to",
    ),
    "band of a flag": (
        ("owner,,,true", "owner,1,2,"),
        "line 13: `owner` is a flag: write true or false in place of from and to",
    ),
    "band and category": (
        ("job,,,worker", "job,1,2,worker"),
        "line 11: it has both a band and the category 'worker': write it as two",
    ),
    "neither": (("job,,,worker", "job,,,"), "line 11: `job` has neither from, to nor category"),
    "base twice": (("age,,25,,10", "base,,,,10"), "line 3: everyone has 400 points already, by line 2"),
    "no name": (("base,", ",1"), "line 2: column is empty"),
    "only a missing line": (
        ("share,,40,,0\nshare,40,,,20\n", ""),
        "line 15: `share` has no band, only points for a missing value",
    ),
    "header": (
        ("points\n", "score\n"),
        " has no column 'points' in its header; a scorecard has column, from, to, category, points",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_wrong_with_a_card_is_one_sentence(name: str, tmp_path: Path, heuristics: ModuleType) -> None:
    (old, new), sentence = REFUSALS[name]
    assert old in CARD
    with pytest.raises(DeliverError) as raised:
        read(CARD.replace(old, new, 1), tmp_path, heuristics)
    assert str(raised.value) == f"card.csv{'' if sentence.startswith(' ') else ', '}{sentence}"


def test_what_is_no_card_is_one_sentence(tmp_path: Path, heuristics: ModuleType) -> None:
    given: dict[str, Any] = {"contract": LOANS, "heuristics": heuristics}
    with pytest.raises(DeliverError, match=r"no\.csv cannot be read: No such file"):
        read_scorecard(tmp_path / "no.csv", **given)
    with pytest.raises(DeliverError, match=r"^card.csv is empty"):
        read("", tmp_path, heuristics)
    with pytest.raises(DeliverError, match=r"^card.csv: no line gives points to a column"):
        read("column,points\nbase,4\n", tmp_path, heuristics)
    with pytest.raises(DeliverError, match=r"^closed='both': write which end belongs to a band"):
        read(CARD, tmp_path, heuristics, closed="both")


def test_the_word_for_a_missing_value_is_no_category(tmp_path: Path, heuristics: ModuleType) -> None:
    with pytest.raises(DeliverError) as raised:
        read(
            "column,category,points\njob,worker,1\njob,clerk,2\njob,self employed,3\n",
            tmp_path,
            heuristics,
            missing="worker",
        )
    assert str(raised.value) == (
        "card.csv, line 2: 'worker' is a category of `job`, and the word for a missing value: say missing= of "
        "read_scorecard()"
    )


def test_a_heuristic_beyond_its_bands_or_without_points_for_a_gap_is_not_delivered(
    tmp_path: Path, heuristics: ModuleType
) -> None:
    for old, new in (("share,,,missing,0\n", ""), ("share,,40", "share,1,40")):
        card = read(CARD.replace(old, new), tmp_path, heuristics)
        with pytest.raises(DeliverError, match=r"^the model's scores are no number for \d+ of \d+ rows"):
            delivered(card, LOANS, loans()[1], heuristics, tmp_path / "delivery")


def test_bands_that_no_row_of_the_contract_is_in_are_left_out(tmp_path: Path, heuristics: ModuleType) -> None:
    more = CARD.replace("age,35.5,,,90", "age,35.5,80,,90\nage,80,,,999").replace(
        "age,,25,,10", "age,,16,,1\nage,16,25,,10"
    )
    with pytest.warns(UserWarning, match="is left out") as seen:
        card = read(more, tmp_path, heuristics)
    assert repr(card) == repr(read(CARD, tmp_path, heuristics))
    assert [str(one.message) for one in seen] == [
        "card.csv, line 3: the part up to 16 of `age` is left out, for the contract's go from 18 to 75",
        "card.csv, line 7: the part from 80 on of `age` is left out, for the contract's go from 18 to 75",
    ]


THREE = CARD.replace("35.5", "35.500")


@pytest.mark.parametrize(
    "content",
    [
        THREE.replace(",", ";"),
        THREE.replace(",", "\t").replace("35.500", "35,500"),
        CARD.replace("35.5", '"35,500"'),
    ],
)
def test_a_mark_that_may_be_of_thousands_or_of_decimals_is_refused(
    content: str, tmp_path: Path, heuristics: ModuleType
) -> None:
    with pytest.raises(DeliverError) as raised:
        read(content, tmp_path, heuristics)
    word = "35.500" if ";" in content else "35,500"
    assert str(raised.value) == (
        f"card.csv, line 5: from '{word}' may be 35500 or 35.5, and no other number tells which: write 35500 without "
        f"a mark, or another number of decimals"
    )


def test_three_decimals_are_no_thousands_where_commas_part_the_words(tmp_path: Path, heuristics: ModuleType) -> None:
    assert repr(read(THREE, tmp_path, heuristics)) == repr(read(CARD, tmp_path, heuristics))
    assert repr(read(THREE.replace(",", ";").replace("1000", "1000.25"), tmp_path, heuristics))


@pytest.mark.parametrize("word", ["NA", "Missing", "NaN"])
def test_another_word_for_a_missing_value_is_named(word: str, tmp_path: Path, heuristics: ModuleType) -> None:
    with pytest.raises(DeliverError) as raised:
        read(CARD.replace("income,,,missing", f"income,,,{word}"), tmp_path, heuristics)
    assert str(raised.value) == (
        f"card.csv, line 9: '{word}' seems to stand for a missing `income`, and 'missing' is the word for it: say "
        f"missing='{word}' in read_scorecard()"
    )
