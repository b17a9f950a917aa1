"""What `sam build` left under .aws-sam/build."""

import platform
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def built(name: str) -> Path:
    folder = ROOT / ".aws-sam" / "build" / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not built: run make build")
    return folder


@pytest.fixture(scope="session")
def runtime() -> Path:
    return built("RuntimeLayer")


@pytest.fixture(scope="session")
def model() -> Path:
    return built("ModelLayer")


@pytest.fixture(scope="session")
def function() -> Path:
    return built("PredictFunction")


@pytest.fixture(scope="session")
def architecture(runtime: Path) -> str:
    """Give the processor that the template was built for."""
    definitions = tomllib.loads((runtime.parents[1] / "build.toml").read_text())["layer_build_definitions"]
    (said,) = (layer["architecture"] for layer in definitions.values() if layer["layer_name"] == "RuntimeLayer")
    return str(said)


@pytest.fixture(scope="session")
def native(architecture: str) -> None:
    """Skip what has to run the artifacts when they are for another processor."""
    if platform.machine().replace("aarch64", "arm64") != architecture:
        pytest.skip(f"the layers are built for {architecture}: run make build, without ARCHITECTURE")
