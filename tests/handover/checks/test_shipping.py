"""Each clause of the artifacts, broken alone: the whole report, as a person reads it."""

import os
import py_compile
import re
import shutil
import subprocess
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
        self.code("predictor/handler.py", b"ANSWER = 42\n")
        self.package(MODULE, b"SMALL = True\n")
        self.package(OBJECT.format("fast"), elf(62) + b"\0GLIBC_2.17\0")
        self.package("RuntimeLayer/python/tiny_thing-1.2.0.dist-info/METADATA", b"Name: tiny-thing\n")
        self.package(RECORD, (self.build / RECORD).read_bytes())
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

    def package(self, name: str, content: bytes) -> None:
        """Write a file of the package, which its record names."""
        self.write(name, content)
        record = self.build / RECORD
        names = record.read_bytes() if record.exists() else b""
        self.write(RECORD, names + f"{name.removeprefix('RuntimeLayer/python/')},,\n".encode())

    def code(self, name: str, content: bytes) -> None:
        """Write a file of the function, and build it."""
        (self.root / "function" / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / "function" / name).write_bytes(content)
        self.write(f"PredictFunction/{name}", content)

    def says(self) -> str:
        with DeliveryContext(self.root, self.folder) as context:
            return report(list(evaluate(context, selected(["S"]))), context) + "\n"


RECORD = "RuntimeLayer/python/tiny_thing-1.2.0.dist-info/RECORD"
OBJECT = "RuntimeLayer/python/tiny/{}.cpython-313-x86_64-linux-gnu.so"
MODULE = "RuntimeLayer/python/tiny/__init__.py"


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44)


def compile_all(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


@pytest.fixture
def yard(whole: Path, tmp_path: Path) -> Yard:
    return Yard(tmp_path, whole)


NEVER_BROKEN = {"S310"}


def by_date(yard: Yard) -> None:
    module = yard.build / MODULE
    py_compile.compile(str(module), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)


def no_bytecode(yard: Yard) -> None:
    shutil.rmtree((yard.build / MODULE).parent / "__pycache__")


def other_python(yard: Yard) -> None:
    (cached,) = (yard.build / MODULE).parent.glob("__pycache__/*.pyc")
    cached.write_bytes(b"\0\0\r\n" + cached.read_bytes()[4:])


def ignored(yard: Yard) -> None:
    subprocess.run(["git", "init", "-q", yard.root], check=True)
    (yard.root / ".gitignore").write_text("local_*.py\n")
    yard.code("predictor/local_settings.py", b"KEY = 'secret'\n")
    compile_all(yard.build / "PredictFunction")


def a_core_file(yard: Yard) -> None:
    yard.write("RuntimeLayer/python/core.12345", bytes(101 * shipping.MIB))


def many(yard: Yard) -> None:
    for number in range(12):
        yard.write(f"RuntimeLayer/python/pandas/part_{number}.py", b"PART = 1\n")
    for name in ("tests/test_tiny.py", "tests/data.csv", "notebook.ipynb"):
        yard.write(f"RuntimeLayer/python/tiny/{name}", b"{}")
    yard.write("PredictFunction/id_rsa", b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
    yard.write("ModelLayer/delivery/held_out.csv", b"label,score\n")


def redelivered(yard: Yard) -> None:
    Sandbox(yard.folder).golden(lambda lines: lines.reverse())


BREAKS: dict[str, Callable[[Yard], object]] = {
    "S301": redelivered,
    "S302": lambda yard: yard.package("RuntimeLayer/python/huge/weights.bin", bytes(101 * shipping.MIB)),
    "S302-core": a_core_file,
    "S303": lambda yard: yard.package("RuntimeLayer/python/dense/weights.bin", os.urandom(51 * shipping.MIB)),
    "S304": lambda yard: yard.package(OBJECT.format("other"), elf(183)),
    "S304-text": lambda yard: yard.package("RuntimeLayer/python/tiny/lib.so.1", b"not an object"),
    "S305": lambda yard: yard.package("RuntimeLayer/python/tiny/x.cpython-312-x86_64-linux-gnu.so", elf(62)),
    "S306": lambda yard: yard.package(OBJECT.format("new"), elf(62) + b"\0GLIBC_2.38\0GLIBC_2.4\0"),
    "S307": no_bytecode,
    "S307-date": by_date,
    "S307-python": other_python,
    "S307-stale": lambda yard: yard.write(MODULE, b"SMALL = False\n"),
    "S308": lambda yard: yard.write("PredictFunction/credentials.json", b'{"aws_secret_access_key": "x"}'),
    "S308-delivery": lambda yard: yard.write("ModelLayer/delivery/contract.py", b""),
    "S308-tests": lambda yard: yard.write("RuntimeLayer/python/tiny/tests/data.bin", b""),
    "S308-package": lambda yard: yard.write("RuntimeLayer/python/six.py", b"PY3 = True\n"),
    "S308-python": lambda yard: yard.write("RuntimeLayer/python/tiny/__pycache__/__init__.cpython-312.pyc", b"\0"),
    "S308-unread": lambda yard: yard.code("predictor/.env", b"KEY=secret\n"),
    "S308-ignored": ignored,
    "S308-many": many,
    "S309": lambda yard: yard.write("RuntimeLayer/python/other-2.0.dist-info/METADATA", b""),
    "S309-record": lambda yard: (yard.build / RECORD).unlink(),
    "S309-asked": lambda yard: (yard.root / "layers/runtime/requirements.in").write_text(
        "# ours\ntiny-thing==1.1 # why\n"
    ),
    "S309-new": lambda yard: (yard.root / "layers/runtime/requirements.in").write_text("tiny-thing>=1\nother-thing\n"),
    "S309-version": lambda yard: (yard.build / "RuntimeLayer/python/tiny_thing-1.2.0.dist-info").rename(
        yard.build / "RuntimeLayer/python/tiny_thing-1.3.0.dist-info"
    ),
}


def test_a_whole_build_keeps_every_clause(yard: Yard) -> None:
    assert reports.is_all_kept(yard.says())


def test_a_lock_may_be_asked_for_in_any_form_that_it_meets(yard: Yard) -> None:
    asked = "-c limits.txt\nTiny_Thing[fast] ~= 1.2\ncolorama; sys_platform == 'win32'\n"
    (yard.root / "layers/runtime/requirements.in").write_text(asked)

    assert reports.is_all_kept(yard.says())


def new_module(yard: Yard) -> None:
    subprocess.run(["git", "init", "-q", yard.root], check=True)
    yard.code("predictor/rounding.py", b"DIGITS = 2\n")


def read_by_code(yard: Yard) -> None:
    yard.code("predictor/branches.json", b"{}")
    yard.code(
        "predictor/handler.py", b"from pathlib import Path\nBRANCHES = Path(__file__).with_name('branches.json')\n"
    )


def hook(yard: Yard) -> None:
    yard.code("predictor/files.py", b"MODEL = 'model.onnx'\n")
    for name, built in (
        ("hook/pre_traffic.py", "pre_traffic.py"),
        ("function/predictor/files.py", "predictor/files.py"),
    ):
        (yard.root / name).parent.mkdir(exist_ok=True)
        (yard.root / name).write_text("ANSWER = 42\n")
        yard.write(f"PreTrafficHook/{built}", b"ANSWER = 42\n")


def own_library(yard: Yard) -> None:
    (yard.root / "layers/runtime/python").mkdir()
    (yard.root / "layers/runtime/python/shared.py").write_text("TAX = 19\n")
    yard.write("RuntimeLayer/python/shared.py", b"TAX = 19\n")


@pytest.mark.parametrize("change", [new_module, read_by_code, hook, own_library])
def test_what_the_project_wrote_itself_ships(yard: Yard, change: Callable[[Yard], None]) -> None:
    change(yard)
    for artifact in yard.build.iterdir():
        compile_all(artifact)
    shutil.rmtree(yard.build / "ModelLayer/delivery/__pycache__")

    assert reports.is_all_kept(text := yard.says()), text


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
    (tool / "function/predictor/pages.py").touch()
    (tool / "function/predictor/other.py").touch()
    named = "function/predictor/handler.py, function/predictor/more.py, function/predictor/other.py"
    assert yard.says() == f"S310 kept: {named} and 1 more are not {kept}"


@pytest.mark.parametrize("case", ["S310-edited", "S310-gone"])
def test_a_hook_that_is_another_proves_nothing(yard: Yard, tool: Path, case: str) -> None:
    (yard.root / "function/predictor/handler.py").write_text("ANSWER = 43\n")
    if case == "S310-edited":
        (yard.root / "hook/pre_traffic.py").write_text("ANSWER = 43\n")
    else:
        (yard.root / "hook/pre_traffic.py").unlink()

    reports.check(case, yard.says(), but=lambda text: re.sub(r"handover-ml [\d.]+", "handover-ml", text))
