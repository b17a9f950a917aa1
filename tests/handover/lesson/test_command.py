"""`handover lesson`, as it is typed on a practice ground."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handover.cli import main
from handover.lesson.exercises import EXERCISES
from handover.lesson.ground import Ground
from tests.helpers.cloud import ROOT
from tests.helpers.lesson import typed

KEPT = "`git switch --detach refs/kept/1/files` shows all files as they were."
FIRST = """\
Exercise 1 of 6: A branch of your own

The branch `main` is what runs in production. Nothing that you do on another branch touches it, so a
branch is where one tries things. This one is about parcels in haste.

  $ git status
  $ git switch -c haste
  $ git status
"""


@pytest.fixture
def lesson(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    """Give a way to type the command in a folder of the project."""
    monkeypatch.chdir(ground.project / "layers")

    def type_(*words: str) -> Result:
        return CliRunner(mix_stderr=False).invoke(main, ["lesson", *words])

    return type_


def test_check_says_what_is_missing_and_ends_with_1(lesson) -> None:
    done = lesson("check")

    assert (done.exit_code, done.stdout) == (1, f"{FIRST}\nNot done yet. You are on main: `git switch -c haste`.\n")


def test_check_goes_on_and_shows_the_next_one_whole(lesson, ground: Ground) -> None:
    typed(ground, "git switch --quiet -c haste")
    done = lesson("check")

    assert done.exit_code == 0
    assert (
        done.stdout
        == f"""\
Done: A branch of your own.

Exercise 2 of 6: Change a heuristic

{re.search(r"A heuristic is.*?publishes it.", done.stdout, re.DOTALL)[0]}

  In layers/model/delivery/heuristics.py:
    -    \"\"\"Whether service is the most common one [1].\"\"\"
    -    return row.service == "standard"
    +    \"\"\"Whether the sender paid for haste [1].\"\"\"
    +    return row.service == "express"
  $ make model
  $ git status
  $ git add --all
  $ git commit -m "What matters is haste"
  $ git push --set-upstream origin haste
  The page shows the branch, and builds it: green after some seconds.
"""
    )


def test_hint_begins_with_the_wrong_turn(lesson, ground: Ground) -> None:
    assert lesson("hint").stdout.split() == EXERCISES[0].hint.split()
    typed(ground, "git commit --quiet --allow-empty --message mine")
    assert lesson("hint").stdout.startswith("You committed 'mine' on main: ")


def test_back_shows_the_exercise_from_its_start(lesson, ground: Ground) -> None:
    typed(ground, "git switch --quiet -c haste")
    lesson("check")
    done = lesson("back", "1")

    assert (done.exit_code, done.stdout) == (
        0,
        f"This is the start of exercise 1. What was there is kept: {KEPT}\n\n{FIRST}",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("back", "4"), "exercise 4 has not begun yet: the furthest start is 1's"),
        (("../layers",), "LAYERS is not empty: a practice ground takes a folder of its own"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_2(
    lesson, ground: Ground, words: tuple[str, ...], sentence: str
) -> None:
    done = lesson(*words)

    layers = str(ground.project / "layers")
    assert (done.exit_code, done.stdout, done.stderr.replace(layers, "LAYERS")) == (2, "", f"handover: {sentence}\n")


def test_outside_of_a_practice_ground_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner(mix_stderr=False).invoke(main, ["lesson", "check"])

    assert (done.exit_code, done.stderr) == (
        2,
        "handover: there is no practice ground here: handover lesson FOLDER makes one; go there, and try again\n",
    )


def test_help_is_of_the_lesson_and_of_a_folder() -> None:
    printed = CliRunner().invoke(main, ["lesson", "--help"]).stdout

    assert "Usage: main lesson [OPTIONS] [FOLDER] | check | hint | back" in printed
    assert "--port" in CliRunner().invoke(main, ["lesson", "begin", "--help"]).stdout


def test_the_facilitators_page_has_the_exercises() -> None:
    page = (ROOT / "docs" / "lesson.md").read_text()

    assert re.findall(r"^\| \d \| (.*?) \|", page, re.MULTILINE) == [exercise.title for exercise in EXERCISES]
    for link in re.findall(r"\]\(([^)#]+)", page):
        assert link.startswith("http") or (ROOT / "docs" / link).exists(), link
