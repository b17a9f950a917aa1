"""A contract before there is data: after an example request, or question by question at a terminal."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from handover.cli import dialogue, main
from handover.context.delivered import Delivered
from handover.draft import agreed
from handover.draft.agreed import TO_BE_AGREED, read_requests
from predictor.delivery import load_source, validators

COMMAND = ["init", "loans", "--contract-only"]


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def like(*requests: Any) -> Result:
    Path("rows.json").write_text(json.dumps(requests[0] if len(requests) == 1 else requests))
    return CliRunner().invoke(main, [*COMMAND, "--like", "rows.json"])


def record(folder: Path) -> list[str]:
    text = (folder / "loans/layers/model/delivery/contract.py").read_text()
    return text[text.index('of it."""') :].partition("\n\n\n")[0].splitlines()[2:]


# --- after an example


def test_kinds_are_those_of_the_values_and_ranges_have_room(empty: Path) -> None:
    ended = like(
        {"amount": 3927, "share": 0.35, "change": -7.5, "purpose": "car", "owner": True, "age": 30},
        {"amount": 800, "share": 1, "change": 2, "purpose": "boat", "owner": False, "age": None},
    )

    assert ended.exit_code == 0, ended.output
    assert record(empty) == [
        "    # 3927, 800 in rows.json. To be agreed: the range, and the unit. May it be missing?",
        '    amount: int = Field(ge=0, le=10000, description="Amount [unit?]")',
        "    # 0.35, 1 in rows.json. To be agreed: the range, and the unit. May it be missing?",
        '    share: float = Field(ge=0.0, le=1.0, description="Share [unit?]")',
        "    # -7.5, 2 in rows.json. To be agreed: the range, and the unit. May it be missing?",
        '    change: float = Field(ge=-100.0, le=100.0, description="Change [unit?]")',
        '    # "boat", "car" in rows.json. To be agreed: which other categories are there? May it be missing?',
        '    purpose: Literal["car", "boat"] = Field(description="Purpose")',
        "    # false, true in rows.json. May it be missing?",
        '    owner: bool = Field(description="Owner")',
        "    # 30 in rows.json. To be agreed: the range, and the unit.",
        '    age: int | None = Field(default=None, ge=0, le=100, description="Age [unit?]")',
    ]


def test_what_is_to_be_agreed_is_printed(empty: Path) -> None:
    ended = like({"amount": 3927, "owner": None})

    _, _, printed = ended.output.partition(".\n\n")
    assert printed == (
        "For both teams to settle, in loans/layers/model/delivery/contract.py:\n"
        "  amount: To be agreed: the range, and the unit. May it be missing?\n"
        "  owner: Left out, for it is null in each request, so its kind is not known.\n"
        "  the answer: To be agreed: what the score means, its range, and the decisions by their upper edges.\n"
        "\n"
        "Next, with a stand-in that answers until there is a model:\n"
        "  cd loans && make run\n"
    )


value = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e30, 1e30) | st.text("abc", min_size=1)


@given(st.dictionaries(st.sampled_from(["amount", "purpose", "age", "share"]), value, min_size=1))
def test_the_contract_accepts_the_example_that_it_was_made_of(request_: dict[str, Any]) -> None:
    Path("rows.json").write_text(json.dumps(request_))
    if all(value is None for value in request_.values()):
        return
    fields, left_out = read_requests(Path("rows.json"))

    source = agreed.contract("loans", fields, TO_BE_AGREED)

    compiled = load_source(source.encode(), Path("agreed_contract.py")).CONTRACT.compiled()
    row, _ = validators(compiled)
    absent = {column.header for column in left_out}
    row.validate_json(json.dumps({name: value for name, value in request_.items() if name not in absent}))
    row.validate_json(json.dumps({field.name: agreed.usual(field) for field in fields}))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "rows.json is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "rows.json has no request: write an object from fields to values, or a list of such objects"),
        ("3", "rows.json has no request: write an object from fields to values, or a list of such objects"),
        ('{"a": null}', "rows.json has no field with a value: give one request as callers will send it"),
        (
            '{"person": {"age": 3}}',
            (
                "the field 'person' of rows.json is an object, and a row is flat: give each number or word in it a "
                "field of its own"
            ),
        ),
        (
            '{"Amount (EUR)": 3}',
            "rows.json has the field 'Amount (EUR)', which Python cannot say: call it amount_eur, here and in requests",
        ),
        ('{"a": 1}\n{"a": "x"}', "the field 'a' of rows.json is of several kinds (\"x\", 1): write it in one"),
        ('{"a": 1e39}', "the field 'a' of rows.json is 1e+39, which is no number that a model can take"),
        ('{"a": NaN}', "the field 'a' of rows.json is NaN, which is no number that a model can take"),
        ('{"a": " "}', 'a: the category " " is blank; what is missing is | None = None'),
    ],
)
def test_an_example_that_is_none_is_one_sentence(empty: Path, text: str, sentence: str) -> None:
    Path("rows.json").write_text(text)

    ended = CliRunner().invoke(main, [*COMMAND, "--like", "rows.json"])

    assert (ended.exit_code, ended.output) == (2, f"handover: {sentence}\n")
    assert not (empty / "loans").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--contract-only"],
            "handover: there is nobody to ask: run it in a terminal, or give --like, a JSON file of a ",
        ),
        (
            ["--contract-only", "--data", "x.csv"],
            "Error: --contract-only takes no data: leave out --data, --target and ",
        ),
        (["--like", "rows.json"], "Error: --like is an example request for --contract-only: add that"),
        (
            ["--data", "x.csv"],
            "Error: give --data, a file, and --target, its column to predict; or, where there is no ",
        ),
        (["--contract-only", "--like", "none.json"], "handover: none.json cannot be read: No such file or directory"),
    ],
)
def test_words_that_do_not_go_together_are_one_sentence(words: list[str], sentence: str) -> None:
    ended = CliRunner().invoke(main, ["init", "loans", *words])

    assert ended.exit_code == 2
    assert ended.output.splitlines()[-1].startswith(sentence)


# --- at a terminal


@dataclass(frozen=True)
class Ended:
    exit_code: int
    output: str


type Ask = Callable[..., Ended]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Give a way to answer at a terminal, and to leave it by Ctrl-C after the last answer."""
    monkeypatch.setattr(dialogue, "is_possible", lambda: True)

    def asked(*lines: str) -> Ended:
        given = iter(lines)

        def typed(prompt: str) -> str:
            if (line := next(given, None)) is None:
                raise KeyboardInterrupt
            sys.stdout.write(f"{prompt}{line}\n")
            return line

        monkeypatch.setattr("click.termui.visible_prompt_func", typed)
        with pytest.raises(SystemExit) as ended:
            main(COMMAND)
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out + captured.err)

    return asked


ONE_FIELD = ("owner", "Owns a house", "flag", "n")
SCORE = ("", "risk", "-1", "1", "low", "0", "high", "")


def test_classes_are_agreed_on_too(ask: Ask, empty: Path) -> None:
    ended = ask(*ONE_FIELD, "", "classes", "red, green", "red, green, Red", "red, green, blue", "y")

    assert "Error: write 3 or more, as in red, green, blue" in ended.output
    assert 'Error: the names "red" and "Red" look alike' in ended.output
    contract = Delivered(empty / "loans/layers/model/delivery").contract
    assert list(contract.classes) == ["red", "green", "blue"]
    assert "make stub DECISION=red" in (empty / "loans/README.md").read_text()


@pytest.mark.parametrize(
    ("before", "bad", "sentence"),
    [
        ((), "", "a contract has one field at least"),
        ((), "class", '"class" is not a name that JSON and Python can say; class_ is one'),
        (("a",), " ", "write something that the other team will understand"),
        (("a", "A"), "text", "'text' is not one of 'number', 'whole', 'flag', 'category'."),
        (("a", "A", "number", "kg"), "few", "'few' is not a number, as 0.5 is"),
        (("a", "A", "number", "kg"), "inf", "write a number that has an end"),
        (("a", "A", "whole", "1"), "0.5", "0.5 is not whole; for such numbers the kind is number"),
        (("a", "A", "whole", "1", "5"), "5", "it should lie above 5"),
        (("a", "A", "category"), "red", "write 2 or more, as in yes, no"),
        (("a", "A", "category"), "red, blue, red", 'the name "red" stands there twice'),
        (ONE_FIELD, "owner", "there is a field owner already"),
        ((*ONE_FIELD, "", *SCORE[:5]), "2", "the largest score is 1"),
        ((*ONE_FIELD, "", *SCORE[:6]), "low", 'the decision "low" stands there twice'),
    ],
)
def test_a_bad_answer_gets_a_sentence_and_is_asked_again(
    ask: Ask, before: tuple[str, ...], bad: str, sentence: str
) -> None:
    printed = ask(*before, bad).output.splitlines()

    place = printed.index(f"Error: {sentence}")
    asked = printed[place - 1].rpartition(":")[0]
    assert any(line.startswith(asked) for line in printed[place + 1 :]), "asked again"


def test_what_was_answered_is_kept_when_it_is_left(ask: Ask, empty: Path) -> None:
    left = ask(*ONE_FIELD, "amount", "Amount")

    assert left.exit_code == 130
    assert left.output.endswith(
        "Nothing was written to loans; what was answered is kept in .loans.agreed.json, and the same command goes on "
        "from there.\n"
    )
    assert not (empty / "loans").exists()

    ended = ask("", *SCORE, "y")

    assert ended.output.startswith("Going on from .loans.agreed.json: owner.\n\nField 2, its name: ")
    assert ended.exit_code == 0
    assert sorted(path.name for path in empty.iterdir()) == ["loans"]
    assert "low=-1.0, high=1.0" in (empty / "loans/layers/model/delivery/contract.py").read_text()


def test_left_before_the_first_answer_there_is_nothing_to_keep(ask: Ask, empty: Path) -> None:
    left = ask("owner")

    assert left.output.endswith("Nothing was written to loans; nothing had been answered.\n")
    assert list(empty.iterdir()) == []


def test_each_answer_can_be_asked_for_again(ask: Ask, empty: Path) -> None:
    more = ("amount", "Amount", "number", "EUR", "0", "1", "n", "")
    ended = ask(
        *ONE_FIELD, "", *SCORE, "n", "owner", "Rents", "flag", "y", "n", "more", *more, "n", "answer", *SCORE, "y"
    )

    assert ended.exit_code == 0, ended.output
    assert record(empty) == [
        '    owner: bool | None = Field(default=None, description="Rents")',
        '    amount: float = Field(ge=0.0, le=1.0, description="Amount [EUR]")',
    ]


def test_a_folder_that_is_there_is_said_before_the_first_question(ask: Ask, empty: Path) -> None:
    (empty / "loans").mkdir()

    assert ask().output == "handover: loans is there already: choose another name, or remove it\n"
