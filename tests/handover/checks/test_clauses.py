"""Each clause, broken alone: the whole report, as a person reads it.

The reports stand in ``reports/``, a file for each way to break a clause. ``HANDOVER_REWRITE=1`` writes them anew, to be
read before they are committed.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from handover.checks import CLAUSES, thresholds
from tests.handover.checks.conftest import CONTRACT, HEURISTICS, Bench, commit

REPORTS = Path(__file__).parent / "reports"
RATIO = "row.weight / row.pieces"

type Break = Callable[[Bench], Bench]


def contract(old: str, new: str) -> Break:
    """Agree on something else, and deliver honestly."""
    assert old in CONTRACT
    return lambda bench: bench.deliver(contract=CONTRACT.replace(old, new, 1))


def heuristics(old: str, new: str) -> Break:
    """Write other heuristics, and deliver honestly."""
    assert old in HEURISTICS
    return lambda bench: bench.deliver(heuristics=HEURISTICS.replace(old, new, 1))


def edit(name: str, old: str, new: str) -> Break:
    return lambda bench: bench.edit(name, old, new)


def model(change: Callable[[Any], Any]) -> Break:
    return lambda bench: bench.model(lambda proto: change(proto.graph))


def since(*edits: tuple[str, str]) -> Break:
    """Agree on one contract, commit it, and deliver another."""

    def change(bench: Bench) -> Bench:
        commit(bench.folder)
        changed = CONTRACT
        for old, new in edits:
            assert old in changed
            changed = changed.replace(old, new, 1)
        return bench.deliver(contract=changed)

    return change


def without(name: str) -> Break:
    def remove(bench: Bench) -> Bench:
        (bench.folder / name).unlink()
        return bench

    return remove


def two_outputs(graph: Any) -> None:
    graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["N"]))
    graph.node.append(helper.make_node("Identity", ["score"], ["more"]))


def sized(graph: Any) -> None:
    graph.initializer.append(helper.make_tensor("ballast", TensorProto.FLOAT, [40_000], np.ones(40_000)))


def outside(graph: Any) -> None:
    tensor = helper.make_tensor("far", TensorProto.FLOAT, [1], [1.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    graph.node.append(helper.make_node("Constant", [], ["far"], value=tensor))


def looped(graph: Any) -> None:
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["x"], value_float=1.0)],
        "b",
        [],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [])],
    )
    graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    graph.node.append(helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch))


def foreign(graph: Any) -> None:
    graph.node.append(helper.make_node("Gelu", ["score"], ["z"], domain="com.microsoft"))


def shifted(by: float) -> Callable[[Any], None]:
    def shift(graph: Any) -> None:
        for node in graph.node:
            node.output[:] = ["before" if name == "score" else name for name in node.output]
        graph.initializer.append(helper.make_tensor("by", TensorProto.FLOAT, [], [by]))
        graph.node.append(helper.make_node("Add", ["before", "by"], ["score"]))

    return shift


def mixed(graph: Any) -> None:
    for node in graph.node:
        node.output[:] = ["before" if name == "score" else name for name in node.output]
    graph.initializer.append(helper.make_tensor("none", TensorProto.FLOAT, [], [0.0]))
    graph.initializer.append(helper.make_tensor("little", TensorProto.FLOAT, [], [0.001]))
    graph.node.append(helper.make_node("ReduceMean", ["before"], ["mean"], keepdims=1))
    graph.node.append(helper.make_node("Sub", ["before", "mean"], ["apart"]))
    graph.node.append(helper.make_node("Mul", ["apart", "little"], ["bit"]))
    graph.node.append(helper.make_node("Add", ["before", "bit"], ["score"]))


def rename_input(graph: Any) -> None:
    graph.input[0].name = "X"
    for node in graph.node:
        node.input[:] = ["X" if name == "features" else name for name in node.input]


def unknown_operator(graph: Any) -> None:
    graph.node.append(helper.make_node("Frobnicate", ["score"], ["q"]))


def flatten(graph: Any) -> None:
    graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1


def worse_scores(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["row"]["zone"] == "abroad":
            line["score"] += 0.5


def other_decision(lines: list[dict[str, Any]]) -> None:
    lines[3]["decision"] = {"soon": "late", "late": "soon"}[lines[3]["decision"]]


def few(lines: list[dict[str, Any]]) -> None:
    del lines[5:]


def foreign_row(lines: list[dict[str, Any]]) -> None:
    lines[2]["row"]["weight"] = 99


def half_line(lines: list[dict[str, Any]]) -> None:
    del lines[1]["score"]


def append(bench: Bench, text: str) -> Bench:
    with (bench.folder / "heuristics.py").open("a") as file:
        file.write(text)
    return bench


def other_columns(bench: Bench) -> Bench:
    names = ["weight", "parts", "zone", "piece_weight", "heavy"]
    return bench.seal(columns=[{"name": name, "kind": "number", "reference": 1.0} for name in names])


def forgetful(bench: Bench) -> Bench:
    """Remember the last row: what H103 forbids, done so that its eyes do not see it."""
    return bench.deliver(
        heuristics=HEURISTICS.replace(
            f"return {RATIO}", f"_SEEN.append(row.weight)\n    return {RATIO} + 1e-3 * (len(_SEEN) % 2)"
        ).replace("def piece", "_SEEN = []\n\n\ndef piece", 1)
    )


def tiring(bench: Bench) -> Bench:
    """Answer otherwise from the 43rd row on: after INIT, the first question and the golden rows."""
    counted = f"_SEEN.append(1)\n    return {RATIO} + (len(_SEEN) > 42)"
    return bench.deliver(
        heuristics=HEURISTICS.replace(f"return {RATIO}", counted).replace("def piece", "_SEEN = []\n\n\ndef piece", 1)
    )


def odd_beside_thresholds(bench: Bench) -> Bench:
    """Compute something else in production, for the finer numbers that no golden row has."""
    finer = "('handover' not in __import__('sys').modules and round(row.weight, 2) != row.weight)"
    return bench.deliver(
        heuristics=HEURISTICS.replace(RATIO, f"{RATIO} + 9 * {finer}"), learner=DecisionTreeRegressor(random_state=1)
    )


BREAKS: dict[str, tuple[str, Break]] = {
    "C101": ("C,H,M", edit("contract.py", "class Row(", "class Row((")),
    "C101-name": ("C", edit("contract.py", "Literal[", "Literl[")),
    "C101-missing": ("C", without("contract.py")),
    "C101-exits": ("C", edit("contract.py", "class Row(", "raise SystemExit(3)\n\n\nclass Row(")),
    "C101-no-contract": ("C", edit("contract.py", "CONTRACT = Contract(", "AGREED = Contract(")),
    "C102": ("C,H,M", edit("contract.py", "1.0.0", "1.0")),
    "C103": ("C,H,M", edit("contract.py", '"late": 40.0', '"late": 39.0')),
    "C104": ("C,H,M", edit("contract.py", "int = Field(ge=1, le=9, ", "str = Field(")),
    "C105": ("C,H,M", edit("contract.py", "ge=1, le=9, ", "ge=1, ")),
    "C106": ("C", contract("le=9, ", "le=99_999_999, ")),
    "C107": ("C,H,M", contract("Weight [kg]", "Weight")),
    "C107-mute": ("C,H,M", contract(', description="Where it goes"', "")),
    "C108": (
        "C",
        contract("    zone:", '    Fragile: bool | None = Field(default=None, description="Breaks")\n    zone:'),
    ),
    "C109": ("C,H,M", edit("contract.py", "le=30", "le=29")),
    "C109-missing": ("C", without("contract.json")),
    "C109-not-json": ("C", edit("contract.json", "{", "")),
    "C110": ("C", since(("le=9", "le=8"), ('"abroad"]', '"abroad", "sea"]'))),
    "C110-minor": ("C", since(("1.0.0", "1.0.1"), ('"abroad"]', '"abroad", "sea"]'))),
    "C110-patch": ("C", since(("Weight [kg]", "Mass [kg]"))),
    "H101": ("H", edit("heuristics.py", "def heavy(row):", "def heavy(row)")),
    "H101-contract": ("H", edit("heuristics.py", "def heavy", "from delivery.contract import Row\n\n\ndef heavy")),
    "H101-zero": ("H", edit("heuristics.py", "def heavy", "LIMIT = 1 / 0\n\n\ndef heavy")),
    "H101-missing": ("H", without("heuristics.py")),
    "H102": ("C,H,M", heuristics('"""What', 'import numpy\n"""What')),
    "H103": ("C,H,M", heuristics("def heavy", "def _noise():\n    return open('/dev/null').read()\n\n\ndef heavy")),
    "H103-writes": (
        "H",
        edit("heuristics.py", "    return row.weight > 20", "    row.weight += 0\n    return row.weight > 20"),
    ),
    "H103-cache": (
        "C,H,M",
        heuristics("def piece_weight", "from functools import cache\n\n\n@cache\ndef piece_weight"),
    ),
    "H104": ("C,H,M", heuristics(" [kg]", "")),
    "H105": ("H", edit("heuristics.py", "def heavy", "def pieces")),
    "H105-lambda": ("H", edit("heuristics.py", "def heavy", "light = lambda row: 1.0\n\n\ndef heavy")),
    "H105-alias": ("H", lambda bench: append(bench, "\n\nhefty = heavy\n")),
    "H106": ("H", edit("heuristics.py", "def heavy(row)", "def heavy(row, limit=20)")),
    "H107": ("C,H,M", heuristics(RATIO, "row.pieces / row.weight")),
    "H107-infinite": ("H", edit("heuristics.py", RATIO, "row.weight * 1e38")),
    "H107-text": ("H", edit("heuristics.py", "return row.weight > 20", "return str(row.weight)")),
    "H108": ("H", forgetful),
    "H109": ("C,H,M", heuristics(RATIO, "1.0")),
    "H110": ("C,H,M", heuristics(RATIO, "row.weight * 1.0")),
    "M101": ("C,H,M", edit("heuristics.py", RATIO, f"{RATIO} / 2")),
    "M101-missing": ("M", without("model.onnx")),
    "M101-no-manifest": ("M", without("manifest.json")),
    "M101-columns": ("M", lambda bench: bench.seal(columns=None)),
    "M102": ("M", model(unknown_operator)),
    "M103": ("M", model(rename_input)),
    "M104": ("M", model(two_outputs)),
    "M104-rank": ("M", model(flatten)),
    "M105": ("M", model(foreign)),
    "M106": ("M", model(looped)),
    "M107": ("M", model(outside)),
    "M108": ("C,H,M", model(sized)),
    "M109": ("M", other_columns),
    "M110": ("C,H,M", model(shifted(50.0))),
    "P201": ("P", lambda bench: bench.golden(few)),
    "P201-row": ("P", lambda bench: bench.golden(foreign_row)),
    "P201-line": ("P", lambda bench: bench.golden(half_line)),
    "P201-missing": ("H,P201", without("golden.jsonl")),
    "P201-none": ("C,H,M,P", lambda bench: bench.golden(list.clear)),
    "P202": ("P", model(mixed)),
    "P203": ("P", lambda bench: bench.golden(worse_scores)),
    "P203-model": ("P", model(shifted(0.001))),
    "P203-range": ("P", model(shifted(-50.0))),
    "P204": ("P", lambda bench: bench.golden(other_decision)),
    "P205": ("P", heuristics("def heavy", "import yaml\n\n\ndef heavy")),
    "P206": ("P", heuristics("> 20", "> (20 if 'handover' in __import__('sys').modules else 25)")),
    "P207": ("P", tiring),
    "P208": ("P", lambda bench: bench.deliver(learner=DecisionTreeRegressor(random_state=1))),
    "P209": ("P", odd_beside_thresholds),
}


def test_a_whole_delivery_keeps_every_clause(bench: Bench) -> None:
    assert bench.says("C,H,M,P") == "39 kept, 0 broken, 0 skipped"


@pytest.mark.parametrize(
    "edits", [[], [("1.0.0", "2.0.0"), ("le=9", "le=8")], [("1.0.0", "1.1.0"), ("le=30", "le=31")]]
)
def test_a_version_that_is_raised_as_far_as_the_change_keeps_every_clause(
    bench: Bench, edits: list[tuple[str, str]]
) -> None:
    assert since(*edits)(bench).says("C") == "10 kept, 0 broken, 0 skipped"


def test_a_clone_without_its_base_branch_cannot_hold_the_version(bench: Bench) -> None:
    commit(bench.folder)
    subprocess.run(["git", "-C", bench.folder, "branch", "-m", "topic"], check=True)

    assert bench.says("C110") == (
        "0 kept, 0 broken, 1 skipped (C110: git knows no branch main to compare with: "
        "git fetch origin main, or on GitHub fetch-depth: 0)"
    )


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_clause_is_told(bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only, broken = BREAKS[name]
    if name == "P208":  # no such fault of onnxruntime is known: its part is played by a reference that goes astray
        monkeypatch.setattr(thresholds, "ReferenceEvaluator", Astray)

    said = broken(bench).says(only) + "\n"

    file = REPORTS / f"{name}.txt"
    if os.environ.get("HANDOVER_REWRITE"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(said)
    assert said == file.read_text()


class Astray(ReferenceEvaluator):
    """Takes every value for the next lower one."""

    def run(self, names: Any, feeds: Any) -> Any:
        return super().run(names, {name: np.nextafter(rows, np.float32(-np.inf)) for name, rows in feeds.items()})


def test_a_forest_keeps_every_clause_at_its_thresholds(bench: Bench) -> None:
    bench.deliver(learner=RandomForestRegressor(n_estimators=10, random_state=1))

    assert bench.says("P") == "9 kept, 0 broken, 0 skipped"


@pytest.mark.parametrize("name", BREAKS)
def test_it_is_told_by_that_clause_alone(name: str) -> None:
    """Hold the reports that people have read to what they were written for."""
    report = (REPORTS / f"{name}.txt").read_text()

    told = [line.split()[0] for line in report.splitlines() if line[5:11] == "BROKEN"]
    assert told == [name.partition("-")[0]]
    assert "could not be held" not in report


def test_every_clause_has_been_broken() -> None:
    tried = {name.partition("-")[0] for name in BREAKS}

    assert {clause.code for clause in CLAUSES if clause.code[0] in "CHMP"} == tried
