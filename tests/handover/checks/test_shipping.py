"""Each clause of the artifacts, broken alone: the whole report, as a person reads it."""

import os
import py_compile
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from handover.checks import CLAUSES, selected, shipping
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.reporters.text import report
from tests.helpers import reports
from tests.helpers.sandbox import ROOT, Sandbox


class Yard:
    """A small project whose build keeps every clause."""

    def __init__(self, root: Path, delivery: Path) -> None:
        self.root = root
        self.build = root / ".aws-sam" / "build"
        self.folder = Path(shutil.copytree(delivery, root / "layers/model/delivery"))
        (root / "layers/runtime").mkdir()
        (root / "layers/runtime/requirements.txt").write_text("tiny-thing==1.2.0 \\\n    --hash=sha256:0\n")
        self.write("PredictFunction/predictor/handler.py", b"ANSWER = 42\n")
        self.write("RuntimeLayer/python/tiny/__init__.py", b"SMALL = True\n")
        self.write("RuntimeLayer/python/tiny/fast.cpython-313-x86_64-linux-gnu.so", elf(62) + b"\0GLIBC_2.17\0")
        self.write("RuntimeLayer/python/tiny_thing-1.2.0.dist-info/METADATA", b"Name: tiny-thing\n")
        (self.build / "ModelLayer/delivery").mkdir(parents=True)
        for name in ("contract.json", "heuristics.py", "model.onnx", "golden.jsonl", "manifest.json"):
            shutil.copy(self.folder / name, self.build / "ModelLayer/delivery" / name)
        for path in (self.build / "PredictFunction", self.build / "RuntimeLayer"):
            compile_all(path)
        (root / ".aws-sam/build.toml").write_text(
            '[layer_build_definitions.1]\nlayer = "RuntimeLayer"\narchitecture = "x86_64"\n'
        )

    def write(self, name: str, content: bytes) -> None:
        (self.build / name).parent.mkdir(parents=True, exist_ok=True)
        (self.build / name).write_bytes(content)

    def says(self) -> str:
        with DeliveryContext(self.root, self.folder) as context:
            return report(list(evaluate(context, selected(["S"]))), context) + "\n"


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44)


def compile_all(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


@pytest.fixture
def yard(whole: Path, tmp_path: Path) -> Yard:
    return Yard(tmp_path, whole)


NEVER_BROKEN = {"S310"}
OBJECT = "RuntimeLayer/python/tiny/{}.cpython-313-x86_64-linux-gnu.so"
MODULE = "RuntimeLayer/python/tiny/__init__.py"


def by_date(yard: Yard) -> None:
    module = yard.build / MODULE
    py_compile.compile(str(module), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)


def no_bytecode(yard: Yard) -> None:
    shutil.rmtree((yard.build / MODULE).parent / "__pycache__")


def other_python(yard: Yard) -> None:
    (cached,) = (yard.build / MODULE).parent.glob("__pycache__/*.pyc")
    cached.write_bytes(b"\0\0\r\n" + cached.read_bytes()[4:])


def redelivered(yard: Yard) -> None:
    Sandbox(yard.folder).golden(lambda lines: lines.reverse())


BREAKS: dict[str, Callable[[Yard], object]] = {
    "S301": redelivered,
    "S302": lambda yard: yard.write("RuntimeLayer/python/huge/weights.bin", bytes(101 * shipping.MIB)),
    "S303": lambda yard: yard.write("RuntimeLayer/python/dense/weights.bin", os.urandom(51 * shipping.MIB)),
    "S304": lambda yard: yard.write(OBJECT.format("other"), elf(183)),
    "S304-text": lambda yard: yard.write("RuntimeLayer/python/tiny/lib.so.1", b"not an object"),
    "S305": lambda yard: yard.write("RuntimeLayer/python/tiny/x.cpython-312-x86_64-linux-gnu.so", elf(62)),
    "S306": lambda yard: yard.write(OBJECT.format("new"), elf(62) + b"\0GLIBC_2.38\0GLIBC_2.4\0"),
    "S307": no_bytecode,
    "S307-date": by_date,
    "S307-python": other_python,
    "S307-stale": lambda yard: yard.write(MODULE, b"SMALL = False\n"),
    "S308": lambda yard: yard.write("ModelLayer/delivery/contract.py", b""),
    "S308-tests": lambda yard: yard.write("RuntimeLayer/python/tiny/tests/data.bin", b""),
    "S309": lambda yard: yard.write("RuntimeLayer/python/other-2.0.dist-info/METADATA", b""),
    "S309-version": lambda yard: (yard.build / "RuntimeLayer/python/tiny_thing-1.2.0.dist-info").rename(
        yard.build / "RuntimeLayer/python/tiny_thing-1.3.0.dist-info"
    ),
}


def test_a_whole_build_keeps_every_clause(yard: Yard) -> None:
    assert reports.is_all_kept(yard.says())


def test_the_projects_own_build_keeps_every_clause() -> None:
    if not (ROOT / ".aws-sam/build/RuntimeLayer").is_dir():
        pytest.skip("nothing is built: run make build")
    with DeliveryContext(ROOT, ROOT / "layers/model/delivery") as context:
        assert reports.is_all_kept(report(list(evaluate(context, selected(["S"]))), context))


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (["RuntimeLayer"], "no RuntimeLayer is built: run make build"),
        (["PredictFunction", "RuntimeLayer", "ModelLayer"], "nothing is built: run make build"),
    ],
)
def test_without_a_build_nothing_of_it_is_checked(yard: Yard, missing: list[str], reason: str) -> None:
    for folder in missing:
        shutil.rmtree(yard.build / folder)

    codes = [clause.code for clause in selected(["S"]) if clause.code not in NEVER_BROKEN]
    assert yard.says() == (
        f"{', '.join(codes)} NOT CHECKED\n"
        "\n"
        f"  Reason:  {reason}\n"
        '  Allow:   in handover.toml, which is deployment\'s, below [skips]: S301 = "the reason in words"\n'
        "\n"
        f"1 kept, 0 broken, {len(codes)} skipped ({', '.join(codes)}: {reason})\n"
    )


def test_what_ships_is_what_is_compared_while_another_delivery_is_checked(yard: Yard) -> None:
    other = Path(shutil.copytree(yard.folder, yard.folder.parents[2] / "other"))
    with DeliveryContext(yard.root, other) as context:
        assert report(list(evaluate(context, selected(["S301"]))), context) == "1 kept, 0 broken, 0 skipped"

    redelivered(yard)
    with DeliveryContext(yard.root, other) as context:
        assert report(list(evaluate(context, selected(["S301"]))), context).startswith("S301 BROKEN")


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_clause_is_reported(yard: Yard, name: str) -> None:
    BREAKS[name](yard)

    reports.check(name, yard.says())


def test_it_is_reported_by_that_clause_alone() -> None:
    reports.check_alone(BREAKS)


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "S"} == reports.codes(BREAKS) | NEVER_BROKEN


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the files of a wheel that is as the project has them."""
    folder = tmp_path / "tool"
    for file in ("function/predictor/handler.py", "hook/pre_traffic.py"):
        for root in (folder, tmp_path):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text("ANSWER = 42\n")
    monkeypatch.setattr(shipping, "packed", lambda: folder)
    return folder


def test_serving_code_that_is_the_tools_own_is_not_mentioned(yard: Yard, tool: Path) -> None:
    (yard.root / "function/predictor/__pycache__").mkdir()
    (yard.root / "hook/Makefile").write_text("# the project's own\n")

    assert reports.is_all_kept(yard.says())


def test_serving_code_that_is_another_is_named_and_not_broken(yard: Yard, tool: Path) -> None:
    (yard.root / "function/predictor/handler.py").write_text("ANSWER = 43\n")
    kept = f"as handover-ml {version('handover-ml')} has it\n\n10 kept, 0 broken, 0 skipped\n"

    assert yard.says() == f"S310 kept: function/predictor/handler.py is not {kept}"

    (yard.root / "function/predictor/more.py").touch()
    (yard.root / "hook/pre_traffic.py").unlink()
    (tool / "hook/other.py").touch()
    assert yard.says() == (
        "S310 kept: function/predictor/handler.py, function/predictor/more.py, hook/other.py and 1 more are not " + kept
    )
