"""A delivery of three classes: the clauses keep it, and say of each way to break it what they say of one score."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.checks.quality import can_judge
from handover.context import DeliveryContext
from handover.finding import Kept
from tests.helpers.flowers import FLOWERS, deliver_flowers
from tests.helpers.sandbox import ROOT, Sandbox

WITHOUT_A_BUILD = "C,H,M,P201,P202,P203,P204,P208"

type Break = Callable[[Sandbox], Sandbox]


@pytest.fixture
def flower_box(flowers: Path, tmp_path: Path) -> Sandbox:
    return Sandbox(Path(shutil.copytree(flowers, tmp_path / "delivery")))


def after(*nodes: tuple[str, dict[str, Any]], constants: dict[str, Any]) -> Break:
    """Put operators behind the model, each with one constant."""

    def change(proto: onnx.ModelProto) -> None:
        graph, given = proto.graph, "raw"
        graph.node[-1].output[0] = given
        for place, (operator, attributes) in enumerate(nodes, 1):
            name = [*constants][place - 1]
            output = "score" if place == len(nodes) else f"step_{place}"
            graph.node.append(helper.make_node(operator, [given, name], [output], **attributes))
            graph.initializer.append(numpy_helper.from_array(np.array(constants[name]), name))
            given = output

    return lambda sandbox: sandbox.model(change)


def columns(count: int) -> Break:
    """Leave scores out of the model's output."""

    def change(proto: onnx.ModelProto) -> None:
        proto.graph.output[0].type.tensor_type.shape.dim[1].dim_value = count

    keep = after(("Gather", {"axis": 1}), constants={"kept": list(range(count))})
    return lambda sandbox: keep(sandbox).model(change)


def golden(change: Callable[[dict[str, Any]], None]) -> Break:
    return lambda sandbox: sandbox.golden(lambda lines: change(lines[0]))


def flipped(line: dict[str, Any]) -> None:
    line["decision"] = "setosa" if line["decision"] != "setosa" else "virginica"


BROKEN: dict[str, tuple[Break, str]] = {
    "M104 two scores for three classes": (
        columns(2),
        "The outputs are score: float32[N, 2]; it should be score: float32[N, 3].",
    ),
    "M110 a score above 1": (
        after(("Mul", {}), constants={"more": np.float32(1.5)}),
        "The contract promises 0 to 1, but golden row 1 gives setosa 0, virginica 1.0625, versicolor 0.4375.",
    ),
    "P201 a golden row without a class": (
        golden(lambda line: line["scores"].pop("setosa")),
        '"versicolor": 0.29166666}, and should be of setosa, virginica, versicolor.',
    ),
    "P201 a score that is no number": (
        golden(lambda line: line["scores"].update(setosa=None)),
        "The scores of golden row 1 have for setosa null, not a number.",
    ),
    "P201 one score": (golden(lambda line: line.update(score=line.pop("scores"))), "Line 1 lacks scores."),
    "P201 an unknown decision": (
        golden(lambda line: line.update(decision="rose")),
        'The decision of golden row 1 is "rose", none of setosa, virginica, versicolor, ask_an_expert.',
    ),
    "P203 another order of the classes": (
        after(("Gather", {"axis": 1}), constants={"order": [2, 0, 1]}),
        "The model gives its scores in another order of the classes: versicolor, setosa, virginica.",
    ),
    "P204 a flipped decision": (
        golden(flipped),
        "the first is golden row 1: setosa -> virginica, with a score of setosa 0, virginica 0.708333, versicolor 0.29",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_said_what_is_broken(flower_box: Sandbox, name: str) -> None:
    change, evidence = BROKEN[name]

    report = change(flower_box).says(WITHOUT_A_BUILD)

    assert [line.split()[0] for line in report.splitlines() if " BROKEN " in line] == [name.partition(" ")[0]]
    assert evidence in report


def test_an_honest_delivery_is_kept(flower_box: Sandbox) -> None:
    assert "kept, 0 broken, 0 skipped" in flower_box.says(WITHOUT_A_BUILD)


def test_labels_of_other_classes_are_told_from_ignorance(tmp_path: Path) -> None:
    following = dict(zip(FLOWERS.classes, (*FLOWERS.classes[1:], FLOWERS.classes[0]), strict=True))
    deliver_flowers(tmp_path / "delivery", labelled=following)

    report = Sandbox(tmp_path / "delivery").says("M112")

    assert report.splitlines()[0] == "M112 BROKEN  learned: the model knows no more than the mean label"
    assert "Its scores are those of other classes: the model's classes stand in another order" in report


def test_classes_that_are_told_apart_but_for_their_probabilities_are_no_ignorance(tmp_path: Path) -> None:
    weighted = LogisticRegression(class_weight={"setosa": 50, "versicolor": 1, "virginica": 1})
    deliver_flowers(tmp_path / "delivery", make_pipeline(SimpleImputer(), weighted))

    report = Sandbox(tmp_path / "delivery").says("M112")

    assert report.splitlines()[0] == "M112 BROKEN  learned: the model ranks the rows, and its score is no probability"
    assert 'write score=Score("...", low=0.0, high=1.0, probability=False) beside the contract\'s classes' in report


def test_scores_of_classes_need_not_add_up_to_one(tmp_path: Path) -> None:
    model = lightgbm.LGBMClassifier(objective="multiclassova", n_estimators=10, verbose=-1, n_jobs=1)
    deliver_flowers(tmp_path / "delivery", model)

    sandbox = Sandbox(tmp_path / "delivery")
    sums: list[float] = []
    sandbox.golden(lambda lines: sums.extend(sum(line["scores"].values()) for line in lines))
    assert max(abs(total - 1) for total in sums) > 0.05
    assert " BROKEN " not in sandbox.says("M,P201,P202,P203,P204,P208")


def test_what_is_no_tree_is_delivered_too(tmp_path: Path) -> None:
    deliver_flowers(tmp_path / "delivery", make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()))


@pytest.mark.parametrize("decides", ["never", "for others alone"])
def test_a_class_that_is_recognised_in_none_of_its_rows_is_warned_of(flower_box: Sandbox, decides: str) -> None:
    held_out = flower_box.folder / "held_out.csv"
    lines = held_out.read_text().splitlines()
    head, *rows = [line.split(",") for line in lines]
    place = head.index("virginica")
    for row in rows:
        if row[-1] == "virginica" or decides == "never":
            row[place] = "0.0"
    held_out.write_text("\n".join(map(",".join, [head, *rows])) + "\n")
    count = sum(row[-1] == "virginica" for row in rows)

    with DeliveryContext(ROOT, flower_box.seal().folder) as context:
        kept = can_judge(context)

    assert isinstance(kept, Kept)
    (warning,) = kept.warnings
    evidence = {
        "never": f"None of the {len(rows)} held-out rows is decided 'virginica', which {count} of them are.",
        "for others alone": f"None of the held-out rows of 'virginica' ({count} rows) is decided so.",
    }[decides]
    assert warning.evidence == evidence
    assert "More rows of it in the training" in warning.cause
