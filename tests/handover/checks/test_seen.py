"""What teams do with gaps, values and ranges that their training has never seen, or that it has in an unusual way."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from handover.checks import seen, selected
from handover.context import DeliveryContext
from handover.context.delivered import run
from handover.delivery import deliver, matrix
from handover.evaluation import evaluate
from handover.finding import DECLARED, Verdict
from tests.helpers.parcels import module
from tests.helpers.sandbox import HEURISTICS, ROOT, Sandbox

CONTRACT = '''"""What both teams agreed on."""

from typing import Literal

from handover import Budgets, Contract, Field, Row, Score


class Order(Row):
    """An order, as it comes in."""

    weight: float = Field(ge=0, le=30, description="Weight [kg]")
    pieces: int = Field(ge=1, le=9, description="Pieces [1]")
    FIELD


CONTRACT = Contract(
    name="orders",
    version="1.0.0",
    row=Order,
    score=Score("days on the way", low=0.0, high=40.0),
    decisions={"soon": 3.0, "late": 40.0},
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)
'''
CLAUSES = selected(("C", "H", "M", "P201", "P210"))
ROWS = "the 90 rows that the training laid out"
NO_RECORD = f"M118 {seen.NO_RECORD}"

type Values = Callable[[int], Any]
"""A field's value in a row, by the row's number."""


def tree() -> Any:
    return DecisionTreeRegressor(max_depth=8, random_state=1)


@dataclass(frozen=True)
class Case:
    """One more field of the orders, and what its column has in the data.

    Each is another one: what is laid out with the same contract in one process is joined.
    """

    field: str
    values: Values
    model: Callable[[], Any] = tree
    heuristics: str = ""
    evidence: str = ""
    """Of a broken one: the beginning of what is said."""


def delivered(folder: Path, case: Case, times: int = 1, *, as_file: bool = False) -> Sandbox:
    """Train on two thirds of 90 orders, as a team would, and deliver.

    Parameters
    ----------
    times
        How often the rows are laid out: in a notebook, a cell is run again.
    as_file
        Whether another tool fitted the model, and it comes as a file.
    """
    folder.mkdir(parents=True)
    (folder / "contract.py").write_text(CONTRACT.replace("FIELD\n", f"{case.field}\n"))
    (folder / "heuristics.py").write_text(HEURISTICS + case.heuristics)
    contract, heuristics = run(folder / "contract.py", "orders").CONTRACT, module(folder / "heuristics.py")
    name = case.field.partition(":")[0]
    rows = [
        {"weight": round(0.3 + number * 7.9 % 29.4, 2), "pieces": 1 + number % 9, name: case.values(number)}
        for number in range(90)
    ]
    for _ in range(times):
        values = matrix(rows, contract=contract, heuristics=heuristics).values
    known, unseen = np.flatnonzero(np.arange(90) % 3), np.arange(0, 90, 3)
    days = 1 + np.array([row["weight"] / 10 + row["pieces"] / 6 for row in rows])
    if not np.isnan(values[:, 2]).all():
        days += np.nan_to_num(values[:, 2] / max(1e-9, np.nanmax(np.abs(values[:, 2]))))
    model: Any = case.model().fit(values[known], days[known])
    if as_file:
        xgboost.XGBRegressor(n_estimators=5).fit(values[known], days[known]).save_model(folder.with_suffix(".ubj"))
        model = folder.with_suffix(".ubj")
    judges = [rows[place] for place in unseen]
    deliver(model, rows=judges, labels=days[unseen], contract=contract, heuristics=heuristics, to=folder)
    return Sandbox(folder)


def findings(sandbox: Sandbox) -> list[str]:
    """Give what is broken or not checked, and what is kept with a note or a warning: code, owner, place, sentence."""
    with DeliveryContext(ROOT, sandbox.folder) as context:
        every = [finding for finding in evaluate(context, CLAUSES) if finding.verdict is not Verdict.LEFT_OUT]
    broken = [
        f"{finding.clause.code} {finding.clause.owner} {Path(finding.broken.path).name}:{finding.broken.line} "
        f"{finding.broken.evidence}"
        for finding in every
        if finding.broken
    ]
    others = [(finding.clause.code, note) for finding in every if (note := finding.note or finding.reason)]
    others += [(finding.clause.code, warned.evidence) for finding in every for warned in finding.warnings]
    return broken + [f"{code} {words}" for code, words in others]


def literal(*words: str) -> str:
    return f"Literal[{', '.join(map(repr, words))}]"


BROKEN: dict[str, Case] = {
    "M118 an online form may leave out what the branch always asked for": Case(
        f"employed: {literal('below_1', 'below_7', 'from_7')} | None = Field(default=None, description='Employed')",
        lambda number: ("below_1", "below_7", "from_7")[number % 3],
        evidence=f"`employed` may be missing, and in {ROWS} it never was. Left out of ",
    ),
    "M118 an imputer fills another column": Case(
        "doors: int | None = Field(default=None, ge=1, le=9, description='Doors [1]')",
        lambda number: 1 + number * 5 % 9,
        model=lambda: make_pipeline(
            ColumnTransformer([("fill", SimpleImputer(), [0])], remainder="passthrough"), tree()
        ),
        evidence=f"`doors` may be missing, and in {ROWS} it never was. Left out of ",
    ),
    "M119 the data is of one country, and three may send": Case(
        f"country: {literal('de', 'at', 'ch')} = Field(description='Country')",
        lambda _: "de",
        evidence=f"`country` is de in {ROWS}, and the contract accepts at and ch too.",
    ),
    "M119 a category that is sold from next year on": Case(
        f"kind: {literal('box', 'bag', 'tube')} = Field(description='Kind of parcel')",
        lambda number: ("box", "bag")[number % 2],
        evidence=f"The contract accepts tube for `kind`, and not one of {ROWS} has that.",
    ),
    "M119 a flag that the export left false everywhere": Case(
        "express: bool = Field(description='Whether it is in a hurry')",
        lambda _: False,
        evidence=f"`express` is false in {ROWS}, and the contract accepts true too.",
    ),
    "M119 a number that was filled in by a default": Case(
        "floor: int | None = Field(default=None, ge=0, le=90, description='Storey [1]')",
        lambda number: 0 if number % 3 else None,
        evidence=f"`floor` is 0 wherever it is given in {ROWS}, and the contract accepts 0 to 90.",
    ),
    "M120 a zero too many": Case(
        "amount: int = Field(ge=250, le=200_000, description='Worth [EUR]')",
        lambda number: 250 + number * 197,
        evidence=f"`amount` lies between 0 and 18000 in {ROWS}, and the contract accepts "
        "250 to 200000: 11 times as far.",
    ),
    "M120 cents in the contract, euros in the data": Case(
        "price: float = Field(ge=0, le=50_000, description='Price [ct]')",
        lambda number: round(4.99 + number * 4.9, 2),
        evidence=f"`price` lies between 0 and 450 in {ROWS}, and the contract accepts 0 to 50000: 111 times as far.",
    ),
    "M120 a percentage in the contract, a fraction in the data": Case(
        "discount: float = Field(ge=0, le=100, description='Discount [%]')",
        lambda number: round(number / 100, 2),
        evidence=f"`discount` lies between 0 and 0.9 in {ROWS}, and the contract accepts 0 to 100: 111 times as far.",
    ),
    "H109 a condition that no row of the data meets": Case(
        f"kind: {literal('box', 'bag')} = Field(description='Kind of parcel')",
        lambda number: "box" if number * 7.9 % 29.4 > 20 else "bag",
        heuristics='\n\ndef light_box(row):\n    """Whether it is a light box [1]."""\n'
        '    return row.kind == "box" and row.weight < 15\n',
        evidence="`light_box` is 0 in all rows that the training laid out: the model can learn nothing from it.",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_finding_names_field_and_figures(tmp_path: Path, name: str) -> None:
    case = BROKEN[name]

    (finding,) = findings(delivered(tmp_path / "delivery", case))

    place = "heuristics.py:14" if case.heuristics else "contract.py:13"
    assert finding.startswith(f"{name.partition(' ')[0]} modelling {place} {case.evidence}")


GOOD: dict[str, Case] = {
    "an optional field that is rarely missing: one of ninety": Case(
        "rooms: int | None = Field(default=None, ge=1, le=9, description='Rooms [1]')",
        lambda number: 1 + number % 8 if number != 31 else None,
    ),
    "never missing, and an imputer stands before the model": Case(
        "baths: int | None = Field(default=None, ge=1, le=9, description='Baths [1]')",
        lambda number: 1 + number % 9,
        model=lambda: make_pipeline(SimpleImputer(), LinearRegression()),
    ),
    "in the contract before the data has it": Case(
        "storeys: int | None = Field(default=None, ge=1, le=9, description='Storeys [1]')",
        lambda _: None,
    ),
    "days since 2000, in a range that lasts": Case(
        "day: int = Field(ge=0, le=20_000, description='Day of the order, since 2000 [days]')",
        lambda number: 9_000 + number * 4,
    ),
    "a share that is small wherever it was seen": Case(
        "share: float = Field(ge=0, le=1, description='Share of returns [1]')",
        lambda number: round(number / 3000, 4),
    ),
    "a rate in percent, of at most nine": Case(
        "rate: float = Field(ge=0, le=100, description='Rate of interest [%]')",
        lambda number: round(1 + number / 12, 2),
    ),
    "a small count with room": Case(
        "children: int = Field(ge=0, le=20, description='Children [1]')",
        lambda number: number % 3,
    ),
    "a range rounded up to twice the data's": Case(
        "amount: int = Field(ge=250, le=40_000, description='Worth [EUR]')",
        lambda number: 250 + number * 197,
    ),
    "a week in which nobody hands in on a Sunday": Case(
        f"day: {literal('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')} = Field(description='Day of the week')",
        lambda number: ("mon", "tue", "wed", "thu", "fri", "sat")[number % 6],
    ),
    "a day of the year, of data from January": Case(
        "day_of_year: int = Field(ge=1, le=366, description='Day of the year [days]')",
        lambda number: 1 + number % 31,
    ),
    "two rare flags that no drawn row has": Case(
        "depth: float = Field(ge=0, le=1_000_000, description='Depth [mm]')",
        lambda number: number + 0.5 if number % 10 else 900_000.0,
        heuristics='\n\ndef flat(row):\n    """Whether it is thin [1]."""\n    return 2 < row.depth < 5\n'
        '\n\ndef thick(row):\n    """Whether it is thick [1]."""\n    return 80 < row.depth < 99\n',
    ),
}
NOTES = {"in the contract before the data has it": (f"M119 storeys is missing in {ROWS}.")}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_unusual_and_right_is_kept(tmp_path: Path, name: str) -> None:
    sandbox = delivered(tmp_path / "delivery", GOOD[name])

    assert findings(sandbox) == ([NOTES[name]] if name in NOTES else [])


def test_a_contract_that_was_widened_by_hand_is_caught_although_its_files_agree(tmp_path: Path) -> None:
    case = GOOD["a range rounded up to twice the data's"]
    sandbox = delivered(tmp_path / "delivery", case).edit("contract.py", "le=40_000", "le=400_000")
    compiled = run(sandbox.folder / "contract.py", "widened").CONTRACT.compiled()
    (sandbox.folder / "contract.json").write_text(json.dumps(compiled, indent=2) + "\n")

    broken, skipped = findings(sandbox.seal())

    assert broken.startswith("M120 modelling contract.py:13 `amount` lies between 0 and 18000 ")
    assert (
        skipped == f"P210 requires M120, that {DECLARED['M120'].rule}"
    )  # no golden row has the new end: the same fault


def test_a_cell_that_is_run_again_changes_no_record(tmp_path: Path) -> None:
    case = GOOD["a rate in percent, of at most nine"]

    once, twice = (delivered(tmp_path / str(times) / "delivery", case, times).folder for times in (1, 2))

    assert (once / "manifest.json").read_bytes() == (twice / "manifest.json").read_bytes()


def test_of_a_model_from_a_file_there_is_no_record_and_a_note(tmp_path: Path) -> None:
    case = Case("place: int = Field(ge=0, le=9_999, description='Place in the queue [1]')", lambda number: number)

    assert findings(delivered(tmp_path / "delivery", case, as_file=True)) == [NO_RECORD]
