"""What a project allows to be skipped, and what the exit status makes of the rest."""

import tomllib
from pathlib import Path

import pytest

from handover.checks import CLAUSES
from handover.finding import Broken, Clause, Finding, Verdict
from handover.skips import (
    AllowanceError,
    Looser,
    Skip,
    allowances,
    exit_status,
    looser_behaviours,
    looser_budgets,
    quoted,
    skips,
)

pytestmark = pytest.mark.quick

CODES = {clause.code for clause in CLAUSES}
ROOT = Path(__file__).parents[2]


def finding(code: str, verdict: Verdict = Verdict.SKIPPED, **words: object) -> Finding:
    broken = Broken("x", Path("x")) if verdict is Verdict.BROKEN else None
    return Finding(Clause(code, "", "", "", "modelling", lambda case: None), verdict, broken, **words)  # type: ignore[arg-type]


KEPT, BROKEN = finding("C101", Verdict.KEPT), finding("P203", Verdict.BROKEN)
FOLLOWS = finding("P204", reason="requires P203", blocked_by=("P203",))
UNBUILT = finding("S301", reason="nothing is built")
ALLOWED = finding("R502", reason="no data", allowed="a secret")
LEFT_OUT = finding("T401", Verdict.LEFT_OUT, reason="there is no stack")
FAILED = finding("L601", reason="could not be checked, KeyError: 1", failed=True)


def test_no_file_allows_nothing(tmp_path: Path) -> None:
    assert allowances(tmp_path, CODES) == {}


def test_this_projects_own_check_needs_no_leave() -> None:
    assert not (ROOT / "handover.toml").exists()


def test_only_deployment_may_change_what_is_allowed() -> None:
    owners = [line.split() for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()]

    assert ["/handover.toml", "@credit-risk/deployment"] in owners


def test_both_teams_sign_a_contract_for_each_has_one_of_its_two_files() -> None:
    """GitHub wants one owner of each file, by the last line that fits it: two owners on a line need one signature."""
    lines = [line.split() for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()]
    rules = [(words[0], words[1:]) for words in lines if words and words[0] != "#"]

    def owners(path: str) -> list[str]:
        return [teams for pattern, teams in rules if pattern == "*" or path.startswith(pattern)][-1]

    assert all(len(teams) == 1 for _, teams in rules)
    assert owners("/layers/model/delivery/contract.py") == ["@credit-risk/modelling"]
    assert owners("/layers/model/delivery/contract.json") == ["@credit-risk/deployment"]
    assert owners("/.github/CODEOWNERS") == ["@credit-risk/deployment"]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", {}),
        ("[skips]\n", {}),
        ('[skips]\nR502 = "The data may\\n  not leave the bank."\n', {"R502": "The data may not leave the bank."}),
        ('[skips]\nR502 = "a"\nP208 = "b"\n', {"R502": "a", "P208": "b"}),
    ],
)
def test_a_clause_is_allowed_with_its_reason(text: str, allowed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "handover.toml").write_text(text)

    assert allowances(tmp_path, CODES) == allowed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'[skips]\nR599 = "a"\n', "handover.toml allows R599 to be skipped, and there is no such clause"),
        (b'[skips]\nr502 = "a"\n', "handover.toml allows r502 to be skipped, and there is no such clause"),
        (b'[skips]\nR = "all of them"\n', "handover.toml allows R to be skipped, and there is no such clause"),
        (
            b'[skips]\nR502 = " "\n',
            'handover.toml allows R502 to be skipped and does not say why: R502 = "the reason"',
        ),
        (
            b"[skips]\nR502 = true\n",
            'handover.toml allows R502 to be skipped and does not say why: R502 = "the reason"',
        ),
        (
            b'[skip]\nR502 = "a"\n',
            "handover.toml has 'skip', and all that it may have is the tables [skips], [budgets] and [behaviours]",
        ),
        (
            b'R502 = "a"\n',
            "handover.toml has 'R502', and all that it may have is the tables [skips], [budgets] and [behaviours]",
        ),
        (
            b'skips = ["R502"]\n',
            "handover.toml: skips is not a table; write [skips], and below it a line for each clause",
        ),
        (
            b"[skips]\nR502 =\n",
            "handover.toml cannot be read: Invalid value (at line 2, column 7)",
        ),
        (
            b'[skips]\nR502 = "\xff"\n',
            "handover.toml cannot be read: 'utf-8' codec can't decode byte 0xff in position 16: invalid start byte",
        ),
    ],
)  # fmt: skip
def test_what_it_does_not_say_rightly_is_one_sentence(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "handover.toml").write_bytes(content)

    with pytest.raises(AllowanceError) as caught:
        allowances(tmp_path, CODES)

    assert str(caught.value) == sentence


def test_a_looser_budget_is_agreed_with_its_limit_and_its_reason(tmp_path: Path) -> None:
    assert looser_budgets(tmp_path, {"model_kib"}) == {}
    (tmp_path / "handover.toml").write_text(
        '[skips]\nR502 = "a"\n[budgets]\nmodel_kib = { to = 512, why = "twice the\\n  trees" }\n'
    )

    assert looser_budgets(tmp_path, {"model_kib"}) == {"model_kib": Looser(512, "twice the trees")}
    assert allowances(tmp_path, CODES) == {"R502": "a"}


@pytest.mark.parametrize(
    "line", ["512", '"512"', "{ to = 512 }", '{ to = "512", why = "x" }', '{ to = 512, why = " " }', '{ why = "x" }']
)
def test_a_looser_budget_without_limit_or_reason_is_one_sentence(line: str, tmp_path: Path) -> None:
    (tmp_path / "handover.toml").write_text(f"[budgets]\nmodel_kib = {line}\n")

    with pytest.raises(AllowanceError) as caught:
        looser_budgets(tmp_path, {"model_kib"})

    assert str(caught.value) == (
        "handover.toml agrees to a looser model_kib and does not say how far, or why: "
        'model_kib = { to = 512, why = "the reason in words" }'
    )


def test_a_looser_budget_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "handover.toml").write_text('[budgets]\nkib = { to = 512, why = "x" }\n')

    with pytest.raises(AllowanceError, match=r"^handover\.toml agrees to a looser kib, and there is no such budget$"):
        looser_budgets(tmp_path, {"model_kib"})


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([KEPT], 0),
        ([KEPT, ALLOWED], 0),
        ([KEPT, LEFT_OUT], 0),
        ([LEFT_OUT], 2),  # nothing was checked
        ([KEPT, UNBUILT], 2),
        ([KEPT, FAILED], 2),
        ([KEPT, ALLOWED, UNBUILT], 2),
        ([KEPT, FOLLOWS], 2),  # what it follows from was not asked for
        ([KEPT, BROKEN, FOLLOWS], 1),
        ([KEPT, BROKEN, UNBUILT, FAILED], 1),
        ([], 2),
    ],
)
def test_the_exit_status_is_that_of_the_gravest(findings: list[Finding], status: int) -> None:
    assert exit_status(findings) == status


def test_a_reason_is_given_once_and_what_only_follows_is_none() -> None:
    also = finding("S302", reason="nothing is built")
    after = finding("S303", reason="requires S301", blocked_by=("S301",))

    assert skips([KEPT, BROKEN, FOLLOWS, UNBUILT, also, after, ALLOWED, FAILED]) == [
        Skip(("S301", "S302"), "nothing is built", ("S303",), "", failed=False),
        Skip(("R502",), "no data", (), "a secret", failed=False),
        Skip(("L601",), "could not be checked, KeyError: 1", (), "", failed=True),
    ]


def test_where_the_root_was_not_asked_for_what_follows_stands_for_it() -> None:
    assert skips([FOLLOWS]) == [Skip(("P204",), "requires P203", (), "", failed=False)]


def test_which_behaviours_may_ask_less_is_read_by_their_sentences(tmp_path: Path) -> None:
    assert looser_behaviours(tmp_path) == {}

    (tmp_path / "handover.toml").write_text('[behaviours]\n"a longer loan is no safer" = "sold\\n  now"\n')
    assert looser_behaviours(tmp_path) == {"a longer loan is no safer": "sold now"}

    (tmp_path / "handover.toml").write_text('[behaviours]\n"a longer loan is no safer" = ""\n')
    with pytest.raises(AllowanceError, match='does not say why: "a longer loan is no safer" = "the reason"'):
        looser_behaviours(tmp_path)


SENTENCES = [
    'depot of "MUC-1" or "MUC-2" hardly matters',
    r"C:\new is no \u0041",
    "größer 'ist' später",
    "a\tb\n\x7f\x00 c",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_quoted_as_toml_reads_it_back(sentence: str, tmp_path: Path) -> None:
    (tmp_path / "handover.toml").write_text(f'[behaviours]\n{quoted(sentence)} = "sold now"\n', encoding="utf-8")
    assert looser_behaviours(tmp_path) == {sentence: "sold now"}

    (tmp_path / "handover.toml").write_text(f'[behaviours]\n{quoted(sentence)} = ""\n', encoding="utf-8")
    with pytest.raises(AllowanceError) as caught:
        looser_behaviours(tmp_path)
    assert tomllib.loads(str(caught.value).partition(": ")[2]) == {sentence: "the reason"}
