"""The page for models of other tools: its commands and its program, with numpy in the place of R."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper

from handover.cli import main
from tests.guides.test_without_a_project import PAGE as WITHOUT
from tests.guides.test_without_a_project import ROOT, steps
from tests.handover.conversion.onnx_files import save, value

PAGE = ROOT / "docs" / "model-files.md"
WEIGHTS = np.array([[0.001], [0.01], [-0.7], [0.5]])


def write_model(path: Path) -> None:
    """Write a network of one layer, as an exporter does: gaps are 0, the sum of the columns goes through a sigmoid."""
    nodes = [
        helper.make_node("IsNaN", ["x"], ["gap"]),
        helper.make_node("Where", ["gap", "nought", "x"], ["known"]),
        helper.make_node("MatMul", ["known", "weights"], ["total"]),
        helper.make_node("Sigmoid", ["total"], ["score"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros(1, np.float32), "nought"),
        numpy_helper.from_array(WEIGHTS.astype(np.float32), "weights"),
    ]
    save(path, nodes, [value("x", ["N", 4])], [value("score", ["N", 1])], constants)


def score(folder: Path) -> None:
    """Score the rows as another tool would."""
    with (folder / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    lines = ["id,score"]
    for row in rows:
        name, *numbers = row.values()
        total = np.array([float(number or 0) for number in numbers]) @ WEIGHTS
        lines.append(f"{name},{float(1 / (1 + np.exp(-total[0])))}")
    (folder / "scores.csv").write_text("\n".join(lines))


def test_the_page_s_program_and_commands_deliver(tmp_path: Path) -> None:
    parcels = tmp_path / "parcels"
    (parcels / "delivery").mkdir(parents=True)
    for step, shown in steps(WITHOUT.read_text()):
        if step in {"parcels/delivery/contract.py", "parcels/delivery/heuristics.py"}:
            (tmp_path / step).write_text(shown)
    main(["example", str(parcels / "parcels.csv")], standalone_mode=False)
    write_model(parcels / "model.onnx")

    text = PAGE.read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (parcels / "deliver.py").write_text(program)
    commands = re.findall(r"^ *\$ (.*)$", text, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["handover", "python"]
    for command in commands:
        typed = command.replace("handover ", f"{sys.executable} -m handover ", 1) if "handover" in command else command
        subprocess.run(["bash", "-c", re.sub(r"^python ", f"{sys.executable} ", typed)], cwd=tmp_path, check=True)
        if command.startswith("handover"):
            score(parcels)

    manifest = json.loads((parcels / "delivery" / "manifest.json").read_text())
    assert manifest["scored_elsewhere"]["file"] == "scores.csv"
    assert manifest["model_file"]["file"] == "model.onnx"


def test_every_page_that_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / link).exists(), link
