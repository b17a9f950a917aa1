"""A delivery as a model folder of MLflow: what a registry keeps, with names, an example and the card."""

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd

from handover import card, provenance
from handover.errors import CannotRunError
from predictor import files
from predictor.delivery import Delivery, LoadError

REQUIRED = ("numpy", "onnx", "onnxruntime", "pandas")
"""What MLflow asks a model of its onnx flavour with."""
EXAMPLES = 3


def to_mlflow(delivery: Path, to: Path) -> str:
    """Write a delivery as a model folder of MLflow, by MLflow itself, into a folder that is empty or not there.

    The model, of the flavour onnx, takes the columns of ``matrix()``, the contract's fields as numbers and the
    heuristics, and gives the score; of a contract of classes it takes an array and gives one of them for each class,
    for MLflow makes one column of what it gives to a table. The file in it is ``model.onnx`` to the byte.

    It gives the model's name and version in a registry: those of the contract.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise CannotRunError(f"{to} is there already: name a folder that is empty, or not there yet")
    try:
        opened = Delivery.open(delivery)
    except LoadError as error:
        raise CannotRunError(str(error)) from None
    if files.stand_in(opened.manifest):
        raise CannotRunError(f"{delivery} has a stand-in, and a registry is for models: deliver one first")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # of one file, the card
    try:
        import mlflow.onnx
        from mlflow.models import ModelSignature
        from mlflow.types import ColSpec, DataType, Schema, TensorSpec
    except ModuleNotFoundError:
        raise CannotRunError(
            "MLflow is not installed here: install the wheel with its extra, as in pip install 'WHEEL[mlflow]'"
        ) from None
    rows = [opened.row.validate_json(json.dumps(golden["row"])) for golden in files.golden(delivery)[:EXAMPLES]]
    example = pd.DataFrame(opened.encoder.matrix(rows), columns=list(opened.encoder.columns))
    takes = Schema([ColSpec(DataType.double, name) for name in example])
    gives = Schema([ColSpec(DataType.float, "score")])
    if opened.scores.of_classes:
        takes = Schema([TensorSpec(np.dtype(np.float32), (-1, len(example.columns)))])
        gives = Schema([TensorSpec(np.dtype(np.float32), (-1, len(opened.scores.names)), "score")])
    about: dict[str, Any] = {**provenance.properties(opened.manifest["contract"], opened.manifest["training"])}
    about["x_model"] = opened.identity
    about |= {word: opened.contract[word] for word in ("decisions", "classes", "otherwise") if word in opened.contract}
    content = (delivery / files.MODEL).read_bytes()
    page = card.path(delivery)
    mlflow.onnx.save_model(
        onnx.load_from_string(content),
        to,
        signature=ModelSignature(takes, gives),
        input_example=example.to_numpy() if opened.scores.of_classes else example,
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
        onnx_execution_providers=["CPUExecutionProvider"],
        metadata=about,
        save_as_external_data=False,
        extra_files=[str(page)] if page.is_file() else None,
    )
    (to / "model.onnx").write_bytes(content)  # MLflow wrote an equal one; x-model is the hash of these bytes
    return f"{opened.contract['name']} {opened.contract['version']}"
