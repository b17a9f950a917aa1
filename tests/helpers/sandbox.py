"""Deliveries to be broken: one that keeps every clause, and ways to break it."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from handover.checks import selected
from handover.context import DeliveryContext
from handover.context.delivered import run
from handover.delivery import FILES, deliver, matrix
from handover.evaluation import evaluate
from handover.reporters.text import report
from handover.stand_in import stub
from tests.helpers.parcels import module

ROOT = Path(__file__).parents[2]


CONTRACT = '''"""The contract of the parcels."""

from typing import Literal

from handover import Budgets, Contract, Field, Row, Score


class Record(Row):
    """A parcel on its way."""

    weight: float = Field(ge=0, le=30, description="Weight [kg]")
    pieces: int = Field(ge=1, le=9, description="Pieces [1]")
    zone: Literal["home", "abroad"] | None = Field(default=None, description="Where it goes")


CONTRACT = Contract(
    name="parcels",
    version="1.0.0",
    row=Record,
    score=Score("days on the way", low=0.0, high=40.0),
    decisions={"soon": 3.0, "late": 40.0},
    budgets=Budgets(model_kib=64, layers_mib=100, parity=1e-5, flipped_decisions=0),
)
'''


HEURISTICS = '''"""What a parcel's row says."""


def piece_weight(row):
    """Weight of one piece [kg]."""
    return row.weight / row.pieces


def heavy(row):
    """Whether two people must carry it [1]."""
    return row.weight > 20
'''


def rows(count: int = 40) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    weights, pieces = random.uniform(0, 30, count).round(2), random.integers(1, 9, count)
    zones = random.choice(["home", "abroad"], count)
    return [
        {"weight": float(weight), "pieces": int(number), "zone": str(zone)}
        for weight, number, zone in zip(weights, pieces, zones, strict=True)
    ]


def commit(folder: Path) -> None:
    """Make a folder a git repository, with all that is in it on ``main``."""
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-qb", "main"], ["add", "."], [*author, "commit", "-qnm", "first"]):
        subprocess.run(["git", "-C", folder, *command], check=True)


def settled(model: Any) -> Any:
    """Round what a solver, a mean and a variance give, for their last digits are the processor's."""
    for _, step in getattr(model, "steps", []):
        for name in {"coef_", "intercept_", "mean_", "scale_", "var_", "statistics_"} & vars(step).keys():
            setattr(step, name, np.round(getattr(step, name), 3))
    return model


class Sandbox:
    """A delivery in a folder of its own, and what the clauses say of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(  # noqa: PLR0917  each word is one way in which a delivery differs
        self,
        contract: str = CONTRACT,
        heuristics: str = HEURISTICS,
        learner: Any = None,
        fit: Callable[[Any, Any, Any], Any] | None = None,
        labels: Callable[[Any], Any] = lambda days: days,
        count: int = 40,
        judges: Callable[[Any], Any] = lambda days: days >= 0,
        golden: int = 0,
        clip: bool = False,
    ) -> "Sandbox":
        """Write contract and heuristics, train and deliver: an honest delivery of whatever they say.

        Parameters
        ----------
        fit
            Trains a learner on the model's input and the labels, otherwise than plainly.
        labels
            Makes the labels, of training and of judging, out of the days on the way.
        count
            How many rows there are.
        judges
            Picks the rows that judge the model, by the days on the way.
        golden
            How many of the rows are to be golden rows as well.
        clip
            Whether answers are clipped to the contract's range.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "contract.py").write_text(contract)
        (self.folder / "heuristics.py").write_text(heuristics)
        agreed = run(self.folder / "contract.py", "tried_contract").CONTRACT
        functions = module(self.folder / "heuristics.py")
        absent = {name: None for name, field in agreed.row.model_fields.items() if not field.is_required()}
        given = [absent | row for row in rows(count)]
        # Twice, of which the first are learned from: where only the rows that judge are laid out, no training is.
        features = matrix([*given, *given], contract=agreed, heuristics=functions).values[: len(given)]
        days = (np.nan_to_num(features) @ np.arange(1, features.shape[1] + 1) / 20).round(3)
        if learner is None:
            learner = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), LinearRegression())
        model = settled(fit(learner, features, labels(days)) if fit else learner.fit(features, labels(days)))
        functions = module(self.folder / "heuristics.py")  # afresh: what a heuristic remembers, training must not share
        judging = np.flatnonzero(judges(days))
        deliver(
            model,
            rows=[given[place] for place in judging],
            labels=labels(days)[judging],
            contract=agreed,
            heuristics=functions,
            to=self.folder,
            golden=rows(golden),
            clip=clip,
        )
        return self

    def stub(self) -> "Sandbox":
        """Write a stand-in in the model's place."""
        (self.folder / "manifest.json").unlink()
        stub(run(self.folder / "contract.py", "tried").CONTRACT, module(self.folder / "heuristics.py"), self.folder)
        return self

    @property
    def card(self) -> Path:
        """The model's card, beside the folder."""
        return self.folder.parent / "card.md"

    def edit(self, name: str, old: str, new: str) -> "Sandbox":
        """Change one file by hand, as people do; the manifest does not know."""
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new, 1))
        return self

    def model(self, change: Callable[[onnx.ModelProto], None]) -> "Sandbox":
        """Change the model, and the manifest with it: as modelling would that does not use deliver()."""
        proto = onnx.load(self.folder / "model.onnx")
        change(proto)
        (self.folder / "model.onnx").write_bytes(proto.SerializeToString())
        return self.seal()

    def golden(self, change: Callable[[list[dict[str, Any]]], None]) -> "Sandbox":
        """Change the golden rows, and the manifest with them."""
        lines = [json.loads(line) for line in (self.folder / "golden.jsonl").read_text().splitlines()]
        change(lines)
        (self.folder / "golden.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return self.seal()

    def scored_anew(self) -> "Sandbox":
        """Write into the golden rows whatever the delivery answers now, as a team does that wants the check green."""
        with DeliveryContext(ROOT, self.folder) as context:
            answers = [(float(str(scores[0])), context.contract.decide(scores)) for scores in context.local_scores]

        def write(lines: list[dict[str, Any]]) -> None:
            for line, (score, decision) in zip(lines, answers, strict=True):
                line |= {"score": score, "decision": decision}

        return self.golden(write)

    def seal(self, **changes: Any) -> "Sandbox":
        """Write the manifest anew, with the hashes of the files as they are."""
        manifest = json.loads((self.folder / "manifest.json").read_text()) | changes
        manifest["files"] = {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in FILES}
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        return self

    def says(self, only: str = "C,H,M") -> str:
        """Check the delivery against the clauses, and give the whole report."""
        with DeliveryContext(ROOT, self.folder) as context:
            findings = list(evaluate(context, selected(only.split(","))))
            return report(findings, context).replace(str(self.folder), "DELIVERY").replace(str(self.card), "CARD")
