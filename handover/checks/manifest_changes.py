"""In what the manifests of two trainings differ: what they say and no clause can compute from the other files."""

import json
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from handover.extent import SEEN
from handover.provenance import bare, release
from predictor.files import MANIFEST, Json

OF_OTHERS = ("files", "quality_by_author")
"""What the manifest says of the files, which are compared themselves, and what its author says."""
OF_ANY_MACHINE = ("model_file", SEEN, "training")
"""What does not follow from arithmetic."""
DOCUMENTED = ("data", "sha256", "rows", "seed")
"""The words of ``training`` that deliver() asks for; others are its author's notes, and may be of the moment."""
BY_THE_AUTHOR = ("training", "quality_by_author")
ABSENT = object()
"""What a manifest says where it says nothing: null is something."""


def difference(then: Json, now: Json, parts: Iterable[str] = ()) -> str:
    """Say in what two manifests differ, the first figure in full; nothing where they agree.

    Parameters
    ----------
    parts
        What is compared; everything, where nothing is named.
    """
    then, now = _comparable(then), _comparable(now)
    differ = [part for part in parts or now | then if then.get(part, ABSENT) != now.get(part, ABSENT)]
    if not differ:
        return ""
    more = f"; and in its {' and '.join(differ[1:])}" if differ[1:] else ""
    return f"{MANIFEST} differs: {_first(then.get(differ[0], ABSENT), now.get(differ[0], ABSENT), differ[0])}{more}"


def _comparable(manifest: Json) -> Json:
    """Leave out what may be of the moment, the values that make another kind of machine, and a library's build."""
    training, versions, machine = (_dict(manifest.get(part)) for part in ("training", "versions", "trained_on"))
    return {name: part for name, part in manifest.items() if name not in OF_OTHERS} | {
        "training": {word: training[word] for word in DOCUMENTED if word in training},
        "versions": {bare(name): release(version) for name, version in versions.items()},
        "trained_on": dict.fromkeys(machine, "recorded"),
    }


def _dict(part: Any) -> Json:
    return part if isinstance(part, dict) else {}


def _first(then: Any, now: Any, place: str) -> str:
    """Name the first figure that differs, and what it is in both."""
    if isinstance(then, dict) and isinstance(now, dict):
        key = next(key for key in now | then if then.get(key, ABSENT) != now.get(key, ABSENT))
        return _first(then.get(key, ABSENT), now.get(key, ABSENT), f"{place}, {key}")
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        number = next(number for number in range(len(now)) if then[number] != now[number])
        return _first(then[number], now[number], f"{place}, {_dict(now[number]).get('name', number + 1)}")
    return f"{place} is {_short(then)} then, {_short(now)} now"


def _short(figure: Any) -> str:
    return "absent" if figure is ABSENT else textwrap.shorten(json.dumps(figure), 60, placeholder=" ...")


def of_the_author(then: Json, now: Json, once_more: Callable[[], Json]) -> list[str]:
    """Say which figures of the author's own differ, in one sentence, where there are such.

    Parameters
    ----------
    once_more
        Gives the manifest of another new training: what differs from ``now`` in it, as a time does, is of the moment.
    """
    before, after = _figures(then), _figures(now)
    if before == after:
        return []
    again = _figures(once_more())
    names = [name for name in after | before if before.get(name) != after.get(name) == again.get(name)]
    each = (
        f"{name} is {_short(before.get(name, ABSENT))} then, {_short(after.get(name, ABSENT))} now" for name in names
    )
    return [f"{MANIFEST} differs: {'; '.join(each)}"] if names else []


def _figures(manifest: Json) -> dict[str, float]:
    """Give the numbers among what the author says, by their places; words are not compared, for a date is one."""
    waiting: list[tuple[str, Any]] = [(part, manifest.get(part)) for part in BY_THE_AUTHOR]
    figures: dict[str, float] = {}
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else enumerate(value, start=1)
            waiting += [(f"{place}, {name}", one) for name, one in inner]
        elif isinstance(value, int | float):
            figures[place] = value
    return figures
