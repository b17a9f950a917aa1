"""One body in, one answer out: validate, featurise, infer, decide. No I/O, no clock, no logger."""

import json
from bisect import bisect_left
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import SchemaValidator, ValidationError

from predictor import files, problems
from predictor.delivery import Delivery, DeliveryError
from predictor.encoder import FloatRows

UNREADABLE = {"json_invalid", "string_unicode"}  # pydantic's names for what is not JSON, and for a lone surrogate


class ModelError(ArithmeticError):
    """The model left the range that its contract promises, or gave no number."""


class Answer(NamedTuple):
    """What the caller gets for one row."""

    score: float
    """The model's float32, in the shortest digits that still are that float32."""
    decision: str
    reasons: tuple[str, ...]
    """Columns that moved the score most, away from the reference row's; empty unless asked for."""


class Prediction:
    """Answers for one delivery.

    Raises
    ------
    DeliveryError
        When the delivery does not answer its own first golden row as the training-time model did.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._encoder = delivery.encoder
        self._model = delivery.model
        self._schema = delivery.contract["schema"]
        score = delivery.contract["score"]
        # Ends and edges are rounded to float32, which the score is: 0.1 must not fall beyond an edge at 0.1. They are
        # compared as Python's own numbers, in a third of the time.
        self._low, self._high = np.float32(score["low"]).item(), np.float32(score["high"]).item()
        self._edges = [np.float32(edge).item() for edge in delivery.contract["decisions"].values()]
        self._decisions = list(delivery.contract["decisions"])
        self._reference = np.array([column["reference"] for column in delivery.manifest["columns"]], dtype=np.float32)
        self._prove()

    @property
    def most_reasons(self) -> int:
        """How many reasons there are to ask for: one for each column."""
        return len(self._encoder.columns)

    def predict(self, body: bytes | str, reasons: int = 0) -> Answer:
        """Answer one row.

        Parameters
        ----------
        body
            One row as a JSON object, within the contract's ``limits``.
        reasons
            How many reasons to give, from 0 to ``most_reasons``.

        Raises
        ------
        Problem
            When the body is too large, is not JSON or breaks the contract.
        HeuristicError, ModelError
            When the delivery fails on a row that the contract accepts.
        """
        row = self._validated(self._delivery.row, self._delivery.limits.row(body))
        return self._answer(self._encoder.vector(row), reasons)[0]

    def predict_batch(self, body: bytes | str, reasons: int = 0) -> list[Answer]:
        """Answer a JSON list of 1 to 100 rows, in their order; one bad row and nothing is scored. See ``predict``."""
        rows = self._validated(self._delivery.rows, self._delivery.limits.batch(body))
        return self._answer(self._encoder.matrix(rows), reasons)

    def _validated(self, validator: SchemaValidator, document: bytes) -> Any:
        try:
            validated = validator.validate_json(document)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            if errors[0]["type"] in UNREADABLE:
                raise problems.not_json() from None
            batch = validator is self._delivery.rows
            raise problems.contract_broken(errors, self._schema, batch=batch) from None
        _refuse_duplicates(document, validated)
        return validated

    def _answer(self, vectors: FloatRows, reasons: int) -> list[Answer]:
        answers = []
        scores = self._model(vectors)
        for index, value in enumerate(scores.tolist()):
            if not self._low <= value <= self._high:  # false for NaN too
                raise ModelError(f"the model gave a score outside of [{self._low}, {self._high}]")
            score = scores[index]
            why = self._reasons(vectors[index], score, reasons) if reasons else ()
            answers.append(Answer(float(str(score)), self._decisions[bisect_left(self._edges, value)], why))
        return answers

    def _reasons(self, vector: FloatRows, score: np.float32, most: int) -> tuple[str, ...]:
        """Name the columns whose value moves the score most: each in turn is set to the reference row's value.

        One-at-a-time ablation against a baseline asks nothing of the model but its score, so it holds for every
        framework, and costs one run on K rows, only when somebody asks.
        """
        ablated = np.repeat(vector[np.newaxis], len(vector), axis=0)
        np.fill_diagonal(ablated, self._reference)
        moved = np.abs(score - self._model(ablated))
        order = np.argsort(-moved, kind="stable")[:most]
        return tuple(self._encoder.columns[column] for column in order if moved[column] > 0)

    def _prove(self) -> None:
        """Answer the first golden row: proves the delivery, and warms every path that a request takes."""
        golden = self._delivery.golden
        try:
            answer = self.predict(json.dumps(golden["row"]))
        except Exception as error:  # whatever it is, this delivery cannot answer a row that it came with
            raise DeliveryError(f"golden.jsonl: row 1 is not answered: {type(error).__name__}: {error}") from error
        tolerance = self._delivery.manifest["tolerance"]
        if not files.agrees(answer.score, answer.decision, golden, tolerance):
            within = files.allowed(golden["score"], tolerance)
            raise DeliveryError(
                f"golden.jsonl: row 1 should give {golden['score']} ({golden['decision']}) within {within}, "
                f"but gives {answer.score} ({answer.decision})"
            )


def _refuse_duplicates(document: bytes, validated: Any) -> None:
    """Refuse a document in which a name stands twice: pydantic takes the last, another reader may take the first.

    An accepted object has at least one colon for each field that it sets, so an equal count proves that there is no
    second one. Only one with more colons (a category may hold one) or fewer (one may be escaped) is read again.
    """
    if isinstance(validated, list):
        fields = sum([len(row.__pydantic_fields_set__) for row in validated])
    else:
        fields = len(validated.__pydantic_fields_set__)
    if document.count(b":") != fields:
        json.loads(document, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise problems.duplicate_names()
