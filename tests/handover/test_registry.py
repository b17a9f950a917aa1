"""A delivery in MLflow's form answers there as it does here; the row's schema is one that validators take."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from handover.cli import main
from handover.errors import CannotRunError
from handover.registry import to_mlflow
from predictor import files
from tests.helpers.flowers import deliver_flowers
from tests.helpers.sandbox import Sandbox

# In a process of its own, as somebody who has the folder would; rows, and what the function says of them, beside it.
ASKS = """
import json, sys
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.pyfunc import load_model

from predictor import files
from predictor.delivery import Delivery

delivery, folder = map(Path, sys.argv[1:])
model, opened = load_model(folder), Delivery.open(delivery)
rows = [opened.row.validate_json(json.dumps(golden["row"])) for golden in files.golden(delivery)]
features, expected = opened.encoder.matrix(rows), opened.model(opened.encoder.matrix(rows))
table = pd.DataFrame(features, columns=opened.encoder.columns)
if opened.scores.of_classes:
    answers = [model.predict(features)["score"]]
else:
    given = (table, table.astype(float), table[table.columns[::-1]])
    answers = [model.predict(one)[["score"]].to_numpy() for one in given]
print(json.dumps({
    "same": [bool(np.array_equal(given, expected)) for given in answers],
    "rows": len(rows),
    "example": np.array_equal(model.input_example, features[:3], equal_nan=True),
    "metadata": model.metadata.metadata,
    "inputs": model.metadata.signature.inputs.input_names(),
}))
"""


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sandbox = Sandbox(tmp_path_factory.mktemp("parcels") / "delivery")
    sandbox.folder.mkdir()
    sandbox.card.write_text("# Parcels\n")
    return sandbox.deliver().folder


def exported(delivery: Path, to: Path) -> dict[str, Any]:
    """Export a delivery by the command, and ask MLflow what is there."""
    command = [sys.executable, "-m", "handover", "export", "mlflow", str(to), "--delivery", str(delivery)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    name = files.manifest(delivery)["contract"]
    assert (done.returncode, done.stdout) == (
        0,
        f"Wrote {name['name']} {name['version']} to {to}, a model folder of MLflow.\n",
    ), done.stderr
    asked = subprocess.run(
        [sys.executable, "-c", ASKS, str(delivery), str(to)], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    answer: dict[str, Any] = json.loads(asked.stdout)
    assert answer["rows"] == len(files.golden(delivery))
    return answer


def test_mlflow_answers_a_table_by_its_names_as_the_delivery_does(parcels: Path, tmp_path: Path) -> None:
    answer = exported(parcels, tmp_path / "exported")
    manifest = files.manifest(parcels)

    assert answer["same"] == [True, True, True]
    assert answer["example"]
    assert answer["inputs"] == [column["name"] for column in manifest["columns"]]
    assert answer["metadata"] == {
        "contract": "parcels",
        "contract_version": "1.0.0",
        "x_model": files.identity(manifest),
        "decisions": files.contract(parcels)["decisions"],
    }
    assert (tmp_path / "exported" / "model.onnx").read_bytes() == (parcels / "model.onnx").read_bytes()
    assert (tmp_path / "exported" / "extra_files" / "card.md").read_text() == "# Parcels\n"


def test_of_classes_mlflow_answers_an_array_with_each_class(tmp_path: Path) -> None:
    deliver_flowers(tmp_path / "delivery")
    answer = exported(tmp_path / "delivery", tmp_path / "exported")

    assert answer["same"] == [True]
    assert answer["metadata"]["classes"] == ["setosa", "virginica", "versicolor"]
    assert answer["metadata"]["otherwise"] == {"decision": "ask_an_expert", "below": 0.6}


def test_what_is_in_the_folder_is_not_written_over(parcels: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(CannotRunError) as raised:
        to_mlflow(parcels, tmp_path)
    assert str(raised.value) == f"{tmp_path} is there already: name a folder that is empty, or not there yet"


def test_a_stand_in_is_no_model_for_a_registry(parcels: Path, tmp_path: Path) -> None:
    for name in ("contract.py", "heuristics.py", "manifest.json"):
        (tmp_path / name).write_bytes((parcels / name).read_bytes())
    Sandbox(tmp_path).stub()
    with pytest.raises(CannotRunError) as raised:
        to_mlflow(tmp_path, tmp_path / "exported")
    assert str(raised.value) == f"{tmp_path} has a stand-in, and a registry is for models: deliver one first"


def test_without_mlflow_it_is_said_how_to_get_it(
    parcels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(CannotRunError) as raised:
        to_mlflow(parcels, tmp_path / "exported")
    assert str(raised.value) == (
        "MLflow is not installed here: install the wheel with its extra, as in pip install 'WHEEL[mlflow]'"
    )


def test_the_rows_schema_takes_what_the_function_takes(parcels: Path, tmp_path: Path) -> None:
    file = tmp_path / "row.schema.json"
    done = CliRunner().invoke(main, ["export", "schema", str(file), "--delivery", str(parcels)])
    assert (done.exit_code, done.output) == (0, f"Wrote {file}.\n")

    schema = json.loads(file.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    takes = Draft202012Validator(schema).is_valid
    rows = [golden["row"] for golden in files.golden(parcels)]
    assert all(map(takes, rows))
    assert not takes(rows[0] | {"colour": "red"})
    assert not takes({name: value for name, value in rows[0].items() if name != "pieces"})
