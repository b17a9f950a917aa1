"""A trained model becomes a delivery: the folder that modelling hands over."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import ValidationError

from handover import provenance
from handover.agreement import Contract
from handover.conversion import at_thresholds, to_graph, training_time_scores
from predictor import delivery as serving
from predictor.encoder import Encoder, FloatRows, HeuristicError
from predictor.prediction import Prediction

type Json = dict[str, Any]
type Rows = Sequence[Mapping[str, Any]]


class DeliverError(ValueError):
    """What was to be delivered breaks the contract already here; the message says which row or figure, and why."""


@dataclass(frozen=True)
class Matrix:
    """Rows as the model's input."""

    values: FloatRows
    """float32, shape (N, K); a missing value is NaN."""
    columns: tuple[str, ...]
    """The K columns: the contract's fields, then the heuristics."""


def matrix(rows: Rows, *, contract: Contract, heuristics: ModuleType) -> Matrix:
    """Lay rows out as the model's input, through the serving validator and the serving encoder.

    Train on this and nothing else: then there is no second feature code that could differ from production's.

    Raises
    ------
    DeliverError
        When the contract refuses a row, or a heuristic fails on one; names the row, and the field or the heuristic.
    ContractError
        When the contract says something that production could not hold.
    """
    encoder, accepted = _serving_side(rows, contract.compiled(), heuristics)
    return Matrix(_encoded(encoder, accepted), encoder.columns)


def deliver(
    model: Any,
    *,
    rows: Rows,
    labels: Iterable[float],
    contract: Contract,
    heuristics: ModuleType,
    to: Path,
    training: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
) -> Json:
    """Write the delivery of a trained model.

    Parameters
    ----------
    model
        scikit-learn, XGBoost or LightGBM, trained on ``matrix(...)``.
    rows, labels
        Rows that the model was not trained on, with their outcomes. They become the golden rows, with the answers
        that the model gives here, and the baseline that production is compared with.
    contract, heuristics
        What ``contract.py`` and ``heuristics.py`` hold.
    to
        The delivery's folder; its ``contract.py`` stays as it is.
    training
        What the model was trained on, for the manifest: data, its SHA-256, rows, seed.
    quality
        Held-out figures of merit, for the manifest.

    Returns
    -------
    The manifest, as written to ``manifest.json``.

    Raises
    ------
    DeliverError
        When the contract refuses a row, or the ONNX model does not give the training-time model's answers within the
        contract's parity budget. Nothing has been written then.
    """
    compiled = contract.compiled()
    encoder, accepted = _serving_side(rows, compiled, heuristics)
    features = _encoded(encoder, accepted)
    scores = training_time_scores(model, features).astype(np.float32)
    _hold_range(scores, contract, "the model's scores")
    graph = to_graph(model, encoder.columns, contract.name)
    decisions = [_decision(contract, score) for score in scores]
    _hold_parity(graph, features, scores, contract)
    edges = at_thresholds(graph, features)
    if len(edges):
        _hold_parity(
            graph, edges, training_time_scores(model, edges).astype(np.float32), contract, "rows at thresholds"
        )
    golden = [
        {"row": dict(row), "score": float(str(score)), "decision": decision}
        for row, score, decision in zip(rows, scores, decisions, strict=True)
    ]
    files = {
        "contract.json": _json(compiled),
        "heuristics.py": Path(str(heuristics.__file__)).read_bytes(),
        "model.onnx": graph,
        "golden.jsonl": b"".join(json.dumps(line, allow_nan=False).encode() + b"\n" for line in golden),
    }
    kinds = {field["name"]: field["kind"] for field in compiled["fields"]}
    manifest = {
        "format": 1,
        "contract": {"name": contract.name, "version": contract.version},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "columns": [
            {"name": column, "kind": kinds.get(column, "heuristic"), "reference": reference}
            for column, reference in zip(encoder.columns, _reference(features), strict=True)
        ],
        "tolerance": contract.budgets.parity,
        "baseline": _baseline(scores, decisions, np.fromiter(labels, dtype=np.float64), contract),
        "training": dict(training or {}),
        "quality": dict(quality or {}),
        "versions": provenance.libraries(model),
        "trained_on": provenance.machine(),
    }
    to.mkdir(parents=True, exist_ok=True)
    for name, content in {**files, serving.MANIFEST: _json(manifest)}.items():
        (to / name).write_bytes(content)
    Prediction(serving.Delivery.open(to))  # what was written answers its first golden row, or this raises
    return manifest


def _serving_side(rows: Rows, compiled: Json, heuristics: ModuleType) -> tuple[Encoder, list[Any]]:
    validator, _ = serving.validators(compiled)
    accepted = []
    for index, row in enumerate(rows):
        try:
            accepted.append(validator.validate_json(json.dumps(row)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=True, include_context=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise DeliverError(
                f"row {index}, field {field}: {first['msg']}, but it is {first['input']!r}. "
                f"Mend the row, or widen the field in contract.py"
            ) from None
    return Encoder(compiled["fields"], serving.heuristics_in(heuristics)), accepted


def _encoded(encoder: Encoder, accepted: list[Any]) -> FloatRows:
    try:
        return encoder.matrix(accepted)
    except HeuristicError:
        for index, row in enumerate(accepted):
            try:
                encoder.vector(row)
            except HeuristicError as error:
                raise DeliverError(f"row {index}, {error} ({error.__cause__}). Mend it in heuristics.py") from error
        raise


def _hold_range(scores: NDArray[np.float32], contract: Contract, whose: str) -> None:
    low, high = np.float32(contract.score.low), np.float32(contract.score.high)
    if not np.all((scores >= low) & (scores <= high)):
        raise DeliverError(
            f"{whose} leave the contract's range: {scores.min()} to {scores.max()}, "
            f"where {contract.score.low} to {contract.score.high} was agreed"
        )


def _hold_parity(
    graph: bytes, features: FloatRows, scores: NDArray[np.float32], contract: Contract, of: str = "rows"
) -> None:
    """Compare onnxruntime's answers with the training-time model's, before anything is written."""
    found = serving.session(graph)(features)
    _hold_range(found, contract, f"onnxruntime's scores of {of}")
    apart = np.abs(found - scores)
    tolerance = contract.budgets.parity
    differ, worst = int((~(apart <= tolerance)).sum()), int(apart.argmax())
    if differ:
        raise DeliverError(
            f"onnxruntime does not give the model's answers: {differ} of {len(scores)} {of} differ by more than "
            f"{tolerance}, the worst is row {worst}, by {apart[worst]:.3g}. "
            f"Train on the float32 values of matrix(...), and on nothing that was changed after it"
        )
    flips = [row for row in range(len(scores)) if _decision(contract, found[row]) != _decision(contract, scores[row])]
    if len(flips) > contract.budgets.flipped_decisions:
        raise DeliverError(
            f"onnxruntime decides otherwise than the model on {len(flips)} of {len(scores)} {of}, first on row "
            f"{flips[0]}: a score lies on the edge of a decision. Move the edge in contract.py by a little"
        )


def _decision(contract: Contract, score: np.float32) -> str:
    """Decide as the contract says; written apart from the function's own code, which it is held against."""
    return next(decision for decision, edge in contract.decisions.items() if score <= np.float32(edge))


def _reference(features: FloatRows) -> list[float | None]:
    """Give the row that reasons compare with: of each column the lower median, which some row really has."""
    reference: list[float | None] = []
    for column in features.T:
        known = np.sort(column[~np.isnan(column)])
        reference.append(float(str(known[(len(known) - 1) // 2])) if len(known) else None)
    return reference


def _baseline(
    scores: NDArray[np.float32], decisions: list[str], labels: NDArray[np.float64], contract: Contract
) -> Json:
    """Describe the golden rows' scores: what production is expected to look like."""
    deciles = np.quantile(scores.astype(np.float64), np.linspace(0, 1, 11))
    return {
        "rows": len(scores),
        "mean_score": round(float(scores.mean(dtype=np.float64)), 6),
        "mean_label": round(float(labels.mean()), 6),
        "score_deciles": [round(float(decile), 6) for decile in deciles],
        "decision_share": {name: round(decisions.count(name) / len(decisions), 6) for name in contract.decisions},
    }


def _json(document: Json) -> bytes:
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"
