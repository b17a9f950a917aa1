"""The pages for those who are new to the project name what is there."""

import re
import tomllib
from pathlib import Path

import pytest

from handover.cli import main
from tests.helpers import targets

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/licences.md", "docs/mac-and-windows.md")
COMMANDS = re.compile(r"^ *\$ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_linked_is_there(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        assert link.startswith("https://") or (ROOT / page).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_is_there(page: str) -> None:
    folders = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir())
    named = re.findall(rf"`((?:{folders})/[^`\s]*)`", (ROOT / page).read_text())

    assert named
    for path in named:
        assert re.search(r"CODE|NAME", path) or list(ROOT.glob(path)), path


def test_every_command_is_one() -> None:
    commands = COMMANDS.findall((ROOT / "CONTRIBUTING.md").read_text())

    assert commands
    for command in commands:
        words = command.removeprefix("HANDOVER_REWRITE=1 ").split()
        if words[0] == "make":
            assert words[1] in targets.ALL, command
        if words[0] == ".venv/bin/handover":
            assert words[1] == "--version" or words[1] in main.commands, command
        for path in (word for word in words if word.startswith("tests/")):
            assert (ROOT / path).exists(), command


def test_the_layers_of_the_architecture_are_those_that_the_linter_requires() -> None:
    table = (
        (ROOT / "docs" / "architecture.md").read_text().partition("| layer | modules of `handover` |\n|---|---|\n")[2]
    )
    rows = [re.findall(r"`(\w+)`", row.split("|")[2]) for row in table.partition("\n\n")[0].splitlines()]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["handover"])
    assert rows == [layer.split(" | ") for layer in layers]
