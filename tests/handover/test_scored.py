"""The command `handover score`: a file of rows, answered as the function would."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from handover.cli import main

pytestmark = pytest.mark.usefixtures("warm_commands")
ROOT = Path(__file__).parents[2]
DELIVERY = ROOT / "layers" / "model" / "delivery"
GOLDEN = [json.loads(line) for line in (DELIVERY / "golden.jsonl").read_text().splitlines()]


def score(file: Path, *words: str, delivery: Path = DELIVERY) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, ["score", str(file), "--delivery", str(delivery), *words])


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame([line["row"] for line in GOLDEN]).assign(customer=range(len(GOLDEN)))


@pytest.mark.parametrize("kind", ["csv", "semicolons", "parquet"])
def test_golden_rows_get_their_answers_beside_what_the_file_has(kind: str, table: pd.DataFrame, tmp_path: Path) -> None:
    file, to = tmp_path / f"rows.{kind.replace('semicolons', 'csv')}", tmp_path / "answers.parquet"
    if kind == "parquet":
        table.to_parquet(file)
    else:
        table.to_csv(file, index=False, sep=";" if kind == "semicolons" else ",")

    ended = score(file, "--to", str(to))

    assert (ended.exit_code, ended.stdout) == (0, f"{len(table)} rows got an answer. Written to {to}.\n")
    answers = pd.read_parquet(to)
    assert list(answers) == [*table, "decision", "score"]
    assert list(answers["customer"]) == list(table["customer"])
    assert list(answers["decision"]) == [line["decision"] for line in GOLDEN]
    assert list(answers["score"]) == pytest.approx([line["score"] for line in GOLDEN], abs=1e-5)


def test_a_row_that_is_refused_keeps_its_place_with_the_reason(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[[3, 120], ["months", "purpose"]] = [[999, "furniture"], [12, "yacht"]]
    table.to_csv(tmp_path / "rows.csv", index=False)

    ended = score(tmp_path / "rows.csv", "--reasons", "2")

    to = tmp_path / "rows.scored.csv"
    assert (ended.exit_code, ended.stdout) == (
        1,
        f"{len(table) - 2} rows got an answer; 2 did not, and the column problem says why. Written to {to}.\n",
    )
    answers = pd.read_csv(to)
    assert answers["problem"].notna().sum() == 2
    assert answers["problem"][3] == "months: Input should be less than or equal to 72"
    assert answers["problem"][120].startswith("purpose: Input should be ")
    assert answers["score"].isna().tolist() == answers["problem"].notna().tolist()
    assert len(answers["reasons"][0].split()) == 2


def test_of_classes_each_has_its_score(flowers: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (flowers / "golden.jsonl").read_text().splitlines()]
    pd.DataFrame([line["row"] for line in lines]).to_csv(tmp_path / "rows.csv", index=False)

    assert score(tmp_path / "rows.csv", delivery=flowers).exit_code == 0

    answers = pd.read_csv(tmp_path / "rows.scored.csv")
    assert list(answers["decision"]) == [line["decision"] for line in lines]
    assert list(answers[[*lines[0]["scores"]]].iloc[0]) == pytest.approx([*lines[0]["scores"].values()], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (None, [], "rows.csv cannot be read: No such file or directory"),
        ("months,resident\n12,\n", [], "rows.csv has no column amount, purpose, "),
        ("months,amount\n", [], "rows.csv has no rows\n"),
        (b"months,\xff\xfe\n", [], "rows.csv cannot be read: 'utf-8' codec can't decode"),
        ("", [], "rows.csv cannot be read: No columns to parse from file"),
        ("x\n1\n", ["--reasons", "99"], "an answer has at most "),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(content: Any, words: list[str], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    ended = score(file, *words)

    assert ended.exit_code == 2
    assert ended.stderr.startswith(
        f"handover: {tmp_path}/{sentence}" if "rows.csv" in sentence else f"handover: {sentence}"
    )
    assert not (tmp_path / "rows.scored.csv").exists()


def test_what_the_contract_does_not_require_may_be_left_out(table: pd.DataFrame, tmp_path: Path) -> None:
    both = [table.assign(resident=None), table.drop(columns="resident")]
    for place, one in enumerate(both):
        one.to_csv(tmp_path / f"{place}.csv", index=False)
        assert score(tmp_path / f"{place}.csv").exit_code == 0

    with_column, without = (pd.read_csv(tmp_path / f"{place}.scored.csv") for place in (0, 1))
    assert list(with_column["score"]) == list(without["score"])
    assert "resident" not in without


def test_a_csv_is_written_as_one_was_read(table: pd.DataFrame, tmp_path: Path) -> None:
    table.head(1).to_csv(tmp_path / "rows.csv", index=False, sep=";", decimal=",")

    assert score(tmp_path / "rows.csv").stdout.startswith("1 row got an answer. ")

    header, line = (tmp_path / "rows.scored.csv").read_text().splitlines()
    assert header.endswith(";decision;score")
    assert line.rpartition(";")[2].startswith("0,")


def test_json_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("{}")

    assert score(tmp_path / "rows.json").stderr == (
        f"handover: {tmp_path}/rows.json is JSON: score reads CSV and Parquet\n"
    )


def test_a_column_that_an_answer_has_too_is_not_overwritten(table: pd.DataFrame, tmp_path: Path) -> None:
    table.assign(score=0.5).to_csv(tmp_path / "rows.csv", index=False)

    assert score(tmp_path / "rows.csv").stderr == (
        f"handover: {tmp_path}/rows.csv has a column score, which an answer has too: rename it first\n"
    )
