"""A model that was saved as a file answers as the model that was saved; what is no such file gets one sentence."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost

from handover.conversion import ConversionError, opened, training_time_scores
from tests.handover.conversion import onnx_files
from tests.handover.conversion.exact import COLUMNS, assert_exact, data

FEATURES, LABELS = data(gaps=True)
NUMBERS: dict[str, tuple[str, ...]] = dict.fromkeys(COLUMNS, ())
FLAVOUR = {"ubj": "xgboost", "txt": "lightgbm", "cbm": "catboost"}


def of_xgboost() -> Any:
    return xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(FEATURES, LABELS)


def stopped_early() -> Any:
    model = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=3, n_jobs=1)
    return model.fit(FEATURES, LABELS, eval_set=[(FEATURES[:50], 1 - LABELS[:50])], verbose=False)


def of_lightgbm() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(FEATURES, LABELS)


def of_catboost() -> Any:
    model = catboost.CatBoostClassifier(iterations=5, verbose=0, thread_count=1, allow_writing_files=False)
    return model.fit(FEATURES, LABELS)


def of_catboost_with_categories() -> Any:
    settings: dict[str, Any] = {"loss_function": "Poisson", "cat_features": [4, 5], "max_ctr_complexity": 1}
    model = catboost.CatBoostRegressor(iterations=5, verbose=0, allow_writing_files=False, **settings)
    rows = FEATURES.astype(object)
    rows[:, 4:] = np.where(np.isnan(FEATURES[:, 4:]), -1, FEATURES[:, 4:]).astype(int)
    return model.fit(rows, LABELS + 1)


def save(model: Any, path: Path) -> Path:
    if isinstance(model, lightgbm.LGBMClassifier):
        model.booster_.save_model(path)
    elif isinstance(model, catboost.CatBoost):
        model.save_model(str(path), format=path.suffix[1:])
    else:
        model.save_model(path)
    return path


@pytest.mark.parametrize(
    ("train", "name"),
    [
        (of_xgboost, "model.json"),
        (of_xgboost, "model.ubj"),
        (stopped_early, "model.ubj"),
        (of_lightgbm, "model.txt"),
        (of_catboost, "model.cbm"),
        (of_catboost, "model.json"),
        (of_catboost_with_categories, "model.cbm"),
        (of_lightgbm, "model.model"),
    ],
)
def test_a_file_is_the_model(train: Callable[[], Any], name: str, tmp_path: Path) -> None:
    model = train()
    again = opened(save(model, tmp_path / name), NUMBERS)

    assert_exact(again, FEATURES)
    wanted = training_time_scores(model, FEATURES)
    np.testing.assert_allclose(training_time_scores(again, FEATURES), wanted, atol=1e-7)


@pytest.mark.parametrize(("train", "end"), [(of_xgboost, "ubj"), (of_lightgbm, "txt"), (of_catboost, "cbm")])
def test_a_folder_of_mlflow_is_its_model(train: Callable[[], Any], end: str, tmp_path: Path) -> None:
    save(train(), tmp_path / f"model.{end}")
    (tmp_path / "MLmodel").write_text(mlflow(**{FLAVOUR[end]: {"code": "null", "data": f"model.{end}"}}))

    assert_exact(opened(tmp_path, NUMBERS), FEATURES)


def test_a_folder_of_mlflow_may_have_an_onnx_file(tmp_path: Path) -> None:
    onnx_files.plain(tmp_path / "model.onnx")
    (tmp_path / "MLmodel").write_text(mlflow(onnx={"data": "model.onnx", "onnx_version": "1.23.2"}))

    assert opened(tmp_path, onnx_files.COLUMNS).file_name == "model.onnx"


def test_what_is_pickled_is_opened_by_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MLmodel").write_text(mlflow(sklearn={"pickled_model": "model.pkl"}))
    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    monkeypatch.setitem(sys.modules, "mlflow.sklearn", SimpleNamespace(load_model=lambda folder: ("opened", folder)))

    assert opened(tmp_path, NUMBERS) == ("opened", str(tmp_path))


def test_what_is_pickled_needs_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MLmodel").write_text(mlflow(sklearn={"pickled_model": "model.pkl"}))
    monkeypatch.setitem(sys.modules, "mlflow", None)

    assert refusal(tmp_path) == (
        f"FOLDER/{tmp_path.name} has a pickled model, which only MLflow opens, and it is not installed here: install "
        "mlflow, or load it in the program that delivers, and pass the model itself"
    )


def test_what_mlflow_cannot_open_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MLmodel").write_text(mlflow(lightgbm={"data": "model.skops"}))
    (tmp_path / "model.skops").write_bytes(b"PK")

    def load_model(_: str) -> None:
        raise ModuleNotFoundError("No module named 'skops'\nand more")

    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    monkeypatch.setitem(sys.modules, "mlflow.lightgbm", SimpleNamespace(load_model=load_model))
    assert refusal(tmp_path).endswith(": No module named 'skops'")
    assert refusal(tmp_path).startswith("MLflow does not open ")


def mlflow(**flavours: dict[str, str]) -> str:
    """Write an MLmodel as MLflow 3 does."""
    lines = ["artifact_path: model", "flavors:", "  python_function:", "    data: model", "    env:"]
    lines += ["      conda: conda.yaml", "    loader_module: mlflow.any"]
    for name, facts in flavours.items():
        lines += [f"  {name}:", *(f"    {key}: {value}" for key, value in facts.items())]
    return "\n".join([*lines, "mlflow_version: 3.17.2", "signature:", "  inputs: '[]'", ""])


def refusal(path: Path) -> str:
    with pytest.raises(ConversionError) as raised:
        opened(path, NUMBERS)
    sentence = str(raised.value)
    assert "\n" not in sentence
    return sentence.replace(str(path.parent), "FOLDER")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.ubj", b"", "model.ubj is empty"),
        (
            "model.model",
            b"binf\x00",
            (
                "model.model cannot be delivered as it is: XGBoost's old binary format is no longer read: open it "
                "with the XGBoost that wrote it, and save it as .ubj or .json"
            ),
        ),
        ("model.cbm", b"\x80\x05...", "model.cbm is no whole model of CatBoost; it is a pickle of Python"),
        (
            "model.ubj",
            b"binf\x00",
            (
                "model.ubj is no whole model of XGBoost; it is a model of XGBoost in its old binary format: open it "
                "with the XGBoost that wrote it, and save it as .ubj"
            ),
        ),
        (
            "model.txt",
            b"booster[0]:\n0:[f0<1]",
            (
                "model.txt is no whole model of LightGBM; it is a dump of XGBoost's trees, which is for people: save "
                "the model with save_model"
            ),
        ),
        (
            "model.onnx",
            b"version https://git-lfs.github.com/spec/v1",
            (
                "model.onnx is not a whole ONNX file: it is cut off, or another thing; it is only the pointer of git "
                "LFS to the file: git lfs pull fetches it"
            ),
        ),
        (
            "model.onnx",
            b"PK\x03\x04",
            (
                "model.onnx is not a whole ONNX file: it is cut off, or another thing; it is a "
                "zip archive, as PyTorch, Keras and H2O write"
            ),
        ),
        (
            "model.json",
            b'{"tree_info": []}',
            (
                "model.json is a dump of LightGBM's, which it does not read again: save it with "
                "booster.save_model('model.txt')"
            ),
        ),
        ("model.json", b'{"a": 1}', "model.json is JSON, and no model of XGBoost or CatBoost that save_model wrote"),
        (
            "model.rds",
            b"\x1f\x8b",
            (
                "model.rds cannot be delivered as it is: only R reads it: save the model with xgb.save, lgb.save or "
                "catboost.save_model, or as ONNX"
            ),
        ),
        (
            "model.pmml",
            b"<PMML/>",
            (
                "model.pmml cannot be delivered as it is: no reader of PMML is exact and does without Java: save the "
                "model in its own tool as ONNX, or train it with XGBoost, LightGBM or CatBoost"
            ),
        ),
        (
            "model.pt",
            b"PK",
            (
                "model.pt cannot be delivered as it is: it comes in as ONNX: torch.onnx.export of the model, in the "
                "program that has its class"
            ),
        ),
        (
            "model.sav",
            b"x",
            (
                "model.sav is of no known kind: deliver .onnx, XGBoost's .ubj or .json, LightGBM's .txt, CatBoost's "
                ".cbm or a model folder of MLflow"
            ),
        ),
    ],
)
def test_another_thing_is_named(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name) == sentence


@pytest.mark.parametrize(
    ("train", "name"), [(of_xgboost, "m.ubj"), (of_xgboost, "m.json"), (of_lightgbm, "m.txt"), (of_catboost, "m.cbm")]
)
def test_a_file_that_is_cut_off_is_named(train: Callable[[], Any], name: str, tmp_path: Path) -> None:
    path = save(train(), tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert refusal(path).startswith(f"{name} is no whole model of ")
    assert ": it is cut off or damaged (" in refusal(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "model.onnx") == "there is no file FOLDER/model.onnx"


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("", "FOLDER/model has the flavours none; deliver one of sklearn, xgboost, lightgbm, catboost or onnx"),
        (
            mlflow(prophet={"data": "model.pr"}),
            (
                "FOLDER/model has the flavours python_function, prophet; deliver one of sklearn, xgboost, lightgbm, "
                "catboost or onnx"
            ),
        ),
        (
            None,
            "FOLDER/model is a folder without a file MLmodel: give the model's file, or MLflow's folder",
        ),
    ],
)
def test_a_folder_that_cannot_be_opened_is_named(description: str | None, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    if description is not None:
        (tmp_path / "model" / "MLmodel").write_text(description)
    assert refusal(tmp_path / "model") == sentence


def test_a_framework_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(of_catboost(), tmp_path / "model.cbm")
    monkeypatch.setitem(sys.modules, "catboost", None)

    assert refusal(path) == "model.cbm is of CatBoost, which is not installed here: install catboost beside handover"
