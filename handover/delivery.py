"""A trained model becomes a delivery: the folder that modelling hands over."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from handover import provenance
from handover.contract import Contract
from handover.conversion import thresholds, to_graph, training_time_scores
from handover.encoding import Encoding
from handover.errors import DeliverError
from handover.proof import Proof, decide, require_range
from handover.quality import HELD_OUT, HeldOut
from predictor import delivery as serving
from predictor.encoder import FloatRows
from predictor.prediction import Prediction

__all__ = ["DeliverError", "Matrix", "deliver", "matrix"]

type Json = dict[str, Any]
type Rows = Sequence[Mapping[str, Any]]

FILES = (*serving.FILES, HELD_OUT)
"""All that a manifest vouches for: what production reads, and the scores and labels that judge the model."""


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
        When the contract says something that production could not enforce.
    """
    encoding = Encoding(contract.compiled(), heuristics)
    return Matrix(encoding.matrix(rows), encoding.columns)


def deliver(
    model: Any,
    *,
    rows: Rows,
    labels: Iterable[Any],
    contract: Contract,
    heuristics: ModuleType,
    to: Path,
    training: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
    positive: object = None,
) -> Json:
    """Write the delivery of a trained model.

    Parameters
    ----------
    model
        scikit-learn, XGBoost or LightGBM, trained on ``matrix(...)``.
    rows, labels
        Rows that the model was not trained on, with their outcomes: numbers, the classes that the model knows, or 1 for
        the class that the score is of and 0 for the other. They
        judge the model, become golden rows with the answers that the model gives here, and are the baseline that
        production is compared with. Rows drawn from the contract become golden rows too, so that every category, gap
        and end of a range has an answer of the training.
    contract, heuristics
        What ``contract.py`` and ``heuristics.py`` hold.
    to
        The delivery's folder; its ``contract.py`` stays as it is.
    training
        What the model was trained on, for the manifest: data, its SHA-256, rows, seed.
    quality
        The author's own figures of merit, for the manifest; those that production is judged by are computed here.
    positive
        The class whose probability is the score; needed where the model's classes are not 0 and 1.

    Returns
    -------
    The manifest, as written to ``manifest.json``.

    Raises
    ------
    DeliverError
        When the contract refuses a row, the labels cannot judge the model, the model fails on a row that the contract
        accepts, or the ONNX model does not give the training-time model's answers within the contract's parity budget.
        Nothing has been written then.
    ConversionError
        When the model cannot become a graph.
    """
    rows, to = list(rows), Path(to)
    if not rows:
        raise DeliverError("there are no rows: give rows that the model was not trained on, and their labels")
    _require_json(training=training, quality=quality)
    compiled = contract.compiled()
    encoding = Encoding(compiled, heuristics)
    _require_own_columns(model, encoding.columns)
    features = encoding.matrix(rows)

    def ask(values: FloatRows) -> NDArray[np.float32]:
        return training_time_scores(model, values, positive=positive).astype(np.float32)

    scores = ask(features)
    require_range(scores, contract, "the model's scores")
    held_out = HeldOut(scores.astype(np.float64), _numbers(model, labels, len(scores), positive))
    proof = Proof(contract, encoding, ask)
    graph = to_graph(model, encoding.columns, contract.name, positive=positive)
    proof.require_parity(graph, thresholds(onnx.load_from_string(graph)), features)
    decisions = [decide(contract, score) for score in scores]
    golden = [_line(row, score, contract) for row, score in zip(rows, scores, strict=True)]
    golden += [
        {**_line(drawn.row, score, contract), "covers": list(drawn.covers)}
        for drawn, score in proof.delivered(decisions)
    ]
    files = {
        "contract.json": _json(compiled),
        "heuristics.py": Path(str(heuristics.__file__)).read_bytes(),
        "model.onnx": graph,
        "golden.jsonl": b"".join(json.dumps(line, allow_nan=False).encode() + b"\n" for line in golden),
        HELD_OUT: held_out.as_csv(),
    }
    kinds = {field["name"]: field["kind"] for field in compiled["fields"]}
    manifest = {
        "format": 1,
        "contract": {"name": contract.name, "version": contract.version},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "columns": [
            {"name": column, "kind": kinds.get(column, "heuristic"), "reference": reference}
            for column, reference in zip(encoding.columns, reference_row(features), strict=True)
        ],
        "tolerance": contract.budgets.parity,
        "baseline": baseline(held_out, decisions, contract),
        "training": dict(training or {}),
        "quality": held_out.figures(),
        "quality_by_author": dict(quality or {}),
        "versions": provenance.libraries(model),
        "trained_on": provenance.machine(),
    }
    to.mkdir(parents=True, exist_ok=True)
    for name, content in {**files, serving.MANIFEST: _json(manifest)}.items():
        (to / name).write_bytes(content)
    Prediction(serving.Delivery.open(to))  # what was written answers its first golden row, or this raises
    return manifest


def _require_json(**words: Mapping[str, Any] | None) -> None:
    """Say before the work, and not after it, that the manifest could not be written."""
    for word, said in words.items():
        try:
            json.dumps(dict(said or {}), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DeliverError(
                f"{word}= cannot be written as JSON ({error}): give Python's own numbers, words, lists and dicts"
            ) from None


def _require_own_columns(model: Any, columns: tuple[str, ...]) -> None:
    """Compare the names that a model was fitted on, where its author gave it names, with the contract's."""
    own = _names(model)
    if own and own != list(columns):
        raise DeliverError(
            f"the model was trained on the columns {', '.join(own)}, and matrix(...) gives {', '.join(columns)}: train "
            f"on its values, with its columns in this order"
        )


def _names(model: Any) -> list[str]:
    """Give the column names that a fitted model keeps; none where its framework only numbered the columns."""
    booster = getattr(model, "get_booster", None)
    try:
        names = getattr(model, "feature_names_in_", None)
        if names is None:
            names = getattr(booster() if booster else model, "feature_names", None)
    except Exception:  # not fitted yet, in each framework's own way: its conversion says so
        return []
    names = [] if names is None or callable(names) else [str(name) for name in names]
    return [] if any(name in {f"{stem}{place}" for stem in NUMBERED} for place, name in enumerate(names)) else names


NUMBERED = ("", "f", "x", "Column_")
"""How frameworks call a column that has no name, before its number."""


def _numbers(model: Any, labels: Iterable[Any], rows: int, positive: object) -> NDArray[np.float64]:
    """Give the labels as numbers: where they are the model's classes, 1 for the one that is the score's."""
    given = np.asarray(labels if hasattr(labels, "__len__") else list(labels), dtype=object)
    given = given.reshape(-1) if given.ndim == 2 and given.shape[1] == 1 else given
    if given.shape != (rows,):
        found = f"{len(given)} labels" if given.ndim == 1 else f"labels of shape {given.shape}"
        raise DeliverError(f"there are {found} for {rows} rows; give one for each row, in their order")
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    classes = np.asarray(getattr(model, "classes_", [])).tolist()
    if len(classes) == 2:
        values = _of_classes(values, classes, positive if positive is not None else classes[1])
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DeliverError(
            f"labels are {', '.join(sorted({repr(label) for label in values})[:3])}, not numbers: give 1 for "
            f"the outcome that the score is the probability of and 0 for the other, or say positive="
        ) from None
    if not np.isfinite(numbers).all():
        raise DeliverError(f"label {int(np.flatnonzero(~np.isfinite(numbers))[0])} is not a finite number")
    if np.ptp(numbers) == 0:
        raise DeliverError(
            f"all {rows} labels are {numbers[0]:g}: rows of one outcome cannot judge a model; give held-out rows of "
            f"both"
        )
    return numbers


def _of_classes(labels: list[Any], classes: list[Any], scored: object) -> list[Any]:
    """Give 1 for the class that the score is of, 0 for the other; labels may be the classes, or be 0 and 1 already."""
    odd = next((place for place, label in enumerate(labels) if label not in classes), None)
    if odd is None:
        return [label == scored for label in labels]
    if all(label in {0, 1} for label in labels if isinstance(label, int | float)) and not any(
        isinstance(label, str) or label is None for label in labels
    ):
        return labels
    raise DeliverError(
        f"label {odd} is {labels[odd]!r}, which is neither of the model's classes {classes[0]!r} and {classes[1]!r}"
    )


def _line(row: Mapping[str, Any], score: np.float32, contract: Contract) -> Json:
    return {"row": dict(row), "score": float(str(score)), "decision": decide(contract, score)}


def reference_row(features: FloatRows) -> list[float | None]:
    """Give the row that reasons compare with: of each column the lower median, which some row really has."""
    reference: list[float | None] = []
    for column in features.T:
        known = np.sort(column[~np.isnan(column)])
        reference.append(float(str(known[(len(known) - 1) // 2])) if len(known) else None)
    return reference


def baseline(held_out: HeldOut, decisions: Sequence[str], contract: Contract) -> Json:
    """Describe the held-out rows' scores: what production is expected to look like."""
    deciles = np.quantile(held_out.scores, np.linspace(0, 1, 11))
    return {
        "rows": len(decisions),
        "mean_score": round(float(held_out.scores.mean()), 6),
        "mean_label": round(float(held_out.labels.mean()), 6),
        "score_deciles": [round(float(decile), 6) for decile in deciles],
        "decision_share": {name: round(decisions.count(name) / len(decisions), 6) for name in contract.decisions},
    }


def _json(document: Json) -> bytes:
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"
