"""The six exercises: for each what it is about, what to type, whether it is done, and a hint."""

import json
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from handover.lesson import snapshots
from handover.lesson.ground import Ground
from handover.lesson.hosting import Outcome
from handover.lesson.repository import MAIN
from handover.lesson.service import ask
from handover.lesson.wrong_turns import wrong_turn
from handover.project import Project
from predictor import files

DELIVERY = Project(Path()).delivery.as_posix()
WIDTH = 100
"""Of the terminal that an exercise is shown in [characters]."""
HEURISTICS = f"{DELIVERY}/heuristics.py"
NOT_GREEN = {
    Outcome.UNKNOWN: "The build of {subject} has not ended yet: it takes some seconds, while the page is open.",
    Outcome.BROKEN: "The build of {subject} is red: its report on the page says why, and what to run.",
    Outcome.FAILED: "The build of {subject} could not check it: what it printed is on the page.",
}


class Step(NamedTuple):
    """A command to type, lines of a file to replace, what to press on the page, or what takes seconds by itself."""

    command: str = ""
    file: str = ""
    old: str = ""
    new: str = ""
    words: str = ""
    """What the button or the link says."""
    where: str = ""
    sentence: str = ""
    over: str = ""
    """Which of ``OVER`` says that the seconds have passed."""

    @property
    def lines(self) -> str:
        """The lines of a file as a difference."""
        signs = (("-", self.old), ("+", self.new))
        return "\n".join(f"{sign}{line}" for sign, text in signs for line in text.splitlines())


class Exercise(NamedTuple):
    """One exercise."""

    title: str
    text: str
    """Why one does this, in two or three sentences."""
    steps: tuple[Step, ...]
    missing: Callable[[Ground], str]
    """Says what is still to be done, as a sentence; nothing when all is."""
    hint: str


def missing(ground: Ground, number: int) -> str:
    """Say what is still to be done of an exercise, wrong turns first; nothing when it is done."""
    return wrong_turn(ground) or EXERCISES[number - 1].missing(ground)


def advance(ground: Ground) -> list[int]:
    """Go on from each exercise that is done to the next, and keep its start; give the numbers of those done."""
    done = []
    while 0 < (number := snapshots.reached(ground)) <= len(EXERCISES) and not missing(ground, number):
        snapshots.save(ground, number + 1)
        done.append(number)
    return done


# --- what each exercise looks at


def _no_branch(ground: Ground) -> str:
    return "" if ground.mine.branch != MAIN else f"You are on {MAIN}: `git switch {[*ground.others, '-c haste'][0]}`."


def _not_pushed(ground: Ground) -> str:
    """Say what keeps the branch's work from being at the remote, built and green."""
    if on_main := _no_branch(ground):
        return on_main
    branch = ground.mine.branch
    if changed := ground.mine.changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f'In no commit yet: {changed[0]}{more}. `git add --all`, then `git commit -m "..."`, which says why.'
    if ground.remote.branches.get(str(branch)) != ground.mine.ask("rev-parse", "HEAD"):
        return f"What you committed is not at the remote yet: `git push --set-upstream origin {branch}`."
    return ""


def _not_green(ground: Ground) -> str:
    return _not_pushed(ground) or _of_build(ground, str(ground.mine.branch))


def _of_build(ground: Ground, branch: str) -> str:
    commit = ground.remote.branches[branch]
    subject = MAIN if branch == MAIN else f"'{ground.remote.subject(commit)}'"
    return NOT_GREEN.get(ground.remote.record(commit).outcome, "").format(subject=subject)


def _heuristic_unchanged(ground: Ground) -> str:
    is_as_before = ground.mine.ask("diff", "--quiet", f"origin/{MAIN}", "--", HEURISTICS) is not None
    unchanged = f"{HEURISTICS} is as it is on {MAIN}: edit it." if is_as_before else ""
    return _no_branch(ground) or unchanged or _not_green(ground)


def _nothing_read(ground: Ground) -> str:
    records = map(ground.remote.record, ground.mine.listed("rev-list", "HEAD", f"^origin/{MAIN}"))
    reds = [record for record in records if record.outcome is Outcome.BROKEN]
    if not reds:
        waits = _not_pushed(ground) or ("" if _is_built(ground) else _not_green(ground))
        return waits or "No build of this branch is red: change a heuristic and do not train, commit it and push it."
    if not any(record.opened for record in reds):
        return "The build is red, as it should be. Open its report on the page, and read why."
    return ""


def _not_approved(ground: Ground) -> str:
    pull = ground.remote.pull(str(ground.mine.branch))
    unopened = f"There is no pull request of {ground.mine.branch} yet: open one on the page."
    return _not_green(ground) or (unopened if pull is None else pull.obstacle)


def _not_live(ground: Ground) -> str:
    pulls = ground.remote.pulls
    if not any(pull.merged for pull in pulls):
        if not pulls:
            return "There is no pull request: open one on the page."
        return pulls[0].obstacle or f"The pull request of {pulls[0].branch} can be merged: press Merge on the page."
    if sentence := _of_build(ground, MAIN):
        return sentence
    if not _is_live(ground):
        return "The new model does not answer yet: it takes some seconds, while the page is open."
    if ground.mine.ask("rev-parse", MAIN) != ground.remote.branches[MAIN] or ground.mine.branch != MAIN:
        return f"The new model answers. Bring your own {MAIN} up to it: `git switch {MAIN}`, then `git pull`."
    return ""


def _is_built(ground: Ground) -> bool:
    head = ground.remote.branches.get(str(ground.mine.branch), "")
    return ground.remote.record(head).outcome is not Outcome.UNKNOWN


def _is_live(ground: Ground) -> bool:
    """Say whether the main branch's model answers."""
    answer = ask(ground.port + 1, "GET", "/health")
    manifest = ground.remote.ask("show", f"{MAIN}:{DELIVERY}/manifest.json")
    return bool(answer and manifest and answer[0] == files.identity(json.loads(manifest)))


# --- what ``exercises.toml`` says of each

MISSING = (_no_branch, _heuristic_unchanged, _nothing_read, _not_green, _not_approved, _not_live)
OVER = {"built": _is_built, "live": _is_live}


def _exercises() -> Iterator[Exercise]:
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    for words, missing in zip(content["exercises"], MISSING, strict=True):
        steps = (Step(**step) for step in words.pop("steps"))
        steps = (step._replace(command=step.command.replace("{ask}", content["ask"])) for step in steps)
        yield Exercise(**words, steps=tuple(steps), missing=missing)


EXERCISES = tuple(_exercises())


# --- as a terminal shows it


def shown(ground: Ground, number: int) -> str:
    """Write an exercise out: what it is about, and what to do; after the last one, the end."""
    if number > len(EXERCISES):
        return f"All {len(EXERCISES)} exercises are done. handover lesson back 1 begins again."
    exercise = EXERCISES[number - 1]
    lines = [f"Exercise {number} of {len(EXERCISES)}: {exercise.title}", "", wrapped(exercise.text), ""]
    return "\n".join([*lines, *(_step(step, ground) for step in exercise.steps)])


def wrapped(text: str) -> str:
    """Break a text into lines; commands stay whole."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _step(step: Step, ground: Ground) -> str:
    if step.command:
        return f"  $ {step.command.replace('{api}', ground.api)}"
    if step.file:
        return f"  In {step.file}:\n{textwrap.indent(step.lines, '    ')}"
    return f"  On {ground.page}, {step.where}: press {step.words}" if step.words else f"  {step.sentence}"
