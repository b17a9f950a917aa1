"""Every clause has a page that says what it means and what to do."""

import json
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from handover import apart
from handover.checks import CLAUSES, selected
from handover.cli import main
from handover.evaluation import UnknownCodeError
from handover.finding import Clause, clause
from handover.live.clauses import CLAUSES as LIVE
from tests.helpers import reports
from tests.helpers.sandbox import ROOT, Sandbox, commit
from tests.helpers.warm import Warm

PAGES = ROOT / "docs" / "checks"
ALL = (*CLAUSES, *LIVE)


@pytest.mark.parametrize("clause", ALL, ids=lambda clause: clause.code)
def test_a_clause_has_its_page(clause: Clause) -> None:
    page = (ROOT / clause.page).read_text()

    assert page.startswith(f"# {clause.code}: {clause.rule}\n\nOwner: {clause.owner}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["What it means", "What breaks it", "The remedy"]


def test_there_is_no_page_without_a_clause() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {clause.code for clause in ALL}


@pytest.mark.parametrize("clauses", [CLAUSES, LIVE])
def test_what_a_clause_requires_is_a_clause(clauses: tuple[Clause, ...]) -> None:
    codes = {clause.code for clause in clauses}

    assert all(set(clause.requires) <= codes for clause in clauses)


def test_a_code_is_declared_once() -> None:
    with pytest.raises(ValueError, match=r"^C101 is declared twice$"):
        clause("C101", topic="", owner="modelling", rule="", broken="")(lambda context: None)


def test_no_clause_waits_for_itself() -> None:
    leads_to = {
        clause.code: {*clause.requires}
        | {one.code for one in ALL if one.code.startswith(clause.suppressed_by or ("-",))}
        for clause in ALL
    }

    assert list(TopologicalSorter(leads_to).static_order())  # raises CycleError, which names the way round


def test_what_suppresses_a_clause_is_the_beginning_of_a_code() -> None:
    assert all(selected(clause.suppressed_by) for clause in CLAUSES)


def test_clauses_are_chosen_by_the_beginnings_of_their_codes() -> None:
    assert {clause.code for clause in selected(["p20", " M101"])} == {f"P20{n}" for n in range(1, 10)} | {"M101"}
    with pytest.raises(UnknownCodeError, match=r"^no clause begins with 'Q'; the groups are "):
        selected(["Q"])


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    return result.exit_code, result.output


@pytest.fixture(autouse=True, scope="module")
def imported_once() -> Iterator[None]:
    """Let each command's own process begin with what it imports."""
    with (
        Warm("handover.cli.work", "handover.reporters.html", "tests.helpers.briefly") as warm,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(apart, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": warm.popen}))
        yield


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a project in which nothing is built."""
    (tmp_path / "project" / "layers/model/delivery").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.usefixtures("at_home")
class TestCommands:
    def test_a_kept_contract_is_exit_0(self, sandbox: Sandbox) -> None:
        status, printed = run("check", "--only", "C,M", "--delivery", sandbox.folder)

        assert (status, reports.is_all_kept(printed)) == (0, True)

    def test_a_broken_contract_is_exit_1(self, sandbox: Sandbox) -> None:
        sandbox.edit("contract.py", "1.0.0", "1.0")

        status, output = run("check", "--only", "C102", "--delivery", sandbox.folder)

        assert status == 1
        assert output.startswith("C102 BROKEN  version: the contract's version is not major.minor.patch\n")

    def test_a_clause_that_is_not_there_is_exit_2(self) -> None:
        status, output = run("check", "--only", "Q")

        assert status == 2
        assert "no clause begins with 'Q'" in output

    @pytest.mark.parametrize("option", ["--html", "--markdown"])
    def test_a_report_that_could_not_be_written_is_reported_before_the_work(self, option: str, tmp_path: Path) -> None:
        status, output = run("check", option, tmp_path / "nowhere" / "report")

        assert status == 2
        assert f"there is no folder '{tmp_path / 'nowhere'}'" in " ".join(output.replace("\n", "").split())

    def test_a_page_is_written_beside_the_report(self, sandbox: Sandbox, tmp_path: Path) -> None:
        status, _ = run("check", "--only", "C", "--delivery", sandbox.folder, "--html", tmp_path / "check.html")

        assert status == 0
        assert (tmp_path / "check.html").read_text().startswith("<!DOCTYPE html>\n")

    def test_json_says_what_the_report_says(self, sandbox: Sandbox) -> None:
        sandbox.edit("contract.py", "1.0.0", "1.0")

        _, output = run("check", "--only", "C102", "--json", "--delivery", sandbox.folder)

        assert '"verdict": "BROKEN"' in output
        assert '"evidence": "version \'1.0\': write major.minor.patch, as in 1.0.0."' in output

    def test_what_nobody_allowed_to_be_skipped_is_exit_2(self, sandbox: Sandbox, project: Path) -> None:
        status, output = run("check", "--only", "P205,P206,S301,S302", "--delivery", sandbox.folder)

        assert status == 2
        assert output == (
            "P205, S301, S302 NOT CHECKED, and with it P206\n"
            "\n"
            "  Reason:  nothing is built: run make build\n"
            '  Allow:   in handover.toml, which is deployment\'s, below [skips]: P205 = "the reason in words"\n'
            "\n"
            "0 kept, 0 broken, 4 skipped (P205, S301, S302: nothing is built: run make build; P206: requires P205, "
            "that the built function opens the delivery)\n"
        )

    def test_what_deployment_allows_is_exit_0_and_every_report_says_so(self, sandbox: Sandbox, project: Path) -> None:
        (project / "handover.toml").write_text('[skips]\nS301 = "built elsewhere"\nS302 = "built elsewhere"\n')
        words = ["--only", "C101,S301,S302", "--delivery", sandbox.folder, "--github"]
        status, output = run("check", *words, "--markdown", project / "x.md", "--html", project / "x.html")

        assert status == 0
        assert output == (
            "S301, S302 SKIPPED  as handover.toml allows\n"
            "\n"
            "  Reason:  nothing is built: run make build\n"
            "  Allowed: built elsewhere\n"
            "\n"
            "1 kept, 0 broken, 2 skipped (S301, S302: nothing is built: run make build)\n"
            "::notice title=S301%2C S302 skipped as handover.toml allows::"
            "nothing is built: run make build%0Abuilt elsewhere\n"
        )
        for report in ("x.md", "x.html"):
            assert "built elsewhere" in (project / report).read_text()
        skipped = json.loads(run("check", *words[:-1], "--json")[1])[1]
        assert (skipped["verdict"], skipped["allowed"]) == ("SKIPPED", "built elsewhere")

    def test_what_the_other_team_looks_at_is_left_out_and_every_report_says_so(
        self, sandbox: Sandbox, project: Path
    ) -> None:
        words = ["--only", "C101,T", "--for", "modelling", "--delivery", sandbox.folder]
        status, output = run("check", *words, "--markdown", project / "x.md", "--html", project / "x.html")

        line = (
            "1 kept, 0 broken, 0 skipped; left out, for deployment looks at it: T without T418; left out, for "
            "deployment has to fix T401 first: T418"
        )
        assert (status, output) == (0, f"{line}\n")
        assert (project / "x.md").read_text().startswith(f"## Modelling's part of the contract is kept\n\n{line}\n")
        for words_of_page in (
            "Modelling&#39;s part of the contract is kept.",
            "for deployment looks at it: T without T418.",
        ):
            assert words_of_page in (project / "x.html").read_text()
        assert run("check", "--only", "S301", "--for", "modelling", "--delivery", sandbox.folder) == (
            2,
            "handover: S301 cannot be checked: deployment looks at it\n",
        )
        assert run("check", "--only", "S301", "--for", "deployment", "--delivery", sandbox.folder)[0] == 2  # not built
        assert "is not one of 'modelling', 'deployment'" in run("check", "--for", "us")[1]

    def test_what_it_allows_wrongly_is_reported_before_the_work(self, sandbox: Sandbox, project: Path) -> None:
        (project / "handover.toml").write_text('[skips]\nQ999 = "x"\n')

        for words in (["check"], ["explain", "C101"]):
            assert run(*words, "--delivery", sandbox.folder) == (
                2,
                "handover: handover.toml allows Q999 to be skipped, and there is no such clause\n",
            )

    def test_what_is_broken_wins(self, sandbox: Sandbox, project: Path) -> None:
        sandbox.edit("contract.py", "1.0.0", "1.0")

        assert run("check", "--only", "C102,S301", "--delivery", sandbox.folder)[0] == 1

    def test_a_base_is_named(self, sandbox: Sandbox) -> None:
        commit(sandbox.folder)
        Sandbox(sandbox.folder).edit("contract.py", "le=9", "le=8")
        words = ["--delivery", sandbox.folder, "--base", "HEAD"]

        status, output = run("check", "--only", "C110", *words)
        assert status == 1
        assert f"  More:  handover explain C110 --delivery {sandbox.folder} --base HEAD # shows all of" in output
        assert "major  pieces: is taken only up to 8 now" in run("explain", "C110", *words)[1]
        assert run("check", "--only", "C110", *words[:-1], "nowhere")[0] == 2

    @pytest.mark.parametrize("name", ["contract.py", "heuristics.py"])
    @pytest.mark.parametrize(("only", "codes"), [("C101", "C101"), ("H", "H102"), ("C,H,M,P", "C101 H102")])
    def test_what_would_end_the_check_is_read_before_it_runs(
        self, sandbox: Sandbox, name: str, only: str, codes: str
    ) -> None:
        with (sandbox.folder / name).open("a") as file:
            file.write('\nimport sys\nif "handover.checks" in sys.modules:\n    import os\n    os._exit(0)\n')
        expected = "C101" if name == "contract.py" else "H102"

        status, output = run("check", "--only", only, "--json", "--delivery", sandbox.folder)

        findings = json.loads(output)
        broken = [finding["code"] for finding in findings if finding["verdict"] == "BROKEN"]
        assert broken == ([expected] if expected in codes else [])
        assert status == (1 if broken else 2 if any(one["verdict"] == "SKIPPED" for one in findings) else 0)

    @pytest.mark.parametrize("status", [0, 1])
    def test_an_end_that_nobody_foresaw_is_no_verdict(self, sandbox: Sandbox, project: Path, status: int) -> None:
        """What no reading finds: the process ends while the heuristics run."""
        trick = f"import collections\n\ncollections._sys.modules['os']._exit({status})\n\n\ndef heavy"
        sandbox.edit("heuristics.py", "def heavy", trick)
        written = ["--markdown", project / "x.md", "--html", project / "x.html", "--github"]
        (project / "x.html").write_text("an older report, of a kept contract")

        ended, output = run("check", "--only", "C101,H101", "--delivery", sandbox.folder, *written)

        sentence = (
            f"check ended early, at H101 (heuristics), so nothing is known of the delivery: its process ended with "
            f"{status}. What a delivery runs may have stopped it, or the machine"
        )
        assert ended == 2
        assert output == f"::error title=The contract could not be checked::{sentence}\nhandover: {sentence}\n"
        assert (project / "x.md").read_text().startswith("## The contract could not be checked\n\ncheck ended early")
        assert "older" not in (project / "x.html").read_text()
        assert run("check", "--only", "H101", "--json", "--delivery", sandbox.folder)[0] == 2
        assert run("explain", "H101", "--delivery", sandbox.folder) == (
            2,
            f"handover: {sentence}\n".replace("check", "explain", 1),
        )

    def test_what_a_delivery_prints_is_no_json(self, sandbox: Sandbox) -> None:
        sandbox.edit("contract.py", "class Record(", "print('here')\n\n\nclass Record(")

        assert (
            json.loads(run("check", "--only", "C101", "--json", "--delivery", sandbox.folder)[1])[0]["verdict"]
            == "KEPT"
        )

    def test_explain_shows_all_of_the_evidence_and_the_page(self, sandbox: Sandbox) -> None:
        sandbox.golden(lambda lines: lines[0].update(score=39.0))

        status, output = run("explain", "p203", "--delivery", sandbox.folder)

        assert status == 0
        assert "  golden row 1 (line 1 of golden.jsonl): should be 39, is 2.88483\n" in output
        assert re.search(r'^    zone +"home" +0$|^    zone +"abroad" +1$', output, re.MULTILINE)
        assert output.endswith(f"\n$ python train.py\n$ handover check --delivery {sandbox.folder}\n```\n\n")

    def test_explain_of_a_kept_clause_says_that_it_is_kept(self, sandbox: Sandbox) -> None:
        _, output = run("explain", "C101", "--delivery", sandbox.folder)

        assert output.startswith("C101 KEPT  contract: contract.py can be read\n\n# C101")

    @pytest.mark.parametrize(("code", "near"), [("L061", "; did you mean L601? The"), ("hello", "; the")])
    def test_explain_of_no_clause_names_near_ones_and_the_groups(self, code: str, near: str) -> None:
        expected = (
            f"handover: there is no clause '{code}'{near} groups are C (the contract), H (heuristics), M (manifest and "
            f"model), P (parity), B (behaviours), R (training again), S (what ships), L (latency), T (the template), "
            "V (a live stack)\n"
        )
        assert run("explain", code) == (2, expected)
