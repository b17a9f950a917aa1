"""What is asked of a delivery that arrives: the commands that people type, in order, and how each may end."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handover import acceptance
from handover.acceptance import Judgement, judge
from handover.errors import CannotRunError
from tests.helpers.sandbox import commit

pytestmark = pytest.mark.quick


class Typed:
    """Stands in for the tool: each command is noted, and ends as it is told to."""

    def __init__(self, **ends: tuple[int, str]) -> None:
        self.ends = ends
        self.commands: list[str] = []

    def __call__(self, place: Path, *words: str, stderr: int | None = None) -> subprocess.CompletedProcess[str]:
        self.commands.append(" ".join(words))
        status, text = self.ends.get(words[0], (0, ""))
        return subprocess.CompletedProcess(words, status, text)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project whose last commit has a delivery."""
    folder = tmp_path / "place"
    (folder / "layers/model/delivery").mkdir(parents=True)
    (folder / "layers/model/delivery/manifest.json").write_text("{}")
    commit(folder)
    monkeypatch.setattr(acceptance, "unavailable", lambda: "")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the folder that people work in, where all is set up."""
    (tmp_path / "root" / ".venv").mkdir(parents=True)
    return tmp_path / "root"


def types(monkeypatch: pytest.MonkeyPatch, **ends: tuple[int, str]) -> Typed:
    typed = Typed(**ends)
    monkeypatch.setattr(acceptance, "_handover", typed)
    return typed


def head(place: Path) -> str:
    command = ["git", "-C", place, "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_kept_is_compared_with_what_lies_there(
    place: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = types(monkeypatch, check=(0, "Kept.\n"), diff=(0, "Another model.\n"))

    assert judge(place, root, ["--html", "x.html"]) == Judgement(0, "Kept.", "Another model.")
    assert typed.commands == [
        "events",
        "monitoring",
        "build --quiet",
        f"check --base {head(place)} --html x.html",
        "diff HEAD",
    ]


@pytest.mark.parametrize(("ends", "status"), [(1, 1), (2, 2), (-9, 2), (130, 2)])
def test_what_is_not_kept_is_compared_with_nothing(
    ends: int, status: int, place: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = types(monkeypatch, check=(ends, "Broken.\n"))

    assert judge(place, root) == Judgement(status, "Broken.")
    assert "diff HEAD" not in typed.commands


def test_a_version_that_is_too_low_for_what_lies_there_breaks_it(
    place: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, check=(0, "Kept."), diff=(1, "The version must be at least 2.0.0, but is 1.0.0."))

    assert judge(place, root) == Judgement(1, "Kept.", "The version must be at least 2.0.0, but is 1.0.0.")


def test_a_first_delivery_is_compared_with_nothing(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", place, "rm", "--quiet", "-r", "layers"], check=True)
    subprocess.run(["git", "-C", place, *author, "commit", "--quiet", "-m", "Nothing yet"], check=True)
    types(monkeypatch, check=(0, "Kept."))

    assert judge(place, root) == Judgement(
        0, "Kept.", "Nothing was delivered here before: there is nothing to compare with."
    )


def test_a_base_that_is_named_is_the_base(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = types(monkeypatch)

    judge(place, root, base="trunk")

    assert "check --base trunk" in typed.commands


def test_what_a_build_takes_from_the_checkout_is_lent(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types(monkeypatch)

    judge(place, root)

    assert (place / ".venv").resolve() == root / ".venv"
    assert not (place / ".cache").exists()


def test_what_cannot_be_built_is_not_checked(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = types(monkeypatch, build=(1, ""))

    with pytest.raises(CannotRunError, match=r"^what arrived cannot be built$"):
        judge(place, root)

    assert typed.commands[-1] == "build --quiet"


def test_where_nothing_is_set_up_it_says_how(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types(monkeypatch)

    with pytest.raises(CannotRunError) as raised:
        judge(place, tmp_path)

    assert str(raised.value) == ("what arrives is built before it is checked, and nothing is set up here: make setup")


def test_a_system_that_builds_nothing_is_one_sentence(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance, "unavailable", lambda: "the built function takes Linux")
    types(monkeypatch)

    with pytest.raises(CannotRunError, match=r"^the built function takes Linux$"):
        judge(place, root)


def test_the_tools_modules_are_those_of_the_worktree(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "function").mkdir()
    (place / "function" / "handover_was_here.py").write_text("")
    script = "import handover_was_here; print(handover_was_here.__file__)"
    assert acceptance._handover(place, "--version").returncode == 0

    how: dict[str, Any] = {}
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "run", lambda _, **words: how.update(words))
        acceptance._handover(place, "--version")
    paths = {"PYTHONPATH": how["env"]["PYTHONPATH"]}
    shown = subprocess.run([sys.executable, "-P", "-c", script], env=paths, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == str(place / "function" / "handover_was_here.py")
