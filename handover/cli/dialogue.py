"""A contract agreed on at a terminal: each question in a line, a bad answer in a sentence, and nothing said twice."""

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import click

from handover.description import in_columns
from handover.draft.agreed import KINDS, allowed, answered, checked_name, possible
from handover.draft.fields import Field, Kind
from handover.draft.target import Target
from handover.replacing import replace_files
from handover.wording import alike, figure

ANSWER, MORE = "answer", "more"


def is_possible() -> bool:
    """Say whether somebody sits there to be asked."""
    return sys.stdin.isatty()


def agreed(name: str, kept: Path) -> tuple[list[Field], Target]:
    """Ask for the fields and for what is answered, until both teams say that it is right.

    What was answered so far is in the file ``kept``: it is read first, and written after each answer.
    """
    fields, answer = _read(kept)
    if fields:
        click.echo(f"Going on from {kept}: {', '.join(field.name for field in fields)}.")
    else:
        click.echo("What does a caller send? One field after the other; no name ends the list.")

    def keep() -> None:
        document = {"fields": [asdict(field) for field in fields], "answer": asdict(answer) if answer else None}
        text = json.dumps(document, indent=1, default=list)  # labels are an array, and there are none yet
        replace_files(kept.parent, {kept.name: text.encode()})

    def more() -> None:
        while field := _field(fields):
            fields.append(field)
            keep()

    if answer is None:
        more()
        answer = _answer()
        keep()
    while True:
        click.echo(f"\n{_summary(name, fields, answer)}")
        if click.confirm("Is that right?", default=True):
            return fields, answer
        names = [field.name for field in fields]
        again = _choose("Ask again for", [*names, ANSWER, MORE])
        if again == ANSWER:
            answer = _answer()
        elif again == MORE:
            more()
        else:
            fields[names.index(again)] = replace(_about(again), name=again)
        keep()


def _read(kept: Path) -> tuple[list[Field], Target | None]:
    """Read what was answered before; nothing where there is nothing that can be read."""
    try:
        document = json.loads(kept.read_text(encoding="utf-8"))
        answer = document["answer"]
        return [Field(**field) for field in document["fields"]], Target(**answer) if answer else None
    except (OSError, ValueError, KeyError, TypeError):
        return [], None


def _summary(name: str, fields: Sequence[Field], answer: Target) -> str:
    rows = [(field.name, KINDS[field.kind], allowed(field), field.header) for field in fields]
    rows.append((ANSWER, "classes" if answer.classes else "score", possible(answer), answer.meaning))
    return "\n".join([name, *(f"  {line}" for line in in_columns(rows))])


def _field(before: Sequence[Field]) -> Field | None:
    """Ask for one field; None where there are no more."""
    names = [field.name for field in before]

    def name_or_end(word: str) -> str:
        if not word and not names:
            raise ValueError("a contract has one field at least")
        return checked_name(word, names) if word else ""

    word = _ask(f"\nField {len(names) + 1}, its name", name_or_end, default="")
    return _about(word) if word else None


def _about(name: str) -> Field:
    meaning = _ask("What it is, in a few words")
    written = {"number": "decimal", "whole": "whole", "flag": "flag", "category": "category"}
    kind = written[_choose("Kind", [*written], default="number")]
    field = Field(name, meaning, cast("Kind", kind), description=meaning)
    if kind in {"decimal", "whole"}:
        number = _whole if kind == "whole" else _number
        unit = _ask("Unit, as in kg or EUR; 1 for a count or a ratio", lambda word: _words(word.strip("[]")))
        low = _ask("Smallest value", number)
        high = _ask("Largest value", partial(_above, low=low, read=number))
        field = replace(field, description=f"{meaning} [{unit}]", low=low, high=high)
    elif kind == "category":
        asked = "Categories, with commas between them; where they have an order, in it"
        field = replace(field, categories=_ask(asked, _names))
    return replace(field, values=(None,) if click.confirm("May it be missing?", default=False) else ())


def _answer() -> Target:
    click.echo("\nWhat does a caller get? A score with a decision, or one of three classes or more, each with a score.")
    if _choose("Answer", ["score", "classes"], default="score") == "classes":
        classes = _ask("Classes, with commas between them", lambda word: _names(word, 3))
        return answered("probability of each class", classes=classes)
    meaning = _ask("What the score means, as in probability that a loan is repaid")
    low = _ask("Smallest score", _number, default="0")
    high = _ask("Largest score", partial(_above, low=low), default="1")
    click.echo("Decisions, from the lowest scores to the highest; no edge takes the rest.")
    decisions: dict[str, float] = {}
    edge = low
    while edge < high:
        asked = f"Decision {len(decisions) + 1}, from {figure(edge)}"
        name = _ask(asked, lambda word: _other(word, list(decisions)))
        edge = _ask(f"{name} up to which score", partial(_above, low=edge, most=high), default=figure(high))
        decisions[name] = edge
    return answered(meaning, low=low, high=high, decisions=decisions)


def _words(word: str) -> str:
    if not word:
        raise ValueError("write something that the other team will understand")
    return word


def _ask(question: str, read: Callable[[str], Any] = _words, default: str | None = None) -> Any:
    """Ask until there is an answer, each time after the sentence that says why the last was none."""

    def value(word: str) -> Any:
        try:
            return read(word.strip())
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    return click.prompt(question, default=default, show_default=bool(default), value_proc=value)


def _choose(question: str, words: Sequence[str], default: str | None = None) -> str:
    chosen: str = click.prompt(question, default=default, type=click.Choice(words))
    return chosen


# --- what an answer may be: each gives it back, or says in a sentence why it is none


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"'{word}' is not a number, as 0.5 is") from None
    if not math.isfinite(number):
        raise ValueError("write a number that has an end")
    return number


def _whole(word: str) -> int:
    number = _number(word)
    if not number.is_integer():
        raise ValueError(f"{word} is not whole; for such numbers the kind is number")
    return int(number)


def _above(word: str, low: float, most: float = math.inf, read: Callable[[str], float] = _number) -> float:
    number = read(word)
    if number <= low:
        raise ValueError(f"it should lie above {figure(low)}")
    if number > most:
        raise ValueError(f"the largest score is {figure(most)}")
    return number


def _other(word: str, before: Sequence[str]) -> str:
    if fault := alike([*before, _words(word)], "decision", "decisions"):
        raise ValueError(fault)
    return word


def _names(word: str, fewest: int = 2) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in word.split(","))))
    if len(names) < fewest:
        raise ValueError(f"write {fewest} or more, as in {'red, green, blue' if fewest > 2 else 'yes, no'}")
    if fault := alike(names, "name", "names"):
        raise ValueError(fault)
    return names
