"""Every clause has a page that says what it means and what to do."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from click.testing import CliRunner

from handover.checks import CLAUSES, UnknownCodeError, selected
from handover.cli import main
from handover.finding import Clause
from tests.handover.checks.conftest import ROOT, Bench

PAGES = ROOT / "docs" / "checks"


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.code)
def test_a_clause_has_its_page(clause: Clause) -> None:
    page = (ROOT / clause.page).read_text()

    assert page.startswith(f"# {clause.code}: {clause.rule}\n\nOwner: {clause.owner}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["What it means", "What breaks it", "The remedy"]


def test_there_is_no_page_without_a_clause() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {clause.code for clause in CLAUSES}


def test_codes_are_told_apart_and_needs_lead_to_clauses() -> None:
    codes = [clause.code for clause in CLAUSES]

    assert len(set(codes)) == len(codes)
    assert all(set(clause.needs) <= set(codes) for clause in CLAUSES)


def test_no_clause_waits_for_itself() -> None:
    leads_to = {
        clause.code: {*clause.needs} | {one.code for one in CLAUSES if one.code.startswith(clause.echoes or ("-",))}
        for clause in CLAUSES
    }

    assert list(TopologicalSorter(leads_to).static_order())  # raises CycleError, which names the way round


def test_every_beginning_of_an_echo_fits_a_clause() -> None:
    assert all(selected(clause.echoes) for clause in CLAUSES)


def test_clauses_are_chosen_by_the_beginnings_of_their_codes() -> None:
    assert {clause.code for clause in selected(["p20", " M101"])} == {f"P20{n}" for n in range(1, 10)} | {"M101"}
    with pytest.raises(UnknownCodeError, match=r"^no clause begins with 'Q'; the groups are "):
        selected(["Q"])


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    return result.exit_code, result.output


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("at_home")
class TestCommands:
    def test_a_kept_contract_is_exit_0(self, bench: Bench) -> None:
        assert run("check", "--only", "C,M", "--delivery", bench.folder) == (0, "23 kept, 0 broken, 0 skipped\n")

    def test_a_broken_contract_is_exit_1(self, bench: Bench) -> None:
        bench.edit("contract.py", "1.0.0", "1.0")

        status, said = run("check", "--only", "C102", "--delivery", bench.folder)

        assert status == 1
        assert said.startswith("C102 BROKEN  version: the contract's version is not major.minor.patch\n")

    def test_a_clause_that_is_not_there_is_exit_2(self) -> None:
        status, said = run("check", "--only", "Q")

        assert status == 2
        assert "no clause begins with 'Q'" in said

    @pytest.mark.parametrize("option", ["--html", "--markdown"])
    def test_a_report_that_could_not_be_written_is_told_before_the_work(self, option: str, tmp_path: Path) -> None:
        status, said = run("check", option, tmp_path / "nowhere" / "report")

        assert status == 2
        assert f"there is no folder '{tmp_path / 'nowhere'}'" in " ".join(said.replace("\n", "").split())

    def test_a_page_is_written_beside_the_report(self, bench: Bench, tmp_path: Path) -> None:
        status, _ = run("check", "--only", "C", "--delivery", bench.folder, "--html", tmp_path / "check.html")

        assert status == 0
        assert (tmp_path / "check.html").read_text().startswith("<!DOCTYPE html>\n")

    def test_json_says_what_the_report_says(self, bench: Bench) -> None:
        bench.edit("contract.py", "1.0.0", "1.0")

        _, said = run("check", "--only", "C102", "--json", "--delivery", bench.folder)

        assert '"verdict": "BROKEN"' in said
        assert '"evidence": "version \'1.0\': write major.minor.patch, as in 1.0.0."' in said

    def test_explain_shows_all_of_the_evidence_and_the_page(self, bench: Bench) -> None:
        bench.golden(lambda lines: lines[0].update(score=39.0))

        status, said = run("explain", "p203", "--delivery", bench.folder)

        assert status == 0
        assert "  row 1: should be 39, is 2.085\n" in said
        assert re.search(r'^    zone +"home" +0$|^    zone +"abroad" +1$', said, re.MULTILINE)
        assert said.endswith((PAGES / "P203.md").read_text() + "\n")

    def test_explain_of_a_kept_clause_says_that_it_is_kept(self, bench: Bench) -> None:
        _, said = run("explain", "C101", "--delivery", bench.folder)

        assert said.startswith("C101 KEPT  contract: contract.py can be read\n\n# C101")

    def test_explain_of_no_clause_lists_those_that_there_are(self) -> None:
        status, said = run("explain", "P2")

        assert status == 2
        assert "there is no clause 'P2'; there are C101, C102" in said
