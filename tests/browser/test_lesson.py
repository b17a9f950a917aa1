"""The lesson, from the first exercise to the last, as its own text says: typed in a shell, clicked on in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handover.lesson import snapshots
from handover.lesson.exercises import EXERCISES, Step
from handover.lesson.ground import Ground
from handover.lesson.making import made
from tests.helpers.browser import WIDTHS, Browser
from tests.helpers.cloud import ROOT
from tests.helpers.lesson import follow, paged, typed, written

AUTHOR = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
WORDED = "[...document.querySelectorAll('a, button')].findLast(one => one.textContent.trim() === arguments[0])"
"""The button or link of these words; of several the last, which is in the row of the branch made last."""


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    for name, value in {**AUTHOR, "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    steps: list[str] = []
    written(tmp_path / "practice")
    ground = made(tmp_path / "practice", steps.append)
    assert steps == ["Installing what the project needs (a minute or two, once)", "Training its first model"]
    return ground


def at_each_width(browser: Browser, url: str) -> None:
    """Look at a page at each width: nobody scrolls sideways, and the keyboard reaches what is first."""
    for width in WIDTHS:
        browser.resize(width)
        browser.open(url)
        assert browser.fits(), f"{width} px\n{browser.text()}"
        assert browser.tab() == ("Practice ground", True)


def test_every_exercise_is_done_by_what_it_says(ground: Ground, browser: Browser) -> None:
    def click(step: Step) -> None:
        browser.open(ground.page)
        if not browser.script(f"return !!{WORDED}", step.words):
            go_by("Pull request")
        go_by(step.words)

    def go_by(words: str) -> None:
        """Press what has these words, and wait for the page that it leads to."""
        browser.script("window.left = true")
        browser.until(WORDED, words).click()
        browser.until("!window.left")

    with paged(ground) as url:
        for number, exercise in enumerate(EXERCISES, 1):
            browser.open(url)
            assert browser.text(".task").split("\n\n")[:2] == [f"Exercise {number} of 6", exercise.title]
            printed = [follow(ground, step, click) for step in exercise.steps]
            browser.open(url)
            browser.until("!document.body.innerText.includes(arguments[0])", f"Exercise {number} of 6")
            at_each_width(browser, url)
            if pulls := browser.script(
                "return [...document.querySelectorAll('a[href^=\"/pull\"]')].map(one => one.href)"
            ):
                at_each_width(browser, pulls[0])
        browser.open(url)
        assert "All 6 exercises are done" in browser.text()
        assert browser.console() == []

        before, after = (answer for answer in printed if answer.startswith("HTTP"))
        assert before.splitlines()[-1] != after.splitlines()[-1]
        assert snapshots.restore(ground, 6)
        browser.until("document.body.innerText.includes(arguments[0])", "Exercise 6 of 6")
        assert typed(ground, "git branch --show-current") == "haste\n"
