"""One body in, one answer out: validate, featurise, infer, decide. No I/O, no clock, no logger."""

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import SchemaValidator, ValidationError

from predictor import files, problems
from predictor.delivery import Delivery, LoadError
from predictor.encoder import FloatRows

UNREADABLE = {"json_invalid", "string_unicode"}  # pydantic's names for what is not JSON, and for a lone surrogate


class ModelError(ArithmeticError):
    """The model left the range that its contract promises, or gave no number."""


class Answer(NamedTuple):
    """What the caller gets for one row."""

    scores: tuple[float, ...]
    """The model's float32, in the shortest digits that still are that float32; in the order of ``Scores.names``."""
    decision: str
    reasons: tuple[str, ...]
    """Columns that moved the highest score most, away from the reference row's; empty unless asked for."""


class Predictor:
    """Answers for one delivery.

    Raises
    ------
    LoadError
        When the delivery does not answer its own first golden row as the training-time model did.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._encoder = delivery.encoder
        self._model = delivery.model
        self._schema = delivery.contract["schema"]
        self._scores = delivery.scores
        self._places = range(len(delivery.scores.names))
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
        low, high, decide = self._scores.low, self._scores.high, self._scores.decide
        for index, values in enumerate(scores.tolist()):
            for value in values:
                if not low <= value <= high:  # false for NaN too
                    raise ModelError(f"the model gave a score outside of [{low}, {high}]")
            why = self._reasons(vectors[index], scores[index], reasons) if reasons else ()
            digits = tuple([float(str(scores[index, place])) for place in self._places])
            answers.append(Answer(digits, decide(values), why))
        return answers

    def _reasons(self, vector: FloatRows, scores: NDArray[np.float32], most: int) -> tuple[str, ...]:
        """Name the columns whose value moves the highest score most: each in turn is set to the reference row's value.

        One-at-a-time ablation against a baseline asks nothing of the model but its scores, so it holds for every
        framework, and costs one run on K rows, only when somebody asks. The highest score is the decision's class's;
        where no class is high enough for a decision, it is that of the likeliest.
        """
        highest = int(scores.argmax())
        ablated = np.repeat(vector[np.newaxis], len(vector), axis=0)
        np.fill_diagonal(ablated, self._reference)
        moved = np.abs(scores[highest] - self._model(ablated)[:, highest])
        order = np.argsort(-moved, kind="stable")[:most]
        return tuple(self._encoder.columns[column] for column in order if moved[column] > 0)

    def _prove(self) -> None:
        """Answer the first golden row: proves the delivery, and warms every path that a request takes."""
        golden = self._delivery.golden
        try:
            answer = self.predict(json.dumps(golden["row"]))
        except Exception as error:  # whatever it is, this delivery cannot answer a row that it came with
            raise LoadError(f"golden.jsonl: row 1 is not answered: {type(error).__name__}: {error}") from error
        tolerance = self._delivery.manifest["tolerance"]
        given = self._scores.document(answer.scores, answer.decision)
        if not files.agrees(given, golden, tolerance):
            raise LoadError(
                f"golden.jsonl: row 1 should give {files.in_words(golden)} within "
                f"{files.most_allowed(golden, tolerance)}, but gives {files.in_words(given)}"
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
