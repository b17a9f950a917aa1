"""What teams do to the words of a contract: mistakes that are named, and what is unusual and right."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from handover.checks import selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Finding, Verdict
from handover.skips import Looser, looser_budgets
from tests.helpers.sandbox import CONTRACT, HEURISTICS, ROOT, Sandbox, commit

type Edit = tuple[str, str]


def edited(*edits: Edit) -> str:
    text = CONTRACT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def findings(sandbox: Sandbox, only: str = "C", **words: Looser) -> dict[str, Finding]:
    """Check, with what handover.toml agrees to; give what is broken, and what has a note."""
    with DeliveryContext(ROOT, sandbox.folder, looser=words) as context:
        made = list(evaluate(context, selected(only.split(","))))
    assert not [finding for finding in made if finding.failed]
    return {finding.clause.code: finding for finding in made if finding.verdict is Verdict.BROKEN or finding.note}


def since(sandbox: Sandbox, *edits: Edit, before: tuple[Edit, ...] = (), heuristics: str = HEURISTICS) -> Sandbox:
    """Have one contract on the base branch, and deliver another."""
    if before:
        sandbox.deliver(edited(*before))
    commit(sandbox.folder)
    return sandbox.deliver(edited(*before, *edits), heuristics)


PATCH, MINOR = ("1.0.0", "1.0.1"), ("1.0.0", "1.1.0")
EARLY = (("1.0.0", "0.4.2"),)

MISTAKES: dict[str, tuple[Callable[[Sandbox], Sandbox], str, str, str]] = {
    "grams for kilograms, told as a minor version": (
        lambda sandbox: since(sandbox, ("Weight [kg]", "Weight in grams [g]"), MINOR),
        "C110",
        "modelling",
        r"^weight: its unit is \[g\] now, was \[kg\]: .* at least 2\.0\.0, and is 1\.1\.0\.$",
    ),
    "the score turned round, told as a patch": (
        lambda sandbox: since(sandbox, ("days on the way", "days until it is sent"), PATCH),
        "C110",
        "modelling",
        r'^score: it means "days until it is sent" now, .* at least 2\.0\.0, and is 1\.0\.1\.$',
    ),
    "a score that was a probability only ranks": (
        lambda sandbox: since(sandbox, ("high=40.0)", "high=40.0, probability=False)"), MINOR),
        "C110",
        "modelling",
        r"^score: it is no probability any more: ",
    ),
    "a heuristic given a better name, under the same version": (
        lambda sandbox: since(sandbox, heuristics=HEURISTICS.replace("def heavy", "def for_two_people")),
        "C110",
        "modelling",
        r'^\?reasons=: "heavy" is no name of a reason any more, and "for_two_people" is one: .* 1\.1\.0, and is 1\.0',
    ),
    "a category taken out below 1.0.0, told as a patch": (
        lambda sandbox: since(sandbox, ("le=9", "le=8"), ("0.4.2", "0.4.3"), before=EARLY),
        "C110",
        "modelling",
        r"at least 0\.5\.0, and is 0\.4\.3\.$",
    ),
    "a budget of 128 KiB, agreed by modelling alone": (
        lambda sandbox: since(sandbox, ("model_kib=64", "model_kib=128"), PATCH),
        "C113",
        "both teams",
        r"^model_kib is 128, and on the base branch is 64: .*\n  model_kib = { to = 128, why = ",
    ),
    "a category with an accent from a Mac": (
        lambda sandbox: sandbox.deliver(edited(('"abroad"]', '"abroad", "caf\\u00e9", "cafe\\u0301"]'))),
        "C108",
        "modelling",
        r'^zone: the categories "caf\\u00e9" and "cafe\\u0301" look alike',
    ),
    "a decision in capitals beside the same one": (
        lambda sandbox: sandbox.deliver(edited(('"late": 40.0', '"SOON": 20.0, "late": 40.0'))),
        "C108",
        "modelling",
        r'^decisions: the decisions "soon" and "SOON" look alike\.$',
    ),
    "a field that is a word of Python's": (
        lambda sandbox: sandbox.edit("contract.py", "    pieces: int", "    from: int"),
        "C101",
        "modelling",
        r"^Python cannot read it: from is a word of Python's own and cannot be a name; call it from_",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_finding_with_its_owner_and_place(sandbox: Sandbox, name: str) -> None:
    change, code, owner, sentence = MISTAKES[name]
    by_code = findings(change(sandbox))

    assert list(by_code) == [code]
    broken = by_code[code].broken
    assert broken is not None
    assert by_code[code].clause.owner == owner
    assert broken.path.name == "contract.py"
    assert broken.line is not None
    assert re.search(sentence, broken.evidence), broken.evidence


REFERENCE = 'ref: int | None = Field(default=None, ge=0, le=9, description="Reference [1]")'
COPY = 'copy: bool | None = Field(default=None, description="Whether it is a copy")'
LIGHT = '''

def light(row):
    """Whether a child can carry it [1]."""
    return row.weight < 2
'''
GOOD: dict[str, Callable[[Sandbox], Sandbox]] = {
    "a description in another language": lambda sandbox: since(sandbox, ("Weight [kg]", "Gewicht [kg]"), PATCH),
    "brackets of full width": lambda sandbox: since(sandbox, ("Weight [kg]", "重量\uff3bkg\uff3d"), PATCH),
    "a unit that a draft did not know": lambda sandbox: since(
        sandbox, ("[unit?]", "[kg]"), PATCH, before=(("Weight [kg]", "Weight [unit?]"),)
    ),
    "steps of one for a whole number": lambda sandbox: since(sandbox, ("ge=1, le=9", "ge=1, le=9, multiple_of=1")),
    "one heuristic more": lambda sandbox: since(sandbox, heuristics=HEURISTICS + LIGHT),
    "a heuristic renamed, as a minor version": lambda sandbox: since(
        sandbox, MINOR, heuristics=HEURISTICS.replace("def heavy", "def bulky")
    ),
    "a break below 1.0.0, in the second number": lambda sandbox: since(
        sandbox, ("le=9", "le=8"), ("0.4.2", "0.5.0"), before=EARLY
    ),
    "a tighter budget": lambda sandbox: since(sandbox, ("model_kib=64", "model_kib=32"), PATCH),
    "fields called as pydantic's methods and core schemas": lambda sandbox: sandbox.deliver(
        edited(("    zone:", f"    {REFERENCE}\n    {COPY}\n    zone:"))
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_unusual_and_right_is_kept(sandbox: Sandbox, name: str) -> None:
    assert findings(GOOD[name](sandbox)) == {}


def test_a_looser_budget_is_kept_when_deployment_agrees_to_that_very_number(sandbox: Sandbox) -> None:
    since(sandbox, ("model_kib=64", "model_kib=128"), PATCH)

    agreed = findings(sandbox, model_kib=Looser(128, "twice the trees"))
    assert [finding.note for finding in agreed.values()] == [
        "agreed in handover.toml: model_kib was 64 and is 128: twice the trees"
    ]
    assert agreed["C113"].verdict is Verdict.KEPT
    assert findings(sandbox, model_kib=Looser(96, "half more"))["C113"].verdict is Verdict.BROKEN


def test_the_line_that_deployment_is_to_add_agrees_to_that_very_number(sandbox: Sandbox, tmp_path: Path) -> None:
    since(sandbox, ("model_kib=64", "model_kib=128"), ("parity=1e-5", "parity=1.23456789e-3"), PATCH)
    broken = findings(sandbox)["C113"].broken
    assert broken is not None
    (tmp_path / "handover.toml").write_text("[budgets]" + broken.evidence.partition("below [budgets]:")[2])

    agreed = findings(sandbox, **looser_budgets(tmp_path, {"model_kib", "parity"}))
    assert agreed["C113"].verdict is Verdict.KEPT


def test_a_file_that_git_ignores_is_named_where_it_is_delivered_too(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    (sandbox.folder / ".gitignore").write_text("*.onnx\n")
    commit(sandbox.folder)
    sandbox.deliver()

    assert (
        "\nBut the check will be red: git ignores model.onnx, by the line *.onnx of .gitignore: "
        in capsys.readouterr().out
    )
    assert list(findings(sandbox)) == ["C114"]


def test_deliver_names_what_the_check_will_be_red_for(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.deliver(edited(("flipped_decisions=0", "flipped_decisions=99"), ('"abroad"]', '"abroad", "Home"]')))

    assert capsys.readouterr().out.endswith(
        "But the check will be red: flipped_decisions is 99; write 10 at most, for beyond it another model would pass "
        "as this one.\n"
        'But the check will be red: zone: the categories "home" and "Home" look alike.\n'
    )


@pytest.mark.parametrize("lines", ["*.onnx\n!model.onnx\n", "*\n"])
def test_what_git_ignores_on_purpose_or_not_at_all_is_kept(sandbox: Sandbox, lines: str) -> None:
    commit(sandbox.folder)
    (sandbox.folder / ".gitignore").write_text(lines)  # what is committed, git knows

    assert findings(sandbox) == {}
