"""R, repeatable: whoever trains again, from the same data and libraries, gets the same delivery."""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from packaging.utils import canonicalize_name

from handover.checks.answers import apart
from handover.context import DeliveryContext
from handover.delivery import FILES
from handover.finding import Broken, Kept, Skipped, clause
from handover.provenance import ALWAYS, unlike
from handover.retraining import NotTrainedError
from handover.skips import FILE

NAMED = 3  # libraries in a sentence; all of them stand in the details
CHANGED = "The training, or what it reads, is not what made this delivery."
RANDOM = "Trained twice here, it differs from itself: something is drawn at random without a seed, or runs in parallel."
ELSEWHERE = (
    "Either the training, or what it reads, is not what made this delivery, or the model depends on the processor: "
    "trained and delivered on this kind of machine, the second shows."
)


@clause(
    "R501",
    topic="data",
    owner="modelling",
    requires=("M101",),
    rule="the manifest says which data the model was trained on",
    broken="the manifest does not say which data the model was trained on",
)
def data_told(context: DeliveryContext) -> Broken | None:
    """The manifest says which data the model was trained on, with its hash."""
    told = context.manifest.get("training") or {}
    lacking = [word for word in ("data", "sha256") if not isinstance(told.get(word), str) or not told[word].strip()]
    if not lacking:
        return None
    return Broken(
        f"manifest.json's training lacks {' and '.join(lacking)}: give deliver() "
        f'training={{"data": the file\'s name, "sha256": its SHA-256}}.',
        context.training or context.folder / "manifest.json",
    )


@clause(
    "R502",
    topic="same data",
    owner="modelling",
    requires=("R501",),
    rule="the data here is the data of the training",
    broken="the data here is not the data of the training",
)
def data_is_the_same(context: DeliveryContext) -> Broken | Skipped | None:
    """The data here is the data that the model was trained on."""
    name, recorded = context.manifest["training"]["data"], context.manifest["training"]["sha256"]
    there = sorted(_named(context.root, Path(name).name))
    if not there:
        lacking = f"{Path(name).name} is not in the project: put it there to train again"
        if "R502" in context.allowed:
            return Skipped(lacking)
        return Broken(
            f"{lacking}. Whether the answers are those of a model trained on it cannot be shown.",
            context.folder / "manifest.json",
            cause=f"Where the data may not lie in the project, deployment allows it in {FILE}, with the reason: "
            f'below [skips], R502 = "...".',
        )
    hashes = {path: _sha256(path) for path in there}
    if recorded in hashes.values():
        return None
    return Broken(
        f"{context.relative(there[0])} has the SHA-256 {hashes[there[0]][:12]}..., "
        f"the training's had {recorded[:12]}....",
        there[0],
        cause="The data was changed after the training, or line endings were, by git or an editor.",
    )


def _named(root: Path, name: str) -> list[Path]:
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = [entry for entry in inner if not entry.startswith(".") and entry != "node_modules"]
        found += [Path(folder) / file for file in files if file == name]
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@clause(
    "R503",
    topic="libraries",
    owner="modelling",
    requires=("M101",),
    rule="the libraries here are those that the training used",
    broken="the model was trained with other libraries",
)
def libraries_are_the_same(context: DeliveryContext) -> Broken | None:
    """The libraries here are those that the training used."""
    manifest, recorded = context.folder / "manifest.json", context.manifest.get("versions")
    known = recorded if isinstance(recorded, dict) else {}
    lacking = [name for name in ALWAYS if not isinstance(known.get(name), str)]
    if lacking:
        return Broken(
            f"manifest.json's versions lack {', '.join(lacking)}, which deliver() uses whatever was trained.",
            manifest,
            cause=f"The manifest was edited by hand; deliver again: {context.delivers}.",
        )
    installed = {str(canonicalize_name(distribution.name)): distribution.version for distribution in distributions()}
    differ = [
        f"{name} {version} then, {found or 'not installed'} now"
        for name, version in known.items()
        if _release(found := _installed(name, installed)) != _release(version)
    ]
    if not differ:
        return None
    more = f"; and {len(differ) - NAMED} more" if len(differ) > NAMED else ""
    return Broken(
        f"{'; '.join(differ[:NAMED])}{more}.",
        manifest,
        cause="The model was trained outside of .venv, or the locks in requirements/ have moved on since.",
        details="\n".join(differ) if more else "",
    )


def _installed(name: str, installed: Mapping[str, str]) -> str:
    """Find a library's version here, whichever processor its build is for: `xgboost` is `xgboost-cpu` without CUDA."""
    bare = canonicalize_name(name).removesuffix("-cpu").removesuffix("-gpu")
    same = (canonicalize_name(name), bare, f"{bare}-cpu", f"{bare}-gpu")
    return next((installed[one] for one in same if one in installed), "")


def _release(version: Any) -> str:
    """Leave out of a version which build it is, as in `2.9.0+cpu`."""
    return str(version).partition("+")[0]


@clause(
    "R504",
    topic="training",
    owner="modelling",
    requires=("C109", "R502", "R503"),
    rule="the training runs through in a copy of the project",
    broken="the training does not run through",
)
def trains(context: DeliveryContext) -> Broken | None:
    """The training runs through in a copy of the project."""
    if context.training is None:
        return Broken(
            "There is no program that trains it: train.py beside the delivery's folder, in the project.", context.folder
        )
    try:
        context.trained_again()
    except NotTrainedError as error:
        return Broken(
            f"In a copy of the project it ended: {str(error).rstrip('.')}.",
            context.training,
            cause="It may need what only its author's machine has: a path, a file that is not in the project, a login.",
        )
    return None


@clause(
    "R505",
    topic="same files",
    owner="modelling",
    requires=("R504",),
    suppressed_by=("C", "H", "M", "P"),
    rule="training again gives the same files; on another kind of machine, the same answers",
    broken="training again gives another delivery",
)
def same_files(context: DeliveryContext) -> Broken | Kept | None:
    """Training again gives the same files; on another kind of machine than the training's, the same answers."""
    again = context.trained_again()
    machine = unlike(
        context.manifest.get("trained_on"), json.loads((again / "manifest.json").read_bytes())["trained_on"]
    )
    said = differences(context.folder, again)
    if not said:
        return Kept(f"the same bytes, though trained on another kind of machine ({machine})") if machine else None
    if machine:
        answers = apart(context.folder, again, context.contract.budgets.parity)
        if not answers:
            return Kept(f"trained on another kind of machine ({machine}), so answers were compared and not bytes")
        evidence = f"Trained again on another kind of machine ({machine}), {answers}."
    else:
        others = [sentence.partition(" ")[0] for sentence in said[1:]]
        more = f" {' and '.join(others)} {'differs' if len(others) == 1 else 'differ'} too." if others else ""
        evidence = f"Trained again, {said[0]}.{more}"
    repeats = not differences(again, context.trained_again(times=2))
    return Broken(
        evidence,
        context.training or context.folder / "model.onnx",
        cause=(ELSEWHERE if machine else CHANGED) if repeats else RANDOM,
        details="\n".join(said),
    )


def differences(one: Path, other: Path) -> list[str]:
    """Say in what the files of two deliveries differ, in a sentence each."""
    said = []
    for name in FILES:
        contents = [(folder / name).read_bytes() for folder in (one, other)]
        if contents[0] != contents[1]:
            how = {"model.onnx": _graphs, "golden.jsonl": _lines, "contract.json": _keys}.get(name, _bytes)
            said.append(f"{name} differs: {how(*contents)}")
    return said


def _bytes(one: bytes, other: bytes) -> str:
    return f"{len(one)} bytes then, {len(other)} now"


def _keys(one: bytes, other: bytes) -> str:
    then, now = json.loads(one), json.loads(other)
    return f"in {', '.join(key for key in then | now if then.get(key) != now.get(key)) or 'its layout'}"


def _lines(one: bytes, other: bytes) -> str:
    then, now = one.splitlines(), other.splitlines()
    if len(then) != len(now):
        return f"{len(then)} rows then, {len(now)} now"
    apart = [number for number, pair in enumerate(zip(then, now, strict=True)) if pair[0] != pair[1]]
    first = apart[0]
    before, after = json.loads(then[first]), json.loads(now[first])
    if before["row"] != after["row"]:
        return f"{len(apart)} of {len(then)} rows; row {first + 1} is another row"
    return (
        f"{len(apart)} of {len(then)} answers; row {first + 1} scored {before['score']:g} then, {after['score']:g} now"
    )


def _graphs(one: bytes, other: bytes) -> str:
    """Name the first node or constant that differs, and in what."""
    then, now = (onnx.load_from_string(content).graph for content in (one, other))
    kinds = [[node.op_type for node in graph.node] for graph in (then, now)]
    if kinds[0] != kinds[1]:
        return f"its nodes are {', '.join(kinds[0])} then, {', '.join(kinds[1])} now"
    for before, after in zip(then.node, now.node, strict=True):
        values = [{word.name: helper.get_attribute_value(word) for word in node.attribute} for node in (before, after)]
        for word in values[0] | values[1]:
            if said := _values(values[0].get(word), values[1].get(word)):
                return f"node {before.name or before.op_type}, {word}: {said}"
    constants = [{tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer} for graph in (then, now)]
    for word in constants[0] | constants[1]:
        if said := _values(constants[0].get(word), constants[1].get(word)):
            return f"constant {word}: {said}"
    return "in names or descriptions only"


def _values(then: Any, now: Any) -> str:
    if type(then).__module__.startswith("onnx"):  # a tensor or a graph among the attributes
        return "" if then == now else "another"
    before, after = np.atleast_1d(np.asarray(then)), np.atleast_1d(np.asarray(now))
    if before.shape != after.shape:
        return f"{before.size} values then, {after.size} now"
    apart = np.flatnonzero((before != after).ravel())
    if not len(apart):
        return ""
    first = apart[0]
    return f"{len(apart)} of {before.size} values, the first {before.ravel()[first]} then, {after.ravel()[first]} now"
