"""A Mac and Windows, as far as they can be tried on Linux: without what they lack, and by their names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from handover.context import DeliveryContext
from handover.finding import Team
from handover.local.stack import NothingBuiltError, built_function, own_machine, unavailable
from tests.helpers.elsewhere import MAC, WINDOWS, run

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import importlib, pkgutil, sys
import handover, predictor
for package in (handover, predictor):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name not in {"handover.__main__", "handover.observation.__main__", "handover.latency.probe",
                               "predictor.handler"}:  # which are programs
            importlib.import_module(module.name)
print(len(sys.modules))
"""


def test_every_module_is_imported_without_what_windows_lacks() -> None:
    ended = run("-c", IMPORT_ALL, PYTHONWARNDEFAULTENCODING="")  # others warn when they are imported

    assert (ended.returncode, ended.stderr) == (0, "")


def _calls(tree: ast.AST) -> Iterator[tuple[str, set[str], ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            yield name, {word.arg or "" for word in node.keywords}, node


def test_every_text_has_an_encoding() -> None:
    files = [*(ROOT / "handover").rglob("*.py"), *(ROOT / "layers").rglob("*.py"), *(ROOT / "hook").rglob("*.py")]
    missing = []
    for file in files:
        for name, words, call in _calls(ast.parse(file.read_bytes())):
            text = name in {"read_text", "write_text"} and not (name == "read_text" and call.args)
            if (text and "encoding" not in words) or words & {"text", "universal_newlines"}:
                missing.append(f"{file.relative_to(ROOT)}:{call.lineno}")

    assert missing == []


@pytest.mark.parametrize(("name", "sentence"), [("Linux", ""), ("Darwin", MAC), ("Windows", WINDOWS)])
def test_what_takes_linux_says_the_way_out(name: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: name)

    assert unavailable() == sentence


def test_nothing_that_is_built_runs_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    with pytest.raises(NothingBuiltError) as refused:
        built_function(tmp_path)

    assert str(refused.value) == MAC


@pytest.mark.parametrize(("says", "meant"), [("AMD64", "x86_64"), ("arm64", "arm64"), ("aarch64", "arm64")])
def test_every_system_names_a_processor_in_lambdas_words(
    says: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: says)

    assert own_machine() == meant


@pytest.mark.parametrize(
    ("words", "name", "sentence"),
    [
        (["run", "events/predict.json"], "Darwin", MAC),
        (["serve"], "Windows", WINDOWS),
        (["build"], "Darwin", MAC),
        (["lesson", "ground"], "Windows", WINDOWS),
    ],
)
def test_a_command_that_takes_linux_is_one_line(words: list[str], name: str, sentence: str) -> None:
    ended = run("-m", "handover", *words, system=name)

    assert (ended.returncode, ended.stderr) == (2, f"handover: {sentence}\n")


def test_a_name_that_a_pipe_has_no_word_for_ends_nothing(tmp_path: Path) -> None:
    ended = run("-m", "handover", "example", "č.csv", cwd=tmp_path, PYTHONIOENCODING="cp1252")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "\\u010d.csv\n", "")


@pytest.mark.parametrize(("team", "left_out"), [("modelling", {"function": MAC}), ("deployment", {}), (None, {})])
def test_only_modelling_does_without_the_built_function(
    team: Team | None, left_out: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    with DeliveryContext(ROOT, ROOT / "layers" / "model" / "delivery", team=team) as context:
        assert context.missing == left_out
