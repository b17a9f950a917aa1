"""Opens a model that was saved as a file or a folder, by the framework that it is of."""

import importlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from handover.conversion import from_onnx
from handover.conversion.errors import NEAREST, ConversionError, line_of
from handover.conversion.from_onnx import Columns

type Open = Callable[[Path], Any]

IN_PYTHON = "load it in the program that delivers, and pass the model itself"
LOOKS_LIKE = {
    b"version https://git-lfs": "only the pointer of git LFS to the file: git lfs pull fetches it",
    b"\x80": "a pickle of Python",
    b"PK\x03\x04": "a zip archive, as PyTorch, Keras and H2O write",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"\x1f\x8b": "compressed, as R's saveRDS writes",
    b"CBM1": "a model of CatBoost: call it .cbm",
    b"{L": "a model of XGBoost: call it .ubj",
    b'{"': "JSON: call it .json",
    b"tree\n": "a model of LightGBM: call it .txt",
    b"binf": "a model of XGBoost in its old binary format: open it with the XGBoost that wrote it, and save it as .ubj",
    b"booster[": "a dump of XGBoost's trees, which is for people: save the model with save_model",
    b"<?xml": "XML",
    b"<": "XML or HTML",
}
"""What a file is that is not what its name says, by how it begins."""


def opened(path: Path, columns: Columns, output: str | None = None) -> Any:
    """Open a file, or a folder of MLflow, as its framework has it; of ONNX as ``from_onnx.read`` does.

    ``ConversionError`` when it is not there, cut off, another thing than its name says, or of a kind that cannot be
    opened; says what to do.
    """
    if not path.exists():
        raise ConversionError(f"there is no file {path}")
    kinds = KINDS | {"onnx": (partial(from_onnx.read, columns=columns, output=output), "ONNX")}
    if path.is_dir():
        return _of_mlflow(path, kinds)
    end = path.suffix.lower()
    kind = ENDS.get(end) or next((kind for start, kind in BEGINNINGS.items() if _begins(path).startswith(start)), None)
    if kind:
        return _open(path, *kinds[kind])
    if end in NEAREST["files"]:
        raise ConversionError(f"{path.name} cannot be delivered as it is: {NEAREST['files'][end]}")
    raise ConversionError(
        f"{path.name} is of no known kind: deliver .onnx, XGBoost's .ubj or .json, LightGBM's .txt, CatBoost's .cbm or "
        f"a model folder of MLflow"
    )


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(32)


def _open(path: Path, open_: Open, title: str) -> Any:
    """Open by a framework, whose way to fail is its own."""
    if not (begins := _begins(path)):
        raise ConversionError(f"{path.name} is empty")
    try:
        return open_(path)
    except ModuleNotFoundError as error:
        raise ConversionError(
            f"{path.name} is of {title}, which is not installed here: install {error.name} beside handover"
        ) from None
    except ConversionError as error:
        raise ConversionError(f"{error}{_look(begins, path)}") from error.__cause__
    except Exception as error:  # of a damaged file each framework raises classes of its own
        look = _look(begins, path) or f": it is cut off or damaged ({line_of(error)})"
        raise ConversionError(f"{path.name} is no whole model of {title}{look}") from None


def _look(begins: bytes, path: Path) -> str:
    """Say what a file is, where that is another thing than its name says."""
    looks = next((looks for start, looks in LOOKS_LIKE.items() if begins.startswith(start)), "")
    return f"; it is {looks}" if looks and not looks.endswith(f"call it {path.suffix.lower()}") else ""


def _xgboost(path: Path) -> Any:
    from xgboost import Booster

    booster, content = Booster(), path.read_bytes()
    # Of a file that is cut off XGBoost reads on, into what lies in memory behind it: zeros are no model.
    booster.load_model(bytearray(content + bytes(4096)) if content.startswith(b"{L") else path)
    best = booster.attr("best_iteration")  # up to which R and XGBClassifier predict
    return booster if best is None else booster[: int(best) + 1]


def _lightgbm(path: Path) -> Any:
    from lightgbm import Booster

    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.startswith("tree\n") or "\nend of trees" not in text:  # of which LightGBM would end the process
        raise ValueError("it does not begin with `tree`, or lacks `end of trees`")
    return Booster(model_str=text)


def _catboost(path: Path) -> Any:
    from catboost import CatBoost

    return CatBoost().load_model(str(path), format="json" if path.read_bytes()[:1] == b"{" else "cbm")


def _by_json(path: Path) -> Any:
    """Open a model of XGBoost or of CatBoost; LightGBM's JSON is for people."""
    keys = set(document if isinstance(document := json.loads(path.read_bytes()), dict) else ())
    if "learner" in keys:
        return _xgboost(path)
    if "features_info" in keys:
        return _catboost(path)
    if "tree_info" in keys:
        raise ConversionError(
            f"{path.name} is a dump of LightGBM's, which it does not read again: save it with "
            f"booster.save_model('model.txt')"
        )
    raise ConversionError(f"{path.name} is JSON, and no model of XGBoost or CatBoost that save_model wrote")


KINDS: dict[str, tuple[Open, str]] = {
    "xgboost": (_xgboost, "XGBoost"),
    "lightgbm": (_lightgbm, "LightGBM"),
    "catboost": (_catboost, "CatBoost"),
    "json": (_by_json, "XGBoost or CatBoost"),
}
"""Who opens a file, and as whose; the first three by their names in MLflow."""
ENDS = {
    ".json": "json",
    ".onnx": "onnx",
    **dict.fromkeys((".ubj", ".xgb"), "xgboost"),
    **dict.fromkeys((".lgb", ".txt"), "lightgbm"),
    **dict.fromkeys((".cb", ".cbm"), "catboost"),
}
BEGINNINGS = {b"{L": "xgboost", b"CBM1": "catboost", b"tree\n": "lightgbm"}
"""How files begin that are known by it, whose name does not say it, as XGBoost's `.model`."""
PICKLED = ("sklearn", "xgboost", "lightgbm", "catboost")
"""The flavours of MLflow that may be a pickle."""


def _of_mlflow(folder: Path, kinds: dict[str, tuple[Open, str]]) -> Any:
    """Open a model folder by its own flavour; MLflow itself is asked only for what is pickled."""
    description = folder / "MLmodel"
    if not description.is_file():
        raise ConversionError(f"{folder} is a folder without a file MLmodel: give the model's file, or MLflow's folder")
    flavours = _flavours(description.read_text(encoding="utf-8"))
    named = {name: folder / file for name, file in flavours.items() if name in kinds and file}
    for name, file in named.items():
        if file.is_file() and file.suffix not in {".pkl", ".skops"}:
            return _open(file, *kinds[name])
    if named and not any(file.exists() for file in named.values()):
        first = next(iter(named.values())).name
        raise ConversionError(f"{folder} has no {first}, which its MLmodel names: fetch the whole folder")
    pickled = next((name for name in PICKLED if name in flavours), None)
    if pickled is None:
        raise ConversionError(
            f"{folder} has the flavours {', '.join(flavours) or 'none'}; deliver one of {', '.join(PICKLED)} or onnx"
        )
    try:
        loader = importlib.import_module(f"mlflow.{pickled}")
    except ImportError:
        raise ConversionError(
            f"{folder} has a pickled model, which only MLflow opens, and it is not installed here: install mlflow, or "
            f"{IN_PYTHON}"
        ) from None
    try:
        return loader.load_model(str(folder))
    except Exception as error:  # what it loads may do anything, and lack anything
        raise ConversionError(f"MLflow does not open {folder}: {line_of(error)}") from error


def _flavours(text: str) -> dict[str, str]:
    """Read which flavours a model has, each with the file that it names; of what is no description, none."""
    try:
        return {str(name): str(facts.get("data", "")) for name, facts in yaml.safe_load(text)["flavors"].items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return {}
