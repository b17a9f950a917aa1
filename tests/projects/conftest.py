"""Fixtures: the wheel, installed as a team installs it, and the projects that it writes, in an empty home."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.cloud import OWN_MINISTACK, ROOT, Cloud, emulated
from tests.helpers.machine import BEFORE, Machine
from tests.projects.tables import TABLES


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Run an emulator of AWS: one account for all projects."""
    if not OWN_MINISTACK.exists():
        pytest.skip("the emulator is not installed: run make test-projects")
    with emulated(tmp_path_factory.mktemp("ministack"), LAMBDA_ACCOUNT_CONCURRENCY="4") as cloud:
        yield cloud


@pytest.fixture(scope="session")
def machine(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"), cloud)


def built(source: Path, to: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(to)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = to.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def handover(machine: Machine) -> Path:
    """Install this release; give its command."""
    return machine.installed(built(ROOT, machine.folder / "dist"))


@pytest.fixture(scope="session")
def handover_before(machine: Machine) -> Path:
    """Install the release before this one; give its command."""
    source = machine.folder / "before"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    for name, old, new in (
        ("pyproject.toml", r'^version = ".*"', f'version = "{BEFORE}"'),
        ("Makefile", r"^PORT .*", "PORT         ?= 2999"),
    ):
        text, count = re.subn(old, new, (source / name).read_text(), flags=re.MULTILINE)
        assert count == 1, name
        (source / name).write_text(text)
    return machine.installed(built(source, machine.folder / "dist-before"))


@pytest.fixture(scope="module", params=sorted(TABLES))
def data(request: pytest.FixtureRequest, machine: Machine) -> tuple[Path, str]:
    """Give each data file in turn, and the column to predict."""
    folder = machine.folder / "data" / request.param
    folder.mkdir(parents=True)
    return TABLES[request.param](folder)
