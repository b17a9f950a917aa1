"""What a delivery that keeps its contract is warned of: whole reports, and that none of them is red."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handover.checks import selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Finding
from handover.skips import exit_status
from tests.helpers import reports
from tests.helpers.sandbox import CONTRACT, HEURISTICS, ROOT, Sandbox, commit

UNREACHED = CONTRACT.replace('{"soon": 3.0, "late": 40.0}', '{"soon": 3.0, "late": 39.0, "lost": 40.0}')
PIECES = 'description="Pieces [1]")\n'
SEX = '    sex: Literal["f", "m"] | None = Field(default=None, description="Sex of who sends it")\n'
OF_A_PERSON = CONTRACT.replace(PIECES, PIECES + SEX)
PACKED = '''

def packed(row):
    """Grams and pieces in one number [1]."""
    return int(row.weight * 1000) * 10_000 + row.pieces


def of_noise(row):
    """The same as a float, whose last digits say nothing [1]."""
    return packed(row) / 1
'''
SEGMENT = {
    "field": "zone",
    "segment": "= home",
    "rows": 30,
    "value": 0.6123,
    "elsewhere": 0.9,
    "mean_score": 1.0,
    "mean_label": 1.0,
    "beyond_chance": True,
}


def weak(sandbox: Sandbox) -> None:
    manifest = json.loads((sandbox.folder / "manifest.json").read_text())
    sandbox.deliver().seal(segments=manifest["segments"] | {"worst": [SEGMENT], "beyond_chance": 2, "tried": 9})


def of_no_knowledge(sandbox: Sandbox) -> None:
    """Train on labels that a join shuffled."""
    sandbox.deliver(fit=lambda learner, rows, labels: learner.fit(rows, np.random.default_rng(1).permutation(labels)))


def of_a_high_quantile(learner: Any, rows: Any, days: Any) -> Any:
    """Train to give twice the days."""
    return learner.fit(rows, 2 * days)


def of_a_leak(sandbox: Sandbox, contract: str = CONTRACT) -> None:
    """Train to know all, where it knew little before."""
    of_no_knowledge(sandbox)
    commit(sandbox.folder)
    sandbox.deliver(contract=contract)


def of_changed_rows(sandbox: Sandbox) -> None:
    """Cut off heavy parcels before matrix(), where the data is the same."""
    commit(sandbox.seal(training={"sha256": "a" * 64}).folder)
    seen = json.loads((sandbox.folder / "manifest.json").read_text())["seen_in_training"]
    seen["columns"][0]["highest"] -= 5
    sandbox.seal(training={"sha256": "a" * 64}, seen_in_training=seen)


def of_few(sandbox: Sandbox) -> None:
    commit(sandbox.deliver(count=80).seal(training={"rows": 750}).folder)
    sandbox.deliver(judges=lambda days: np.arange(len(days)) < 30).seal(training={"rows": 80})


def of_the_other_outcome(sandbox: Sandbox) -> None:
    commit(sandbox.deliver(labels=lambda days: (days > 3).astype(float), clip=True).folder)
    sandbox.deliver(labels=lambda days: (days <= 3).astype(float), clip=True)


def of_a_sentinel(sandbox: Sandbox) -> None:
    """Have 999 for labels that are not known, in rows that judge the model."""

    def fitted(learner: Any, rows: Any, days: Any) -> Any:
        return learner.fit(rows, days.clip(max=4))

    sandbox.deliver(labels=lambda days: np.where(days > 4, 999.0, days), fit=fitted, clip=True)


def of_another_base_rate(sandbox: Sandbox) -> None:
    commit(sandbox.deliver(count=300, labels=lambda days: (days > 2).astype(float), clip=True).folder)
    sandbox.deliver(count=300, labels=lambda days: (days > 3.2).astype(float), clip=True)


WARNS: dict[str, Callable[[Sandbox], object]] = {
    "C107-protected": lambda sandbox: sandbox.deliver(contract=OF_A_PERSON),
    "C107-unit": lambda sandbox: sandbox.deliver(contract=CONTRACT.replace("[kg]", "[unit?]")),
    "C107-unit-of-the-score": lambda sandbox: sandbox.deliver(contract=CONTRACT.replace("way", "way [unit?]")),
    "H104-unit": lambda sandbox: sandbox.deliver(heuristics=HEURISTICS.replace("[kg]", "[unit?]")),
    "H107-whole-numbers": lambda sandbox: (sandbox.folder / "heuristics.py").write_text(HEURISTICS + PACKED),
    "M112-beyond": of_a_sentinel,
    "M112-chance": of_no_knowledge,
    "M112-other-class": lambda sandbox: sandbox.deliver().seal(score_of={"class": "stay", "other": "way"}),
    "M112-quantile": lambda sandbox: sandbox.deliver(fit=of_a_high_quantile),
    "M112-segment": weak,
    "M115-far-better": of_a_leak,
    "M115-far-better-contract": lambda sandbox: of_a_leak(sandbox, CONTRACT.replace('"1.0.0"', '"2.0.0"')),
    "M115-base-rate": of_another_base_rate,
    "M115-changed-rows": of_changed_rows,
    "M115-fewer": of_few,
    "M115-outcome": of_the_other_outcome,
    "M116-decision": lambda sandbox: sandbox.deliver(contract=UNREACHED),
    "M119-empty": lambda sandbox: sandbox.deliver(contract=OF_A_PERSON),
    "P201-real": lambda sandbox: sandbox.deliver(golden=2),
}


def checked(sandbox: Sandbox, code: str) -> list[Finding]:
    with DeliveryContext(ROOT, sandbox.folder) as context:
        return list(evaluate(context, selected([code])))


@pytest.mark.parametrize("case", WARNS)
def test_a_warning_says_what_to_look_at_and_changes_no_verdict(case: str, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "delivery").deliver()
    WARNS[case](sandbox)
    code = case.partition("-")[0]

    assert exit_status(checked(sandbox, code)) == 0
    reports.check(case, sandbox.says(code))


@pytest.mark.parametrize("segments", [None, [], {}, {"worst": [{}]}, {"worst": [SEGMENT | {"value": "x"}]}])
def test_segments_by_another_hand_are_no_fault_of_this_clause(segments: object, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "delivery").deliver().seal(segments=segments)

    (finding,) = checked(sandbox, "M112")

    assert (finding.verdict.value, finding.warnings) == ("KEPT", ())


def test_rows_whose_scores_end_before_an_edge_were_not_cut_off_there(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "delivery").deliver(count=300, judges=lambda days: days >= 4)

    (finding,) = checked(sandbox, "M116")

    assert finding.verdict.value == "KEPT"


def test_labels_beyond_the_range_are_doubted_by_deliver_and_named_where_the_model_knows_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def known(days: Any) -> Any:
        return np.where(np.arange(len(days)) % 8, days, 999.0)

    sandbox = Sandbox(tmp_path / "delivery").deliver(
        labels=known, fit=lambda learner, rows, days: learner.fit(rows, -days.clip(max=20)), clip=False,
        contract=CONTRACT.replace("low=0.0", "low=-40.0").replace('"soon": 3.0', '"soon": -3.0'),
    )  # fmt: skip
    doubt = (
        "The score's range -40 to 40 leaves out 5 of the 40 held-out labels, the farthest 999: no score reaches them."
    )

    assert doubt in capsys.readouterr().out
    (finding,) = checked(sandbox, "M112")
    assert finding.verdict.value == "BROKEN"
    assert doubt in sandbox.says("M112")
