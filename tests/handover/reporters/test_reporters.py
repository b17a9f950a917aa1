"""One finding, written for a summary and for a workflow."""

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from handover.checks import selected
from handover.context import DeliveryContext
from handover.description import Code, Table
from handover.evaluation import evaluate
from handover.finding import Broken, Clause, Finding, Kept, Verdict, Warned
from handover.live.context import LiveContext
from handover.reporters import annotations, junit, markdown, text, write
from handover.reporters.page import Model, model
from handover.skips import exit_status

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[3]  # a project with the page of every clause


def clause(code: str, **words: str) -> Clause:
    return Clause(code, "parity", "answers agree", "answers differ", "modelling", lambda context: None, **words)  # type: ignore[arg-type]


FINDINGS = [
    Finding(clause("C101"), Verdict.KEPT),
    Finding(
        clause("P203"),
        Verdict.BROKEN,
        broken=Broken("3 of 500 rows | 100%:\n<script>`x`", ROOT / "a,b:c.py", 7, cause="A [link](http://x)"),
    ),
    Finding(clause("P204"), Verdict.SKIPPED, reason="requires P203", blocked_by=("P203",)),
    Finding(clause("P205"), Verdict.SKIPPED, reason="could not be checked, KeyError: 1", failed=True),
    Finding(clause("R502"), Verdict.SKIPPED, reason="no data: 100%", allowed="It's *secret*"),
    Finding(clause("R504"), Verdict.SKIPPED, reason="requires R502", blocked_by=("R502",), allowed="It's *secret*"),
    Finding(clause("S301"), Verdict.SKIPPED, reason="nothing is built"),
]


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> DeliveryContext:
    """Give this project's delivery; what it says of its model is another matter."""
    monkeypatch.setattr("handover.reporters.page.model", lambda _: None)
    return DeliveryContext(ROOT, ROOT / "layers/model/delivery")


def test_markdown_says_the_verdict_then_what_broke_then_all_clauses(context: DeliveryContext) -> None:
    assert markdown.report(FINDINGS, context) == (
        "## The contract is broken\n"
        "\n"
        "1 kept, 1 broken, 5 skipped &#40;P204: requires P203; P205: could not be checked, KeyError: 1; R502: no data: "
        "100%; R504: requires R502; S301: nothing is built&#41;\n"
        "\n"
        "### P203 parity: answers differ\n"
        "\n"
        "3 of 500 rows &#124; 100%:<br>&#60;script&#62;<code>x</code>\n"
        "\n"
        "A &#91;link&#93;&#40;http://x&#41;\n"
        "\n"
        "- Owner: **modelling**\n"
        "- Fix: `a,b:c.py:7`\n"
        "- Run: `make check ONLY=P203` looks again, once it is right\n"
        "- More: `make explain CODE=P203`, [docs/checks/P203.md](docs/checks/P203.md)\n"
        "\n"
        "### P205 not checked\n"
        "\n"
        "could not be checked, KeyError: 1\n"
        "\n"
        "\n"
        "### R502 skipped as handover.toml allows\n"
        "\n"
        "no data: 100%\n"
        "\n"
        "- With it: R504\n"
        "- Allowed: It's &#42;secret&#42;\n"
        "\n"
        "### S301 not checked\n"
        "\n"
        "nothing is built\n"
        "\n"
        '- Allow: in handover.toml, which is deployment\'s, below &#91;skips&#93;: S301 = "the reason in words"\n'
        "\n"
        "<details>\n"
        "<summary>C: 1 kept</summary>\n"
        "\n"
        "| clause | topic | verdict | owner | rule |\n"
        "|---|---|---|---|---|\n"
        "| [C101](docs/checks/C101.md) | parity | kept | modelling | answers agree |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details open>\n"
        "<summary>P: 1 broken, 2 skipped</summary>\n"
        "\n"
        "| clause | topic | verdict | owner | rule |\n"
        "|---|---|---|---|---|\n"
        "| [P203](docs/checks/P203.md) | parity | **BROKEN** | modelling | answers agree |\n"
        "| [P204](docs/checks/P204.md) | parity | skipped | modelling | answers agree |\n"
        "| [P205](docs/checks/P205.md) | parity | skipped | modelling | answers agree |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details open>\n"
        "<summary>R: 2 skipped</summary>\n"
        "\n"
        "| clause | topic | verdict | owner | rule |\n"
        "|---|---|---|---|---|\n"
        "| [R502](docs/checks/R502.md) | parity | skipped | modelling | answers agree |\n"
        "| [R504](docs/checks/R504.md) | parity | skipped | modelling | answers agree |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details open>\n"
        "<summary>S: 1 skipped</summary>\n"
        "\n"
        "| clause | topic | verdict | owner | rule |\n"
        "|---|---|---|---|---|\n"
        "| [S301](docs/checks/S301.md) | parity | skipped | modelling | answers agree |\n"
        "\n"
        "</details>\n"
    )


def test_markdown_of_a_kept_contract_has_no_more_than_the_table(context: DeliveryContext) -> None:
    assert markdown.report(FINDINGS[:1], context) == (
        "## The contract is kept\n"
        "\n"
        "1 kept, 0 broken, 0 skipped\n"
        "\n"
        "<details>\n"
        "<summary>C: 1 kept</summary>\n"
        "\n"
        "| clause | topic | verdict | owner | rule |\n"
        "|---|---|---|---|---|\n"
        "| [C101](docs/checks/C101.md) | parity | kept | modelling | answers agree |\n"
        "\n"
        "</details>\n"
    )


def test_markdown_says_what_the_model_is_between_what_broke_and_the_clauses(
    context: DeliveryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifts = Table("Against", ("figure", "verdict"), (("AUC", "better"),))
    first, other = (
        Table(title, ("what", "which"), ((Code("a `|` b"), "0.8"),), "On rows.") for title in ("One", "Two")
    )
    monkeypatch.setattr("handover.reporters.page.model", lambda _: Model((first, other), "It is *better*.", shifts))

    assert markdown.report(FINDINGS[:1], context).partition("### ")[2].partition("<summary>C:")[0] == (
        "The model\n"
        "\n"
        "On rows.\n"
        "\n"
        "| what | which |\n"
        "|---|---|\n"
        "| `a '\\|' b` | 0.8 |\n"
        "\n"
        "It is &#42;better&#42;.\n"
        "\n"
        "| figure | verdict |\n"
        "|---|---|\n"
        "| AUC | better |\n"
        "\n"
        "<details>\n"
        "<summary>Two</summary>\n"
        "\n"
        "On rows.\n"
        "\n"
        "| what | which |\n"
        "|---|---|\n"
        "| `a '\\|' b` | 0.8 |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details>\n"
    )


def test_markdown_names_what_the_manifest_does_not_say(
    context: DeliveryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handover.reporters.page.model", lambda _: Model((), "Nothing.", None, "There is <none>."))

    assert "### The model\n\nThere is &#60;none&#62;.\n\nNothing.\n" in markdown.report(KEPT, context)


def test_a_live_stack_has_no_model_to_describe(context: DeliveryContext) -> None:
    assert model(SimpleNamespace(has_model=LiveContext.has_model)) is None  # type: ignore[arg-type]
    assert model(context)


KEPT = [
    Finding(clause("C101"), Verdict.KEPT),
    Finding(clause("R505"), Verdict.KEPT, note="trained elsewhere, so `answers` were compared"),
]


def test_what_to_know_of_a_kept_clause_stands_above_the_count(context: DeliveryContext) -> None:
    assert text.report(KEPT, context) == (
        "R505 kept: trained elsewhere, so `answers` were compared\n\n2 kept, 0 broken, 0 skipped"
    )
    assert text.report([FINDINGS[1], *KEPT], context).endswith(
        "\n  More:  make explain CODE=P203       # says what it means\n"
        "\n"
        "R505 kept: trained elsewhere, so `answers` were compared\n"
        "\n"
        "2 kept, 1 broken, 0 skipped"
    )


def test_markdown_says_it_too(context: DeliveryContext) -> None:
    assert markdown.report(KEPT, context).startswith(
        "## The contract is kept\n"
        "\n"
        "2 kept, 0 broken, 0 skipped\n"
        "\n"
        "R505 kept: trained elsewhere, so <code>answers</code> were compared\n"
        "\n"
        "<details>\n"
    )


def test_json_and_the_explanation_say_it_too(context: DeliveryContext) -> None:
    assert "note" not in KEPT[0].as_json(context)
    assert KEPT[1].as_json(context)["note"] == "trained elsewhere, so `answers` were compared"
    assert text.explanation(KEPT[1], context).startswith(
        "R505 KEPT  parity: answers agree (trained elsewhere, so `answers` were compared)\n"
    )


def test_what_a_clause_gives_as_a_note_stands_in_its_finding(context: DeliveryContext) -> None:
    noting = Clause("R505", "parity", "answers agree", "differ", "modelling", lambda context: Kept("by answers"))

    assert list(evaluate(context, [noting])) == [Finding(noting, Verdict.KEPT, note="by answers")]


def test_markdown_of_what_could_not_be_held_does_not_say_that_it_is_kept(context: DeliveryContext) -> None:
    for findings in (FINDINGS[3:4], FINDINGS[6:], FINDINGS[2:3]):  # it failed, it lacks something, or its root does
        assert markdown.report(findings, context).startswith("## The contract is not checked in full\n")


def test_markdown_of_what_is_allowed_says_that_it_is_kept_and_what_was_not_checked(context: DeliveryContext) -> None:
    report = markdown.report(FINDINGS[4:6], context)

    assert report.startswith("## The contract is kept\n")
    assert "### R502 skipped as handover.toml allows\n" in report


def test_text_says_what_was_not_checked_between_what_is_broken_and_the_count(context: DeliveryContext) -> None:
    assert text.report(FINDINGS[3:], context) == (
        "P205 NOT CHECKED\n"
        "\n"
        "  Reason:  could not be checked, KeyError: 1\n"
        "  Run:     make explain CODE=P205\n"
        "\n"
        "R502 SKIPPED  as handover.toml allows, and with it R504\n"
        "\n"
        "  Reason:  no data: 100%\n"
        "  Allowed: It's *secret*\n"
        "\n"
        "S301 NOT CHECKED\n"
        "\n"
        "  Reason:  nothing is built\n"
        '  Allow:   in handover.toml, which is deployment\'s, below [skips]: S301 = "the reason in words"\n'
        "\n"
        "0 kept, 0 broken, 4 skipped (P205: could not be checked, KeyError: 1; R502: no data: 100%; R504: requires "
        "R502; S301: nothing is built)"
    )


def test_explain_says_who_allows_a_skip(context: DeliveryContext) -> None:
    assert text.explanation(FINDINGS[4], context).startswith(
        "R502 SKIPPED  parity: answers agree (no data: 100%)\n  handover.toml allows it: It's *secret*\n\n# R502: "
    )


def test_of_another_base_the_command_names_it() -> None:
    context = DeliveryContext(ROOT, ROOT / "layers/model/delivery", base="v1")

    assert "  More:  make explain CODE=P203 BASE=v1 " in text.report(FINDINGS, context)


def test_json_says_why_a_clause_was_skipped_and_who_allows_it(context: DeliveryContext) -> None:
    records = [finding.as_json(context) for finding in FINDINGS]

    assert [(one.get("reason"), one.get("blocked_by"), one.get("allowed")) for one in records] == [
        (None, None, None),
        (None, None, None),
        ("requires P203", ["P203"], None),
        ("could not be checked, KeyError: 1", [], None),
        ("no data: 100%", [], "It's *secret*"),
        ("requires R502", ["R502"], "It's *secret*"),
        ("nothing is built", [], None),
    ]


def test_of_another_delivery_the_command_names_it() -> None:
    context = DeliveryContext(ROOT, ROOT / "new one", base="v1")
    command = "handover check --delivery 'new one' --only P203 --base v1"
    more, effect = "handover explain P203 --delivery 'new one' --base v1", "looks again, once it is right"

    assert f"  Run:   {command} # {effect}\n  More:  {more} # says what it means\n" in text.report(FINDINGS, context)
    assert f"Run: {command} ({effect})\n" in annotations.report(FINDINGS, context)
    assert f"- Run: `{command}` {effect}\n- More: `{more}`," in markdown.report(FINDINGS, context)


def test_where_there_are_no_pages_the_command_that_shows_them_is_named(tmp_path: Path) -> None:
    context = DeliveryContext(tmp_path, tmp_path / "delivery")

    assert text.broken(FINDINGS[1], context).endswith(
        "\n  More:  handover explain P203 --delivery delivery # says what it means\n"
    )
    assert "- More: `handover explain P203 --delivery delivery`\n\n" in markdown.report(FINDINGS, context)
    assert "| P203 | parity | **BROKEN** |" in markdown.report(FINDINGS, context)
    assert FINDINGS[1].as_json(context)["page"] == "handover explain P203 --delivery delivery"


LEFT_OUT = [
    Finding(clause("C101"), Verdict.KEPT),
    *(Finding(one, Verdict.LEFT_OUT, reason="there is no stack") for one in selected(["P205", "P206", "S", "T"])),
    *(Finding(one, Verdict.LEFT_OUT, reason="nothing trains it") for one in selected(["R"])),
]


def test_what_is_left_out_is_named_last_by_groups_where_they_are_whole(context: DeliveryContext) -> None:
    line = (
        "1 kept, 0 broken, 0 skipped; left out, for there is no stack: S, T, P205, P206; "
        "left out, for nothing trains it: R"
    )
    assert text.report(LEFT_OUT, context) == line
    assert text.explanation(LEFT_OUT[1], context).startswith(
        "P205 LEFT OUT  start: the built function opens the delivery (there is no stack)\n"
    )
    assert annotations.report(LEFT_OUT, context) == ""


def test_markdown_and_json_say_what_is_left_out(context: DeliveryContext) -> None:
    summary = markdown.report(LEFT_OUT, context)

    assert summary.startswith(
        "## The contract is kept\n\n1 kept, 0 broken, 0 skipped; left out, for there is no stack: "
    )
    assert "| [P205](docs/checks/P205.md) | start | left out | modelling |" in summary
    left_out = LEFT_OUT[1].as_json(context)
    assert (left_out["verdict"], left_out["reason"]) == ("LEFT OUT", "there is no stack")


def test_annotations_stand_on_the_very_line(context: DeliveryContext) -> None:
    assert annotations.report(FINDINGS, context) == (
        "::error file=a%2Cb%3Ac.py,line=7,title=P203 answers differ::"
        "3 of 500 rows | 100%25:%0A<script>`x`%0AA [link](http://x)%0AOwner: modelling. "
        "Run: make check ONLY=P203 (looks again, once it is right)\n"
        "::error title=P205 not checked::could not be checked, KeyError: 1\n"
        "::notice title=R502 skipped as handover.toml allows::no data: 100%25%0AIt's *secret*\n"
        "::error title=S301 not checked::nothing is built%0AAllow: in handover.toml, which is deployment's, below "
        '[skips]: S301 = "the reason in words"'
    )


def test_in_a_folder_of_a_repository_a_file_is_named_from_its_root(
    context: DeliveryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(context.root.parent))

    assert annotations.report(FINDINGS, context).startswith(f"::error file={context.root.name}/a%2Cb%3Ac.py,line=7,")


WARNED = [
    Finding(clause("C101"), Verdict.KEPT, proved="3 rows agree"),
    Finding(
        clause("C107"),
        Verdict.KEPT,
        proved="x is `y`",
        warnings=(
            Warned("Of `x`: 100%.", Path(__file__), 1, "Is it meant?", headline="an odd <thing>"),
            Warned("Of data.", ROOT / "x.csv", 2, owner="deployment", headline="a row"),
        ),
    ),
]


def test_a_warning_stands_in_the_text_below_what_is_broken_and_what_was_proved_above_the_count(
    context: DeliveryContext,
) -> None:
    assert text.report(WARNED, context) == (
        "C107 WARNING  parity: an odd <thing>\n"
        "\n"
        "  Of `x`: 100%.\n"
        "  Is it meant?\n"
        "  Owner: modelling\n"
        "  Look:  tests/handover/reporters/test_reporters.py:1\n"
        f'           """{__doc__}"""\n'
        "\n"
        "C107 WARNING  parity: a row\n"
        "\n"
        "  Of data.\n"
        "  Owner: deployment\n"
        "  Look:  x.csv:2\n"
        "\n"
        "Proved: 3 rows agree; x is `y`.\n"
        "\n"
        "2 kept, 0 broken, 0 skipped, 2 warnings"
    )
    assert exit_status(WARNED) == 0
    first = text.broken(FINDINGS[1], context)
    assert text.report([*WARNED, FINDINGS[1]], context).startswith(f"{first}\nC107 WARNING")


def test_markdown_annotations_and_json_have_the_warnings_too(context: DeliveryContext) -> None:
    assert markdown.report(WARNED, context).startswith(
        "## The contract is kept\n"
        "\n"
        "2 kept, 0 broken, 0 skipped, 2 warnings\n"
        "\n"
        "Proved: 3 rows agree; x is <code>y</code>.\n"
        "\n"
        "### C107 warning: an odd &#60;thing&#62;\n"
        "\n"
        "Of <code>x</code>: 100%.\n"
        "\n"
        "Is it meant?\n"
        "\n"
        "- Owner: **modelling**\n"
        "- Look: `tests/handover/reporters/test_reporters.py:1` "
    )
    assert annotations.report(WARNED, context) == (
        "::warning file=tests/handover/reporters/test_reporters.py,line=1,title=C107 an odd <thing>::"
        "Of `x`: 100%25.%0AIs it meant?%0AOwner: modelling.\n"
        "::warning file=x.csv,line=2,title=C107 a row::Of data.%0AOwner: deployment."
    )
    assert WARNED[1].as_json(context)["warnings"][1] == {
        "headline": "a row",
        "evidence": "Of data.",
        "cause": "",
        "owner": "deployment",
        "path": "x.csv",
        "line": 2,
    }
    assert WARNED[0].as_json(context)["proved"] == "3 rows agree"
    assert text.explanation(WARNED[1], context).count("C107 WARNING") == 2


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("a.py", "\n    total =\t1\n", "total = 1"),
        ("a.yaml", "\n" + "x" * 200, "x" * 96 + " ..."),
        ("a.py", "\n\x1b[31mred\x9b\xff", "[31mred \xff"),
        ("a.py", "", ""),
        ("a.csv", "age\n41", ""),
        ("a.jsonl", "{}\n{}", ""),
    ],
)
def test_the_line_at_fault_is_shown_and_never_one_of_data(name: str, content: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)

    assert text.source_line(Broken("x", tmp_path / name, 2)) == shown
    assert text.source_line(Broken("x", tmp_path / name)) == text.source_line(Broken("x", "a stack", 2)) == ""
    assert text.source_line(Broken("x", tmp_path / "gone.py", 2)) == ""


def test_a_kept_contract_has_no_annotations(context: DeliveryContext) -> None:
    assert annotations.report(FINDINGS[:1], context) == ""


def test_text_of_what_is_not_broken_is_refused(context: DeliveryContext) -> None:
    with pytest.raises(ValueError, match=r"^C101 is KEPT$"):
        text.broken(FINDINGS[0], context)


# --- other systems


def test_junit_has_a_case_for_each_clause(context: DeliveryContext) -> None:
    (suite,) = ElementTree.fromstring(junit.report(FINDINGS, context))  # noqa: S314  our own

    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "errors": "3",
        "skipped": "2",
    }
    kinds = {case.get("name", "")[:4]: [inner.tag for inner in case] for case in suite}
    assert kinds == {
        "C101": [],
        "P203": ["failure"],
        "P204": ["error"],
        "P205": ["error"],
        "R502": ["skipped"],
        "R504": ["skipped"],
        "S301": ["error"],
    }
    broken = suite[1]
    assert (broken.get("file"), broken.get("classname")) == ("a,b:c.py", "handover.P")
    assert broken[0].text == text.broken(FINDINGS[1], context)


def test_junit_leaves_out_what_xml_cannot_write(context: DeliveryContext) -> None:
    odd = Finding(clause("P203"), Verdict.BROKEN, broken=Broken("a\x00b\x1b[31m]]>&", "somewhere"))

    (suite,) = ElementTree.fromstring(junit.report([odd], context))  # noqa: S314

    assert "ab[31m]]>&" in str(suite[0][0].text)


def test_without_a_verdict_junit_has_an_error() -> None:
    (suite,) = ElementTree.fromstring(junit.cut_short("nothing is built"))  # noqa: S314

    assert (suite.get("errors"), suite[0][0].get("message")) == ("1", "nothing is built")


@pytest.mark.parametrize("name", ["annotations", "json", "junit", "markdown", "quiet", "text"])
def test_a_breach_may_have_a_headline_of_its_own(name: str, context: DeliveryContext) -> None:
    broken = Broken("x", ROOT / "a.py", headline="answers are of another unit")
    report = write(name, [Finding(clause("P203"), Verdict.BROKEN, broken=broken)], context)

    assert "answers are of another unit" in report
    assert "answers differ" not in report


def test_quiet_is_a_line_for_what_is_broken_or_not_checked(context: DeliveryContext) -> None:
    assert write("quiet", FINDINGS, context) == (
        "P203 BROKEN  answers differ (modelling)\n"
        "P204 SKIPPED  requires P203\n"
        "P205 SKIPPED  could not be checked, KeyError: 1\n"
        "S301 SKIPPED  nothing is built"
    )
    assert write("quiet", [FINDINGS[0]], context) == ""
