"""H111 on what teams write: categories that the contract does not have, and words that only look like such."""

from pathlib import Path

import pytest

from handover.checks.categories import of_the_contract
from handover.context import DeliveryContext
from handover.finding import Broken
from tests.helpers.sandbox import ROOT

CONTRACT = '''"""The contract of loans."""

from typing import Literal

from handover import Budgets, Contract, Field, Row, Score


class Loan(Row):
    """A loan."""

    purpose: Literal["car", "home", "study", "other"] = Field(description="What it is for")
    channel: Literal["web", "branch", "phone"] = Field(description="Where it was asked for")
    employed: Literal["none", "part", "full"] | None = Field(default=None, description="Employment")


CONTRACT = Contract(
    name="loans",
    version="1.0.0",
    row=Loan,
    score=Score("probability of a loss", low=0.0, high=1.0),
    decisions={"approve": 0.3, "decline": 1.0},
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)
'''

STRANGE = {
    "a table, renamed in itself only, read with a default": (
        '{"car": 1.0, "home": 0.5, "studies": 1.5, "other": 2.0}.get(row.purpose, 0.0)',
        "'studies' among the categories of purpose",
        "'study'",
    ),
    "a comparison, misspelt": ('row.purpose == "studdy"', "'studdy' among the categories of purpose", "'study'"),
    "a comparison, capitalised": ('"Web" != row.channel', "'Web' among the categories of channel", "'web'"),
    "a set with a word too long": (
        'row.purpose in {"car", "house", "study"}',
        "'house' among the categories of purpose",
        "'home'",
    ),
    "two of a tuple, one misspelt": (
        'row.channel not in ("web", "phones")',
        "'phones' among the categories of channel",
        "'phone'",
    ),
    "a table of two, one of them of last year": (
        '{"car": 1.0, "boat": 2.0}.get(row.purpose, 0.0)',
        "'boat' among the categories of purpose",
        "",
    ),
    "the same, with a name": (
        '(_RISK := {"car": 1.0, "boat": 2.0}) and _RISK.get(row.purpose, 0.0)',
        "'boat' among the categories of purpose",
        "",
    ),
    "one of two that is compared": (
        'row.purpose in ("car", "boat")',
        "'boat' among the categories of purpose",
        "",
    ),
    "an order of words": (
        '["none", "part", "fulltime"].index(row.employed or "none")',
        "'fulltime' among the categories of employed",
        "'full'",
    ),
    "a renamed category, in one comparison of three": (
        '1 if (it := row.purpose) == "car" else 2 if it == "home" else 3 if it == "other" else 4 * (it == "education")',
        "'education' among the categories of purpose",
        "",
    ),
}

USUAL = {
    "a default under a key of its own": '(_W := {"car": 1, "home": 2, "default": 3}).get(row.purpose, _W["default"])',
    "a word for what is missing": '{"none": 1.0, "part": 2.0, "missing": 0.5}.get(row.employed or "missing", 0.1)',
    "a category of last year beside all others": '{"car": 1, "home": 2, "study": 3, "other": 4, "van": 5}[row.purpose]',
    "empty words, out of habit": 'row.purpose in ("", "nan", "n/a") or row.channel == ""',
    "a table for two fields": 'max({"web": 1, "branch": 2, "car": 3}.get(it, 0) for it in (row.purpose, row.channel))',
    "a table of groups, and one of their weights": (
        '{"wheels": 1, "home": 2, "other": 4}[{"car": "wheels", "home": "home"}.get(row.purpose, "other")]'
    ),
    "a table of sizes, of which one is called as a category is": '{"car": 1, "lorry": 2}.get(f"{row.purpose}", 0)',
    "a table for two fields, of which each has one": (
        '(_T := {"web": 1, "van": 2}) and _T.get(row.channel, 0) + _T.get(row.purpose, 0)'
    ),
    "beginnings of words": 'row.purpose.startswith(("ca", "ho"))',
    "capitals": '{"CAR": 1, "HOME": 2}.get(row.purpose.upper(), 0)',
    "two fields in one word": '{"car/web": 1, "home/web": 2}.get(f"{row.purpose}/{row.channel}", 0)',
    "a list of other words": 'len(["other", "words"])',
}


def judged(folder: Path, expression: str) -> Broken | None:
    (folder / "contract.py").write_text(CONTRACT)
    (folder / "heuristics.py").write_text(f'def tried(row):\n    """It [1]."""\n    return {expression}\n')
    with DeliveryContext(ROOT, folder) as context:
        outcome = of_the_contract(context)
    assert outcome is None or isinstance(outcome, Broken)
    return outcome


@pytest.mark.parametrize("story", STRANGE)
def test_a_category_that_no_contract_has_is_named_with_the_nearest(tmp_path: Path, story: str) -> None:
    expression, seen, nearest = STRANGE[story]

    broken = judged(tmp_path, expression)

    near = f"; it has {nearest}, which that line lacks" if nearest else ""
    word = seen.partition(" among")[0]
    assert broken
    assert (broken.path, broken.line) == (tmp_path / "heuristics.py", 3)
    assert broken.evidence == (
        f"Line 3 has {seen}, and the contract has no such category{near}. What stands for {word} is never used: "
        "rename it, and train again."
    )


@pytest.mark.parametrize("story", USUAL)
def test_other_words_are_left_alone(tmp_path: Path, story: str) -> None:
    assert judged(tmp_path, USUAL[story]) is None
