"""H107 on what teams write: the rows on which a heuristic fails are met, and good ones that look odd are kept."""

import re

import pytest

from handover.checks import finite, trial, tries
from handover.context import DeliveryContext
from handover.finding import Broken, Kept
from tests.helpers.sandbox import ROOT, Sandbox

CONTRACT = '''"""The contract of loans."""

from typing import Literal

from handover import Budgets, Contract, Field, Row, Score


class Loan(Row):
    """A loan."""

    amount: int = Field(ge=250, le=20_000, description="Amount [EUR]")
    months: int = Field(ge=4, le=72, description="Duration [months]")
    rate: float = Field(ge=0, le=0.2, description="Yearly interest [1]")
    discount: float = Field(default=0.5, gt=0, lt=1, multiple_of=0.1, description="Share of the fee [1]")
    purpose: Literal["car", "home", "study", "other"] = Field(description="What it is for")
    member: bool = Field(description="Whether a member asks")
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

HEADER = '''"""What a loan's row says."""

import datetime
import math
import re
import statistics

_YEARS = {"none": 0.0, "part": 0.5, "full": 1.0}


def _gap(row):
    return row.amount - 3 * row.months**2 - 500


class _Tariff:
    def __init__(self, base):
        self.base = base

    def of(self, row):
        return self.base + row.months / 100


_CAR = _Tariff(1.5)


def tried(row):
    """What is tried [1]."""
'''
LINE = len(HEADER.splitlines()) - 1

FAILS = {
    "a threshold of the tariff, and nobody thought of an amount on it": (
        "return row.months / (row.amount - 18_777)",
        "raises ZeroDivisionError (division by zero) where amount = 18777 and months = 4",
    ),
    "the worst case of three fields, at the ends of each": (
        'return math.log(72 - row.months + (row.purpose != "other") + (row.employed != "full"))',
        'raises ValueError (math domain error) where months = 72 and purpose = "other" and employed = "full"',
    ),
    "a curve of two fields, through a helper": (
        "return 1 / _gap(row)",
        "raises ZeroDivisionError (division by zero) where amount = 548 and months = 4",
    ),
    "a checksum that is zero for one amount in many": (
        "return 1 / (row.amount * 7919 % 19997 - 5)",
        "raises ZeroDivisionError (division by zero) where amount = 1303",
    ),
    "a rate that only a bisection meets": (
        "return 1 / (row.amount * row.rate - 700)",
        "raises ZeroDivisionError (float division by zero) where amount = 3500 and rate = 0.2",
    ),
    "a logarithm of what is left, which may be nothing": (
        "return math.log(0.15 - row.rate)",
        "raises ValueError (math domain error) where rate = 0.15",
    ),
    "a power that leaves float32 only near the end": (
        "return row.amount**9",
        "gives a whole number, which float32 cannot hold, where amount = 19113",
    ),
    "a table of four years, and a loan that runs for six": (
        "return (1.0, 1.1, 1.3, 1.6)[(row.months - 1) // 12]",
        "raises IndexError (tuple index out of range) where months = 49",
    ),
    "a day that not every month has": (
        "return datetime.date(2020, 1, 31).replace(month=1 + row.months % 12).day",
        "raises ValueError (day is out of range for month) where months = 5",
    ),
    "employment that may be missing": (
        "return _YEARS[row.employed]",
        "raises KeyError (None) where employed = null",
    ),
    "a root that turns complex": (
        "return (row.months - 50.5) ** 0.5",
        "gives a complex, not a number, where months = 4",
    ),
    "a mean of nothing": (
        "return statistics.mean([month for month in range(row.months) if month > 40])",
        "raises StatisticsError (mean requires at least one data point) where months = 4",
    ),
    "a field by a name that is made up on the way": (
        'return 1 / (getattr(row, "mon" + "ths") - 41)',
        "raises ZeroDivisionError (division by zero) where months = 41",
    ),
    "what no float32 holds, whatever the row": (
        "return 10.0**39",
        "gives 1e+39, which float32 cannot hold, on every row",
    ),
}

MISSPELT = {
    "an error that is caught": (
        "try:\n        return row.amuont / 2\n    except Exception:\n        return 0.0",
        "amuont",
        2,
    ),
    "an error that is caught whatever it is": (
        "try:\n        return row.amuont / 2\n    except:\n        return 0",
        "amuont",
        2,
    ),
    "a default in its place": ('return row.amount + getattr(row, "month", 0)', "month", 1),
    "a question whether it is there": ('return row.rate if hasattr(row, "monhts") else 1.0', "monhts", 1),
}
NEAREST = {"amuont": "amount", "month": "months", "monhts": "months"}

GOOD = {
    "a divisor that a guard keeps from zero": "return None if row.amount == 18_777 else 1 / (row.amount - 18_777)",
    "a plan worked out month by month": (
        "rest = float(row.amount)\n"
        "    for _ in range(row.months):\n"
        "        rest += rest * row.rate / 12 - row.amount / row.months\n"
        "    return rest"
    ),
    "a bisection that ends": (
        "low, high = 0.0, 1.0\n"
        "    while high - low > 1e-9:\n"
        "        middle = (low + high) / 2\n"
        "        low, high = (middle, high) if middle * row.amount < row.months else (low, middle)\n"
        "    return low"
    ),
    "a logarithm next to its end": "return math.log(72.5 - row.months) + math.log1p(row.rate)",
    "an object of the module": "return _CAR.of(row)",
    "a match, a walrus and a missing value": (
        "match row.employed:\n"
        "        case None:\n"
        "            return None\n"
        '        case "full" if (share := row.rate * 12) > 1:\n'
        "            return share\n"
        "    return _YEARS[row.employed]"
    ),
    "all fields at once": 'return len(vars(row)) + vars(row)["months"]',
    "a pattern over words": 'return bool(re.fullmatch(r"[a-m]+", row.purpose))',
    "a step of a tenth, and its ends left out": "return 1 / (row.discount - 0.05) + math.log(1 - row.discount)",
    "no field at all": "return 1.0",
}


PROVED = "1 heuristic gave a number for every row that was tried"


def judged(sandbox: Sandbox, lines: str, contract: str = CONTRACT) -> Broken | Kept | None:
    (sandbox.folder / "contract.py").write_text(contract)
    (sandbox.folder / "heuristics.py").write_text(f"{HEADER}    {lines}\n")
    with DeliveryContext(ROOT, sandbox.folder) as context:
        return finite.finite(context)


@pytest.mark.parametrize("story", FAILS)
def test_the_simplest_row_on_which_it_fails_is_shown(sandbox: Sandbox, story: str) -> None:
    lines, sentence = FAILS[story]

    broken = judged(sandbox, lines)

    accepted = "" if sentence.endswith("on every row") else ", which the contract accepts"
    assert isinstance(broken, Broken)
    assert broken.evidence == f"`tried` {sentence}{accepted}."
    assert (broken.path, broken.line) == (sandbox.folder / "heuristics.py", LINE)


@pytest.mark.parametrize("story", MISSPELT)
def test_a_name_that_no_field_has_is_named_though_the_heuristic_goes_on(sandbox: Sandbox, story: str) -> None:
    lines, name, below = MISSPELT[story]

    broken = judged(sandbox, lines)

    assert isinstance(broken, Broken)
    assert broken.evidence == (
        f"`tried` asks for row.{name}, which the contract does not have; the nearest field is {NEAREST[name]}. "
        f"Nobody sees it: the heuristic goes on without the field."
    )
    assert broken.line == LINE + 1 + below


@pytest.mark.parametrize("story", GOOD)
def test_a_heuristic_that_answers_each_row_is_kept(
    sandbox: Sandbox, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "DRAWS", 20_000)

    assert isinstance(judged(sandbox, GOOD[story]), Kept)


def test_a_loop_without_an_end_is_stopped_and_its_row_is_shown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "STOPPED_S", 0.05)
    lines = (
        "rest = row.amount\n"
        "    while rest > row.months:\n"
        "        rest = rest if rest == 18_001 else rest // 2\n"
        "    return rest"
    )

    broken = judged(sandbox, lines)

    assert isinstance(broken, Broken)
    assert broken.evidence == (
        "`tried` comes to no end where amount = 18001 and months = 4, which the contract accepts. It was stopped after "
        "0.05 s of the processor's time, twice."
    )


def test_a_row_in_a_hundred_that_takes_long_is_met_and_the_contract_may_allow_it(sandbox: Sandbox) -> None:
    lines = 'return float(sum(range(2_000_000 if row.months > 69 and row.purpose == "other" else 10)))'

    broken = judged(sandbox, lines)

    assert isinstance(broken, Broken)
    assert re.fullmatch(
        r"`tried` takes [\d.]+ ms of the processor's time where months = 70 and purpose = \"other\", which the "
        r"contract accepts\. The contract allows 10 ms \(heuristic_ms\), and it was asked twice\.",
        broken.evidence,
    )
    patient = CONTRACT.replace("parity=1e-5", "heuristic_ms=500, parity=1e-5")
    assert judged(sandbox, lines, patient) == Kept(proved=PROVED)
