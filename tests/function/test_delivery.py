"""Opening a delivery: what runs is what was hashed, or nothing runs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from predictor import delivery
from predictor.delivery import Delivery, LoadError
from predictor.files import SERVED
from predictor.prediction import Predictor

ENVIRONMENT = {
    "PATH": os.defpath,
    "POWERTOOLS_SERVICE_NAME": "predict",
    "POWERTOOLS_METRICS_NAMESPACE": "handover-test",
    "ORT_DISABLE_TELEMETRY": "1",
}


@pytest.fixture
def copy(parcels: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(parcels, tmp_path / "delivery"))


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record whatever is done with a delivery's content; for a bad one, nothing may be."""
    done: list[str] = []
    for step in ("session", "load_source", "validators"):
        monkeypatch.setattr(delivery, step, lambda *_, step=step: done.append(step))
    return done


def sealed(folder: Path, **changes: Any) -> None:
    """Write the manifest anew, with the right hashes: what is wrong then is not a hash."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SERVED}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", SERVED)
def test_an_altered_file_is_named_with_both_hashes_and_nothing_of_it_runs(
    copy: Path, untouched: list[str], name: str
) -> None:
    expected = hashlib.sha256((copy / name).read_bytes()).hexdigest()
    with (copy / name).open("ab") as file:
        file.write(b"\n")
    actual = hashlib.sha256((copy / name).read_bytes()).hexdigest()

    with pytest.raises(LoadError) as raised:
        Delivery.open(copy)

    assert str(raised.value) == f"{copy / name}: expected SHA-256 {expected}, found {actual}"
    assert untouched == []


@pytest.mark.parametrize("name", SERVED)
def test_a_missing_file_is_named(copy: Path, untouched: list[str], name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(LoadError) as raised:
        Delivery.open(copy)

    assert str(raised.value) == f"{copy / name}: cannot be read: No such file or directory"
    assert untouched == []


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as raised:
        Delivery.open(tmp_path)

    assert str(raised.value) == f"{tmp_path / 'manifest.json'}: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "TypeError: list indices must be integers or slices, not str"),
        ("{}", "KeyError: 'files'"),
        ('{"files": {}}', "KeyError: 'contract.json'"),
    ],
)
def test_what_is_no_manifest_is_named(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(LoadError) as raised:
        Delivery.open(tmp_path)

    assert str(raised.value) == f"{tmp_path / 'manifest.json'}: is not a manifest: {reason}"


def test_a_verified_file_that_cannot_be_opened_is_modellings_fault(copy: Path) -> None:
    (copy / "model.onnx").write_bytes(b"not a model")
    sealed(copy)

    with pytest.raises(LoadError, match=f"^{copy}: the delivery cannot be opened: InvalidProtobuf: "):
        Delivery.open(copy)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_contract_that_is_no_json_is_not_shown_to_callers(copy: Path, number: str) -> None:
    contract = json.loads((copy / "contract.json").read_text())
    contract["score"]["high"] = "here"
    (copy / "contract.json").write_text(json.dumps(contract).replace('"here"', number))
    sealed(copy)

    with pytest.raises(LoadError, match=f"^{copy}: the delivery cannot be opened: ValueError: Out of range float "):
        Delivery.open(copy)


def test_columns_that_are_not_those_of_the_training_are_named(copy: Path) -> None:
    sealed(copy, columns=[{"name": "weight", "kind": "number", "reference": 1.0}])

    with pytest.raises(LoadError) as raised:
        Delivery.open(copy)

    assert str(raised.value) == (
        f"{copy}: contract and heuristics give ('weight', 'zone', 'volume_weight', 'abroad'), "
        f"the manifest says ('weight',)"
    )


def test_a_model_that_does_not_answer_its_golden_row_must_not_answer_anybody(copy: Path) -> None:
    lines = (copy / "golden.jsonl").read_text().splitlines()
    golden = json.loads(lines[0])
    lines[0] = json.dumps(golden | {"score": golden["score"] + 1})
    (copy / "golden.jsonl").write_text("\n".join(lines))
    sealed(copy)

    opened = Delivery.open(copy)
    given = opened.model(opened.encoder.vector(opened.row.validate_json(json.dumps(golden["row"]))))[0, 0]
    with pytest.raises(LoadError) as raised:
        Predictor(opened)

    assert str(raised.value) == (
        f"golden.jsonl: row 1 should give {golden['score'] + 1} ({golden['decision']}) within 1e-05, "
        f"but gives {float(str(given))} ({golden['decision']})"
    )


def test_a_golden_row_that_cannot_be_answered_is_named(copy: Path) -> None:
    (copy / "golden.jsonl").write_text('{"row": {"weight": 13}, "score": 1, "decision": "soon"}\n')
    sealed(copy)

    with pytest.raises(LoadError) as raised:
        Predictor(Delivery.open(copy))

    assert str(raised.value) == (
        "golden.jsonl: row 1 is not answered: HeuristicError: heuristic volume_weight: KeyError"
    )


def test_heuristics_are_compiled_from_the_hashed_source_not_from_a_pyc(copy: Path) -> None:
    heuristics = copy / "heuristics.py"
    original = heuristics.read_text()
    heuristics.write_text("raise SystemExit('this must not run')\n")
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", heuristics], check=True
    )
    heuristics.write_text(original)

    assert Predictor(Delivery.open(copy)).predict('{"weight": 1}').decision == "soon"


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Import the handler in a fresh process, as INIT does."""
    return subprocess.run(
        [sys.executable, "-c", "import predictor.handler"],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_init_stops_with_one_plain_line(copy: Path) -> None:
    (copy / "model.onnx").write_bytes(b"")
    expected = json.loads((copy / "manifest.json").read_text())["files"]["model.onnx"]

    started = start(DELIVERY=str(copy))

    line = json.loads(started.stdout)
    assert (started.returncode, started.stderr, started.stdout.count("\n")) == (1, "", 1)
    assert line["level"] == "CRITICAL"
    assert line["message"] == (
        f"{copy / 'model.onnx'}: expected SHA-256 {expected}, found {hashlib.sha256(b'').hexdigest()}"
    )


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("DELIVERY", "DELIVERY is not set: template.yaml should set it"),
        ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_METRICS_NAMESPACE is not set: template.yaml should set it"),
        (
            "ORT_DISABLE_TELEMETRY",
            "ORT_DISABLE_TELEMETRY is not 1: onnxruntime would send telemetry from every request",
        ),
    ],
)
def test_init_stops_when_the_environment_is_not_the_templates(parcels: Path, variable: str, message: str) -> None:
    environment = ENVIRONMENT | {"DELIVERY": str(parcels)}
    del environment[variable]
    started = subprocess.run(
        [sys.executable, "-c", "import predictor.handler"], env=environment, capture_output=True, text=True, check=False
    )

    assert (started.returncode, started.stderr) == (1, "")
    assert json.loads(started.stdout)["message"] == message


def test_init_succeeds_in_silence(parcels: Path) -> None:
    started = start(DELIVERY=str(parcels))

    assert (started.returncode, started.stdout, started.stderr) == (0, "", "")
