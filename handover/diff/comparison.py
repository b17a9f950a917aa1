"""The comparison of two deliveries: their contracts, and their answers to the same rows."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic_core import ValidationError

from handover.diff.changes import Change, changes, least_version, reaches
from handover.diff.revisions import DiffError
from handover.source import RefusedSourceError, refuse
from predictor import files
from predictor.delivery import Delivery, DeliveryError
from predictor.encoder import HeuristicError

FILES = {
    "heuristics.py": "other heuristics",
    "model.onnx": "another model",
    "golden.jsonl": "other golden rows, or other answers to them",
}


@dataclass(frozen=True)
class Contract:
    """One of the two, in a few words."""

    name: str
    version: str
    decisions: dict[str, float]
    """Upper edges, ascending."""


@dataclass(frozen=True)
class Difference:
    """What became of the old delivery in the new one."""

    old: Contract
    new: Contract
    changes: tuple[Change, ...]
    """What became of the contract."""
    level: Literal["major", "minor", "patch", "none"]
    """The part of the version that the changes raise."""
    least: str
    """The lowest version that the new contract may have."""
    replaced: tuple[str, ...]
    """Which files are others, each in a few words: a new model under the same contract asks for no new version."""
    rows: tuple[int, ...]
    """The old golden rows that the new contract accepts, counted from 1."""
    refused: int
    """The old golden rows that it refuses."""
    refusal: str
    """Why it refuses the first of them."""
    old_scores: NDArray[np.float32]
    new_scores: NDArray[np.float32]
    """The scores of ``rows``, each by its own heuristics and model."""
    old_decisions: tuple[str, ...]
    new_decisions: tuple[str, ...]

    @property
    def raised(self) -> bool:
        """Whether the new version is high enough."""
        return reaches(self.new.version, self.least)

    @property
    def flips(self) -> tuple[int, ...]:
        """Which of ``rows`` the new delivery decides otherwise, by their place in ``rows``."""
        pairs = zip(self.old_decisions, self.new_decisions, strict=True)
        return tuple(place for place, (old, new) in enumerate(pairs) if old != new)


def compare(old: Path, new: Path) -> Difference:
    """Compare two deliveries: their contracts, and their answers to the golden rows of the old one.

    Raises
    ------
    DiffError
        When one of the folders holds no delivery that answers.
    """
    before, after = _opened(old), _opened(new)
    found = changes(before.contract, after.contract)
    hashes = [delivery.manifest["files"] for delivery in (before, after)]
    replaced = [f"{file}: {said}" for file, said in FILES.items() if hashes[0][file] != hashes[1][file]]
    level: Literal["major", "minor", "patch", "none"] = found[0].level if found else "none"
    # Rows as they come, not drawn ones: shares count.
    golden = [line["row"] for line in files.golden(old) if "covers" not in line]
    accepted, refusals = [], []
    for number, row in enumerate(golden, start=1):
        said = _refusal(after, row)
        if said:
            refusals.append(f"row {number}, {said}")
        else:
            accepted.append(number)
    rows = [golden[number - 1] for number in accepted]
    scores = [_scores(delivery, rows) for delivery in (before, after)]
    return Difference(
        old=_contract(before.contract),
        new=_contract(after.contract),
        changes=tuple(found),
        level=level,
        least=least_version(before.contract["version"], level),
        replaced=tuple(replaced),
        rows=tuple(accepted),
        refused=len(refusals),
        refusal=refusals[0] if refusals else "",
        old_scores=scores[0],
        new_scores=scores[1],
        old_decisions=_decided(before.contract, scores[0]),
        new_decisions=_decided(after.contract, scores[1]),
    )


def _opened(folder: Path) -> Delivery:
    """Open a delivery as the function does; its heuristics are read before they run."""
    try:
        refuse(ast.parse((folder / "heuristics.py").read_bytes()))
    except RefusedSourceError as error:
        raise DiffError(f"{folder}/heuristics.py is not run, for it does more than compute: {error}") from None
    except (OSError, SyntaxError, ValueError):
        pass  # opening it says why
    try:
        return Delivery.open(folder)
    except DeliveryError as error:
        raise DiffError(str(error)) from None


def _contract(compiled: dict[str, Any]) -> Contract:
    return Contract(compiled["name"], compiled["version"], compiled["decisions"])


def _refusal(delivery: Delivery, row: dict[str, Any]) -> str:
    try:
        delivery.row.validate_json(json.dumps(row))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def _scores(delivery: Delivery, rows: list[dict[str, Any]]) -> NDArray[np.float32]:
    if not rows:
        return np.zeros(0, dtype=np.float32)
    made = [delivery.row.validate_json(json.dumps(row)) for row in rows]
    try:
        return delivery.model(delivery.encoder.matrix(made))
    except HeuristicError as error:
        name, version = delivery.contract["name"], delivery.contract["version"]
        raise DiffError(f"{name} {version} fails on an old golden row: {error} ({error.__cause__})") from None


def _decided(compiled: dict[str, Any], scores: NDArray[np.float32]) -> tuple[str, ...]:
    """Decide as the contract says: edges are float32, and inclusive."""
    names = list(compiled["decisions"])
    edges = np.array(list(compiled["decisions"].values()), dtype=np.float32)
    return tuple(names[min(place, len(names) - 1)] for place in np.searchsorted(edges, scores, side="left"))
