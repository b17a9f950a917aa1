"""M, the manifest: it vouches for every file, and says what they say."""

import hashlib
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from handover import clipping, retraining
from handover.checks.differences import short
from handover.checks.running import damage
from handover.context import DeliveryContext
from handover.delivery import baseline, vouched
from handover.extent import SEEN
from handover.finding import Broken, Skipped, clause
from handover.git import git
from handover.golden import golden_record
from handover.metrics import quality_record
from handover.provenance import PROPERTIES, properties
from handover.quality import HELD_OUT
from handover.rows import domains
from handover.wording import listed
from predictor import files

LINE_ENDINGS = (
    "Only its line endings changed, by git or an editor: have .gitattributes say `-text` for the delivery, then git "
    "checkout the file again."
)
ENDINGS_NOT_OF_GIT = (
    "Only its line endings changed, by an editor or a program: take those of Windows out again, and have "
    ".gitattributes say `-text` for the delivery."
)
LINK_ALONE = "Git hands on the link alone: put the file itself there"
SHOWN = 64  # a SHA-256
COLUMN = {"name", "kind", "reference"}
REDELIVER = "The file was changed, or merged, after deliver() wrote it; deliver the model again"
RETRAIN = "heuristics.py was edited after the model was trained on it; train and deliver again"


@clause(
    "M101",
    topic="hashes",
    suppressed_by=("C101", "C109", "H", "P201"),
    rule="every file is the one that the manifest vouches for",
    broken="a file is not the one that was delivered",
)
def hashes_match(context: DeliveryContext) -> Broken | None:
    manifest = context.folder / files.MANIFEST
    again = f"{REDELIVER}: {context.delivers}."
    try:
        listed = context.manifest["files"]
        expected = {name: listed[name] for name in vouched(context.manifest)}
        _ = [column["name"] for column in context.manifest["columns"]], float(context.manifest["tolerance"])
    except OSError:
        cause = f"The model was not delivered yet: {context.delivers}."
        return Broken("There is no manifest.json.", manifest, cause=cause)
    except (ValueError, KeyError, TypeError) as error:
        evidence = f"manifest.json cannot be read: {type(error).__name__}: {error}."
        cause, remedy = damage(manifest.read_bytes(), _typed(context, files.MANIFEST))
        return Broken(evidence, manifest, cause=cause or again, remedy=remedy)
    contents: dict[str, bytes] = {}
    for name, sha256 in expected.items():
        path = context.folder / name
        if path.is_symlink() and (linked := _linked(context, path)):
            return linked
        try:
            contents[name] = path.read_bytes()
        except OSError:
            return Broken(f"There is no {name}.", path, cause=again)
        if not re.fullmatch(r"[0-9a-f]{64}", str(sha256)):
            evidence = f"The manifest's SHA-256 of {name} is {str(sha256)[:80]!r}; it is written as 64 of 0-9 and a-f."
            cause = f"The manifest was edited by hand; deliver again: {context.delivers}."
            return Broken(evidence, manifest, cause=cause)
    return _changed(context, contents, expected)


def _changed(context: DeliveryContext, contents: dict[str, bytes], expected: dict[str, str]) -> Broken | None:
    """Say which files are others, and why the first of them is: what is done to one was often done to several."""
    actual = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    changed = [name for name in expected if actual[name] != expected[name]]
    if not changed:
        return None
    name, *others = changed
    then, now = files.shortened(expected[name]), files.shortened(actual[name])
    evidence = f"{name} is not as it was delivered: its SHA-256 is {now}..., and in the manifest {then}..."
    if others:
        evidence += f" Nor {'are' if others[1:] else 'is'} {listed(others)}."
    cause, remedy = damage(contents[name], _typed(context, name))
    plain = {one: contents[one].replace(b"\r\n", b"\n") for one in changed}
    ended = [one for one in changed if hashlib.sha256(plain[one]).hexdigest() == expected[one]]
    if name in ended:
        cause, remedy = _endings(context, ended, expected)
    cause = cause or f"{RETRAIN if name == files.HEURISTICS else REDELIVER}: {context.delivers}."
    details = "\n".join(f"{one}: expected {expected[one]}\n{' ' * len(one)}  found    {actual[one]}" for one in changed)
    details = details if others else f"expected {expected[name]}\nfound    {actual[name]}"
    return Broken(evidence, context.folder / name, cause=cause, details=details, remedy=remedy)


def _endings(context: DeliveryContext, ended: list[str], expected: dict[str, str]) -> tuple[str, tuple[str, str]]:
    """Say whose the line ends are: git has the files as they were delivered, or not."""
    named = _typed(context, *ended)
    in_git = (hashlib.sha256(git(context.folder, "show", f"HEAD:./{one}") or b"").hexdigest() for one in ended)
    if all(sha256 == expected[one] for one, sha256 in zip(ended, in_git, strict=True)):
        cause, remedy = LINE_ENDINGS, (f"rm {named} && git checkout -- {named}", "gives them as git has them")
    else:
        cause, remedy = ENDINGS_NOT_OF_GIT, (f"sed -i 's/\\r$//' {named}", "takes the line ends of Windows out")
    return cause if not ended[1:] else cause.replace("its", "their").replace("the file", "the files"), remedy


def _linked(context: DeliveryContext, path: Path) -> Broken | None:
    """Say that a file is a link that nobody else can follow; one within the project travels with it."""
    details = f"{path.name} -> {path.readlink()}"
    if not path.exists():
        evidence = f"{path.name} is a symbolic link to what is not here."
        return Broken(evidence, path, None, f"{LINK_ALONE}, or deliver again: {context.delivers}.", details)
    if path.resolve().is_relative_to(retraining.root(context.project, context.folder).resolve()):
        return None
    typed = _typed(context, path.name)
    evidence = f"{path.name} is a symbolic link to what lies outside of the project: a clone has no such file."
    remedy = (f'cp --remove-destination "$(realpath {typed})" {typed}', "puts the file in place of the link")
    return Broken(evidence, path, cause=f"{LINK_ALONE}.", details=details, remedy=remedy)


def _typed(context: DeliveryContext, *names: str) -> str:
    return " ".join(shlex.quote(context.relative(context.folder / name)) for name in names)


@clause(
    "M111",
    topic="manifest",
    requires=("C109", "H107", "M101", "M102", "M109", "P201"),
    suppressed_by=("M123",),
    rule="the manifest says what the delivery's other files say",
    broken="the manifest and the delivery contradict each other",
)
def agrees(context: DeliveryContext) -> Broken | None:
    manifest, agreed = context.manifest, context.compiled
    try:
        computed = _computed(context)
    except ValueError as error:
        cause = f"{REDELIVER}: {context.delivers}."
        return Broken(f"{HELD_OUT} cannot be read: {error}.", context.folder / HELD_OUT, cause=cause)
    named = manifest.get("contract")
    title = f"{named.get('name')} {named.get('version')}" if isinstance(named, dict) else "no contract"
    unreferenced = [column["name"] for column in manifest["columns"] if not _has_reference(column)]
    others = sorted(set(manifest["files"]) - set(vouched(manifest)))
    if manifest.get("format") != 1:
        fault = f"its format is {manifest.get('format')!r}, and 1 is the only one"
    elif manifest["tolerance"] != agreed["budgets"]["parity"]:
        fault = f"its tolerance is {manifest['tolerance']!r}, the contract's parity is {agreed['budgets']['parity']!r}"
    elif named != {"name": agreed["name"], "version": agreed["version"]}:
        fault = f"it was delivered for {title}, the contract is {agreed['name']} {agreed['version']}"
    elif unreferenced:
        fault = f"it has no reference, a number or null, for {', '.join(unreferenced)}: reasons compare with it"
    elif others:
        fault = f"it vouches for {', '.join(others)}, which is not a file of a delivery"
    else:
        fault = (
            _wrong_figure(manifest, computed)
            or _wrong_column(context)
            or _wrong_record(context)
            or _wrong_property(context)
        )
    if not fault:
        return None
    if len(context.flipped(context.golden_scores)) > context.contract.budgets.flipped_decisions:
        raise Skipped(blocked_by=("P204",))  # the shares of decisions are only what follows
    other = next((f" or {name}" for name in (HELD_OUT, files.GOLDEN, files.MODEL) if name in fault), "")
    cause = f"The manifest{other} was edited or merged by hand; deliver again: {context.delivers}."
    return Broken(f"{fault[0].upper()}{fault[1:]}.", context.folder / files.MANIFEST, cause=cause)


def _computed(context: DeliveryContext) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give what follows from the delivery's other files, each with the file."""
    golden = context.manifest.get("golden_rows")
    equal = golden.get("equal_to_real", 0) if isinstance(golden, dict) else 0  # which ones do is told nowhere
    of_held_out = {} if context.stand_in else _of_held_out(context)
    return of_held_out | {"golden_rows": (files.GOLDEN, golden_record(context.golden, equal))}


def _wrong_figure(manifest: dict[str, Any], computed: dict[str, tuple[str, dict[str, Any]]]) -> str:
    """Say which figure of the manifest is not what the delivery's other files give."""
    for name, (file, figures) in computed.items():
        recorded = manifest.get(name)
        if not isinstance(recorded, dict):
            return f"it has no {name}"
        for word in figures | recorded:
            if word not in figures:
                return f"its {name} says {word} {short(recorded[word])}, which deliver() does not write"
            if recorded.get(word) != figures[word]:
                return f"its {name} says {word} {short(recorded.get(word))}, and {file} gives {short(figures[word])}"
    return ""


def _of_held_out(context: DeliveryContext) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give what the manifest should say of the rows that judge the model."""
    held_out = context.held_out
    decisions = [str(context.contract.decide(scores)) for scores in held_out.scores]
    computed = {
        "quality": (HELD_OUT, quality_record(held_out)),
        "baseline": (HELD_OUT, baseline(held_out, decisions, context.contract)),
    }
    if "clip" in context.manifest:
        clip = context.manifest["clip"]
        drawn = clip.get("drawn") if isinstance(clip, dict) else None  # of which rows is told nowhere
        share = clipping.share_at_ends(held_out.scores, context.contract.score)
        computed["clip"] = (HELD_OUT, {"held_out": share, "drawn": drawn})
    return computed


def _wrong_property(context: DeliveryContext) -> str:
    """Say what the model's file says of itself that the manifest does not; a file from before it did says nothing."""
    training = context.manifest.get("training")
    expected = properties(context.manifest["contract"], training if isinstance(training, dict) else {})
    own = {one.key: one.value for one in context.graph.metadata_props}
    for word in PROPERTIES:
        if word in own and own[word] != expected.get(word):
            return f"its {files.MODEL} says {word} {own[word][:SHOWN]}, and the manifest {expected.get(word, 'none')}"
    return ""


def _wrong_column(context: DeliveryContext) -> str:
    """Say which column of the manifest is of another kind than the contract says, or refers to what no row has."""
    kinds = {field["name"]: field["kind"] for field in context.compiled["fields"]}
    for column in context.manifest["columns"]:
        kind = kinds.get(column["name"], "heuristic")
        if column.get("kind") != kind or column.keys() != COLUMN:
            return f"its column {column['name']} is {short(column)}, and should be a {kind} with a reference"
    # Of a field, whose ends are known. That it is the median of the held-out rows shows when training is repeated.
    for column, field in zip(context.manifest["columns"], domains(context.compiled), strict=False):
        value, (low, high) = column["reference"], map(np.float32, field.column_ends)
        if not (field.nullable if value is None else low <= np.float32(value) <= high):
            return f"its reference of {column['name']} is {value}, which no row of the contract has"
    return ""


def _wrong_record(context: DeliveryContext) -> str:
    """Say what in the record of the training's rows no rows can give; nothing where there is no record."""
    record = context.seen_in_training
    if record is None:
        return ""
    fields = {field.name: field for field in domains(context.compiled)}
    try:
        columns = [column["name"] for column in record["columns"]]
        if record["rows"] < 1 or columns != list(context.encoder.columns):
            return f"its {SEEN} is not of this contract's columns, or of no row"
        for column in record["columns"]:
            choices = fields[column["name"]].choices if column["name"] in fields else ()
            possible = _are_among(column, choices) if choices else _are_ends(column)
            if not possible or not isinstance(column["missing"], bool):
                return f"its {SEEN} says {short(column)}, which no rows can give"
    except (KeyError, TypeError) as error:
        return f"its {SEEN} cannot be read: {type(error).__name__}: {error}"
    return ""


def _are_among(column: dict[str, Any], choices: tuple[Any, ...]) -> bool:
    return all(value in choices for value in column["values"]) and bool(column["values"] or column["missing"])


def _are_ends(column: dict[str, Any]) -> bool:
    low, high = column["lowest"], column["highest"]
    return column["missing"] is True if low is None or high is None else bool(-np.inf < low <= high < np.inf)


def _has_reference(column: dict[str, Any]) -> bool:
    value = column.get("reference", "")
    return value is None or (isinstance(value, int | float) and bool(np.isfinite(value)))
