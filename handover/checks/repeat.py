"""R, repeatable: whoever trains again, from the same data and libraries, gets the same delivery."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from handover.checks import causes, differences
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.provenance import ALWAYS, installed_version, release, unlike
from handover.quality import HELD_OUT
from handover.retraining import NotTrainedError
from handover.skips import FILE
from handover.wording import shortly
from predictor import files
from predictor.files import shortened

of_the_training = partial(clause, requires=("M101",), looks_at="training")
NAMED = 3  # libraries in a sentence; all of them stand in the details
CHANGED = "The training, or what it reads, is not what made this delivery."
JUDGES = (
    "The model and its golden rows are as delivered: held_out.csv was edited by hand, or the training judges by other "
    "rows or labels now."
)
RANDOM = "Trained twice here, it differs from itself: something is drawn at random without a seed, or runs in parallel."
EDITED = (
    "All files are the same: the manifest was edited or merged by hand, or what the training says of itself was "
    "changed since. Deliver again"
)
ITS_MACHINE = "It may need what only its author's machine has: a path, a file that is not in the project, a login."
OUT_OF_REACH = re.compile(
    r"(?i)no such file|filenotfound|not a directory|permission|access ?denied|connection|could not connect|credential|"
    r"\blog ?in\b|password|unauthori[sz]ed|forbidden|http ?error|urlopen|name resolution|no word$"
)
"""What a training says last that needs such a thing, or says nothing; of any other error it would be a guess."""
ELSEWHERE = (
    "Either the training, or what it reads, is not what made this delivery, or the model depends on the processor: "
    "trained and delivered on this kind of machine, the second shows."
)


@of_the_training(
    "R501",
    topic="data",
    rule="the manifest says which data the model was trained on",
    broken="the manifest does not say which data the model was trained on",
)
def data_named(context: DeliveryContext) -> Broken | None:
    training = context.manifest.get("training") or {}
    given = {word: training.get(word) for word in ("data", "sha256")}
    missing = [word for word, value in given.items() if not isinstance(value, str) or not value.strip()]
    if not missing:
        return None
    give = """give deliver() training={"data": the file's name, "sha256": its SHA-256}"""
    evidence = f"manifest.json's training lacks {' and '.join(missing)}: {give}."
    return Broken(evidence, context.training or context.folder / "manifest.json")


@clause(
    "R502",
    topic="same data",
    requires=("R501",),
    rule="the data here is the data of the training",
    broken="the data here is not the data of the training",
)
def data_is_the_same(context: DeliveryContext) -> Broken | None:
    name, recorded = Path(context.manifest["training"]["data"]).name, context.manifest["training"]["sha256"]
    hashes = {path: _sha256(path) for path in sorted(named(context.training_root, name))}
    if recorded in hashes.values():
        return None
    if hashes:
        path, sha256 = next(iter(hashes.items()))
        now, then = shortened(sha256), shortened(recorded)
        evidence = f"{context.relative(path)} has the SHA-256 {now}..., the training's had {then}..."
        cause = "The data was changed after the training, or line endings were, by git or an editor."
        remedy = (context.delivers, "trains on it and delivers, where the change is meant")
        return Broken(evidence, path, cause=cause, remedy=remedy if context.training else None)
    missing = f"{name} is not in the project: put it there to train again"
    if "R502" in context.allowed:
        raise Skipped(missing)
    evidence = f"{missing}. Whether the answers are those of a model trained on it cannot be shown."
    cause = f"Where the data may not lie in the project, deployment allows it in {FILE}, with the reason"
    return Broken(evidence, context.folder / "manifest.json", cause=f'{cause}: below [skips], R502 = "...".')


def named(root: Path, name: str) -> Iterator[Path]:
    """Find the files of that name in a project, hidden folders and installed packages left out."""
    for folder, inner, names in root.walk():
        inner[:] = [entry for entry in inner if not entry.startswith(".") and entry != "node_modules"]
        if name in names:
            yield folder / name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@of_the_training(
    "R503",
    topic="libraries",
    rule="the libraries here are those that the training used",
    broken="the model was trained with other libraries",
)
def libraries_are_the_same(context: DeliveryContext) -> Broken | None:
    manifest, recorded = context.folder / "manifest.json", context.manifest.get("versions")
    versions = recorded if isinstance(recorded, dict) else {}
    missing = [name for name in ALWAYS if not isinstance(versions.get(name), str)]
    if missing:
        evidence = f"manifest.json's versions lack {', '.join(missing)}, which deliver() uses whatever was trained."
        cause = f"The manifest was edited by hand; deliver again: {context.delivers}."
        return Broken(evidence, manifest, cause=cause)
    now = {name: installed_version(name) for name in versions}
    differ = [
        f"{name} {version} then, {now[name] or 'not installed'} now"
        for name, version in versions.items()
        if release(now[name]) != release(version)
    ]
    if not differ:
        return None
    those = shortly(differ, NAMED, "; ")
    if context.training is None:  # it trains in a repository of its own, with what is installed there
        raise Skipped(f"there is no training here, and it used other libraries: {those}")
    cause = "The model was trained in another environment than this one: train here."
    if context.own:
        cause = "The model was trained outside of .venv, or the locks in requirements/ have moved on since: train here."
    return Broken(f"{those}.", manifest, cause=cause, details="\n".join(differ) if len(differ) > NAMED else "")


@clause(
    "R504",
    topic="training",
    requires=("C109", "R502", "R503"),
    rule="the training runs through in a copy of the project",
    broken="the training does not run through",
)
def trains(context: DeliveryContext) -> Broken | Kept | None:
    if context.training is None:
        evidence = "There is no program that trains it: train.py beside the delivery's folder, in the project."
        return Broken(evidence, context.folder)
    try:
        context.trained_again()
    except NotTrainedError as error:
        evidence = f"In a copy of the project it ended: {str(error).rstrip('.')}."
        return Broken(evidence, context.training, cause=ITS_MACHINE if OUT_OF_REACH.search(str(error)) else "")
    return replace(_of_a_file(context.manifest) or Kept(), warnings=(*_outside(context),))


def _outside(context: DeliveryContext) -> Iterator[Warned]:
    """Warn of data that the training reads by a path of this machine: the copy is trained here, and so finds it."""
    if outside := (context.observed or {}).get("outside"):
        file, line = next(filter(None, outside.values()), (None, None))
        yield Warned(
            f"The training reads {shortly(list(outside), NAMED)} from outside of the project.",
            context.training_root / file if file else context.training or context.folder,
            line,
            "Whoever clones the project has no such file. Put it into the project, and name it by a path from there.",
            headline="the training reads what only this machine has",
        )


def _of_a_file(manifest: Mapping[str, Any]) -> Kept | None:
    """Say what training again did not repeat, where the model was trained elsewhere and came as a file."""
    file, scores = (manifest.get(name) or {} for name in ("model_file", "scored_elsewhere"))
    answers = f", and the answers to {scores['rows']} rows of {scores['file']}" if scores else ""
    if not file and not scores:
        return None
    model = f"the model of {file['file']} ({shortened(file['sha256'])})" if file else "the model"
    return Kept(f"it delivers {model}{answers}; what was trained elsewhere was not trained again")


@clause(
    "R505",
    topic="same files",
    requires=("R504",),
    suppressed_by=("C", "H", "M", "P20", "P210"),  # not by P211, which says less of the same
    rule="training again gives the same files; on another kind of machine, the same answers",
    broken="training again gives another delivery",
)
def same_files(context: DeliveryContext) -> Broken | Kept:
    again = context.trained_again()
    then, now = (files.manifest(folder) for folder in (context.folder, again))
    machine = unlike(then.get("trained_on"), now["trained_on"])
    # What came from a file was not trained again, and that it is the same proves no training.
    repeated = "delivering it again" if _of_a_file(now) else "training again"
    differ = differences.of_files(context.folder, again)
    differ = differ or differences.of_the_author(then, now, lambda: files.manifest(context.trained_again(times=2)))
    if not differ:
        note = f"the same bytes, though trained on another kind of machine ({machine})" if machine else ""
        return Kept(note, proved=f"{repeated} gives the same files")
    if machine:
        answers = differences.of_answers(context.folder, again, context.contract.budgets.parity)
        answers = answers or differences.of_manifests(then, now, differences.OF_ANY_MACHINE)
        if not answers:
            note = f"trained on another kind of machine ({machine}), so answers were compared and not bytes"
            return Kept(note, proved=f"{repeated} gives the same answers")
        evidence = f"Trained again on another kind of machine ({machine}), {answers}."
    else:
        others = [sentence.partition(" ")[0] for sentence in differ[1:]]
        more = f" {' and '.join(others)} {'differs' if len(others) == 1 else 'differ'} too." if others else ""
        evidence = f"Trained again, {differ[0]}.{more}"
    if edited := _edited(context):
        values, cause = edited
        return cause.broken(context, f"{evidence} {values}", "\n".join(differ))
    repeats = not differences.of_files(again, context.trained_again(times=2))
    if repeats and differ[0].startswith(files.MANIFEST):
        return Broken(evidence, context.folder / files.MANIFEST, cause=f"{EDITED}: {context.delivers}.")
    if repeats and not machine and [sentence.partition(" ")[0] for sentence in differ] == [HELD_OUT]:
        return Broken(f"Trained again, only {differ[0]}.", context.folder / HELD_OUT, cause=JUDGES)
    why = (ELSEWHERE if machine else CHANGED) if repeats else RANDOM
    return Broken(evidence, context.training or context.folder / "model.onnx", cause=why, details="\n".join(differ))


def _edited(context: DeliveryContext) -> tuple[str, causes.Cause] | None:
    """Say which heuristics are not those of the training, where the golden rows can tell."""
    try:
        return causes.of_values(context)
    except Exception:  # golden rows or heuristics that cannot be read are other clauses' findings
        return None
