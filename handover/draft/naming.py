"""Column headers become field names that JSON, Python and pydantic can all say."""

import keyword
import re
from collections.abc import Callable, Iterable
from itertools import chain, count

from pydantic import BaseModel

from handover.vocabulary import WORDS
from handover.wording import SPELT, UNIT_UNKNOWN, words

# As an annotation is looked up in the class first, a field of such a name would stand in for the type.
TYPES = {"int", "float", "bool", "str"}
UNITS: list[str] = WORDS["units"]["in_headers"]
MAX_LENGTH = 30  # characters of a name: two of them and some words make a line


def field_names(headers: Iterable[str]) -> dict[str, str]:
    """Give each header a field name of small letters, digits and underscores; no two the same."""
    headers, names = list(headers), []
    for place, header in enumerate(headers, start=1):
        name = snake(header) or f"column_{place}"
        if name.startswith("model_"):
            name = f"the_{name}"
        elif keyword.iskeyword(name) or hasattr(BaseModel, name) or name in TYPES:
            name = f"{name}_"
        names.append(name)
    return dict(zip(headers, distinct(names, lambda name, number: f"{name.rstrip('_')}_{number}"), strict=True))


def distinct(names: Iterable[str], numbered: Callable[[str, int], str]) -> list[str]:
    """Tell apart names that are the same: the later ones are numbered."""
    made: list[str] = []
    for name in names:
        others = (numbered(name, number) for number in count(2))
        made.append(next(one for one in chain([name], others) if one not in made))
    return made


def snake(header: str) -> str:
    """Write a header in small letters, digits and underscores, a letter first; nothing where none is left."""
    name = "_".join(words(header))
    return (f"n_{name}" if name[:1].isdigit() else name)[:MAX_LENGTH].strip("_")


def unit(header: str) -> str:
    """Read the unit off a header, as of ``weight (kg)``, ``weight_kg`` or ``rent €``; ``unit?`` where it says none."""
    bracketed = re.search(r"[\[(]([^\[\]()]{1,12})[\])]", header)
    if bracketed and bracketed[1].strip():
        return bracketed[1].strip()
    if sign := re.search(r"^[$€£¥]|[$€£¥%]$", header.strip()):
        return sign[0]
    last = snake(header).rpartition("_")[2]
    return SPELT.get(last, last) if last in UNITS and last != snake(header) else UNIT_UNKNOWN
