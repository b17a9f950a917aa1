"""What is locked for each system that modelling runs on; whether there are wheels, `handover lock --check` asks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from handover.provenance import PLATFORMS

pytestmark = pytest.mark.quick

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
SYSTEMS = {f"{platform['platform_system']} {platform['platform_machine']}": platform for platform in PLATFORMS}


def pins(name: str) -> Iterator[tuple[Requirement, int]]:
    """Give each pin of a lock, and how many hashes it has."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        pin, *hashes = entry.replace("\\\n", "").split("--hash=sha256:")
        yield Requirement(pin.strip()), len(hashes)


def locked(name: str, system: str) -> dict[str, str]:
    """Give what a lock installs on a system: versions by names."""
    applicable = [pin for pin, _ in pins(name) if pin.marker is None or pin.marker.evaluate(SYSTEMS[system])]
    versions = {str(canonicalize_name(pin.name)): str(pin.specifier) for pin in applicable}
    assert len(versions) == len(applicable), "a name is pinned twice"
    return versions


@pytest.mark.parametrize("name", ["modelling", "run", "lambda"])
def test_every_pin_is_exact_and_has_a_hash(name: str) -> None:
    for pin, hashes in pins(name):
        assert [one.operator for one in pin.specifier] == ["=="], pin
        assert hashes, pin


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", ["modelling", "run"])
def test_all_that_is_asked_for_is_locked_on_every_system(name: str, system: str) -> None:
    lines = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    wanted = {one.name for one in asked if one.marker is None or one.marker.evaluate(SYSTEMS[system])}

    assert wanted
    assert wanted <= locked(name, system).keys()


def test_each_system_has_the_xgboost_that_there_are_wheels_of() -> None:
    named = {system: sorted(name for name in locked("modelling", system) if "xgboost" in name) for system in SYSTEMS}

    assert named == {
        "Linux x86_64": ["xgboost-cpu"],
        "Linux aarch64": ["xgboost-cpu"],
        "Darwin arm64": ["xgboost"],
        "Windows AMD64": ["xgboost-cpu"],
    }


def test_lambdas_runtime_client_is_for_linux_alone() -> None:
    assert {system: bool(locked("lambda", system)) for system in SYSTEMS} == {
        "Linux x86_64": True,
        "Linux aarch64": True,
        "Darwin arm64": False,
        "Windows AMD64": False,
    }
