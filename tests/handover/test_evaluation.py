"""Clauses checked in order, for both teams or for one."""

from pathlib import Path

import pytest

from handover.checks import CLAUSES
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Broken, Clause, Finding, Kept, Outcome, Owner, Team, Verdict, Warned
from handover.reporters.text import summary
from handover.skips import exit_status

pytestmark = pytest.mark.quick


def clause(code: str, owner: Owner, outcome: Outcome = None, **words: object) -> Clause:
    return Clause(code, "topic", f"{code} holds", "broken", owner, lambda _: outcome, **words)  # type: ignore[arg-type]


def checked(clauses: list[Clause], team: Team | None = None) -> list[Finding]:
    return list(evaluate(DeliveryContext(Path(), Path("delivery"), team=team), clauses))


def test_what_is_kept_says_what_it_knows_warns_of_and_proves() -> None:
    warned = Warned("seen", "there", headline="odd")
    one = clause("C101", "modelling", Kept("by answers", "3 rows", (warned,)))

    findings = checked([one])

    assert findings == [Finding(one, Verdict.KEPT, note="by answers", proved="3 rows", warnings=(warned,))]
    assert exit_status(findings) == 0


def test_what_requires_another_says_what_that_one_asks() -> None:
    broken = Broken("x", "y")
    findings = checked(
        [
            clause("C101", "modelling", broken),
            clause("H101", "modelling", broken),
            clause("M101", "modelling", requires=("C101", "H101")),
        ]
    )

    assert findings[2].reason == "requires C101, that C101 holds, and H101, that H101 holds"
    assert summary(findings) == (
        "0 kept, 2 broken, 1 skipped (M101: requires C101, that C101 holds, and H101, that H101 holds)"
    )


class TestForOneTeam:
    def test_what_the_other_looks_at_is_left_out_and_not_run(self) -> None:
        clauses = [clause("C101", "modelling"), clause("S301", "deployment", Broken("x", "y"))]

        findings = checked(clauses, "modelling")

        assert [finding.verdict for finding in findings] == [Verdict.KEPT, Verdict.LEFT_OUT]
        assert summary(findings) == "1 kept, 0 broken, 0 skipped; left out, for deployment looks at it: S301"
        assert exit_status(findings) == 0
        assert exit_status(checked(clauses, "deployment")) == exit_status(checked(clauses)) == 1

    def test_what_the_evidence_may_make_the_teams_is_looked_at(self) -> None:
        findings = checked([clause("P206", "deployment", Broken("x", "y"), co_owner="modelling")], "modelling")

        assert exit_status(findings) == 1

    def test_what_the_other_has_to_fix_first_is_left_out_and_named(self) -> None:
        first = clause("T401", "deployment", Broken("x", "y"))
        clauses = [first, clause("C101", "modelling"), clause("T418", "modelling", requires=("T401",))]

        findings = checked(clauses, "modelling")

        assert [finding.reason for finding in findings] == [
            "deployment looks at it",
            "",
            "deployment has to fix T401 first",
        ]
        assert exit_status(findings) == 0
        assert checked(clauses)[2].reason == "requires T401, that T401 holds"

    def test_what_the_team_has_to_fix_first_is_skipped(self) -> None:
        clauses = [clause("P203", "modelling", Broken("x", "y")), clause("P206", "deployment", requires=("P203",))]

        assert checked(clauses, "deployment")[1].verdict is Verdict.LEFT_OUT
        assert exit_status(checked(clauses, "deployment")) == 2
        assert exit_status(checked(clauses, "modelling")) == 1

    def test_each_clause_is_somebodys_and_the_long_ones_are_deployments(self) -> None:
        teams: tuple[Team, Team] = ("modelling", "deployment")
        assert all(any(one.concerns(team) for team in teams) for one in CLAUSES)
        modelling = {one.code for one in CLAUSES if one.concerns("modelling")}
        assert {code for code in modelling if code[0] in "SLT"} == {"T418"}
        assert {"C103", "P205", "P206", "P207", "P209"} <= modelling
        assert {one.code for one in CLAUSES if one.concerns("deployment")} >= {"C103", "P205", "P206", "L601", "S301"}
