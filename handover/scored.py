"""A file of rows becomes a file of answers, by the very code that serves: what an application would have got."""

import json
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path
from typing import Any

import pandas as pd

from handover import tables
from handover.errors import CannotRunError, DeliverError
from handover.rows import domains
from predictor.delivery import Delivery, LoadError
from predictor.encoder import HeuristicError
from predictor.files import Json
from predictor.prediction import ModelError, Predictor
from predictor.problems import MAX_BATCH_ROWS, Problem

PROBLEM = "problem"
"""The column that says why a row got no answer."""
PARQUET, JSON = {".parquet", ".pq"}, {".json", ".jsonl", ".ndjson"}


def score(file: Path, to: Path, delivery: Path, reasons: int, step: Callable[[int, int], None]) -> tuple[int, int]:
    """Score the rows of a CSV or Parquet file, and write it ``to`` a file with the answers beside them.

    A row that the contract refuses, or that a heuristic fails on, keeps its place; why stands in ``problem``. A column
    that the contract does not require may be left out. A CSV is written as one that was read. ``step`` is told how many
    rows are done, and of how many; given is how many rows got an answer, and how many did not.
    """
    try:
        opened = Delivery.open(delivery)
        prediction = Predictor(opened)
    except LoadError as error:
        raise CannotRunError(str(error)) from None
    if reasons > prediction.most_reasons:
        raise CannotRunError(f"an answer has at most {prediction.most_reasons} reasons")
    table, dialect = _read(file, opened.contract)
    if table.empty:
        raise CannotRunError(f"{file} has no rows")
    fields = domains(opened.contract)
    if absent := [field.name for field in fields if field.required and field.name not in table]:
        raise CannotRunError(f"{file} has no column {', '.join(absent)}, which the contract requires")
    try:
        rows, _ = tables.read(table.reindex(columns=[field.name for field in fields]), fields)
    except DeliverError as error:
        raise CannotRunError(f"{file}: {error}") from None
    answered: list[Json] = []
    for batch in batched(rows, MAX_BATCH_ROWS, strict=False):
        answered += _answers(opened, prediction, batch, reasons)
        step(len(answered), len(rows))
    answers = pd.DataFrame(answered, index=table.index)
    if taken := [name for name in answers if name in table]:
        raise CannotRunError(f"{file} has a column {', '.join(taken)}, which an answer has too: rename it first")
    _write(pd.concat([table, answers], axis=1), to, dialect)
    failed = sum(PROBLEM in answer for answer in answered)
    return len(rows) - failed, failed


def _answers(delivery: Delivery, prediction: Predictor, rows: tuple[Json, ...], reasons: int) -> Iterator[Json]:
    """Answer rows together, and one by one where the batch is refused for one of them."""
    try:
        for answer in prediction.predict_batch(json.dumps(rows), reasons):
            why = {"reasons": " ".join(answer.reasons)} if answer.reasons else {}
            yield {"decision": answer.decision, **dict(zip(delivery.scores.names, answer.scores, strict=True)), **why}
    except (Problem, HeuristicError, ModelError) as error:
        if len(rows) > 1:
            for row in rows:
                yield from _answers(delivery, prediction, (row,), reasons)
        else:
            yield {PROBLEM: _why(error)}


def _why(error: Exception) -> str:
    if not isinstance(error, Problem):
        return str(error)
    document = error.document()
    rules = "; ".join(f"{broken['field']}: {broken['rule']}" for broken in document.get("errors", []))
    return rules or str(document["detail"])


def _read(file: Path, contract: Json) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read the table, and how it is written: a semicolon in the header says that a comma is for decimals."""
    try:
        if file.suffix.lower() in PARQUET:
            return pd.read_parquet(file), {}
        if file.suffix.lower() in JSON:
            raise CannotRunError(f"{file} is JSON: score reads CSV and Parquet")
        words: dict[str, Any] = {field["name"]: str for field in contract["fields"] if field["kind"] == "category"}
        with file.open(encoding="utf-8-sig") as text:
            separator = max(",;\t", key=text.readline().count)
        dialect = {"sep": separator, "decimal": "," if separator == ";" else "."}
        read: Any = dialect | {"encoding": "utf-8-sig", "dtype": words, "keep_default_na": False, "na_values": [""]}
        return pd.read_csv(file, **read), dialect
    except OSError as error:
        raise CannotRunError(f"{file} cannot be read: {error.strerror or error}") from None
    except (ValueError, ImportError) as error:  # of pandas: of another encoding, no table, no reader of Parquet
        raise CannotRunError(f"{file} cannot be read: {' '.join(str(error).split())}") from None


def _write(table: pd.DataFrame, to: Path, dialect: dict[str, str]) -> None:
    try:
        if to.suffix.lower() in PARQUET:
            table.to_parquet(to, index=False)
        else:
            table.to_csv(to, index=False, **dialect)
    except OSError as error:
        raise CannotRunError(f"{to} cannot be written: {error.strerror or error}") from None
