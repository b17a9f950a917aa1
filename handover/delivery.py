"""A trained model becomes a delivery, the folder that modelling hands over: converted, proved, written."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from handover import card, clipping, extent, ordering, provenance, session, tables, trained
from handover.contract import Contract
from handover.conversion import ConversionError, in_float32, own_columns, to_graph, training_time_scores, unlike
from handover.description import BEYOND_CHANCE, as_text, described
from handover.diff.revisions import ignored
from handover.drawing import rows_like
from handover.encoding import RowEncoder
from handover.errors import DeliverError
from handover.git import Snapshot
from handover.golden import MAX_REAL_ROWS
from handover.importance import permutation_importance
from handover.labels import as_numbers, contradiction, score_of
from handover.limit import TooLongError, at_most
from handover.metrics import quality_record
from handover.proof import Proof
from handover.quality import HELD_OUT, HeldOut, rounded
from handover.replacing import replace_files
from handover.rows import Domain, domains
from handover.scoring import Again, Ask, oracle_of
from handover.segments import weakest_segments
from handover.tables import Labels, Rows
from predictor import delivery as serving
from predictor import files
from predictor.encoder import FloatRows
from predictor.files import Json
from predictor.prediction import Predictor

__all__ = ["DeliverError", "Matrix", "deliver", "matrix"]

FILES = (*files.SERVED, HELD_OUT)
"""All that a manifest vouches for: what production reads, and the scores and labels that judge the model."""

MAX_NAMED = 5
CONVERSION_S = 60.0  # a forest that fills the model's budget of any layer takes a few seconds


@dataclass(frozen=True)
class Matrix:
    """Rows as the model's input."""

    values: FloatRows
    """float32, shape (N, K); a missing value is NaN."""
    columns: tuple[str, ...]
    """The K columns: the contract's fields, then the heuristics."""
    categories: tuple[int, ...]
    """The places of those that are codes of categories: what a framework is told, lest it takes them for numbers."""


def matrix(rows: Rows, *, contract: Contract, heuristics: ModuleType) -> Matrix:
    """Lay rows out as the model's input, through the serving validator and the serving encoder.

    Train on this and nothing else: then there is no second feature code that could differ from production's. How far
    the rows reach in each column is noted in this process, and no row: ``deliver`` writes that into the manifest.

    Parameters
    ----------
    rows
        A table of pandas, Polars, Arrow or DuckDB with a column for each field of the contract, in any order, or dicts
        from fields to values. None, NaN, NA and NaT are missing; 129.0 is a whole number, and 0 and 1 are false and
        true, where the contract asks for that. Other columns of a table are left out with a warning; a dict with
        another field is refused, as the function would refuse it.

    Raises
    ------
    DeliverError
        When the contract refuses a row, or a heuristic fails on one; names the row, and the field or the heuristic;
        or when no row has a field: the model would learn nothing of it, and callers would send it in vain.
    ContractError
        When the contract says something that production could not enforce.
    """
    _require_kinds(contract, heuristics)
    compiled = contract.compiled()
    fields = domains(compiled)
    sent, where = tables.read(rows, fields)
    encoding = RowEncoder(compiled, heuristics)
    values = encoding.matrix(sent, where)
    for field in fields:
        if sent and not any(field.name in row for row in sent):
            raise DeliverError(
                f"no row has the contract's field {field.name}: say in FIELDS of the training which column it is read "
                f"from, or give it as None"
            )
    extent.note(compiled, heuristics, extent.Extent.of(values, fields))
    categories = tuple(place for place, field in enumerate(compiled["fields"]) if field["kind"] == "category")
    return Matrix(values, encoding.columns, categories)


def deliver(
    model: Any = None,
    *,
    onnx: Path | str | None = None,
    scores: Path | str | Ask | None = None,
    output: str | None = None,
    rows: Rows,
    labels: Labels,
    contract: Contract,
    heuristics: ModuleType,
    to: Path,
    training: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
    positive: object = None,
    golden: Rows = (),
    clip: bool = False,
) -> Json:
    """Write the delivery of a trained model, and its figures into the model's card; print how good it is.

    Parameters
    ----------
    model
        scikit-learn, XGBoost, LightGBM or CatBoost, trained on ``matrix(...)``; or a file of the last three, an ONNX
        file, or a model folder of MLflow; or what ``read_scorecard`` gave.
    onnx
        In place of ``model``: an ONNX file of any tool, which takes the columns of ``matrix(...)``. It cannot be asked
        for the answers of its training: ``scores`` has them.
    scores
        The training's answers, where the model is not to be asked: a CSV file, which another tool made of what
        ``handover proof-rows`` wrote, with the scores for each id; or a function that answers to rows, float32 (N, K).
        With a file, the rows that judge the model are scored by the graph, once it is proved on all of the file's.
    output
        The output of an ONNX file that is the score, where it has several.
    rows, labels
        Rows that the model was not trained on, as for ``matrix``, with their labels, a column of a library or a list:
        numbers, the classes that the model knows, or 1 for the class that the score is of and 0 for the other; of a
        contract of classes, the class of each. They judge the model, and are the baseline that production is compared
        with; of them the delivery has figures, scores and labels. Golden rows are drawn: like them in each field, but
        in no row, and such that every category, gap and end of a range has an answer of the training.
    to
        The delivery's folder; its ``contract.py`` stays as it is.
    training, quality
        For the manifest: what the model was trained on (data, its SHA-256, rows, seed), and the author's own figures of
        merit; those that production is judged by are computed here.
    positive
        The class whose probability is the score; needed where the model's classes are not 0 and 1. Of a file, which
        knows no names of classes: what the labels call the one that it gives the probability of.
    golden
        Real rows that are to be golden rows as well, 500 at most. Whoever reads the repository or the layer reads them:
        give none of a person who has not agreed to that. The manifest and the check say how many there are.
    clip
        Whether answers beyond the contract's range become its ends, in training's answers as in production's: what
        extrapolates, as a linear model does, leaves every range somewhere. The manifest and the check say how often.

    Returns
    -------
    The manifest, as written to ``manifest.json``.

    Raises
    ------
    DeliverError
        When the contract refuses a row, the labels cannot judge the model, the model fails on a row that the contract
        accepts or leaves the contract's range there, most answers are clipped, or the ONNX model does not give the
        training-time model's answers within the contract's parity budget. Nothing has been written then.
    ConversionError
        When the model cannot become a graph.
    """
    _require_kinds(contract, heuristics)
    fields = domains(contract.compiled())
    tables.require_beside(rows, labels)
    rows, where = tables.read(rows, fields)  # by this name, the observer of a training asks matrix() about them
    if not rows:
        raise DeliverError("there are no rows: give rows that the model was not trained on, and their labels")
    _require_json(training=training, quality=quality)
    encoding = RowEncoder(contract.compiled(), heuristics)
    model, saved = trained.open_model(model, onnx, contract, encoding, output)
    if (own := own_columns(model)) and own != list(encoding.columns):
        raise DeliverError(
            f"the model was trained on the columns {', '.join(own)}, and matrix(...) gives "
            f"{', '.join(encoding.columns)}: train on its values, with its columns in this order"
        )
    features = encoding.matrix(rows, where)
    real = _real(golden, fields, encoding)
    named = {"name": contract.name, "version": contract.version}
    about = provenance.properties(named, training or {})
    # What cannot be converted is named before the model is asked, which may fail in a way of its own.
    graph = _converted(model, encoding.columns, contract, positive, clip=clip, about=about)

    def within(given: NDArray[Any]) -> NDArray[np.float32]:
        return clipping.clipped(given, contract.score) if clip else given.astype(np.float32)

    def answers(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        return within(training_time_scores(model, values, positive=positive, classes=contract.classes))

    oracle = oracle_of(scores, answers, contract, lambda: trained.proof_rows(contract, encoding, graph))

    def again(row: FloatRows) -> Again:
        (alone,), (precise,) = answers(row).tolist(), answers(row.astype(np.float64)).tolist()
        return Again(alone, precise, in_float32(model, row.shape[1]))

    if real and oracle.known is not None:
        raise DeliverError("golden= has rows that the model must be asked for: scores= of a file has none of them")
    judged = within(oracle.ask(features)) if oracle.known is None else session.opened(graph)(features)
    if clip:
        clipping.require_few(judged, contract.score)
    given = tables.label_values(labels)
    targets = as_numbers(model, given, len(rows), positive, contract.classes)
    scored = {} if contract.classes else score_of(model, given, positive)
    held_out = HeldOut(judged.astype(np.float64), targets, contract.scores.names)
    if taken := ordering.numbers(model, contract.classes):
        ordering.require_order(held_out)
    likely = rows_like(fields, features)
    asked = replace(oracle, ask=lambda values: within(oracle.ask(values)), again=again)
    proof = Proof(contract, encoding, asked, (features, judged), likely, real)
    proof.require_parity(graph)
    contents = {
        files.CONTRACT: as_json(contract.compiled()),
        files.HEURISTICS: Path(str(heuristics.__file__)).read_bytes(),
        files.MODEL: graph,
        files.GOLDEN: golden_lines(proof),
        HELD_OUT: held_out.as_csv(),
    }
    manifest = {
        "format": 1,
        "contract": named,
        "files": hashes(contents),
        "columns": column_records(contract, encoding.columns, features),
        "tolerance": contract.budgets.parity,
        "baseline": baseline(held_out, [str(contract.decide(row)) for row in judged], contract),
        **({"clip": clipping.record(judged, proof.drawn_scores, contract.score)} if clip else {}),
        "golden_rows": proof.golden_record,
        **saved,
        **({"class_numbers": taken} if taken else {}),
        **({"score_of": scored} if scored else {}),
        **({"scored_elsewhere": oracle.record} if oracle.record else {}),
        "training": dict(training or {}),
        **({} if saved or oracle.record else _seen(contract, heuristics, encoding, features)),
        "quality": quality_record(held_out),
        "quality_by_author": dict(quality or {}),
        "importance": permutation_importance(session.opened(graph), features, held_out, encoding.columns),
        "segments": weakest_segments(fields, features, held_out),
        "versions": provenance.libraries(model),
        "trained_on": provenance.machine(),
    }
    to = Path(to)
    write(to, contents, manifest)
    otherwise = unlike(model, positive, [*contract.decisions.values()][:-1])
    beyond = held_out.beyond(contract.score.low, contract.score.high) if contract.score.probability else ""
    click.echo(_summary(manifest, to, [otherwise, contradiction(contract.score.meaning, scored), beyond]))
    for fault in _faults(contract, to, sorted(contents)):
        click.echo(f"But the check will be red: {fault}.")
    return manifest


def _converted(
    model: Any, columns: tuple[str, ...], contract: Contract, positive: object, *, clip: bool, about: Mapping[str, str]
) -> bytes:
    ends = (contract.score.low, contract.score.high) if clip else None
    try:
        with at_most(CONVERSION_S):
            return to_graph(
                model, columns, contract.name, positive=positive, classes=contract.classes, clip=ends, about=about
            )
    except TooLongError as error:
        raise ConversionError(
            f"the conversion of {type(model).__name__} takes too long ({error}): train a smaller model, with fewer or "
            f"shallower trees, or convert it yourself and deliver the file with onnx="
        ) from None


def _real(golden: Rows, fields: Sequence[Domain], encoding: RowEncoder) -> list[Mapping[str, Any]]:
    """Give the real rows that are to be golden rows; each must be one of the contract."""
    try:
        rows, where = tables.read(golden, fields, most=MAX_REAL_ROWS + 1)
        if len(rows) > MAX_REAL_ROWS:
            raise DeliverError(
                f"has more than {MAX_REAL_ROWS} rows: give fewer, for each deployment asks for all of them"
            )
        encoding.matrix(rows, where)
    except DeliverError as error:
        raise DeliverError(f"golden= {error}") from error
    return rows


def _require_kinds(contract: object, heuristics: object) -> None:
    """Require what ``contract.py`` and ``heuristics.py`` are, where they were mistaken for each other or for a part."""
    for name, value, kind, give in (
        ("contract", contract, Contract, "the contract in it, as in `from contract import CONTRACT`"),
        ("heuristics", heuristics, ModuleType, "the module itself, as in `import heuristics`"),
    ):
        if not isinstance(value, kind):
            raise DeliverError(f"{name}= is a {type(value).__name__}: give {give}")


def _require_json(**arguments: Mapping[str, Any] | None) -> None:
    """Say before the work, and not after it, that the manifest could not be written."""
    for name, value in arguments.items():
        try:
            json.dumps(dict(value or {}), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DeliverError(
                f"{name}= cannot be written as JSON ({error}): give Python's own numbers, words, lists and dicts"
            ) from None


def vouched(manifest: Json) -> tuple[str, ...]:
    """Name the files that a manifest vouches for: a stand-in was judged by none."""
    return files.SERVED if files.stand_in(manifest) else FILES


def hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Give the SHA-256 of each file."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def golden_lines(proof: Proof) -> bytes:
    """Write ``golden.jsonl``."""
    return b"".join(json.dumps(line, allow_nan=False).encode() + b"\n" for line in proof.golden_lines)


def column_records(contract: Contract, columns: tuple[str, ...], features: FloatRows) -> list[Json]:
    """Give each column of the manifest: its name, its kind, and what reasons compare with.

    That is the lower median, which some row really has; null where none has a value.
    """
    kinds = {field["name"]: field["kind"] for field in contract.compiled()["fields"]}
    known = (np.sort(column[~np.isnan(column)]) for column in features.T)
    references = [float(str(values[(len(values) - 1) // 2])) if len(values) else None for values in known]
    return [
        {"name": column, "kind": kinds.get(column, "heuristic"), "reference": reference}
        for column, reference in zip(columns, references, strict=True)
    ]


def _seen(contract: Contract, heuristics: ModuleType, encoding: RowEncoder, features: FloatRows) -> Json:
    """Say how far the rows reached that ``matrix`` laid out; nothing where these were the ones that judge alone."""
    compiled = contract.compiled()
    fields, laid_out = domains(compiled), extent.noted(compiled, heuristics)
    if laid_out is None:
        return {}
    record, judges = (one.record(fields, encoding.columns) for one in (laid_out, extent.Extent.of(features, fields)))
    return {} if record == judges else {extent.SEEN: record}


def baseline(held_out: HeldOut, decisions: Sequence[str], contract: Contract) -> Json:
    """Describe the held-out rows' scores, of several the highest of each: what production is expected to look like."""
    highest, labels = held_out.highest, held_out.labels.mean(axis=0)
    deciles = np.quantile(highest, np.linspace(0, 1, 11))
    shares = {name: rounded(decisions.count(name) / len(decisions), 6) for name in contract.scores.decisions}
    return {
        "rows": len(decisions),
        "mean_score": rounded(highest.mean(), 6),
        "mean_label": held_out.named([rounded(label, 6) for label in labels]),
        "score_deciles": [rounded(decile, 6) for decile in deciles],
        "decision_share": shares,
    }


def _faults(contract: Contract, to: Path, names: Sequence[str]) -> Iterator[str]:
    """List what hinders no delivery, and is better known before the check says it."""
    if contract.unlimited:
        yield contract.unlimited[1]
    for _, fault in contract.lookalikes:
        yield fault
    left_out = ignored(Snapshot(to), names)
    if left_out is not None and len(left_out.names) < len(names):  # all of them: it is meant to go another way
        yield str(left_out)


def _summary(manifest: Json, to: Path, doubts: Iterable[str]) -> str:
    """Say on one screen how good the model is, what to doubt of it, and where it is."""
    figures, *classes, decisions, importance, segments, _ = described(manifest)
    absolute = to.absolute()
    named = absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute
    weak = [row for row in segments.rows if row[-1] == BEYOND_CHANCE]
    return "\n".join(
        [
            figures.note,
            "",
            *(line for table in (figures, *classes) for line in (as_text(table), "")),
            as_text(decisions),
            "",
            *_of_classes(manifest),
            f"It looks most at {', '.join(row[0] for row in importance.rows[:MAX_NAMED]) or 'nothing'}.",
            *(f"It is weak where {row[0]}: {segments.head[2]} {row[2]}, {row[3]} elsewhere." for row in weak),
            *filter(None, doubts),
            f"Delivered model {files.shortened(manifest['files'][files.MODEL])} to {named}.",
        ]
    )


def _of_classes(manifest: Json) -> Iterator[str]:
    """Say which number of the model was taken for which class, and of which class there is no row."""
    if taken := manifest.get("class_numbers"):
        each = ", ".join(f"{number} was taken for {name}" for name, number in taken.items())
        yield f"The model only numbers its classes: {each}."
    shares = manifest["baseline"]["mean_label"]
    if isinstance(shares, dict) and (without := [name for name, share in shares.items() if not share]):
        yield f"No held-out row is of {', '.join(without)}: nothing judges how well the model knows it."


def write(to: Path, contents: Mapping[str, bytes], manifest: Json) -> None:
    """Write the files, once they answer their first golden row, and what they are into the model's card.

    ``DeliverError`` when they do not answer; those that were there stay.
    """
    try:
        written = {**contents, files.MANIFEST: as_json(manifest)}
        replace_files(to, written, lambda beside: Predictor(serving.Delivery.open(beside)))
    except serving.LoadError as error:
        fault = re.sub(r"^\S*\.new-\S*: ", "", str(error))
        raise DeliverError(
            f"the function does not answer with these files: {fault}. Nothing was delivered. Where heuristics.py was "
            f"edited after Python had imported it, as in a notebook, start Python again and train"
        ) from error
    if (page := card.path(to)).is_file():
        card.write(page, card.blocks(manifest))


def as_json(document: Json) -> bytes:
    """Write a file of the delivery."""
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"
