"""The page about registries: its commands and programs, with a registry of MLflow in a folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from handover.cli import main
from predictor import files
from tests.guides.test_without_a_project import PAGE as WITHOUT
from tests.guides.test_without_a_project import ROOT, steps

PAGE = ROOT / "docs" / "registry.md"
SHOWS, REGISTERS, DELIVERS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [(typed, shown) for typed, shown in steps(PAGE.read_text()) if typed and " " in typed]
# What a data scientist runs, somewhere.
TRAINS = """
import mlflow
from xgboost import XGBClassifier

from delivery import heuristics
from delivery.contract import CONTRACT
from handover import matrix
import csv
from pathlib import Path

records = list(csv.DictReader(Path("parcels/parcels.csv").read_text().splitlines()))[:300]
rows = [
    {
        "distance": int(record["distance_km"]),
        "weight": float(record["weight_kg"]) if record["weight_kg"] else None,
        "service": record["service"],
    }
    for record in records
]
values = matrix(rows, contract=CONTRACT, heuristics=heuristics).values
model = XGBClassifier(n_estimators=20, max_depth=2, n_jobs=1, random_state=1)
model.fit(values, [record["late"] == "yes" for record in records])
with mlflow.start_run():
    logged = mlflow.xgboost.log_model(model, name="model", registered_model_name="parcels", pip_requirements=[])
mlflow.MlflowClient().set_registered_model_alias("parcels", "champion", logged.registered_model_version)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a program whose registry is a folder: the one kind that needs neither server nor SQL."""
    return os.environ | {
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": (tmp_path / "registry").as_uri(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_champion_of_a_registry_becomes_a_delivery(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "parcels" / "delivery").mkdir(parents=True)
    for step, shown in steps(WITHOUT.read_text()):
        if step in {"parcels/delivery/contract.py", "parcels/delivery/heuristics.py"}:
            (tmp_path / step).write_text(shown)
    main(["example", str(tmp_path / "parcels" / "parcels.csv")], standalone_mode=False)
    (tmp_path / "parcels" / "deliver.py").write_text(DELIVERS)
    inside = os.pathsep.join([str(tmp_path / "parcels"), os.environ.get("PYTHONPATH", "")])
    run([sys.executable, "-c", TRAINS], tmp_path, environment | {"PYTHONPATH": inside})

    pull = [command for command, _ in COMMANDS if "parcels" in command]
    assert [command.split()[0] for command in pull] == ["mlflow", "python", "handover"]
    for command in pull:
        output = run(["bash", "-c", command.replace("handover", "python -m handover", 1)], tmp_path, environment)

    assert " 0 broken" in output
    manifest = files.manifest(tmp_path / "parcels" / "delivery")
    assert manifest["model_file"]["file"] == "model"
    assert manifest["quality"]["auc"] > 0.5


def test_a_delivery_that_is_exported_is_registered_and_answers(tmp_path: Path, environment: dict[str, str]) -> None:
    (exports,) = [step for step in COMMANDS if "export mlflow" in step[0]]
    typed = f"{exports[0].replace('handover', 'python -m handover', 1)} --delivery {ROOT / 'layers/model/delivery'}"
    assert run(["bash", "-c", typed], tmp_path, environment) == exports[1]

    answered = run([sys.executable, "-c", REGISTERS], tmp_path, environment).splitlines()
    golden = files.golden(ROOT / "layers" / "model" / "delivery")[:3]
    assert answered[0].split() == ["score"]
    assert [float(line.split()[1]) for line in answered[1:]] == pytest.approx(
        [one["score"] for one in golden], abs=1e-5
    )


def test_the_file_of_this_project_says_where_it_belongs() -> None:
    metadata = json.loads(run([sys.executable, "-c", SHOWS], ROOT, dict(os.environ)))
    manifest = files.manifest(ROOT / "layers" / "model" / "delivery")

    assert json.loads(metadata.pop("columns")) == [column["name"] for column in manifest["columns"]]
    assert metadata == {
        "contract": manifest["contract"]["name"],
        "contract_version": manifest["contract"]["version"],
        "data_sha256": manifest["training"]["sha256"],
    }


def test_the_workflow_takes_the_actions_that_the_check_takes_and_the_command_of_the_page() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    checked = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    workflow = yaml.safe_load(text)
    pull = next(command for command, _ in COMMANDS if command.startswith("mlflow"))
    runs = [step["run"] for step in workflow["jobs"]["pull"]["steps"] if "run" in step]

    assert f".venv/bin/{pull.replace('parcels/model', 'modelling/model')}" in runs
    assert all(line in checked for line in re.findall(r"uses: .*", text))


def test_every_page_that_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / link).exists(), link
