"""The model's card: where it is, and that what deliver() writes there leaves the author's words alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover import card
from handover.checks import selected
from handover.context import DeliveryContext
from handover.description import Table, as_markdown, classes
from handover.evaluation import evaluate
from handover.finding import Finding, Verdict
from handover.init import EXAMPLE
from handover.quality import HeldOut
from tests.helpers.sandbox import Sandbox

EMPTY = "<!-- figures: written by deliver() -->\n<!-- figures: end -->\n"


def held_to(root: Path, folder: Path) -> Finding:
    with DeliveryContext(root, folder) as context:
        (finding,) = evaluate(context, selected(["M117"]))
        return finding


def as_read(page: Path) -> Any:
    from huggingface_hub import ModelCard

    return ModelCard.load(page)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project with a delivery and a card."""
    root = tmp_path_factory.mktemp("project")
    (root / "modelling").mkdir()
    (root / "modelling" / "card.md").write_bytes(f"# Mine\n\nWords \xff.\n{EMPTY}More words.".encode("latin-1"))
    Sandbox(root / "layers" / "model" / "delivery").deliver()
    return root


def test_deliver_writes_the_figures_and_leaves_the_words_alone(project: Path) -> None:
    content = (project / "modelling" / "card.md").read_bytes().decode("latin-1")
    manifest = json.loads((project / "layers/model/delivery/manifest.json").read_text())

    assert content == EMPTY.join(["# Mine\n\nWords \xff.\n", "More words."]).replace(
        "deliver() -->\n", f"deliver() -->\n\n{card.figures(manifest).strip()}\n\n"
    )
    assert held_to(project, project / "layers" / "model" / "delivery").verdict is Verdict.KEPT


def test_the_head_is_read_by_hugging_face(project: Path, tmp_path: Path) -> None:
    manifest = json.loads((project / "layers/model/delivery/manifest.json").read_text())
    page = tmp_path / "card.md"
    page.write_text("---\nlicense: mit\ntags: [tabular]\n# head: written by deliver()\n# head: end\n---\n\n# Mine\n")
    card.write(page, card.blocks(manifest))
    read = as_read(page)

    assert (read.data.license, read.data.tags, read.data.library_name) == ("mit", ["tabular"], "onnx")
    assert (read.data.pipeline_tag, read.data.model_name) == ("tabular-regression", "parcels")
    assert {one.metric_type: one.metric_value for one in read.data.eval_results} == {
        "r_squared": manifest["quality"]["r2"],
        "mae": manifest["quality"]["mae"],
        "rmse": manifest["quality"]["rmse"],
    }
    assert read.text.strip() == "# Mine"


def test_the_head_of_a_stand_in_has_no_figures() -> None:
    assert card.head({"stand_in": "scores are made up"}) == "library_name: onnx\n"


def test_the_cards_that_are_here_have_a_head() -> None:
    read = as_read(Path(__file__).parents[2] / "modelling" / "card.md")
    assert (read.data.license, read.data.model_name, read.data.pipeline_tag) == (
        "apache-2.0",
        EXAMPLE,
        "tabular-classification",
    )


def test_what_is_written_twice_is_the_same(project: Path) -> None:
    once = (project / "modelling" / "card.md").read_bytes()
    Sandbox(project / "layers" / "model" / "delivery").deliver()

    assert (project / "modelling" / "card.md").read_bytes() == once


def test_what_it_writes_is_read_whole(project: Path) -> None:
    manifest = json.loads((project / "layers/model/delivery/manifest.json").read_text())
    importance = {"figure": "R2", "rows": 40, "repeats": 5}
    columns = [("weight", 0.5, 0.1), ("pieces", 0.0, 0.0), ("a `|` name\n", 0.01, 0.002)]
    manifest |= {
        "quality": {
            "rows": 40,
            "mean_label": 2.5,
            "r2": 0.91,
            "mae": 0.25,
            "rmse": 0.5,
            "base_rate": {"mae": 1.5, "rmse": 2},
            "interval": {"r2": [0.85, 0.97], "mae": [0.2, 0.3]},
        },
        "baseline": {"mean_score": 2.4, "mean_label": 2.5, "decision_share": {"soon": 0.75, "late": 0.25}},
        "importance": importance
        | {"columns": [{"name": name, "fall": fall, "spread": spread} for name, fall, spread in columns]},
        "segments": {
            "figure": "MAE",
            "tried": 9,
            "fewest_rows": 20,
            "beyond_chance": 1,
            "worst": [
                {
                    "field": "zone",
                    "segment": "= abroad",
                    "rows": 25,
                    "value": 0.5,
                    "elsewhere": 0.2,
                    "mean_score": 3,
                    "mean_label": 2.75,
                    "beyond_chance": True,
                }
            ],
        },
        "training": {"data": "parcels.csv", "rows": 300},
        "files": {"model.onnx": "ab" * 32},
    }
    assert (
        card.figures(manifest)
        == """\
#### Figures of merit

On 40 held-out rows, which it never saw. The mean label is what answering 2.5 to everyone has.

| figure | the model | 95 % interval | mean label |
|---|---|---|---|
| R2 | 0.9100 | 0.8500 to 0.9700 | 0.0000 |
| mean absolute error | 0.2500 | 0.2000 to 0.3000 | 1.500 |
| root mean squared error | 0.5000 |  | 2.000 |

#### Decisions

The mean score is 2.4, and the mean label 2.5.

| decision | share of held-out rows |
|---|---|
| `soon` | 75.0% |
| `late` | 25.0% |

#### What it looks at

By how much the R2 falls on 40 held-out rows when the column is shuffled, the mean of 5 times. Columns that say the \
same stand in for each other, so each seems to matter less. 1 other column matters nothing.

| column | fall of the R2 | spread |
|---|---|---|
| `weight` | 0.5000 | 0.1000 |
| `a '\\|' name` | 0.0100 | 0.0020 |

#### Where it is weakest

Of 9 segments of single fields with 20 rows and more, 1 is worse than chance explains.

| segment | rows | MAE | MAE elsewhere | mean score | mean label | difference |
|---|---|---|---|---|---|---|
| `zone = abroad` | 25 | 0.5 | 0.2 | 3 | 2.75 | beyond chance |

#### Where it is from

| what | which |
|---|---|
| model (SHA-256) | `abababababababababababababababababababababababababababababababab` |
| contract | `parcels 1.0.0` |
| data | `parcels.csv` |
| trained on rows | `300` |
"""
    )


def test_a_project_without_a_card_is_told_so(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "layers", tmp_path / "layers")
    broken = held_to(tmp_path, tmp_path / "layers" / "model" / "delivery").broken

    assert broken
    assert (broken.evidence, broken.path) == ("There is none.", tmp_path / "modelling" / "card.md")


def test_without_a_project_a_card_is_asked_for_where_there_is_one(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "layers" / "model" / "delivery", tmp_path / "delivery")
    left_out = held_to(tmp_path, tmp_path / "delivery")
    (tmp_path / "card.md").write_text(EMPTY)

    assert (left_out.verdict, left_out.reason) == (
        Verdict.LEFT_OUT,
        "there is no card.md beside the delivery's folder",
    )
    assert held_to(tmp_path, tmp_path / "delivery").verdict is Verdict.BROKEN


def test_the_card_of_this_project_is_its_own() -> None:
    text = card.read(Path(__file__).parents[2] / "modelling" / "card.md")
    assert f"\n# Model card: {EXAMPLE}\n" in text


words = st.text(st.characters(exclude_characters="<\r", exclude_categories=["Cs"]), max_size=40)


@given(before=words, after=words, newline=st.sampled_from(["\n", "\r\n"]), content=st.text("abc|# \n", max_size=40))
def test_a_block_is_read_as_it_was_written_and_what_stands_around_it_stays(
    before: str, after: str, newline: str, content: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "card.md"
    around = [f"{before}\n<!-- a b: by hand -->\n", f"<!-- a b: end -->{after}"]
    path.write_bytes("".join(around).replace("\n", newline).encode())

    for written in ("x" + content, content):  # the second time over the first
        card.write(path, {"a b": written, "another": "of which there is none"})

    text = card.read(path)
    assert card.block(text, "a b") == content.strip()
    assert text == f"\n{content.strip()}\n\n".join(around).replace("\n", newline)


def test_of_several_classes_it_says_how_each_is_known() -> None:
    kinds = ("low", "middle", "high")
    scores = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    labels = np.eye(3)[[0, 0, 1, 1, 1]]
    confusion = HeldOut(scores, labels, kinds).figures()["confusion"]
    assert confusion == {
        "low": {"low": 2, "middle": 0, "high": 0},
        "middle": {"low": 1, "middle": 2, "high": 0},
        "high": {"low": 0, "middle": 0, "high": 0},
    }
    assert as_markdown(classes(confusion)).splitlines()[2:] == [
        "| class | rows | recognised | right where it is highest | taken for | share |",
        "|---|---|---|---|---|---|",
        "| `low` | 2 | 100.0% | 66.7% |  |  |",
        "| `middle` | 3 | 66.7% | 100.0% | `low` | 33.3% |",
        "| `high` | 0 |  |  |  |  |",
    ]


def test_a_name_in_a_sentence_is_no_markup() -> None:
    assert as_markdown(Table("", (), (), "answering a|b 0.32, <b>x</b> 0.36")) == (
        "answering a\\|b 0.32, \\<b\\>x\\</b\\> 0.36\n"
    )
