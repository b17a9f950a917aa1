"""The pages for those who are new to the project name what is there."""

import re
from pathlib import Path

import grimp
import pytest

from handover.cli import main

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/licences.md")
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
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert commands
    for command in commands:
        words = command.removeprefix("HANDOVER_REWRITE=1 ").split()
        if words[0] == "make":
            assert words[1] in targets, command
        if words[0] == ".venv/bin/handover":
            assert words[1] == "--version" or words[1] in main.commands, command
        for path in (word for word in words if word.startswith("tests/")):
            assert (ROOT / path).exists(), command


def test_the_floors_of_the_architecture_are_those_of_the_imports() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text().partition("| floor | modules of `handover` |")[2]
    floors = [set(re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2])) for row in table.split("\n")[2:9]]
    graph = grimp.build_graph("handover", exclude_type_checking_imports=True, cache_dir=None)

    modules = [module for floor in floors for module in floor]
    assert {f"handover.{module}" for module in modules} == graph.find_children("handover") - {"handover.__main__"}
    assert len(modules) == len(set(modules))
    illegal = graph.find_illegal_dependencies_for_layers(layers=floors, containers={"handover"})
    assert {(found.importer, found.imported) for found in illegal} == set()
