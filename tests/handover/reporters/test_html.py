"""The report as a file: what it says, that it needs nothing else, and that it renders whatever is broken."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from handover.checks import CLAUSES, selected
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.finding import Broken, Clause, Finding, Verdict
from handover.quality import HeldOut
from handover.reporters import html
from handover.reporters.html import figures, plots, svg
from handover.reporters.page import group, grouped
from predictor.files import MANIFEST, SERVED
from tests.helpers.flowers import deliver_flowers
from tests.helpers.remembered import Drawings, search_briefly
from tests.helpers.sandbox import CONTRACT, HEURISTICS, Sandbox, commit

if TYPE_CHECKING:  # only the process that opens one imports it
    from tests.helpers.browser import Browser

HOSTILE = """</pre></svg><script>alert(1)</script><img src=x onerror="alert(1)">' {{ 7*7 }} & `a` $\\x$"""
SIXTH = HEURISTICS.splitlines()[5].strip()
SIDE_BY_SIDE = "\n".join(f"row {row:<6} {'should be 0.736085, and is 0.660082  ' * 6}" for row in range(60))
CALIBRATION = [
    {"rows": 30, "mean_score": 0.1, "mean_label": 0.0667},
    {"rows": 30, "mean_score": 0.3, "mean_label": 0.7},
    {"rows": 30, "mean_score": 0.6, "mean_label": 0.6},
]
ODDS = CONTRACT.replace("high=40.0", "high=1.0").replace('"soon": 3.0, "late": 40.0', '"soon": 0.5, "late": 1.0')
STACK = """
Resources:
  RuntimeLayer: {Type: "AWS::Serverless::LayerVersion", Properties: {ContentUri: RuntimeLayer}}
  ModelLayer: {Type: "AWS::Serverless::LayerVersion", Properties: {ContentUri: ModelLayer}}
  PredictFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: PredictFunction
      Handler: predictor.handler.handler
      Layers: [!Ref RuntimeLayer, !Ref ModelLayer]
"""


def clause(code: str) -> Clause:
    return Clause(code, "parity", "answers agree", "answers differ", "modelling", lambda context: None)


def findings_in(root: Path) -> list[Finding]:
    return [
        Finding(clause("C101"), Verdict.KEPT),
        Finding(
            clause("P203"),
            Verdict.BROKEN,
            broken=Broken(
                '3 of 500 rows differ; all have `zone` = "home".',
                root / "delivery" / "heuristics.py",
                6,
                cause="It was edited.",
                details=SIDE_BY_SIDE,
            ),
        ),
        Finding(
            clause("P204"),
            Verdict.BROKEN,
            broken=Broken("One row.", root / "delivery" / ("long" * 40), details="a\n  b"),
        ),
        Finding(clause("P205"), Verdict.SKIPPED, reason="requires P203", blocked_by=("P203",)),
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project in which all plots of a yes or no can be drawn: a delivery, and a build of a few bytes."""
    root = tmp_path_factory.mktemp("project")
    (root / "layers/model/delivery").mkdir(parents=True)
    (root / "docs/checks").mkdir(parents=True)
    (root / "docs/checks/P203.md").touch()
    build = root / ".aws-sam" / "build"
    for name, size in (
        ("PredictFunction/predictor/handler.py", 2_000),
        ("RuntimeLayer/python/numpy/core.so", 3_000_000),
        ("RuntimeLayer/python/typing_extensions.py", 200_000),
        ("ModelLayer/delivery/model.onnx", 10),
    ):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_bytes(bytes(size))
    (build / "template.yaml").write_text(STACK)
    late = make_pipeline(SimpleImputer(), LogisticRegression(C=0.01))
    sandbox = Sandbox(root / "delivery").deliver(
        contract=ODDS, learner=late, labels=lambda days: (days > np.median(days)).astype(int), count=80
    )
    quality = json.loads((sandbox.folder / MANIFEST).read_text())["quality"]
    sandbox.seal(quality=quality | {"calibration": CALIBRATION})
    return root


@pytest.fixture(scope="module")
def drawings() -> Drawings:
    return Drawings()


@pytest.fixture(autouse=True)
def drawn_once(drawings: Drawings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same values once, and look briefly for rows that fail: most tests read what stands around a plot."""
    monkeypatch.setattr(figures, "inline", drawings)
    search_briefly(monkeypatch)


@pytest.fixture
def context(project: Path, tmp_path: Path) -> Iterator[DeliveryContext]:
    """Give a copy of the project, to be broken."""
    shutil.copytree(project, tmp_path / "project")
    with DeliveryContext(tmp_path / "project", tmp_path / "project" / "delivery") as context:
        yield context


def measured(context: DeliveryContext) -> DeliveryContext:
    random = np.random.default_rng(1)
    vars(context)["latency"] = SimpleNamespace(
        cold_ms=random.gamma(30, 6, 20),
        cold_floor_ms=random.gamma(30, 4, 20),
        warm_ms=random.gamma(9, 0.2, 200),
        warm_floor_ms=random.gamma(9, 0.1, 200),
    )
    return context


class Page(HTMLParser):
    """What a browser would make of the file: its elements, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.lines += [data.strip()] if data.strip() and self.elements[-1][0] != "style" else []

    def values(self, key: str) -> list[str]:
        return [str(attributes[key]) for _, attributes in self.elements if key in attributes]


def captions(context: DeliveryContext) -> dict[str, str]:
    return {figure.name: figure.caption or figure.missing for figure in drawn(context)}


def drawn(context: DeliveryContext) -> list[figures.Figure]:
    return [*figures.of_the_model(context), *figures.of_its_running(context)]


# --- what it says


def test_it_says_the_verdict_then_what_broke_then_all_clauses(context: DeliveryContext) -> None:
    lines = Page(html.report(findings_in(context.root), context)).lines
    model = html.model_identity(context)
    assert lines[: lines.index("The model", 12)] == [
        "Delivery of parcels 1.0.0: The contract is broken.",
        "Skip to the report",
        "Delivery of parcels 1.0.0",
        "The contract is broken.",
        "4 clauses: 1 kept, 2 broken, 1 skipped. To fix: modelling 2.",
        *("Model", model),
        *("What is broken", "The model", "All clauses", "How it runs"),
        "What is broken",
        *("P203", "parity: answers differ"),
        *("3 of 500 rows differ; all have", "zone", '= "home".'),
        "It was edited.",
        *("Owner", "modelling", "Fix", "delivery/heuristics.py:6", SIXTH),
        *("Run", "handover check --delivery delivery --only P203", "looks again, once it is right"),
        *("More", "handover explain P203 --delivery delivery", ",", "docs/checks/P203.md"),
        *("All of the evidence for P203", SIDE_BY_SIDE.strip()),
        *("P204", "parity: answers differ"),
        "One row.",
        *("Owner", "modelling", "Fix", "delivery/" + "long" * 40),
        *("Run", "handover check --delivery delivery --only P204", "looks again, once it is right"),
        *("More", "handover explain P204 --delivery delivery"),
        *("All of the evidence for P204", "a\n  b"),
    ]
    assert lines[lines.index("All clauses", 30) : lines.index("How it runs", 30)] == [
        "All clauses",
        *("C", "1 kept"),
        *("Clause", "Topic", "Rule", "Verdict", "Owner"),
        *("C101", "parity", "answers agree", "kept", "modelling"),
        *("P", "2 broken, 1 skipped"),
        *("Clause", "Topic", "Rule", "Verdict", "Owner"),
        *("P203", "parity", "answers agree", "broken", "modelling"),
        *("P204", "parity", "answers agree", "broken", "modelling"),
        *("P205", "parity", "answers agree", "Skipped: requires P203", "skipped", "modelling"),
    ]


def test_what_is_kept_is_folded_and_all_else_is_open(context: DeliveryContext) -> None:
    noted = Finding(clause("R505"), Verdict.KEPT, note="by answers")
    elements = Page(html.report([*findings_in(context.root), noted], context)).elements

    assert [attributes for tag, attributes in elements if tag == "details"][2:] == [
        {"class": "group"},
        {"class": "group", "open": None},
        {"class": "group", "open": None},
    ]


def test_a_breach_may_have_a_headline_of_its_own(context: DeliveryContext) -> None:
    broken = Broken("x", context.folder / "model.onnx", headline="answers are of another unit")
    page = html.report([Finding(clause("P203"), Verdict.BROKEN, broken=broken)], context)

    assert "</span> parity: answers are of another unit</h3>" in page


def test_what_was_not_checked_stands_above_the_table_with_who_allows_it(context: DeliveryContext) -> None:
    findings = [
        Finding(clause("R502"), Verdict.SKIPPED, reason="no data", allowed="a secret"),
        Finding(clause("R504"), Verdict.SKIPPED, reason="requires R502", blocked_by=("R502",), allowed="a secret"),
        Finding(clause("S301"), Verdict.SKIPPED, reason="nothing is built: run `make build`"),
    ]

    lines = Page(html.report(findings, context)).lines

    assert lines[lines.index("What was not checked", 10) : lines.index("The model", 12)] == [
        "What was not checked",
        *("R502", "skipped as handover.toml allows", "no data"),
        *("With it", "R504", "Allowed", "a secret"),
        *("S301", "not checked", "nothing is built: run", "make build"),
        *("Allow", 'in handover.toml, which is deployment\'s, below [skips]: S301 = "the reason in words"'),
    ]


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        (
            [Finding(clause("C101"), Verdict.KEPT)],
            ("The contract is kept.", "1 clause: 1 kept, 0 broken, 0 skipped."),
        ),
        (
            [Finding(clause("C101"), Verdict.SKIPPED, reason="could not be checked, KeyError: 1", failed=True)],
            ("The contract could not be checked in full.", "1 clause: 0 kept, 0 broken, 1 skipped."),
        ),
        ([], ("The contract could not be checked in full.", "0 clauses: 0 kept, 0 broken, 0 skipped.")),
        (
            [Finding(clause("S301"), Verdict.SKIPPED, reason="nothing is built")],
            ("The contract could not be checked in full.", "1 clause: 0 kept, 0 broken, 1 skipped."),
        ),
        (
            [Finding(clause("R502"), Verdict.SKIPPED, reason="no data", allowed="a secret")],
            ("The contract is kept.", "1 clause: 0 kept, 0 broken, 1 skipped."),
        ),
    ],
)
def test_what_is_not_broken_is_kept_only_if_it_was_held(
    context: DeliveryContext, findings: list[Finding], expected: tuple[str, str]
) -> None:
    lines = Page(html.report(findings, context)).lines
    assert (lines[3], lines[4]) == expected
    assert "What is broken" not in lines


def test_what_to_know_of_a_kept_clause_stands_beside_its_rule(context: DeliveryContext) -> None:
    noted = Finding(clause("R505"), Verdict.KEPT, note="by `answers`, not <bytes>")

    page = html.report([noted], context)

    assert '<span class="reason">Kept: by <code>answers</code>, not &lt;bytes&gt;</span>' in page


def test_every_group_of_clauses_has_a_name() -> None:
    named = [group(members[0].clause) for members in grouped([Finding(clause, Verdict.KEPT) for clause in CLAUSES])]
    assert all(len(name) > 3 and about for name, about in named), named


def test_every_plot_says_what_to_see(context: DeliveryContext) -> None:
    texts = captions(measured(context))
    assert {name: re.sub(r"\d+(\.\d+)?(e-\d+)?", "#", caption) for name, caption in texts.items()} == {
        "scores": "The line, the scores of # held-out rows, should run through the circles, the deciles that the "
        "manifest has of them; the largest distance is #. Dashed: where the decision changes, at #.",
        "calibration": "Dots near the dashed diagonal mean that the score can be read as a probability: for # of # "
        "bins of held-out rows the diagonal lies within the # % interval of what was observed.",
        "parity": "All # dots lie within the band, the agreed tolerance of #; the farthest, golden row #, is # from "
        "its score in training.",
        "latency": "Further left is faster; the dashed floor runs the same model and nothing else. Cold: median # "
        "ms, the floor # ms, the slowest of #: # ms. Warm: median # ms, the floor # ms, the slowest of #: # ms.",
        "roc": "The further above the dashed line, which chance alone gives, the better it ranks. The AUC is #, with "
        "# % confidence between # and #, on # ones and # zeros. Circles: what scores above the edges of the decisions "
        "(soon #).",
        "importance": "By how much the AUC falls on # held-out rows when the column is shuffled, the mean of # times. "
        "Columns that say the same stand in for each other, so each seems to matter less. # other columns matter "
        "nothing.",
        "sizes": "numpy is # % of the # MiB that a new environment has to load; the # parts shown make # MiB of it.",
    }
    assert "for 2 of 3 bins" in texts["calibration"]  # 0.7 of 30 is no 0.3
    assert "93 % of the 3.1 MiB" in texts["sizes"]


def test_of_numbers_the_residuals_are_drawn(context: DeliveryContext) -> None:
    Sandbox(context.folder).deliver()
    lines = [f"{score},{score + [-1, 0, 4][score % 3]}" for score in range(1, 31)]
    (context.folder / "held_out.csv").write_text("\n".join(["score,label", *lines, ""]))

    assert list(captions(context)) == ["residuals", "scores", "importance", "parity", "latency", "sizes"]
    assert captions(context)["residuals"] == (
        "Dots evenly about the dashed line mean that the model is right on average, wherever it scores. Half of 30 "
        "labels lie within 1 of their score, nine in ten within 4; on average they lie +1 above it."
    )


def test_of_classes_each_is_drawn_against_the_rest(tmp_path: Path) -> None:
    deliver_flowers(tmp_path / "delivery")
    lines = [f"{0.8 - low},{0.1 + low},0.1,{name}" for low in (0, 0.3, 0.5) for name in ("setosa", "versicolor")]
    lines += ["0.2,0.1,0.7,virginica", "0.3,0.3,0.4,setosa"]
    names = "setosa,versicolor,virginica"
    (tmp_path / "delivery" / "held_out.csv").write_text("\n".join([f"{names},label", *lines, ""]))

    with DeliveryContext(tmp_path, tmp_path / "delivery") as context:
        given = {figure.name: figure for figure in figures.of_the_model(context)}

    assert list(given) == ["roc", "calibration", "calibrations", "confusion", "scores", "importance"]
    assert all(given[name].svg for name in ("roc", "calibrations", "confusion"))
    assert {name: given[name].caption for name in ("roc", "calibrations", "confusion")} == {
        "roc": "A line for each class against the rest: the further above the dashed one, which chance alone gives, "
        "the better its score tells it. The AUC is 0.562 for setosa, 0.600 for versicolor, 1.000 for virginica. The "
        "thick line is setosa.",
        "calibrations": "A line for each class, over bins of the held-out rows by its score: near the dashed "
        "diagonal, the score can be read as the probability of that class. The mean distance is 0.487 for setosa, "
        "0.425 for versicolor, 0.163 for virginica. The thick line is setosa.",
        "confusion": "The 8 held-out rows, those of a class in each line, by the class that has their highest score: "
        "on the diagonal, 4 are recognised. Most often, versicolor is taken for setosa, in 2 of 3 rows.",
    }


def test_of_many_classes_the_worst_are_listed_and_all_are_drawn(tmp_path: Path) -> None:
    names = [f"a class with a long name {place}" for place in range(12)]
    random = np.random.default_rng(0)
    scores, true = random.dirichlet(np.ones(12), 200), random.integers(0, 12, 200)
    held_out = HeldOut(scores, np.eye(12)[true], tuple(names))
    context: Any = SimpleNamespace(held_out=held_out)

    for draw, caption in (figure(context) for figure in (figures.class_rocs, figures.class_calibrations)):
        assert caption.count(" for a class") == 6
        assert svg.inline("some", "some", draw).count("<path") > 12
    draw, _ = figures.confusion(context)
    assert svg.inline("some", "some", draw).count("a class w…") == 24


def test_the_roc_runs_through_every_level_of_the_score(
    context: DeliveryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawings: list[dict[str, Any]] = []
    monkeypatch.setattr(plots, "roc", lambda _, **drawing: drawings.append(drawing))
    (context.folder / "held_out.csv").write_text("score,label\n0.9,1\n0.7,1\n0.7,0\n0.4,1\n0.2,0\n0.2,0\n")

    figures.of_the_model(context)

    (drawn,) = drawings
    ((missed, caught),) = drawn["curves"]
    assert missed == pytest.approx([0, 0, 1 / 3, 1 / 3, 1, 1])
    assert caught == pytest.approx([0, 1 / 3, 2 / 3, 1, 1, 1])
    assert drawn["edges"] == [pytest.approx((1 / 3, 2 / 3))]  # above 0.5


def test_of_many_rows_no_more_are_drawn_than_can_be_told_apart(context: DeliveryContext) -> None:
    Sandbox(context.folder).deliver()
    random = np.random.default_rng(1)
    pairs = np.column_stack([random.uniform(1, 30, 20_000), random.uniform(1, 30, 20_000)])
    (context.folder / "held_out.csv").write_text(
        "\n".join(["score,label", *(f"{score},{label}" for score, label in pairs.tolist()), ""])
    )

    (residuals,) = (figure for figure in drawn(context) if figure.name == "residuals")

    assert residuals.svg.count("<use") < 1100


def test_it_says_what_the_model_is_and_what_became_of_it(context: DeliveryContext) -> None:
    commit(context.folder)
    (context.folder / "held_out.csv").write_text("score,label\n" + "0.9,1\n0.2,0\n0.4,0\n0.6,1\n0.3,1\n" * 20)
    lines = Page(html.report([], context)).lines

    part = lines[lines.index("Figures of merit") : lines.index("ROC", 12)]
    assert [re.sub(r"\d+\.\d{4}", "#", line) for line in part] == [
        "Figures of merit",
        "On 80 held-out rows, which it never saw. The base rate is what answering 0.5 to everyone has.",
        *("figure", "the model", "95 % interval", "base rate"),
        *("AUC", "#", "# to #", "#", "log loss", "#", "# to #", "#", "Brier score", "#", "#", "calibration error", "#"),
        "Against the base branch",
        (
            "Beside the model on the base branch, it is worse. The held-out rows are not the same, 80 then and 100 "
            "now: some of the difference may be theirs."
        ),
        *("figure", "base branch", "this one", "difference", "95 % interval", "verdict"),
        *("AUC", "#", "#", "-#", "-# to -#", "worse"),
        *("log loss", "#", "#", "+#", "+# to +#", "worse"),
    ]
    headings = [line for line in lines if line in {"Decisions", "Where it is weakest", "Where it is from"}]
    assert headings == ["Decisions", "Where it is weakest", "Where it is from"]


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (None, "There is no manifest.json, which says how good the model is."),
        ({"importance": {"figure": HOSTILE}}, "manifest.json does not say how good the model is (ValueError)."),
        ({"segments": None}, "manifest.json does not say how good the model is (TypeError)."),
        ({"quality": {}}, "manifest.json does not say how good the model is (KeyError)."),
    ],
)
def test_what_a_manifest_does_not_say_is_named(context: DeliveryContext, manifest: Any, sentence: str) -> None:
    if manifest is None:
        (context.folder / MANIFEST).unlink()
    else:
        Sandbox(context.folder).seal(**manifest)
    lines = Page(html.report([], context)).lines

    assert sentence in lines
    assert "The base branch has no model that answers the same question." in lines


def test_parity_names_the_worst_row_and_what_has_no_score(context: DeliveryContext) -> None:
    def worse(lines: list[dict[str, Any]]) -> None:
        lines[2]["score"] += 0.5
        lines[3]["score"] += 0.01
        lines[4]["score"] = float("nan")

    Sandbox(context.folder).golden(worse)
    assert captions(context)["parity"] == (
        "2 of 104 golden rows, the crosses, lie outside the band, the agreed tolerance of 1e-05; "
        "the farthest, golden row 3, is 0.5 from its score in training. 1 row has no finite score, and cannot be drawn."
    )


def test_wilsons_interval() -> None:
    low, high = plots.wilson(np.array([0.0, 0.5, 1.0]), np.array([10.0, 100.0, 10.0]))
    assert low == pytest.approx([0, 0.4038, 0.7225], abs=1e-4)  # R's binom.confint(method="wilson")
    assert high == pytest.approx([0.2775, 0.5962, 1], abs=1e-4)


def test_nothing_is_measured_for_the_report(context: DeliveryContext) -> None:
    page = html.report(findings_in(context.root), context)
    assert "Latency is left out: latency was not measured in this run." in page
    assert not {"pool", "golden_answers"} & vars(context).keys()


# --- that it needs nothing else


def test_it_is_one_file_that_loads_nothing_and_runs_nothing(context: DeliveryContext) -> None:
    text = html.report(findings_in(context.root), measured(context))
    page = Page(text)
    assert text.count("<svg") == 7
    assert not re.search(r"https?:|//\w|@import|url\((?!#)", text)
    assert not {"script", "link", "img", "iframe", "object", "image", "base"} & {tag for tag, _ in page.elements}
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on") or key == "src"]
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {reference[1:] for reference in page.values("href")} <= set(ids)
    assert all(reference.startswith("#") for reference in page.values("href"))
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(ids)


def test_its_outline_is_in_order(context: DeliveryContext) -> None:
    elements = Page(html.report(findings_in(context.root), measured(context))).elements
    levels = [int(tag[1]) for tag, _ in elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("scope") for tag, attributes in elements if tag == "th")
    assert ("html", {"lang": "en"}) in elements
    pictures = [attributes for tag, attributes in elements if tag == "svg"]
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)
    assert len([tag for tag, _ in elements if tag == "figcaption"]) == len(pictures)


def test_the_same_findings_give_the_same_bytes(context: DeliveryContext, monkeypatch: pytest.MonkeyPatch) -> None:
    first = html.report(findings_in(context.root), measured(context))
    monkeypatch.setattr(figures, "inline", svg.inline)  # whatever is remembered
    with (
        DeliveryContext(context.root, context.folder) as again,
        mpl.rc_context({"font.size": 30, "svg.fonttype": "path"}),
    ):
        assert html.report(findings_in(context.root), measured(again)) == first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_can_be_read(scheme: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", (Path(html.__file__).parent / "report.css").read_text(), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", blocks[scheme == "dark"]))
    for letters in ("ink", "muted", "link", "kept", "broken", "unsure"):
        assert _contrast(colours[letters], colours["paper"]) >= 4.5, letters  # WCAG 2.2, 1.4.3
    assert _contrast(colours["ink"], colours["band"]) >= 4.5
    for mark in ("blue", "vermilion", "muted"):
        assert _contrast(colours[mark], colours["paper"]) >= 3, mark  # 1.4.11
        assert _contrast(colours[mark], colours["band"]) >= 3, mark


def _contrast(one: str, other: str) -> float:
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# --- that it renders whatever is broken


def test_what_a_delivery_says_is_never_markup(context: DeliveryContext) -> None:
    contract = CONTRACT.replace('name="parcels"', f"name={HOSTILE!r}").replace('"soon"', f"{HOSTILE[:9]!r}")
    Sandbox(context.folder).deliver(contract).seal(quality={"calibration": [{HOSTILE: 1}]})
    broken = Broken(HOSTILE, context.root / HOSTILE, cause=HOSTILE, details=HOSTILE)
    findings = [
        Finding(clause("P203"), Verdict.BROKEN, broken=broken),
        Finding(clause("P204"), Verdict.SKIPPED, reason=HOSTILE, allowed=HOSTILE),
    ]
    text = html.report(findings, context)
    page = Page(text)
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    assert (
        text.count("&lt;script&gt;alert(1)") == 9
    )  # title, heading, evidence, cause, place, details, reason and leave, reason
    assert "&lt;/pre&gt;&lt;/s</text>" in text  # a decision, in a plot
    assert f"Delivery of {HOSTILE} 1.0.0" in page.lines
    assert HOSTILE in page.lines  # the details, letter by letter
    assert "49" not in page.lines


def test_what_no_file_can_hold_is_replaced(context: DeliveryContext) -> None:
    broken = Broken("a\x00b\ud800c\x1b[31md\u2028é", context.folder / "x")
    text = html.report([Finding(clause("P203"), Verdict.BROKEN, broken=broken)], context)
    assert "a\ufffdb\ufffdc\ufffd[31md\u2028é" in text
    assert text.encode()


@pytest.mark.parametrize("content", [None, b"\xff\x00", b"[]"])
@pytest.mark.parametrize("name", [*SERVED, MANIFEST, "contract.py"])
def test_any_broken_file_is_reported(context: DeliveryContext, name: str, content: bytes | None) -> None:
    path = context.folder / name
    path.unlink() if content is None else path.write_bytes(content)
    findings = list(evaluate(context, selected(["C", "H", "M"])))
    page = Page(html.report(findings, context))
    left_out = [line for line in page.lines if " is left out: " in line]
    assert "The contract is broken." in page.lines
    assert len(left_out) + len([tag for tag, _ in page.elements if tag == "svg"]) in {6, 7}
    assert all(line.endswith(".") for line in left_out)


def test_no_delivery_at_all_is_reported(tmp_path: Path) -> None:
    with DeliveryContext(tmp_path, tmp_path / "nowhere") as context:
        page = Page(html.report(list(evaluate(context, selected(["C", "H", "M"]))), context))
    assert page.lines[2:4] == ["Delivery of a contract that cannot be read", "The contract is broken."]
    assert [line for line in page.lines if " is left out: " in line] == [
        "ROC is left out: there is no held_out.csv.",
        "Calibration is left out: there is no manifest.json.",
        "Scores of the held-out rows is left out: there is no held_out.csv.",
        "What it looks at is left out: there is no manifest.json.",
        "Parity with the training is left out: there is no golden.jsonl.",
        "Latency is left out: latency was not measured in this run.",
        "Size by package is left out: there is no stack of a Handover project here.",
    ]


@pytest.mark.parametrize(
    "quality",
    [
        None,
        {"calibration": None},
        {"calibration": []},
        {"calibration": [1]},
        {"calibration": [{"rows": 0, "mean_score": 0.1, "mean_label": 0.1}]},
        {"calibration": [{"rows": 9, "mean_score": 1e300, "mean_label": 0.1}]},
        {"calibration": [{"rows": 9, "mean_score": None, "mean_label": 0.1}]},
        {"calibration": [{"rows": [9], "mean_score": [0.1], "mean_label": [0.1]}]},
    ],
)
def test_a_calibration_that_is_none_is_left_out(context: DeliveryContext, quality: Any) -> None:
    Sandbox(context.folder).seal(quality=quality)
    by_name = {figure.name: figure for figure in drawn(context)}
    assert by_name["calibration"].missing
    assert not by_name["parity"].missing


@pytest.mark.parametrize("scores", [[1e300], [float("nan")] * 999, ["a"], [[1.0]]])
def test_scores_that_no_axis_can_hold_are_left_out(context: DeliveryContext, scores: list[Any]) -> None:
    def other(lines: list[dict[str, Any]]) -> None:
        for line, score in zip(lines, scores, strict=False):
            line["score"] = score

    Sandbox(context.folder).golden(other)
    assert "parity" not in {figure.name for figure in drawn(context) if figure.svg}


@pytest.mark.parametrize(
    ("apart", "tolerance"), [([0.0, 0.0], 0.0), ([0.0, 1e-6], 1e-5), ([1e-4, -3e5], 1e-5), ([1e-9], 0.0)]
)
def test_the_parity_plot_fits_any_distance(apart: list[float], tolerance: float) -> None:
    figure = mpl.figure.Figure()
    plots.parity(figure, np.zeros(len(apart)), np.array(apart), np.full(len(apart), tolerance))
    low, high = figure.axes[0].get_ylim()
    assert low < min(apart) <= max(apart) < high
    assert 3 <= len(figure.axes[0].get_yticks()) <= 11


def test_a_manifest_names_the_contract_that_cannot_be_read(context: DeliveryContext) -> None:
    (context.folder / "contract.py").unlink()
    assert json.loads((context.folder / MANIFEST).read_text())["contract"]["name"] == "parcels"
    assert html.contract_name(context) == "parcels 1.0.0"


# --- in a browser


def opened(browser: "Browser", context: DeliveryContext, width: int, scheme: str = "light") -> "Browser":
    file = context.root / "report.html"
    file.write_text(html.report(findings_in(context.root), measured(context)), encoding="utf-8")
    browser.resize(width)
    browser.open(file.as_uri(), scheme=scheme)
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_a_phone_and_a_desk(browser: "Browser", context: DeliveryContext, width: int, scheme: str) -> None:
    page = opened(browser, context, width, scheme)
    page.script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.console() == []
    assert page.fits()
    drawn = page.script(
        "return [...document.querySelectorAll('figure svg, figcaption')].map(one => {"
        "const box = one.getBoundingClientRect(); return [box.left, box.right, box.width, box.height]})"
    )
    assert len(drawn) == 14
    assert all(left >= 0 and right <= width and wide > 250 and high > 20 for left, right, wide, high in drawn)
    letters = page.script(
        "return [...document.querySelectorAll('figure svg text')].map(one => {"
        "const size = one.getBoundingClientRect(), svg = one.closest('svg').getBoundingClientRect();"
        "return [parseFloat(getComputedStyle(one).fontSize) * svg.width / one.closest('svg').viewBox.baseVal.width,"
        "svg.left - size.left, size.right - svg.right]})"
    )
    assert all(size >= 10 and left < 1 and right < 1 for size, left, right in letters)  # legible, and not cut off
    ink = page.script("return getComputedStyle(document.querySelector('svg text')).fill")
    assert (sum(map(int, re.findall(r"\d+", ink))) > 384) == (scheme == "dark")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_part_is_reached_by_key(browser: "Browser", context: DeliveryContext, width: int) -> None:
    page = opened(browser, context, width)
    reached = [page.tab()]
    assert reached == [("Skip to the report", True)]
    while (at := page.tab()).name:
        reached.append(at)
        if at.name.startswith("All of the evidence"):
            page.press("enter")  # opens it: what it holds must come next
    assert [one.name for one in reached[1:]] == [
        *("What is broken", "The model", "All clauses", "How it runs"),
        *("All of the evidence for P203", "Evidence for P203"),
        *("All of the evidence for P204", "Evidence for P204"),
        *("Figures of merit", "Decisions", "Where it is weakest", "Where it is from"),
        *("C 1 kept", "P 2 broken, 1 skipped", "P203", "P204"),
    ]
    assert all(one.seen for one in reached)
    assert page.console() == []


def test_the_skip_link_skips(browser: "Browser", context: DeliveryContext) -> None:
    page = opened(browser, context, 390)
    page.tab()
    page.press("enter")
    assert page.tab().name == "All of the evidence for P203"
