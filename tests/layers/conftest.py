"""What `sam build` left under .aws-sam/build."""

import platform
import tomllib
from pathlib import Path

import pytest

from handover.project import FUNCTION, MODEL, RUNTIME, Project

BUILD = Project(Path(__file__).parents[2]).build


def built(name: str) -> Path:
    folder = BUILD / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not built: run make build")
    return folder


@pytest.fixture(scope="session")
def runtime() -> Path:
    return built(RUNTIME)


@pytest.fixture(scope="session")
def model() -> Path:
    return built(MODEL)


@pytest.fixture(scope="session")
def function() -> Path:
    return built(FUNCTION)


@pytest.fixture(scope="session")
def architecture(runtime: Path) -> str:
    """Give the processor that the template was built for."""
    definitions = tomllib.loads((runtime.parents[1] / "build.toml").read_text())["layer_build_definitions"]
    (architecture,) = (layer["architecture"] for layer in definitions.values() if layer["layer_name"] == RUNTIME)
    return str(architecture)


@pytest.fixture(scope="session")
def native(architecture: str) -> None:
    """Skip what has to run the artifacts when they are for another processor."""
    if platform.machine().replace("aarch64", "arm64") != architecture:
        pytest.skip(f"the layers are built for {architecture}: run make build, without ARCHITECTURE")
