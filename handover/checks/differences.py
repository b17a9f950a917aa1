"""In what two deliveries differ: their files, what they answer, and what their manifests say."""

import json
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from handover import parity
from handover.delivery import FILES
from handover.extent import SEEN
from handover.provenance import bare, release
from handover.quality import HELD_OUT, HeldOut
from predictor import files
from predictor.files import MANIFEST, Json, scores_in

SAME_EVERYWHERE = ("contract.json", "heuristics.py")
"""The files that no processor changes."""
OF_OTHERS = ("files", "quality_by_author")
"""What the manifest says of the files, which are compared themselves, and what its author says."""
OF_ANY_MACHINE = ("model_file", SEEN, "training")
"""What does not follow from arithmetic."""
DOCUMENTED = ("data", "sha256", "rows", "seed")
"""The words of ``training`` that deliver() asks for; others are its author's notes, and may be of the moment."""
BY_THE_AUTHOR = ("training", "quality_by_author")
ABSENT = object()
"""What a manifest says where it says nothing: null is something."""


def of_files(one: Path, other: Path) -> list[str]:
    """Say in what the files of two deliveries differ, in a sentence each; where none does, in what the manifests do."""
    how = {"model.onnx": _graphs, "golden.jsonl": _lines, "contract.json": _keys}
    contents = {name: [(folder / name).read_bytes() for folder in (one, other)] for name in FILES}
    sentences = [
        f"{name} differs: {how.get(name, _bytes)(then, now)}" for name, (then, now) in contents.items() if then != now
    ]
    return sentences or [*filter(None, [of_manifests(files.manifest(one), files.manifest(other))])]


def _bytes(then: bytes, now: bytes) -> str:
    return f"{len(then)} bytes then, {len(now)} now"


def _keys(one: bytes, other: bytes) -> str:
    then, now = json.loads(one), json.loads(other)
    return f"in {', '.join(key for key in then | now if then.get(key) != now.get(key)) or 'its layout'}"


def _lines(one: bytes, other: bytes) -> str:
    then, now = ([json.loads(line) for line in content.splitlines()] for content in (one, other))
    return _of_golden(then, now, 0.0) or "in last digits, in what heuristics gave, or in a row that only one has"


def _graphs(one: bytes, other: bytes) -> str:
    graphs = [onnx.load_from_string(content).graph for content in (one, other)]
    then, now = ([node.op_type for node in graph.node] for graph in graphs)
    if then != now:
        return f"its nodes are {', '.join(then)} then, {', '.join(now)} now"
    before, after = map(_trees, graphs)
    if before != after:
        return f"it has {before} trees then, {after} now"
    return "its operators are the same, and their numbers or names are not"


def _trees(graph: onnx.GraphProto) -> int:
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    return sum(len(set(one.ints)) for one in attributes if one.name in {"nodes_treeids", "tree_roots"})


def of_answers(then: Path, now: Path, tolerance: float) -> str:
    """Say in what one delivery answers otherwise than the other, in a part of a sentence; nothing where it does not.

    The same training made them on two kinds of machine, so bytes need not agree; ``tolerance`` is in the score's unit.
    """
    for name in SAME_EVERYWHERE:
        if (then / name).read_bytes() != (now / name).read_bytes():
            return f"{name} differs"
    if fault := _of_golden(files.golden(then), files.golden(now), tolerance):
        return fault
    before, after = (HeldOut.from_csv((folder / HELD_OUT).read_bytes()) for folder in (then, now))
    if not np.array_equal(before.labels, after.labels):
        return "the held-out labels are others"
    apart = parity.compared(after.scores, before.scores, tolerance)
    return f"held-out scores differ by more than {apart.limit}" if apart else ""


def _of_golden(then: list[Json], now: list[Json], tolerance: float) -> str:
    """Compare the rows of both. A proof row is chosen by the model's answers: that only one has it says nothing."""
    before, after = ({json.dumps(line["row"], sort_keys=True): line for line in lines} for lines in (then, now))
    if any("covers" not in (before | after)[row] for row in before.keys() ^ after.keys()):
        return "the golden rows are others"
    pairs = [(before[row], after[row]) for row in before if row in after]
    trained, again = ([scores_in(pair[side]) for pair in pairs] for side in (0, 1))
    was, is_ = ([row.values() for row in rows] for rows in (trained, again))
    if apart := parity.compared(is_, was, tolerance):
        return (
            f"{len(apart.rows)} of {len(pairs)} answers differ by more than {apart.limit}, at most from "
            f"{parity.in_words(trained[apart.worst])} then to {parity.in_words(again[apart.worst])} now"
        )
    if flips := [(one, other) for one, other in pairs if one["decision"] != other["decision"]]:
        one, other = flips[0]
        return (
            f"{len(flips)} of {len(pairs)} decisions flip: a score of {parity.in_words(scores_in(one))} was "
            f"{one['decision']} then, {parity.in_words(scores_in(other))} is {other['decision']} now"
        )
    return ""


def of_manifests(then: Json, now: Json, parts: Iterable[str] = ()) -> str:
    """Say in what two manifests differ, or these parts of them, the first figure in full; nothing where they agree."""
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
    return f"{place} is {short(then)} then, {short(now)} now"


def short(figure: Any) -> str:
    """Write a figure of a manifest in at most 60 characters."""
    return "absent" if figure is ABSENT else textwrap.shorten(json.dumps(figure), 60, placeholder=" ...")


def of_the_author(then: Json, now: Json, once_more: Callable[[], Json]) -> list[str]:
    """Say which figures of the author's own differ, in one sentence, where there are such.

    What differs between ``now`` and the manifest of a training ``once_more`` as well, as a time does, is of the moment.
    """
    before, after = _figures(then), _figures(now)
    if before == after:
        return []
    again = _figures(once_more())
    names = [name for name in after | before if before.get(name) != after.get(name) == again.get(name)]
    each = (f"{name} is {short(before.get(name, ABSENT))} then, {short(after.get(name, ABSENT))} now" for name in names)
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
