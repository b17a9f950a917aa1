"""What two teams agree on before there is data: fields, one by one or off an example request, and what is answered."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from handover.compilation import FLOAT32_MAX
from handover.draft.fields import MAX_EXACT_INTEGER, Field, Kind, LeftOut
from handover.draft.formats import json_values
from handover.draft.naming import field_names
from handover.draft.target import Target
from handover.draft.words import quoted
from handover.draft.writing import rendered
from handover.errors import CannotRunError
from handover.wording import UNIT_UNKNOWN, figure

ROOM = 2  # times the largest number of an example: what a range has room for at least
MAX_SHOWN = 3

KINDS: Mapping[Kind, str] = {"decimal": "number", "whole": "whole number", "flag": "flag", "category": "category"}


def allowed(field: Field) -> str:
    """Say what a caller may send, its unit included."""
    unit = field.description.removeprefix(field.header)
    values = f"{figure(field.low)} to {figure(field.high)}{unit}" if field.is_number else ", ".join(field.categories)
    return (values or "true or false") + (", may be missing" if field.optional else "")


def usual(field: Field) -> Any:
    """Give a value to try a field with of which there is no data."""
    if field.kind == "flag":
        return True
    if field.kind == "category":
        return field.categories[0]
    middle = (field.low + field.high) / 2
    return math.floor(middle) if field.kind == "whole" else float(f"{middle:.3g}")


def answered(meaning: str, *, classes: tuple[str, ...] = (), **facts: Any) -> Target:
    """Give what is answered as the target of a draft, of which there is no data.

    It is a score with decisions by its upper edges, or the ``classes`` that each get one.
    """
    each = f"Each of the classes {', '.join(classes)} has a score, its probability."
    summary = each if classes else f"The score is the {meaning}."
    return Target(header=meaning, meaning=meaning, summary=summary, classes=classes, **facts)


def possible(answer: Target) -> str:
    """Say what an answer may be."""
    edges = ", ".join(f"{name} up to {figure(edge)}" for name, edge in answer.decisions.items())
    return ", ".join(answer.classes) or f"{figure(answer.low)} to {figure(answer.high)}: {edges}"


TO_BE_AGREED = answered(
    "probability of what is decided about",
    decisions={"low": 0.3, "middle": 0.7, "high": 1.0},
    evidence="To be agreed: what the score means, its range, and the decisions by their upper edges.",
)
"""What is answered, where only an example request is known."""


def contract(name: str, fields: Sequence[Field], answer: Target) -> str:
    """Write ``contract.py``."""
    return rendered("contract.py", name=name, table=None, fields=fields, left_out=(), target=answer)


def read_requests(path: Path) -> tuple[list[Field], list[LeftOut]]:
    """Take the fields from example requests: a JSON object, a list of them, or one on each line.

    Kinds are taken from the values, categories are those that were seen, and ranges are guessed with room.
    ``CannotRunError`` when the file cannot be read, has no request, or one with a list or an object in it.
    """
    requests = _requests(path)
    headers = list(dict.fromkeys(header for request in requests for header in request))
    fields: list[Field] = []
    left_out: list[LeftOut] = []
    for header, name in field_names(headers).items():
        if name != header:
            raise CannotRunError(
                f"{path.name} has the field '{header}', which Python cannot say: call it {name}, here and in requests"
            )
        values = [request.get(header) for request in requests]
        known = [value for value in values if value is not None]
        if not known:
            left_out.append(LeftOut(header, "it is null in each request, so its kind is not known"))
        elif nested := next((value for value in known if isinstance(value, dict | list)), None):
            kind = "an object" if isinstance(nested, dict) else "a list"
            raise CannotRunError(
                f"the field '{header}' of {path.name} is {kind}, and a row is flat: give each number or word in it a "
                f"field of its own"
            )
        else:
            fields.append(_like(name, known, optional=len(known) < len(values), source=path.name))
    if not fields:
        raise CannotRunError(f"{path.name} has no field with a value: give one request as callers will send it")
    return fields, left_out


def _requests(path: Path) -> list[dict[str, Any]]:
    try:
        requests = json_values(path.read_text(encoding="utf-8-sig"), json.JSONDecoder())
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except ValueError as error:
        raise CannotRunError(f"{path.name} is not JSON: {error}") from None
    if not requests or not all(isinstance(request, dict) for request in requests):
        raise CannotRunError(
            f"{path.name} has no request: write an object from fields to values, or a list of such objects"
        )
    return requests


def _like(name: str, known: Sequence[Any], *, optional: bool, source: str) -> Field:
    kinds = {type(value) for value in known}
    seen = sorted(set(known), key=repr)
    shown = ", ".join(map(json.dumps, seen[:MAX_SHOWN])) + (", ..." if len(seen) > MAX_SHOWN else "")
    gap = "" if optional else " May it be missing?"
    meaning, evidence = name.replace("_", " ").capitalize(), f"{shown} in {source}."
    values = (None,) if optional else ()
    agreed = Field(name, meaning, "flag", evidence, values, question=gap.strip(), description=meaning)
    if kinds == {bool}:
        return agreed
    if kinds == {str}:
        question = f"To be agreed: which other categories are there?{gap}"
        return replace(agreed, kind="category", categories=tuple(dict.fromkeys(known)), question=question)
    if not kinds <= {int, float}:
        raise CannotRunError(f"the field '{name}' of {source} is of several kinds ({shown}): write it in one")
    largest = max(map(abs, known))
    if not largest <= FLOAT32_MAX / (10 * ROOM):
        raise CannotRunError(f"the field '{name}' of {source} is {shown}, which is no number that a model can take")
    whole = kinds == {int} and ROOM * largest <= MAX_EXACT_INTEGER
    number = int if whole else float
    # A power of ten with room for the largest number; of a share, which lies below 1, 1.
    is_share = not whole and min(known) >= 0 and largest <= 1
    high = number(1 if is_share else 10 ** max(1, math.ceil(math.log10(max(ROOM * largest, 1)))))
    question = f"To be agreed: the range, and the unit.{gap}"
    kind: Kind = "whole" if whole else "decimal"
    low = -high if min(known) < 0 else number(0)
    description = f"{meaning} [{UNIT_UNKNOWN}]"
    return replace(agreed, kind=kind, low=low, high=high, question=question, description=description)


def checked_name(word: str, before: Sequence[str]) -> str:
    """Give a field's name back; ``ValueError`` when it is no name, or another field has it; says which would be one."""
    (name,) = field_names([word]).values()
    if name != word:
        raise ValueError(f"{quoted(word)} is not a name that JSON and Python can say; {name} is one")
    if word in before:
        raise ValueError(f"there is a field {word} already")
    return word
