"""What `sam build` left under .aws-sam/build."""

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
