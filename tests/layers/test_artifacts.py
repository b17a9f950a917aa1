"""What ships: as built, as zipped, and as Lambda unpacks it."""

import importlib.util
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_string
from pathlib import Path

import pytest
from onnx import TensorProto
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
UNZIPPED_MIB, ZIPPED_MB = 96, 34  # both layers and the function, together
MACHINES = {"x86_64": 62, "arm64": 183}
LEVEL = 4  # of compression: SAM's, 6, takes twice as long for 1 MB less
DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)  # SAM dates every file so
IMPORTS = "import numpy, onnxruntime, pydantic_core, aws_lambda_powertools.metrics, predictor.prediction"
QUIET = {"ORT_DISABLE_TELEMETRY": "1", "PATH": os.defpath}


def files(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def shipped(runtime: Path, model: Path, function: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Give the artifacts as Lambda has them: zipped with dates of 1980, unpacked, read-only; and the zips' bytes."""
    folder, size = tmp_path_factory.mktemp("shipped"), 0
    for artifact, mount in ((function, "task"), (runtime, "opt"), (model, "opt")):
        archive = folder / f"{artifact.name}.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in files(artifact):
                entry = zipfile.ZipInfo(str(path.relative_to(artifact)), DAY_OF_ZIP)
                zipped.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, LEVEL)
        size += archive.stat().st_size
        with zipfile.ZipFile(archive) as zipped:
            for entry in zipped.infolist():
                unpacked = Path(zipped.extract(entry, folder / mount))
                date = datetime(*entry.date_time, tzinfo=UTC).timestamp()
                os.utime(unpacked, (date, date))
                unpacked.chmod(0o555)
        archive.unlink()
    return folder, size


def run(program: str, *flags: str, path: list[Path]) -> subprocess.CompletedProcess[str]:
    """Run a program with nothing on its path but ``path`` and the standard library."""
    environment = QUIET | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-S", *flags, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_every_shared_object_is_for_the_processor_that_the_template_says(runtime: Path, architecture: str) -> None:
    objects = list(runtime.rglob("*.so*"))

    assert objects
    for path in objects:
        assert struct.unpack_from("<H", path.read_bytes()[:20], 18)[0] == MACHINES[architecture], path


def test_every_extension_is_for_python_3_13(runtime: Path) -> None:
    tags = {path.name.partition(".")[2] for path in runtime.rglob("*.cpython-*.so")}

    assert tags
    assert all(tag.startswith("cpython-313-") for tag in tags), tags


def test_every_module_has_bytecode_that_is_never_compared_with_its_source(runtime: Path, function: Path) -> None:
    modules = [path for path in files(runtime, function) if path.suffix == ".py"]

    assert len(modules) > 100
    for module in modules:
        header = Path(importlib.util.cache_from_source(str(module))).read_bytes()[:8]
        assert header[:4] == importlib.util.MAGIC_NUMBER, module
        assert struct.unpack("<I", header[4:])[0] == 0b01, module  # hash-based, unchecked (PEP 552)


def test_no_bytecode_is_without_a_module_or_of_another_python(runtime: Path, model: Path, function: Path) -> None:
    shipped = list(files(runtime, model, function))

    compiled = {path for path in shipped if path.suffix == ".pyc"}
    assert compiled <= {Path(importlib.util.cache_from_source(str(path))) for path in shipped if path.suffix == ".py"}


@pytest.mark.usefixtures("native")
def test_the_bytecode_is_used_after_zipping(shipped: tuple[Path, int]) -> None:
    folder, _ = shipped

    output = run(IMPORTS, "-v", path=[folder / "task", folder / "opt" / "python"]).stderr

    ours = [line for line in output.splitlines() if str(folder) in line]
    assert sum("matches" in line and ".pyc" in line for line in ours) > 100
    assert [line for line in ours if line.startswith("# code object from") and line.endswith(".py'")] == []
    assert [line for line in ours if line.startswith("# wrote")] == []


@pytest.mark.usefixtures("native")
def test_the_layer_needs_nothing_that_it_does_not_hold(shipped: tuple[Path, int]) -> None:
    folder, _ = shipped

    modules = run(
        f"{IMPORTS}; import json, sys; print(json.dumps([getattr(m, '__file__', None) for m in sys.modules.values()]))",
        path=[folder / "task", folder / "opt" / "python"],
    ).stdout

    outside = [file for file in json.loads(modules) if file and "site-packages" in file]
    assert outside == []


@pytest.mark.usefixtures("native")
def test_the_stripped_onnxruntime_runs_the_delivered_model(shipped: tuple[Path, int]) -> None:
    folder, _ = shipped
    program = (
        "from pathlib import Path\n"
        "from predictor.delivery import Delivery\n"
        "from predictor.prediction import Predictor\n"
        f"print(Predictor(Delivery.open(Path({str(folder / 'opt' / 'delivery')!r}))).most_reasons)"
    )

    assert int(run(program, path=[folder / "task", folder / "opt" / "python"]).stdout) > 20


@pytest.mark.usefixtures("native")
def test_the_stripped_onnxruntime_runs_a_model_of_its_own(shipped: tuple[Path, int], tmp_path: Path) -> None:
    folder, _ = shipped
    row, doubled = (make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("row", "doubled"))
    graph = make_graph([make_node("Add", ["row", "row"], ["doubled"])], "double", [row], [doubled])
    tiny = make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8)
    (tmp_path / "tiny.onnx").write_bytes(tiny.SerializeToString())
    program = (
        "import numpy, onnxruntime\n"
        f"session = onnxruntime.InferenceSession({str(tmp_path / 'tiny.onnx')!r})\n"
        "print(session.run(None, {'row': numpy.array([[1, 2, 3]], numpy.float32)})[0].tolist())"
    )

    assert run(program, path=[folder / "opt" / "python"]).stdout == "[[2.0, 4.0, 6.0]]\n"


def test_the_artifacts_are_within_their_budgets(
    runtime: Path, model: Path, function: Path, shipped: tuple[Path, int]
) -> None:
    unzipped = sum(path.stat().st_size for path in files(runtime, model, function))

    sizes = f"{unzipped / MIB:.1f} of {UNZIPPED_MIB} MiB unzipped, {shipped[1] / 1e6:.1f} of {ZIPPED_MB} MB zipped"

    assert unzipped <= UNZIPPED_MIB * MIB, sizes
    assert shipped[1] <= ZIPPED_MB * 1_000_000, sizes


def test_the_model_layer_holds_the_delivery_and_no_code_but_the_heuristics(model: Path) -> None:
    assert [str(path.relative_to(model)) for path in files(model)] == [
        "delivery/contract.json",
        "delivery/golden.jsonl",
        "delivery/heuristics.py",
        "delivery/manifest.json",
        "delivery/model.onnx",
    ]


def test_the_function_holds_its_own_modules_only(function: Path) -> None:
    assert {path.relative_to(function).parts[0] for path in files(function)} == {"predictor"}


@pytest.mark.parametrize(
    "unused",
    ["tests", "*.pyi", "*.a", "libonnxruntime.so*", "transformers", "quantization", "f2py", "pydantic", "polynomial"],
)
def test_what_inference_never_opens_does_not_ship(runtime: Path, unused: str) -> None:
    assert list(runtime.rglob(unused)) == []


def test_licences_ship(runtime: Path) -> None:
    licensed = {
        path.name.partition("-")[0] for path in runtime.glob("python/*.dist-info") if list(path.rglob("LICEN*"))
    }

    assert {"numpy", "pydantic_core", "aws_lambda_powertools"} <= licensed


def test_the_page_of_licences_has_what_each_package_says_of_itself(runtime: Path) -> None:
    page = (ROOT / "docs" / "licences.md").read_text()
    stated = {}
    for path in runtime.glob("python/*.dist-info/METADATA"):
        metadata = message_from_string(path.read_text())
        stated[metadata["Name"]] = metadata["License-Expression"] or metadata["License"]

    assert stated == dict(re.findall(r"^\| (\w+) \| ([^|]+) \|$", page.partition("## Data")[0], re.MULTILINE)[1:])
