"""A delivery in MLflow's form answers there as it does here; the row's schema is one that validators take."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from handover import apart
from handover.cli import main
from handover.errors import CannotRunError
from handover.registry import to_mlflow
from predictor import files
from tests.helpers.sandbox import Sandbox
from tests.helpers.warm import Warm

# In a process of its own, as somebody who has the folder would; rows, and what the function says of them, beside it.
ASKS = """
import json, sys
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.pyfunc import load_model

from predictor import files
from predictor.delivery import Delivery

for delivery, folder in zip(map(Path, sys.argv[1::2]), sys.argv[2::2], strict=True):
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


@pytest.fixture(scope="module")
def exported(parcels: Path, flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Export two deliveries by the command, ask MLflow what is there, and give its answers and the first's folder."""
    folder = tmp_path_factory.mktemp("exported")
    deliveries = {"parcels": parcels, "flowers": flowers}
    pairs = [str(path) for name, delivery in deliveries.items() for path in (delivery, folder / name)]
    program = folder / "asks.py"
    program.write_text(ASKS)
    # Each in a fork of one process that has imported MLflow and looked at what is installed, which takes seconds.
    with (
        Warm("handover.cli.work", "mlflow.pyfunc", "tests.helpers.mlflow_ready") as warm,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(apart, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": warm.popen}))
        for name, delivery in deliveries.items():
            contract = files.manifest(delivery)["contract"]
            wrote = f"Wrote {contract['name']} {contract['version']} to {folder / name}, a model folder of MLflow.\n"
            done = CliRunner().invoke(main, ["export", "mlflow", str(folder / name), "--delivery", str(delivery)])
            assert (done.exit_code, done.stdout) == (0, wrote)
        asked = warm.run([sys.executable, program, *pairs], capture_output=True)
    assert asked.returncode == 0, asked.stderr
    answers = dict(zip(deliveries, map(json.loads, asked.stdout.splitlines()), strict=True))
    for name, delivery in deliveries.items():
        assert answers[name]["rows"] == len(files.golden(delivery))
    return answers | {"folder": folder / "parcels"}


def test_mlflow_answers_a_table_by_its_names_as_the_delivery_does(parcels: Path, exported: dict[str, Any]) -> None:
    answer, folder = exported["parcels"], exported["folder"]
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
    assert (folder / "model.onnx").read_bytes() == (parcels / "model.onnx").read_bytes()
    assert (folder / "extra_files" / "card.md").read_text() == "# Parcels\n"


def test_of_classes_mlflow_answers_an_array_with_each_class(exported: dict[str, Any]) -> None:
    answer = exported["flowers"]

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
