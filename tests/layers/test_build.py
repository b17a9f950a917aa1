"""The runtime layer's builder."""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("runtime_build", ROOT / "layers" / "runtime" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)  # a __pycache__ in the layer's source would have SAM build anew
        spec.loader.exec_module(module)
    return module


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44)


def test_a_shared_object_of_another_machine_is_named(build: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "ours.so").write_bytes(elf(62))
    (tmp_path / "theirs.so.1").write_bytes(elf(183))
    (tmp_path / "text.so").write_text("not an object at all")

    assert list(build.foreign_objects(tmp_path, "x86_64")) == ["text.so", "theirs.so.1"]
    assert list(build.foreign_objects(tmp_path, "arm64")) == ["ours.so", "text.so"]


def test_what_is_compiled_is_never_compared_with_its_source(build: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("ANSWER = 42\n")

    build.byte_compile(tmp_path)

    (compiled,) = (tmp_path / "__pycache__").iterdir()
    assert compiled.read_bytes()[4:8] == (1).to_bytes(4, "little")
    assert str(tmp_path).encode() not in compiled.read_bytes()  # the same bytes wherever it is built


def test_a_module_that_does_not_compile_is_an_error(
    build: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "module.py").write_text("def broken(:\n")

    with pytest.raises(build.BuildError, match=r"^a module cannot be byte-compiled$"):
        build.byte_compile(tmp_path)
    assert "module.py" in capsys.readouterr().out


def test_what_is_not_used_is_removed_and_the_rest_stays(build: ModuleType, tmp_path: Path) -> None:
    for name in (
        "numpy/tests/test_x.py",
        "numpy/a.pyi",
        "google/protobuf/x.py",
        "numpy/core.py",
        "n.dist-info/LICENSE",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    build.strip(tmp_path)

    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == [
        "n.dist-info/LICENSE",
        "numpy/core.py",
    ]


def cut_off(command: list[str | Path], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command that can reach no package index."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    return subprocess.run(
        command, cwd=ROOT, env=environment | nowhere | more, capture_output=True, text=True, check=False
    )


def contents(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_cached_wheels_are_enough_to_build_the_same_bytes_offline(
    tmp_path: Path, runtime: Path, architecture: str
) -> None:
    if not (ROOT / ".cache" / "wheels" / architecture).is_dir():
        pytest.skip("the wheels are not cached: rm -r .aws-sam; make build")

    built = cut_off([sys.executable, "layers/runtime/build.py", tmp_path, "--architecture", architecture])

    assert (built.returncode, built.stderr) == (0, "")
    assert contents(tmp_path) == contents(runtime)


class Index:
    """A package index on loopback that has one small wheel, and the project that locks it."""

    def __init__(self, root: Path) -> None:
        self.wheel = root / "index" / "demo" / "demo-1.0-py3-none-any.whl"
        self.wheel.parent.mkdir(parents=True)
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("demo/__init__.py", "ANSWER = 42\n")
            archive.writestr("demo/native.so", elf(62))
            archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
            archive.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr("demo-1.0.dist-info/RECORD", "")
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        self.project = root / "project"
        self.cached = self.project / ".cache" / "wheels" / "x86_64" / self.wheel.name
        lock = self.project / "layers" / "runtime" / "requirements.txt"
        lock.parent.mkdir(parents=True)
        lock.write_text(f"demo==1.0 --hash=sha256:{digest}\n")
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(self._Handler, self.asked, directory=root / "index")
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    class _Handler(SimpleHTTPRequestHandler):
        def __init__(self, asked: list[str], *arguments: object, **more: object) -> None:
            self.asked = asked
            super().__init__(*arguments, **more)  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            self.asked.append(self.path)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    index = Index(tmp_path)
    monkeypatch.chdir(index.project)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    yield index
    index.close()


def test_what_the_cache_lacks_is_fetched_into_it_and_only_once(build: ModuleType, index: Index, tmp_path: Path) -> None:
    build.install(tmp_path / "first", "x86_64")
    asked = list(index.asked)
    build.install(tmp_path / "second", "x86_64")

    assert index.cached.read_bytes() == index.wheel.read_bytes()
    assert asked == ["/demo/", "/demo/demo-1.0-py3-none-any.whl"]
    assert index.asked == asked
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_a_damaged_wheel_in_the_cache_is_fetched_anew(build: ModuleType, index: Index, tmp_path: Path) -> None:
    index.cached.parent.mkdir(parents=True)
    index.cached.write_bytes(b"half a whe")

    build.install(tmp_path / "site", "x86_64")

    assert index.cached.read_bytes() == index.wheel.read_bytes()


def test_a_wheel_for_another_processor_ends_the_build(build: ModuleType, index: Index, tmp_path: Path) -> None:
    cached = index.cached.parents[1] / "arm64"
    cached.mkdir(parents=True)
    shutil.copy(index.wheel, cached)

    with pytest.raises(build.BuildError) as stopped:
        build.build(tmp_path / "layer", "arm64")

    assert str(stopped.value) == "demo/native.so is not for arm64: remove .cache/wheels/arm64 and build again"


def test_words_are_taken_out_and_what_a_package_asks_for_stays(build: ModuleType, tmp_path: Path) -> None:
    for name in build.HOLLOWED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("WORDS = 'many'\n")

    build.hollow(tmp_path)

    assert {name: (tmp_path / name).read_text() for name in build.HOLLOWED} == build.HOLLOWED


def test_a_record_names_what_is_left_of_a_package_as_it_is_now(build: ModuleType, tmp_path: Path) -> None:
    module, record = tmp_path / "demo/__init__.py", tmp_path / "demo-1.0.dist-info/RECORD"
    for path in (module, record):
        path.parent.mkdir()
    module.write_text("ANSWER = 42\n")
    record.write_text("demo/tests/test_demo.py,sha256=a,7\ndemo/__init__.py,sha256=b,99\ndemo-1.0.dist-info/RECORD,,\n")

    build.record(tmp_path)

    digest = base64.urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest()).decode().rstrip("=")
    assert record.read_text() == f"demo/__init__.py,sha256={digest},12\ndemo-1.0.dist-info/RECORD,,\n"


def test_words_that_moved_elsewhere_end_the_build(build: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(build.BuildError) as stopped:
        build.hollow(tmp_path)

    assert str(stopped.value) == (
        "numpy/_core/_add_newdocs.py is not in the locked wheel: look at HOLLOWED in layers/runtime/build.py"
    )


def test_a_wheel_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "layers/runtime").mkdir(parents=True)
    (tmp_path / "layers/runtime/requirements.txt").write_text(f"numpy==2.5.5 --hash=sha256:{'0' * 64}\n")
    script = ROOT / "layers/runtime/build.py"

    built = cut_off(["env", "-C", tmp_path, sys.executable, script, tmp_path / "out", "--architecture", "arm64"])

    assert built.returncode == 1
    assert built.stderr == (
        "layers/runtime: the wheels of layers/runtime/requirements.txt are not available for arm64: "
        "ERROR: No matching distribution found for numpy==2.5.5\n"
    )


def test_without_a_setup_the_makefiles_say_what_to_run(tmp_path: Path) -> None:
    for makefile, target in (("layers/runtime/Makefile", "RuntimeLayer"), ("function/Makefile", "PredictFunction")):
        result = subprocess.run(
            ["make", "-f", ROOT / makefile, f"build-{target}", f"ARTIFACTS_DIR={tmp_path}"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.stderr.splitlines()[0] == "nothing is set up: run make setup"


def test_without_a_delivery_the_makefile_says_what_to_run(tmp_path: Path) -> None:
    result = subprocess.run(
        ["make", "-f", ROOT / "layers/model/Makefile", "build-ModelLayer", f"ARTIFACTS_DIR={tmp_path}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.stderr.splitlines()[0] == (
        "layers/model/delivery/contract.json is missing: no delivery yet, run make model"
    )
