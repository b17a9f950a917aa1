"""No part of a manifest can be edited or deleted unnoticed: each leaf of the example's is, one by one."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import onnx
import pytest

from handover.checks import differences
from handover.checks.manifest import agrees, hashes_match
from handover.checks.model import same_columns
from handover.context import DeliveryContext
from handover.finding import Broken
from handover.provenance import unlike
from tests.helpers.parcels import REAL
from tests.helpers.sandbox import ROOT

type Json = dict[str, Any]
type Path = tuple[str | int, ...]

WRITTEN: Json = json.loads((REAL / "manifest.json").read_bytes())
OF_THE_FILES = ("format", "contract", "columns", "tolerance", "baseline", "golden_rows", "quality")
"""What follows from the other files of the delivery: no training is needed to see that it was edited."""
FREE = {("training", "model"), ("golden_rows", "equal_to_real")}
"""A word of the author's; and how many rows equal one that nobody but a new training has."""
UNKNOWN_HERE = {("columns", place, "reference") for place in range(len(WRITTEN["columns"]))}
"""The median of rows that nobody but a new training has; that a row may have it at all is required here, too."""


def leaves(part: Any, path: Path = ()) -> Iterator[Path]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inner:
        yield from leaves(value, (*path, name))
    if path and not (isinstance(part, dict | list) and part):
        yield path


def other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}1"
        case None:
            return 1.0
        case _:
            return [*value, 1]


def edited(path: Path, change: Callable[[Any, Any], None]) -> Json:
    manifest: Any = copy.deepcopy(WRITTEN)
    parent = manifest
    for name in path[:-1]:
        parent = parent[name]
    change(parent, path[-1])
    changed: Json = manifest
    return changed


def replaced(parent: Any, name: Any) -> None:
    parent[name] = other(parent[name])


def deleted(parent: Any, name: Any) -> None:
    del parent[name]


LEAVES = list(leaves(WRITTEN))
PARTS = [*LEAVES, *((part,) for part in WRITTEN if (part,) not in LEAVES)]


def test_other_numbers_of_trees_are_told() -> None:
    def graph(trees: list[int]) -> bytes:
        node = onnx.helper.make_node("TreeEnsembleRegressor", ["rows"], ["score"], nodes_treeids=trees)
        return bytes(onnx.helper.make_model(onnx.helper.make_graph([node], "trees", [], [])).SerializeToString())

    assert differences._graphs(graph([0, 0, 1]), graph([0, 0, 0])) == "it has 2 trees then, 1 now"
    assert differences._graphs(graph([0, 1]), graph([0, 0, 1])).startswith("its operators are the same")


@pytest.mark.parametrize("change", [replaced, deleted])
def test_a_new_training_notices_what_was_edited(change: Callable[[Any, Any], None]) -> None:
    unnoticed = []
    for path in LEAVES if change is replaced else PARTS:
        manifest = edited(path, change)
        compared = differences.of_manifests(manifest, WRITTEN) or differences.of_the_author(
            manifest, WRITTEN, lambda: WRITTEN
        )
        machine = unlike(manifest.get("trained_on"), WRITTEN["trained_on"])  # of which a note is made
        if not compared and not machine and path[0] not in {"files", "quality_by_author"}:
            unnoticed.append(path)

    assert unnoticed == [("training", "model")]


@pytest.mark.parametrize("change", [replaced, deleted])
def test_the_other_files_contradict_what_follows_from_them(change: Callable[[Any, Any], None]) -> None:
    unnoticed = set()
    with DeliveryContext(ROOT, REAL) as context:
        for path in LEAVES if change is replaced else PARTS:
            if path[0] in (*OF_THE_FILES, "files") and path not in FREE:
                context.__dict__["manifest"] = edited(path, change)
                context.__dict__.pop("seen_in_training", None)
                if not isinstance(hashes_match(context) or same_columns(context) or agrees(context), Broken):
                    unnoticed.add(path)

    assert unnoticed <= UNKNOWN_HERE
