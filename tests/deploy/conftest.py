"""Fixtures: an emulator of AWS on this machine, and a copy of the project that is deployed to it."""

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from handover.project import Project as Paths
from handover.retraining import NOT_COPIED
from handover.stage import architecture
from tests.helpers.cloud import OWN_MINISTACK, ROOT, Cloud, Project, emulated


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Run the emulator for all tests."""
    if not OWN_MINISTACK.exists():
        pytest.skip("the emulator is not installed: run make test-deploy")
    with emulated(tmp_path_factory.mktemp("ministack")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def project(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy the project as it lies there."""
    deployed, machine = architecture(Paths(ROOT), "staging"), platform.machine().replace("aarch64", "arm64")
    if deployed != machine:
        pytest.skip(
            f"staging deploys for {deployed}, and the emulator runs functions on this {machine}: use such a machine"
        )
    copy = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("project") / "copy", ignore=NOT_COPIED))
    for shared in (".venv", ".cache"):
        (copy / shared).symlink_to(ROOT / shared)
    shutil.copytree(ROOT / ".aws-sam", copy / ".aws-sam")  # what sam has built before, it does not build again
    return Project(copy, cloud)
