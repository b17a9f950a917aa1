"""The comparison of two deliveries: their contracts, and their answers to the same rows."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic_core import ValidationError

from handover.diff.changes import Change, changes, heuristics, least_version, reaches
from handover.diff.revisions import DiffError
from handover.limit import TooLongError, at_most
from handover.metrics import Comparison, compared
from handover.quality import HELD_OUT, HeldOut
from handover.session import SlowGraphError, opened, timed
from handover.source import RefusedSourceError, refuse
from predictor import files
from predictor.delivery import Delivery, LoadError
from predictor.encoder import HeuristicError

LIMIT_S = 60.0  # for opening a delivery, and for the heuristics of all rows
FILES = {
    "heuristics.py": "other heuristics",
    "model.onnx": "another model",
    "golden.jsonl": "other golden rows, or other answers to them",
}


@dataclass(frozen=True)
class Side:
    """One of the two deliveries, and what it answers to the rows that both accept."""

    name: str
    version: str
    names: tuple[str, ...]
    """What its scores are called."""
    answers: tuple[str, ...]
    """All that it may decide."""
    edges: tuple[float, ...]
    """Where one score changes the decision, ascending; none where it has several."""
    scores: NDArray[np.float32]
    """float32 (N, C)."""
    decisions: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """What became of the old delivery in the new one."""

    old: Side
    new: Side
    changes: tuple[Change, ...]
    """What became of the contract, the gravest first."""
    replaced: tuple[str, ...]
    """Which files are others, each in a few words: a new model under the same contract asks for no new version."""
    rows: tuple[int, ...]
    """The old golden rows that the new contract accepts, counted from 1."""
    refusals: tuple[str, ...]
    """Why it refuses each of the others."""
    comparison: Comparison | str
    """Which model is better, by the held-out rows of each; or why they cannot be compared."""
    stand_ins: tuple[str, ...] = ()
    """Which of the two, ``old`` or ``new``, is a stand-in, whose answers were made up and say nothing."""

    @property
    def level(self) -> Literal["major", "minor", "patch", "none"]:
        """The part of the version that the changes raise."""
        return self.changes[0].level if self.changes else "none"

    @property
    def least(self) -> str:
        """The lowest version that the new contract may have."""
        return least_version(self.old.version, self.level)

    @property
    def raised(self) -> bool:
        """Whether the new version is high enough."""
        return reaches(self.new.version, self.least)

    @property
    def flips(self) -> tuple[int, ...]:
        """Which of ``rows`` the new delivery decides otherwise, by their place in ``rows``."""
        pairs = zip(self.old.decisions, self.new.decisions, strict=True)
        return tuple(place for place, (old, new) in enumerate(pairs) if old != new)


def compare(old: Path, new: Path) -> Difference:
    """Compare two deliveries: their contracts, and their answers to the golden rows of the old one.

    ``DiffError`` when one of the folders has no delivery that answers.
    """
    before, after = _opened(old), _opened(new)
    hashes = [delivery.manifest["files"] for delivery in (before, after)]
    # Rows like the data's, not those that cover a value: shares count.
    golden = [line["row"] for line in files.golden(old) if "covers" not in line]
    refusals = {number: _refusal(after, row) for number, row in enumerate(golden, start=1)}
    accepted = tuple(number for number, refusal in refusals.items() if not refusal)
    rows = [golden[number - 1] for number in accepted]
    reasons = heuristics(before.manifest), heuristics(after.manifest)
    sides = {"old": before, "new": after}
    stand_ins = tuple(which for which, delivery in sides.items() if delivery.identity == files.STAND_IN)
    return Difference(
        old=_side(before, rows),
        new=_side(after, rows),
        changes=tuple(changes(before.contract, after.contract, reasons)),
        replaced=tuple(f"{file}: {what}" for file, what in FILES.items() if hashes[0][file] != hashes[1][file]),
        rows=accepted,
        refusals=tuple(f"row {number}, {refusal}" for number, refusal in refusals.items() if refusal),
        comparison="a stand-in was never trained" if stand_ins else _merit(old, new),
        stand_ins=stand_ins,
    )


def _merit(old: Path, new: Path) -> Comparison | str:
    before_and_now = []
    for folder, which in ((old, "old"), (new, "new")):
        try:
            before_and_now.append(HeldOut.from_csv((folder / HELD_OUT).read_bytes()))
        except OSError:
            return f"the {which} delivery has no {HELD_OUT}"
        except ValueError as error:
            return f"the {HELD_OUT} of the {which} delivery cannot be read: {error}"
    return compared(*before_and_now) or _unlike(*(held_out.names for held_out in before_and_now))


def _unlike(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    gone, added = (", ".join(sorted(set(one) - set(other))) for one, other in ((old, new), (new, old)))
    if len(old) == 1 or len(new) == 1 or not (gone or added):
        return "their labels are not of one kind"
    alone = [f"only the {which} one has {names}" for which, names in (("old", gone), ("new", added)) if names]
    return f"their classes are not the same: {', '.join(alone)}"


def _opened(folder: Path) -> Delivery:
    """Open a delivery as the function does; its heuristics are read before they run."""
    try:
        refuse(ast.parse((folder / files.HEURISTICS).read_bytes()))
        opened((folder / files.MODEL).read_bytes())
    except RefusedSourceError as error:
        raise DiffError(f"{folder}/heuristics.py is not run, for it does more than compute: {error}") from None
    except SlowGraphError as error:
        raise DiffError(f"{folder}: {error}") from None
    except Exception:  # noqa: S110  onnxruntime has a class of its own for each way to fail; opening all says why
        pass
    try:
        with at_most(LIMIT_S):
            return Delivery.open(folder)
    except LoadError as error:
        raise DiffError(str(error)) from None
    except TooLongError as error:
        raise DiffError(f"{folder}: opening it does not end: {error}") from None


def _refusal(delivery: Delivery, row: dict[str, Any]) -> str:
    try:
        delivery.row.validate_json(json.dumps(row))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def _side(delivery: Delivery, rows: list[dict[str, Any]]) -> Side:
    name, version = delivery.contract["name"], delivery.contract["version"]
    scores = np.zeros((0, len(delivery.scores.names)), dtype=np.float32)
    try:
        if validated := [delivery.row.validate_json(json.dumps(row)) for row in rows]:
            with at_most(LIMIT_S):
                features = delivery.encoder.matrix(validated)
            scores = timed(delivery.model)(features)
    except TooLongError as error:
        raise DiffError(f"{name} {version} comes to no end on old golden rows: {error}") from None
    except SlowGraphError as error:
        raise DiffError(f"{name} {version}: {error}") from None
    except HeuristicError as error:
        raise DiffError(f"{name} {version} fails on an old golden row: {error} ({error.__cause__})") from None
    edges = tuple(delivery.contract.get("decisions", {}).values())[:-1]
    # As the function decides; beyond the score's end, which it never answers, as at it.
    decisions = tuple(map(delivery.scores.decide, scores.clip(delivery.scores.low, delivery.scores.high).tolist()))
    return Side(name, version, delivery.scores.names, delivery.scores.decisions, edges, scores, decisions)
