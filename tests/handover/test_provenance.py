"""What the manifest says a delivery was trained with: what its program used, and nothing that only lay around."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handover import provenance
from handover.provenance import libraries, machine, unlike
from tests.helpers.warm import Warm

ASKED = "import json\nfrom handover.provenance import libraries\n"
SAYS = "print(json.dumps(libraries(None)))\n"


class Place:
    """A folder with a program, and libraries that are installed for it alone."""

    def __init__(self, root: Path, warm: Warm) -> None:
        self.root, self._warm = root, warm
        self.packages = root / "elsewhere" / "site-packages"
        self.installed = {"lightgbm", "pytest", "xgboost-cpu"}  # what is in .venv, and deliver() does not need

    def write(self, name: str, text: str = "") -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def install(self, name: str, version: str, *files: str, requires: Sequence[str] = ()) -> None:
        """Install a distribution as pip does: its files, its metadata, and the record of both."""
        self.installed.add(name)
        for file in files:
            self.write(str((self.packages / file).relative_to(self.root)))
        metadata = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        requirements = "".join(f"Requires-Dist: {need}\n" for need in requires)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{requirements}")
        (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))

    def run(self, *command: str, typed: str = "") -> dict[str, str]:
        """Run Python, and give the libraries that its last line names, without those that are always among them."""
        return self._named(subprocess.run, command, input=typed, text=True)

    def train(self, program: str) -> dict[str, str]:
        """Run a program as ``train.py``, in a fork of a process that has imported its imports already."""
        self.write("train.py", program)
        return self._named(self._warm.run, ["train.py"])

    def _named(self, run: Callable[..., Any], command: Sequence[str], **more: Any) -> dict[str, str]:
        paths = os.pathsep.join([str(self.root), str(self.packages)])
        environment = os.environ | {"PYTHONPATH": paths}
        ended = run([sys.executable, *command], cwd=self.root, env=environment, capture_output=True, check=True, **more)
        versions: dict[str, str] = json.loads(ended.stdout.splitlines()[-1])
        return {name: version for name, version in versions.items() if name in self.installed}


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm("handover.provenance", "sklearn.pipeline") as warm:
        yield warm


@pytest.fixture
def place(tmp_path: Path, warm: Warm) -> Place:
    place = Place(tmp_path / "project", warm)
    place.install("used", "1.0", "used/__init__.py", "used/inner.py")
    (place.packages / "used" / "inner.py").write_text("name = 1\n")
    place.install("unused", "2.0", "unused/__init__.py")
    return place


type Start = Callable[[Place], dict[str, str]]


def as_module(place: Place) -> dict[str, str]:
    place.write("room/train.py", f"import used\n{ASKED}{SAYS}")
    return place.run("-m", "room.train")


def as_script(place: Place) -> dict[str, str]:
    place.write("tiny/train.py", f"import used\n{ASKED}{SAYS}")
    return place.run("tiny/train.py")


def as_what_a_tool_starts(place: Place) -> dict[str, str]:
    place.write("room/train.py", f"import used\n{ASKED}{SAYS}")
    place.install("runner", "4.0", "runner/__main__.py")
    (place.packages / "runner" / "__main__.py").write_text("import runpy\nimport room.train\n")
    return place.run("-m", "runner")


def typed(place: Place) -> dict[str, str]:
    return place.run("-i", typed=f"import used as short\n{ASKED}{SAYS}")


def on_the_command_line(place: Place) -> dict[str, str]:
    return place.run("-c", f"import used\n{ASKED}{SAYS}")


@pytest.mark.parametrize("start", [as_module, as_script, as_what_a_tool_starts, typed, on_the_command_line])
def test_however_a_training_is_started_what_it_imports_is_recorded(place: Place, start: Start) -> None:
    assert start(place) == {"used": "1.0"}


IMPORTS = {
    "import used": True,
    "import used.inner as short": True,
    "from used import inner": True,
    "from used.inner import name": True,
    "def late():\n    import used\nlate()": True,
    "import theirs": True,  # a module of the project's own imports it
    "from package import step": True,
    "try:\n    import used\nexcept ImportError:\n    pass": True,
    "pass": False,
    "'import used'": False,
    "def never():\n    import used": False,
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import used": False,
    "def never():\n    import not_loaded": False,
}


@pytest.mark.parametrize("line", IMPORTS)
def test_a_library_is_used_when_a_file_of_the_project_imports_it(place: Place, line: str) -> None:
    place.write("theirs.py", "import used\n")
    place.write("not_loaded.py", "import used\n")
    place.write("package/__init__.py", "")
    place.write("package/step.py", "from . import other\n")
    place.write("package/other.py", "import used\n")

    assert place.train(f"{line}\n{ASKED}{SAYS}") == ({"used": "1.0"} if IMPORTS[line] else {})


def test_a_library_that_is_only_there_is_not_recorded(place: Place) -> None:
    assert place.train(f"import sklearn\n{ASKED}{SAYS}") == {}


def test_a_library_that_another_one_loads_by_itself_is_not_the_programs(place: Place) -> None:
    place.install("plugin", "3.0", "plugin/__init__.py")
    (place.packages / "used" / "__init__.py").write_text("import plugin\n")

    assert place.train(f"import used\n{ASKED}{SAYS}") == {"used": "1.0"}


def test_what_a_library_needs_is_recorded_with_it(place: Place) -> None:
    place.install(
        "parent",
        "1.5",
        "parent/__init__.py",
        requires=[
            "Needed >=1",
            "extra; extra == 'all'",
            "windows; sys_platform == 'win32'",
            "mac; platform_system == 'Darwin'",
            "old; python_version < '3.9'",
            "deeper; python_version >= '3.9'",
            "gone",
            "not a requirement",
        ],
    )
    place.install("needed", "2.1+cpu", requires=["parent"])
    for name in ("extra", "windows", "mac", "old", "deeper"):
        place.install(name, "1.0")

    assert place.train(f"import parent\n{ASKED}{SAYS}") == {"deeper": "1.0", "needed": "2.1+cpu", "parent": "1.5"}


def test_of_a_namespace_that_libraries_share_only_the_imported_one_is_recorded(place: Place) -> None:
    place.install("shared-one", "1.0", "shared/one/__init__.py")
    place.install("shared-two", "2.0", "shared/two/__init__.py")

    assert place.train(f"from shared import two\n{ASKED}{SAYS}") == {"shared-two": "2.0"}


def test_which_packages_a_library_has_is_what_python_says(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.install("shared-one", "1.0", "shared/one/__init__.py")
    place.install("shared-two", "2.0", "shared/two/__init__.py", "two.py", "_two.cpython-313-x86_64-linux-gnu.so")
    place.install("declared", "3.0", "other/__init__.py", "_declared.py")
    (place.packages / "declared-3.0.dist-info" / "top_level.txt").write_text("other\n_declared\n")
    place.write("elsewhere/site-packages/egg-4.0.egg-info/PKG-INFO", "Metadata-Version: 1.0\nName: egg\nVersion: 4.0\n")
    place.write("elsewhere/site-packages/egg-4.0.egg-info/SOURCES.txt", "egg/__init__.py\nalone.py\n")
    for name in ("egg/__init__.py", "alone.py"):
        place.write(f"elsewhere/site-packages/{name}")
    monkeypatch.setattr(sys, "path", [str(place.packages)])

    installed = {package: [one.name for one in those] for package, those in provenance._installed.__wrapped__().items()}

    importable = {package: sorted(names) for package, names in installed.items() if package.isidentifier()}
    assert importable == {package: sorted(names) for package, names in packages_distributions().items()}
    assert len(importable) == 9


def test_a_notebook_is_known_by_its_names(place: Place) -> None:
    place.install("shell", "9.0", "shell/__init__.py")
    (place.packages / "shell" / "__init__.py").write_text(
        "class Shell:\n    user_ns_hidden = {'get_ipython': 1, 'leave': 1}\n"
        "def get(): return Shell()\n"
        "leave = Shell()\n"
    )
    (place.packages / "used" / "__init__.py").write_text("class Model: pass\n")
    place.install("framed", "5.0", "framed.py")
    (place.packages / "framed.py").write_text("class Frame: pass\ndef read(): return Frame()\n")
    cells = "from used import Model\nimport framed as f\nframe = f.read()\ndel f\nx = [1]\nshow = print\n"

    versions = place.run("-c", f"from shell import get as get_ipython, leave\n{cells}{ASKED}{SAYS}")

    assert versions == {"framed": "5.0", "used": "1.0"}


def test_a_file_that_has_changed_since_it_was_loaded_stops_nothing(place: Place) -> None:
    place.write("broken.py", "")
    place.write("gone.py", "")
    program = (
        "import used, broken, gone, pathlib\npathlib.Path('broken.py').write_text('def')\n"
        f"pathlib.Path('gone.py').unlink()\n{ASKED}{SAYS}"
    )

    assert place.train(program) == {"used": "1.0"}


def test_the_models_own_framework_is_used_even_if_the_model_was_read_from_a_file(place: Place) -> None:
    program = (
        "import pickle, sys, json\nfrom handover.provenance import libraries\nfrom sklearn.pipeline import Pipeline\n"
        "import importlib\nxgb = importlib.import_module('xgboost')\n"
        "print(json.dumps(libraries(Pipeline([('model', xgb.XGBClassifier())]))))\n"
    )

    assert set(place.train(program)) == {"xgboost-cpu"}


def test_names_stand_in_their_order_and_deliver_is_among_its_own_libraries() -> None:
    versions = libraries(None)

    assert list(versions) == sorted(versions)
    assert versions["numpy"] == np.__version__


def test_a_machine_is_what_is_in_force_and_not_what_a_variable_says() -> None:
    current = machine()

    assert (current["system"], current["machine"]) == (platform.system(), platform.machine())
    assert all(isinstance(value, list) and value for value in (current["numpy"], current["blas"], current["threads"]))
    assert json.loads(json.dumps(current)) == current


def test_machines_of_one_kind_have_nothing_to_tell_apart() -> None:
    current = machine()

    assert unlike(current, current) == ""
    assert unlike({**current, "numpy": current["numpy"][::-1]}, current) == ""  # an order is no kind


HERE = {
    "system": "Linux",
    "machine": "x86_64",
    "numpy": ["V2", "V3"],
    "blas": ["openblas Zen"],
    "threads": ["openblas 4"],
}


@pytest.mark.parametrize(
    ("then", "differences"),
    [
        ({"system": "Darwin", "machine": "arm64"}, "system Darwin then, Linux now; machine arm64 then, x86_64 now"),
        ({"numpy": ["V2", "V3", "V4"]}, "numpy without V4 now"),
        ({"numpy": ["V2"]}, "numpy without V3 then"),
        ({"blas": ["openblas Haswell"]}, "blas openblas Haswell then, openblas Zen now"),
        ({"threads": ["openblas 8"]}, "threads openblas 8 then, openblas 4 now"),
    ],
)
def test_machines_of_two_kinds_are_told_apart(then: dict[str, object], differences: str) -> None:
    assert unlike(HERE | then, HERE) == differences


@pytest.mark.parametrize("then", [None, {}, [], "Linux", {"system": "Darwin"}, HERE | {"more": 1}])
def test_a_machine_that_is_not_known_is_taken_for_this_one(then: object) -> None:
    assert unlike(then, HERE) == ""
