"""The draft as text, by the templates: Python laid out as ruff lays it out, and the report."""

import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from handover.draft.fields import Field
from handover.draft.naming import unit
from handover.draft.unusable import short
from handover.draft.words import plain, quoted
from handover.templates import environment

WIDTH = 120
MAX_DESCRIPTION_LENGTH = 60


def rendered(template: str, **values: object) -> str:
    """Fill in one of the templates."""
    return TEMPLATES.get_template(f"{template}.jinja").render(**values)


def laid_out(head: str, brackets: str, items: Sequence[str], end: str = ",") -> str:
    """Write a call or a literal on one line, or where that is too long, each item on a line of its own."""
    line = f"{head}{brackets[0]}{', '.join(items)}{brackets[1]}{end}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    return "\n".join([head + brackets[0], *(f"{indent}    {item}," for item in items), indent + brackets[1] + end])


def _declared(field: Field) -> str:
    words = f"Literal[{', '.join(map(quoted, field.categories))}]" if _fits(field) else f"{field.name.upper()}_WORDS"
    kind = {"whole": "int", "decimal": "float", "flag": "bool", "category": words}[field.kind]
    default = ["default=None"] if field.optional else []
    ends = [f"ge={literal(field.low)}", f"le={literal(field.high)}"] if field.is_number else []
    head = f"    {field.name}: {kind}{' | None' if field.optional else ''} = Field"
    return laid_out(head, "()", [*default, *ends, f"description={quoted(_description(field))}"], end="")


def _description(field: Field) -> str:
    if field.description:
        return field.description
    header = short(field.header, MAX_DESCRIPTION_LENGTH)
    if not field.is_number:
        return header
    known = unit(field.header)
    bare = header.replace(f"({known})", "").replace(f"[{known}]", "").strip() or field.name
    return f"{bare} [{known}]"


def _fits(field: Field) -> bool:
    """Say whether the categories can stand in the field's own line."""
    return len(field.name) + sum(len(quoted(word)) + 2 for word in field.categories) < WIDTH - 50


def literal(value: object) -> str:
    """Write a word, a number or a flag as Python source."""
    return quoted(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def _comment(text: str, indent: str = "") -> str:
    readable = "".join(map(plain, text))
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in readable)
    return textwrap.fill(
        readable, WIDTH - wide, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_on_hyphens=False
    )


FILTERS = {
    "comment": _comment,
    "literal": literal,
    "pairs": lambda values: [f"{quoted(word)}: {literal(value)}" for word, value in values.items()],
    "quoted": quoted,
}
TEMPLATES = environment(Path(__file__).parent / "templates", html=False, filters=FILTERS)
TEMPLATES.globals |= {"declared": _declared, "fits": _fits, "laid_out": laid_out}
