"""The delivery as it was built: what the deployed function must answer with."""

from dataclasses import dataclass
from pathlib import Path

from handover.local.stack import NothingBuiltError
from handover.project import Build
from predictor import files
from predictor.files import Json

# The largest row that the function takes is 16 KiB: this many are never more than a batch may be.
BATCH_ROWS = 20


@dataclass(frozen=True)
class Golden:
    """A row with its training-time answer."""

    number: int
    """Its line in ``golden.jsonl``, from 1."""
    row: Json
    scores: dict[str, float]
    """The training's scores by their names."""
    decision: str
    """The training's decision."""


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


def delivery_in(build: Path) -> Path:
    """Give the delivery that `sam build` put into the model's layer; ``NothingBuiltError`` when it is not there."""
    delivery = Build(build).delivery
    if not (delivery / files.MANIFEST).is_file():
        raise NothingBuiltError(f"there is no delivery in {build}: run make build")
    return delivery


def read(delivery: Path) -> Built:
    """Read a delivery in a folder; raises as ``files.manifest`` does."""
    manifest = files.manifest(delivery)
    lines = enumerate(files.golden(delivery), start=1)
    return Built(
        model=files.identity(manifest),
        contract=manifest["contract"]["version"],
        tolerance=float(manifest["tolerance"]),
        golden=tuple(Golden(number, line["row"], files.scores_in(line), line["decision"]) for number, line in lines),
    )
