"""Answers that are not the training's: what a team did, and the file, line and owner that the finding names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sklearn.ensemble import RandomForestRegressor

from handover.checks import inside, selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Finding, Verdict
from tests.helpers.sandbox import CONTRACT, HEURISTICS, ROOT, Sandbox, commit

PARITY = "M109,M110,M111,M117,P201,P202,P203,P204,P211"
RATIO = "row.weight / row.pieces"

# Of `Literal["a", "b"] | None`, Python gives the order that a process used first, whichever is written later.
WITHOUT_GAPS = CONTRACT.replace(" | None = Field(default=None, ", " = Field(")

type Break = Callable[[Sandbox], Sandbox]


class Case(NamedTuple):
    """What a team did, and what is right to say of it."""

    change: Break
    code: str
    place: str
    words: str


def trees(sandbox: Sandbox, contract: str = CONTRACT) -> Sandbox:
    return sandbox.deliver(contract=contract, learner=RandomForestRegressor(n_estimators=10, random_state=1))


def with_card(sandbox: Sandbox) -> Sandbox:
    """Have a card beside the delivery, for deliver() to write its figures into."""
    sandbox.card.write_text("# Parcels\n\n<!-- figures: written by deliver() -->\n<!-- figures: end -->\n")
    return sandbox


def edited(old: str, new: str) -> Break:
    """Edit heuristics.py after the training, and write the hashes anew."""
    return lambda sandbox: sandbox.edit("heuristics.py", old, new).seal()


def heuristics_turned_round(sandbox: Sandbox) -> Sandbox:
    path = sandbox.folder / "heuristics.py"
    docstring, first, second = path.read_text().split("\n\n\n")
    path.write_text("\n\n\n".join([docstring, second.rstrip(), first]) + "\n")
    return sandbox


def sharing(sandbox: Sandbox) -> Sandbox:
    """Deliver two heuristics that use one constant."""
    shared = HEURISTICS.replace("\n\n\ndef piece", "\n\n_LIMIT = 20\n\n\ndef piece")
    return sandbox.deliver(heuristics=shared.replace("> 20", "> _LIMIT").replace(RATIO, f"{RATIO} + _LIMIT"))


def turned_round(sandbox: Sandbox) -> Sandbox:
    return recompiled(sandbox.edit("contract.py", '"home", "abroad"', '"abroad", "home"'))


def recompiled(sandbox: Sandbox) -> Sandbox:
    with DeliveryContext(ROOT, sandbox.folder) as context:
        (sandbox.folder / "contract.json").write_text(json.dumps(context.compiled))
    return sandbox.seal()


def scores_of_others(lines: list[dict[str, Any]]) -> None:
    """Give each row the scores of the next one."""
    scores = [(line["score"], line["decision"]) for line in lines]
    for line, (score, decision) in zip(lines, scores[1:] + scores[:1], strict=True):
        line |= {"score": score, "decision": decision}


def lower_scores(lines: list[dict[str, Any]]) -> None:
    for line in lines[5:25]:
        line["score"] = round(line["score"] * 0.9, 7)


def retrained(name: str) -> Break:
    """Take one file of another training."""

    def change(sandbox: Sandbox) -> Sandbox:
        other = Sandbox(sandbox.folder.parent / "other" / "delivery")
        other.deliver(learner=RandomForestRegressor(n_estimators=12, max_depth=3, random_state=2))
        (sandbox.folder / name).write_bytes((other.folder / name).read_bytes())
        return sandbox.seal()

    return change


def before(first: Break, then: Break) -> Break:
    """Commit what was delivered, and change it on top of that."""

    def change(sandbox: Sandbox) -> Sandbox:
        first(sandbox)
        commit(sandbox.folder)
        return then(sandbox)

    return change


def after(*changes: Break) -> Break:
    def change(sandbox: Sandbox) -> Sandbox:
        for one in changes:
            sandbox = one(sandbox)
        return sandbox

    return change


def findings(sandbox: Sandbox, only: str = PARITY) -> list[Finding]:
    with DeliveryContext(ROOT, sandbox.folder) as context:
        return list(evaluate(context, selected(only.split(","))))


BROKEN = {
    "kilograms become grams": Case(
        edited(RATIO, f"1000 * {RATIO}"), "P203", "heuristics.py:4", "With the training's values all scores agree"
    ),
    "kilograms become tons, beyond the range of the score": Case(
        edited(RATIO, f"-1000 * {RATIO}"), "P203", "heuristics.py:4", "With the training's values all scores agree"
    ),
    "a constant of a heuristic": Case(
        edited("> 20", "> 18"), "P203", "heuristics.py:9", "`heavy` (line 9) gives 1 for golden row "
    ),
    "two heuristics at once": Case(
        after(edited("> 20", "> 18"), edited(RATIO, f"{RATIO} + 1")),
        "P203",
        "heuristics.py:4",
        "so for 105 of 105 rows. `heavy` differs too.",
    ),
    "a constant that two heuristics use": Case(
        after(sharing, edited("_LIMIT = 20", "_LIMIT = 18")),
        "P203",
        "heuristics.py:3",
        "`heavy` differs too; all of them use `_LIMIT` (line 3).",
    ),
    "a gap where there was a number": Case(
        edited(f"return {RATIO}", f"return None if row.zone is None else {RATIO}"),
        "P203",
        "heuristics.py:4",
        "gives no value for golden row ",
    ),
    "a formula, and the golden rows scored anew": Case(
        after(edited("> 20", "> 18"), Sandbox.scored_anew),
        "P211",
        "heuristics.py:9",
        "So were the scores in golden.jsonl",
    ),
    "a formula that no tree asks about on these rows": Case(
        after(trees, edited(RATIO, f"{RATIO} + (row.weight == 0) * 1e-5")),
        "P211",
        "heuristics.py:4",
        "These rows score the same with either value",
    ),
    "a golden row edited, as git shows": Case(
        before(Sandbox.seal, lambda sandbox: sandbox.golden(lambda lines: lines[3]["row"].update(weight=29.5))),
        "P203",
        "golden.jsonl",
        "golden.jsonl",
    ),
    "a value that only golden.jsonl has, as git shows": Case(
        before(Sandbox.seal, lambda sandbox: sandbox.golden(lambda lines: lines[3]["heuristics"].update(heavy=1.0))),
        "P211",
        "golden.jsonl",
        "git shows no change of heuristics.py",
    ),
    "golden rows of another training, as git shows": Case(
        before(trees, retrained("golden.jsonl")), "P203", "golden.jsonl", "golden.jsonl"
    ),
    "values that are words": Case(
        lambda sandbox: sandbox.golden(lambda lines: lines[3]["heuristics"].update(heavy="yes")),
        "P201",
        "golden.jsonl:4",
        'The heuristics of golden row 4 are {"piece_weight": ',
    ),
    "golden scores edited": Case(
        lambda sandbox: sandbox.golden(lower_scores), "P203", "golden.jsonl", "golden.jsonl was edited at these"
    ),
    "golden scores of other rows, as git shows": Case(
        before(trees, lambda sandbox: sandbox.golden(scores_of_others)),
        "P203",
        "golden.jsonl",
        "golden.jsonl is not the file that it was before, as git has it, and model.onnx did not change.",
    ),
    "the model of another training": Case(
        after(trees, retrained("model.onnx")),
        "P203",
        "model.onnx",
        "model.onnx and golden.jsonl are not of one training",
    ),
    "golden scores of other rows, as the card shows": Case(
        after(with_card, trees, lambda sandbox: sandbox.golden(scores_of_others)),
        "P203",
        "golden.jsonl",
        "model.onnx is the one whose SHA-256 card.md has. So golden.jsonl was edited.",
    ),
    "the model of another training, as the card shows": Case(
        after(with_card, trees, retrained("model.onnx")),
        "P203",
        "model.onnx",
        "card.md, which deliver() wrote too, has the SHA-256 of another model.onnx.",
    ),
    "the model of another training, as git shows": Case(
        before(trees, retrained("model.onnx")),
        "P203",
        "model.onnx",
        "model.onnx is not the file that it was before, as git has it, and golden.jsonl did not change.",
    ),
    "categories in another order": Case(
        after(lambda sandbox: sandbox.deliver(contract=WITHOUT_GAPS), turned_round),
        "P203",
        "contract.py:13",
        "its categories stand in another order now",
    ),
    "categories in another order, in a delivery of trees": Case(
        after(lambda sandbox: trees(sandbox, WITHOUT_GAPS), turned_round),
        "P203",
        "contract.py:13",
        "its categories stand in another order now",
    ),
    "two heuristics change places in the file": Case(
        lambda sandbox: heuristics_turned_round(sandbox).seal(),
        "M109",
        "heuristics.py:4",
        "in another order: heavy, piece_weight, and not piece_weight, heavy.",
    ),
    "a heuristic of another branch": Case(
        edited("def heavy", "def bulky"), "M109", "heuristics.py:9", "no longer there: heavy; new since: bulky."
    ),
    "an edge moved": Case(
        after(lambda sandbox: sandbox.edit("contract.py", '"soon": 3.0', '"soon": 2.0'), recompiled),
        "P204",
        "contract.py:21",
        "its edges were moved after the delivery",
    ),
}

# What the built function says when it does not start, where the delivery opens here.
NOT_STARTED = {
    "a variable is gone": ("DELIVERY is not set: template.yaml should set it", "template.yaml:"),
    "telemetry is on": ("ORT_DISABLE_TELEMETRY is not 1: onnxruntime would send telemetry", "template.yaml:"),
    "another folder": ("/opt/deliveries/manifest.json: cannot be read: No such file or directory", "template.yaml:"),
    "another handler": ("Unable to import module 'predictor.main': No module named 'predictor.main'", "template.yaml:"),
    "a package is gone": ("Unable to import module 'predictor.handler': No module named 'numpy'", "requirements.txt"),
}


@pytest.mark.parametrize("name", NOT_STARTED)
def test_what_the_stack_lacks_is_deployments(whole: Path, name: str) -> None:
    message, place = NOT_STARTED[name]

    with DeliveryContext(ROOT, whole) as context:
        broken = inside.of_start(context, message).broken(context, message)

    assert broken.owner == "deployment"
    assert f"{broken.named(lambda path: path.name)}:{broken.line or ''}".startswith(place)
    assert "deliver again" not in broken.cause


def test_packages_of_other_versions_are_deployments(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer, local = {"numpy": "2.5.4", "onnxruntime": "1.32.0"}, {"numpy": "2.5.5", "onnxruntime": "1.32.0"}
    monkeypatch.setattr(inside, "_inside", lambda *_: {})
    monkeypatch.setattr(inside, "_versions", lambda path: layer if "RuntimeLayer" in path[0] else local)

    with DeliveryContext(ROOT, whole) as context:
        cause = inside.of_answers(context, [])

    assert (cause.owner, cause.file) == ("deployment", ROOT / "layers/runtime/requirements.txt")
    assert cause.sentence == (
        "Here it answers right, and packages are not those of here: the layer has numpy 2.5.4, not 2.5.5. Run make "
        "build; where it stays so, write the locks anew with make lock."
    )


@pytest.mark.parametrize("name", BROKEN)
def test_the_file_and_the_line_are_named(sandbox: Sandbox, name: str) -> None:
    case = BROKEN[name]

    (finding,) = [one for one in findings(case.change(sandbox)) if one.verdict is Verdict.BROKEN]

    assert finding.broken
    place = finding.broken.named(lambda path: path.name) + (f":{finding.broken.line}" if finding.broken.line else "")
    sentences = f"{finding.broken.evidence} {finding.broken.cause}"
    assert (finding.clause.code, finding.owner, place) == (case.code, "modelling", case.place), sentences
    assert case.words in sentences
