"""An exercise as a terminal shows it."""

import textwrap
from collections.abc import Iterator

from handover.lesson.exercises import EXERCISES, Click, Edit, Step, Type, Wait
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


def _step(step: Step, ground: Ground) -> Iterator[str]:
    match step:
        case Type(command):
            yield f"  $ {command.replace('{api}', ground.api)}"
        case Edit(file):
            yield f"  In {file}:"
            yield textwrap.indent(step.lines, "    ")
        case Click(words, where):
            yield f"  On {ground.page}, {where}: press {words}"
        case Wait(sentence):
            yield f"  {sentence}"
