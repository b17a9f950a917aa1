"""Behaviours that a model keeps, that it does not keep, and that say nothing of it: the whole report of each."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from handover.behaviours import running
from handover.checks import CLAUSES, selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.local.stack import NothingBuiltError, built_function
from tests.helpers import reports
from tests.helpers.sandbox import ROOT, Sandbox, commit

HEAD = '''"""What a dispatcher expects."""

import random

from handover.behaviours import always, drawn, golden, mostly

PARCEL = {"weight": 10.0, "pieces": 2, "zone": "home"}

'''

ABROAD = """
@always("a parcel that goes abroad is no sooner there")
def abroad(score, row):
    assert score(row | {"zone": "abroad"}) >= score(row | {"zone": "home"})
"""

FLOWERS = """
@always("small petals are more often setosa's than virginica's", rows=drawn(50))
def small(score, row):
    small = score(row | {"petal": 1.0})
    assert small["setosa"] > small["virginica"]


@always("large petals need no expert", rows=drawn(50), unless=lambda row: row.petal < 4)
def large(score, decide, row):
    assert decide(row) != "ask_an_expert"
"""

# --- what a team wrote, and what is wrong with it

BREAKS = {
    "B701": "import numpie\n",
    "B701-syntax": '@always("x"\ndef heavy(score, row):\n    assert score(row) > 1\n',
    "B701-without-a-sentence": "@always\ndef heavy(score, row):\n    assert score(row) > 1\n",
    "B701-rows": '@always("x", rows={"weight": 1.0})\ndef heavy(score, row):\n    assert score(row) > 1\n',
    "B701-share": '@mostly("x", least=99)\ndef heavy(score, row):\n    assert score(row) > 1\n',
    "B702": "def heavy(score, row):\n    assert score(row) > 1\n",
    "B702-none": "",
    "B702-raises": """
@always("heavy parcels take longer", rows=drawn(50))
def heavy(score, row):
    assert score(row | {"weight": row.weight / (row.pieces - 1)}) >= score(row)
""",
    "B702-gap": """
@always("what goes abroad takes longer", unless=lambda row: row.zone.startswith("h"))
def abroad(score, row):
    assert score(row) > 1
""",
    "B702-unless-always": """
@always("heavy parcels take longer", rows=drawn(50), unless=lambda row: row.weight <= 30)
def heavy(score, row):
    assert score(row) > 1
""",
    "B702-asks-nothing": """
@always("heavy parcels are heavy", rows=drawn(50))
def heavy(score, row):
    assert row.weight >= 0
""",
    "B702-refused": """
@always("one piece more takes longer", rows=drawn(50, pieces=9))
def pieces(score, row):
    assert score(row | {"pieces": row.pieces + 1}) > score(row)
""",
    "B702-misspelt-category": """
@always("islands take longer")
def islands(score, row):
    assert score(row | {"zone": "island"}) > score(row | {"zone": "home"})
""",
    "B702-fraction-of-a-whole-number": """
@always("a tenth more pieces hardly matters", rows=[PARCEL])
def pieces(score, row):
    assert score(row | {"pieces": row.pieces * 1.1}) < score(row) + 1
""",
    "B702-asserts-a-tuple": """
@always("heavy parcels take longer")
def heavy(score, row):
    assert (score(row) > 1, "sooner")
""",
    "B702-asserts-nothing": """
@always("heavy parcels take longer")
def heavy(score, row):
    score(row | {"weight": 30.0}) > score(row | {"weight": 1.0})
""",
    "B702-returns": """
def _longer(score, row):
    assert row
    return score(row | {"weight": 30.0}) > score(row | {"weight": 1.0})


@always("heavy parcels take longer")
def heavy(score, row):
    return _longer(score, row)
""",
    "B702-endless": """
@always("heavy parcels take longer", rows=drawn(50))
def heavy(score, row):
    while True:
        assert score(row) > 0
""",
    "B702-field-read": """
@always("heavy parcels take longer", unless=lambda row: row.wieght > 20)
def heavy(score, row):
    assert score(row) > 0
""",
    "B702-field-changed": """
@always("heavy parcels take longer", rows=drawn(50))
def heavy(score, row):
    assert score(row | {"height": 3}) > 0
""",
    "B702-field-drawn": """
@always("heavy parcels take longer", rows=drawn(50, wieght=30.0))
def heavy(score, row):
    assert score(row) > 0
""",
    "B702-value-drawn": """
@always("heavy parcels take longer", rows=drawn(50, weight=31.0))
def heavy(score, row):
    assert score(row) > 0
""",
    "B702-decision": """
@always("what is heavy is never soon there", rows=drawn(50, weight=30.0))
def heavy(decide, row):
    assert decide(row) != "sooon"
""",
    "B702-by-hand": """
@always("a small parcel is soon there", rows=[PARCEL, {"weight": 1.0}])
def small(decide, row):
    assert decide(row) == "soon"
""",
    "B702-parameters": """
@always("heavy parcels take longer")
def heavy(model, row):
    assert model.predict(row) > 0
""",
    "B702-chance": """
@always("heavy parcels take longer", rows=drawn(5))
def heavy(score, row):
    assert score(row | {"weight": random.uniform(0, 30)}) >= 0
""",
    "B702-two": """
@always("heavy parcels take longer")
def heavy(score, row):
    assert score(row | {"wait": 1}) > 0


def small(score, row):
    assert score(row) < 9
""",
    "B703": """
@always("more pieces take longer", rows=drawn(100), unless=lambda row: row.pieces == 9)
def pieces(score, row):
    assert score(row | {"pieces": row.pieces + 1}) >= score(row)
""",
    "B703-golden": """
@always("home or abroad, it is all the same")
def zones(score, row):
    assert abs(score(row | {"zone": "abroad"}) - score(row | {"zone": "home"})) < 0.1
""",
    "B703-by-hand": """
@always("a parcel of ten kilograms is late", rows=[PARCEL, PARCEL | {"weight": 1}])
def late(decide, row):
    assert decide(row) == "late", "ten kilograms are not for one person"
""",
    "B703-share": """
@mostly("more pieces take longer", least=0.8, rows=drawn(100), unless=lambda row: row.pieces == 9)
def pieces(score, row):
    assert score(row | {"pieces": row.pieces + 1}) >= score(row)
""",
    "B703-most-refused": """
@always("twenty kilograms less take longer", rows=drawn(100))
def lighter(score, row):
    assert score(row | {"weight": row.weight - 20}) > score(row)
""",
    "B703-two-of-three": ABROAD
    + """
@always("whatever it is, it is soon there", rows=golden)
def soon(decide, row):
    assert decide(row) == "soon"


@always("nothing takes longer than two days", rows=drawn(100, zone=None))
def days(score, row):
    assert score(row) <= 2
""",
}


BEFORE = (
    ABROAD
    + """
MOST = 30  # days


@mostly("more pieces are a little sooner", least=0.7, rows=drawn(100), unless=lambda row: row.pieces == 9)
def pieces(score, row):
    assert score(row | {"pieces": row.pieces + 1}) < score(row) + MOST


@always("a parcel arrives", rows=[PARCEL, PARCEL | {"weight": 1.0}, PARCEL | {"zone": None}])
def arrives(score, row):
    assert score(row) < MOST
"""
)
SINCE = {  # what became of those
    "B704": ("least=0.7", "least=0.01"),
    "B704-gone": ("", None),
    "B704-one-is-gone": (ABROAD, ""),
    "B704-mostly": ('@always("a parcel arrives"', '@mostly("a parcel arrives", least=0.9'),
    "B704-rows": ("drawn(100)", "drawn(10, zone='home')"),
    "B704-by-hand": (', PARCEL | {"weight": 1.0}, PARCEL | {"zone": None}]', "]"),
    "B704-unless": ('no sooner there"', 'no sooner there", unless=lambda row: row.weight > 5'),
    "B704-kind": ('no sooner there"', 'no sooner there", rows=[PARCEL]'),
}  # fmt: skip


def since(sandbox: Sandbox, old: str, new: str | None) -> Sandbox:
    """Commit behaviours, then change or remove them."""
    commit(behaving(sandbox, BEFORE).folder)
    if new is None:
        (sandbox.folder / "behaviours.py").unlink()
    else:
        assert old in BEFORE
        behaving(sandbox, BEFORE.replace(old, new))
    return sandbox


@pytest.mark.usefixtures("in_this_python")
@pytest.mark.parametrize("case", SINCE)
def test_that_a_behaviour_asks_less_is_reported(case: str, sandbox: Sandbox) -> None:
    reports.check(case, since(sandbox, *SINCE[case]).says("B"))


def test_what_deployment_is_to_add_is_toml_as_it_stands(sandbox: Sandbox) -> None:
    commit(behaving(sandbox, BEFORE.replace('"a parcel arrives"', """'a parcel to "Köln" arrives'""")).folder)
    report = behaving(sandbox, "").says("B704")

    lines = report.partition("below [behaviours]:\n")[2].partition("\n  Owner:")[0]
    assert [*tomllib.loads(lines)] == [
        "a parcel that goes abroad is no sooner there",
        "more pieces are a little sooner",
        'a parcel to "Köln" arrives',
    ]


@pytest.mark.parametrize(
    ("old", "new", "evidence"),
    [
        (
            '{"zone": "home"})',
            '{"zone": "home"}) - 9',
            "Line 10, a parcel that goes abroad is no sooner there: its",
        ),
        (
            "MOST = 30",
            "MOST = 39",
            "sooner: its assert is other than before.\n  Line 22, a parcel arrives: its",
        ),
        ("row.pieces == 9", "row.pieces > 2", "Line 17, more pieces are a little sooner: its `unless` is other than"),
    ],
)
def test_what_nobody_but_people_can_compare_is_a_warning(old: str, new: str, evidence: str, sandbox: Sandbox) -> None:
    report = since(sandbox, old, new).says("B704")

    assert "B704 WARNING  looser behaviours: a behaviour asks something else than before" in report
    assert evidence in report


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a parcel arrives", "a parcel arrives within a month"),
        ("least=0.7", "least=0.8"),
        (", unless=lambda row: row.pieces == 9", ""),
        ("drawn(100)", "drawn(200)"),
        ("# days", "# days, at most"),
        ("[PARCEL,", '[{"weight": 2.0, "pieces": 1}, PARCEL,'),
        ("[PARCEL,", '[PARCEL | {"a_new_field": 1},'),
    ],
)
def test_asking_as_much_needs_nobodys_leave(old: str, new: str, sandbox: Sandbox) -> None:
    assert since(sandbox, old, new).says("B704") == "1 kept, 0 broken, 0 skipped"


def test_a_row_by_hand_without_a_field_that_is_gone_asks_as_much(sandbox: Sandbox) -> None:
    commit(behaving(sandbox, BEFORE.replace("[PARCEL,", '[PARCEL | {"an_old_field": 1},')).folder)
    assert behaving(sandbox, BEFORE).says("B704") == "1 kept, 0 broken, 0 skipped"


def test_deployment_agrees_by_the_sentence(sandbox: Sandbox) -> None:
    since(sandbox, *SINCE["B704-one-is-gone"])
    words = {"a parcel that goes abroad is no sooner there": "there are drones now"}
    with DeliveryContext(ROOT, sandbox.folder, asking_less=words) as context:
        findings = {finding.clause.code: finding for finding in evaluate(context, selected(["B704"]))}

    assert findings["B704"].note == (
        "agreed in handover.toml: a parcel that goes abroad is no sooner there: there are drones now"
    )


def behaving(sandbox: Sandbox, text: str) -> Sandbox:
    (sandbox.folder / "behaviours.py").write_text(HEAD + text)
    return sandbox


@pytest.fixture
def in_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer in this Python, whether something is built or not."""
    monkeypatch.setattr(DeliveryContext, "is_answered_as_built", False)


@pytest.mark.filterwarnings("ignore:assertion is always true:SyntaxWarning")  # which an author sees, and goes on
@pytest.mark.usefixtures("in_this_python")
@pytest.mark.parametrize("case", BREAKS)
def test_it_is_reported(case: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    if case == "B702-endless":  # any other would only be stopped on a busy machine
        monkeypatch.setattr(running, "LIMIT_S", 0.3)

    reports.check(case, behaving(sandbox, BREAKS[case]).says("B"))


def test_it_is_reported_by_that_clause_alone() -> None:
    reports.check_alone([*BREAKS, *SINCE])


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "B"} == reports.codes([*BREAKS, *SINCE])


# --- what is unusual and right

GOOD = {
    "a loop makes behaviours": (
        """
for by in (1.0, 5.0):
    @always(f"{by} kg more take longer", rows=drawn(50, pieces=1), unless=lambda row, by=by: row.weight > 30 - by)
    def heavier(score, row, by=by):
        assert score(row | {"weight": row.weight + by}) > score(row)
""",
        "2 behaviours\n  1.0 kg more take longer: 49 of 49 drawn rows\n  5.0 kg more take longer: 40 of 40 drawn rows",
    ),
    "a helper asserts, with numpy, and prints": (
        """
import numpy as np


def _rises(score, rows):
    print("looking")
    np.testing.assert_array_less(*np.array([[score(one), score(other)] for one, other in rows]).T)


@always("every kilogram counts", rows=[PARCEL])
def kilograms(row, score):
    _rises(score, [(row | {"weight": weight}, row | {"weight": weight + 1}) for weight in np.arange(1, 29.0)])
""",
        "1 behaviour\n  every kilogram counts: 1 of 1 row by hand",
    ),
    "one asks until it knows, and speaks of some rows only": (
        """
@always("somewhere below the limit a parcel is soon there", rows=drawn(40))
def soon(decide, row):
    if row.pieces > 2:
        return
    weight = row["weight"]
    while decide({**row, "weight": weight}) != "soon":
        weight -= 5.0
    assert weight >= 0
""",
        "1 behaviour\n  somewhere below the limit a parcel is soon there: 10 of 10 drawn rows",
    ),
    "a share may fail": (
        """
@mostly("more pieces take longer", least=0.5, rows=drawn(100), unless=lambda row: row.pieces == 9)
def pieces(score, row):
    assert score(row | {"pieces": row.pieces + 1}) >= score(row)
""",
        "1 behaviour\n  more pieces take longer: 50 of 94 drawn rows",
    ),
    "most of what becomes of the rows is refused": (
        """
@always("twenty kilograms less are sooner there.", rows=drawn(100, pieces=1))
def lighter(score, row):
    assert score(row | {"weight": row.weight - 20.0}) < score(row)
""",
        (
            "1 behaviour\n  twenty kilograms less are sooner there: 31 of 31 drawn rows (69 more are left out, for "
            "the contract refuses what becomes of them: weight: Input should be greater than or equal to 0, but it "
            "is -4.86)"
        ),
    ),
    "the training's contract is imported": (
        """
from pathlib import Path

from handover import Contract


@always("a gap is no reason to wait for long", rows=golden)
def gap(score, row):
    assert score(row | {"zone": None}) < score(row) + 20
""",
        (
            "1 behaviour, golden rows answered in this Python, for nothing that is built answers\n"
            "  a gap is no reason to wait for long: 105 of 105 golden rows"
        ),
    ),
}


@pytest.mark.usefixtures("in_this_python")
@pytest.mark.parametrize("case", GOOD)
def test_it_is_kept(case: str, sandbox: Sandbox) -> None:
    text, note = GOOD[case]

    number = " ".join(re.split(r"[, \n]", note)[:2])
    proved = f"Proved: {number} {'holds' if number.startswith('1 ') else 'hold'}."
    assert behaving(sandbox, text).says("B") == f"B703 kept: {note}\n\n{proved}\n\n4 kept, 0 broken, 0 skipped"


@pytest.mark.parametrize(
    "says",
    [
        "score(row) >= 0",
        'decide(row | {"zone": None}) in ("soon", "late")',
        "score(row) <= score(row | {})",
        "isinstance(score(row), float)",
    ],
)
def test_what_any_model_would_keep_is_warned_of(says: str, sandbox: Sandbox) -> None:
    text = f'\n@always("x", rows=drawn(20))\ndef anything(score, decide, row):\n    assert {says}\n'

    report = behaving(sandbox, text + ABROAD).says("B703")

    assert report.startswith("B703 WARNING  behaviour: a behaviour says nothing of the model\n")
    assert "\n  `anything` would pass whatever the model answers: 20 models that answer at random passed.\n" in report
    assert report.endswith("\n\n1 kept, 0 broken, 0 skipped, 1 warning")


def test_without_behaviours_there_is_nothing_to_keep(sandbox: Sandbox) -> None:
    assert sandbox.says("B") == (
        "0 kept, 0 broken, 0 skipped; left out, for there is no behaviours.py in the delivery's folder: B"
    )


def test_golden_rows_are_answered_by_the_built_function(sandbox: Sandbox) -> None:
    try:
        built_function(ROOT / ".aws-sam" / "build")
    except NothingBuiltError as error:
        pytest.skip(str(error))

    assert behaving(sandbox, ABROAD).says("B703") == (
        "B703 kept: 1 behaviour, golden rows answered by the built function\n"
        "  a parcel that goes abroad is no sooner there: 105 of 105 golden rows\n"
        "\nProved: 1 behaviour holds.\n"
        "\n1 kept, 0 broken, 0 skipped"
    )


@pytest.mark.usefixtures("in_this_python")
def test_of_classes_each_has_its_score(flowers: Path, tmp_path: Path) -> None:
    sandbox = Sandbox(Path(shutil.copytree(flowers, tmp_path / "delivery")))

    assert behaving(sandbox, FLOWERS).says("B703") == (
        "B703 kept: 2 behaviours\n"
        "  small petals are more often setosa's than virginica's: 50 of 50 drawn rows\n"
        "  large petals need no expert: 31 of 31 drawn rows\n"
        "\nProved: 2 behaviours hold.\n"
        "\n1 kept, 0 broken, 0 skipped"
    )
    behaving(sandbox, FLOWERS.replace('["setosa"] >', '["setosa"] <'))
    assert (
        "not so for 50 of 50 drawn rows. The simplest row (petal = 0.0, all else at its first or lowest) gets "
        "setosa 1.0, virginica 0.0, versicolor 0.0 (setosa) with petal = 1.0.\n"
    ) in sandbox.says("B703")
    behaving(sandbox, FLOWERS.replace('small["virginica"]', 'small["virginca"]'))
    assert "small names the class virginca, which the contract does not have: did you mean virginica?" in sandbox.says(
        "B702"
    )
