"""The model that is delivered, an object or a file, and the rows that its proof asks about."""

import hashlib
from pathlib import Path
from typing import Any

from onnx import load_from_string

from handover.contract import Contract
from handover.conversion import opened, thresholds
from handover.drawing import Drawing
from handover.encoding import RowEncoder
from handover.errors import DeliverError
from handover.golden import ProofRow
from handover.rows import domains
from predictor.files import Json


def open_file(path: Path, contract: Contract, encoding: RowEncoder, output: str | None = None) -> Any:
    """Open a model file, or a model folder of MLflow; see ``handover.conversion.opened``."""
    words = {field["name"]: tuple(field.get("categories", ())) for field in contract.compiled()["fields"]}
    return opened(path, {column: words.get(column, ()) for column in encoding.columns}, output)


def open_model(
    model: Any, onnx: Path | str | None, contract: Contract, encoding: RowEncoder, output: str | None
) -> tuple[Any, Json]:
    """Give the model that ``deliver`` was given, opened where it is a file, and what the manifest says of the file."""
    if (model is None) == (onnx is None):
        raise DeliverError("give deliver() a model or a model's file, or onnx= with the scores= of its training")
    file = model if onnx is None else onnx
    if not isinstance(file, str | Path):
        if onnx is not None:
            raise DeliverError(
                f"onnx= is a {type(file).__name__}: save the model, as with onnx.save(model, 'model.onnx'), and give "
                f"the file"
            )
        if output is not None:
            raise DeliverError("output= names an output of an ONNX file, and the model is none: leave it out")
        return model, {}
    path = Path(file)
    if onnx is not None and path.suffix.lower() != ".onnx":
        raise DeliverError(f"onnx= is {path.name}, and an ONNX file ends with .onnx: give another file as model=")
    return open_file(path, contract, encoding, output), {"model_file": {"file": path.name, "sha256": _sha256(path)}}


def proof_rows(contract: Contract, encoding: RowEncoder, graph: bytes | None) -> list[ProofRow]:
    """Draw all rows that a proof by given scores asks about: of the contract, and beside the graph's thresholds."""
    drawing = Drawing(domains(contract.compiled()), encoding)
    asked = thresholds(load_from_string(graph)) if graph else []
    return [*drawing.rows, *drawing.beside_thresholds(asked)]


def _sha256(path: Path) -> str:
    """Give a file's SHA-256; of a folder that of all of its files, by their names."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    content = "".join(map(_sha256, files)).encode() if path.is_dir() else path.read_bytes()
    return hashlib.sha256(content).hexdigest()
