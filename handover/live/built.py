"""The delivery as it was built: what the deployed function must answer with."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.local.stack import NothingBuiltError

type Json = dict[str, Any]

IDENTITY = 12  # hex digits of the model's SHA-256 that an answer names


@dataclass(frozen=True)
class Golden:
    """A row with its training-time answer."""

    number: int
    """Its line in ``golden.jsonl``, from 1."""
    row: Json
    score: float
    decision: str


@dataclass(frozen=True)
class Built:
    """What the layer in the build says of its model."""

    model: str
    """First 12 hex digits of the model's SHA-256, as ``x-model`` and ``/health`` give them."""
    contract: str
    """The contract's version."""
    tolerance: float
    """Largest difference of a score from the training-time one."""
    golden: tuple[Golden, ...]


def read(build: Path) -> Built:
    """Read the delivery that `sam build` put into the model's layer.

    Raises
    ------
    NothingBuiltError
        When it is not there.
    """
    delivery = build / "ModelLayer" / "delivery"
    try:
        manifest: Json = json.loads((delivery / "manifest.json").read_bytes())
        lines = (delivery / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise NothingBuiltError(f"there is no delivery in {build}: run make build") from None
    return Built(
        model=manifest["files"]["model.onnx"][:IDENTITY],
        contract=manifest["contract"]["version"],
        tolerance=float(manifest["tolerance"]),
        golden=tuple(_golden(number, json.loads(line)) for number, line in enumerate(lines, start=1)),
    )


def _golden(number: int, line: Json) -> Golden:
    return Golden(number, line["row"], line["score"], line["decision"])
