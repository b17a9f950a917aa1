"""An exercise as a terminal shows it."""

import textwrap

from handover.lesson.exercises import EXERCISES, Step
from handover.lesson.ground import Ground

WIDTH = 100


def shown(ground: Ground, number: int) -> str:
    """Write an exercise out: what it is about, and what to do; after the last one, the end."""
    if number > len(EXERCISES):
        return f"All {len(EXERCISES)} exercises are done. handover lesson back 1 begins again."
    exercise = EXERCISES[number - 1]
    lines = [f"Exercise {number} of {len(EXERCISES)}: {exercise.title}", "", wrapped(exercise.text), ""]
    for step in exercise.steps:
        lines += _step(step, ground)
    return "\n".join(lines)


def wrapped(text: str) -> str:
    """Break a text into lines; commands stay whole."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _step(step: Step, ground: Ground) -> list[str]:
    if step.command:
        return [f"  $ {step.command.replace('{api}', ground.api)}"]
    if step.file:
        return [f"  In {step.file}:", textwrap.indent(step.lines, "    ")]
    return [f"  On {ground.page}, {step.where}: press {step.words}" if step.words else f"  {step.sentence}"]
