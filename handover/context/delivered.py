"""What deliver() wrote of a delivery, and what follows from it and from what people wrote."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic_core import SchemaValidator, ValidationError

from handover import parity, session
from handover.context.sources import Sources
from handover.drawing import drawn_rows
from handover.extent import SEEN
from handover.quality import HELD_OUT, HeldOut
from handover.rows import domains
from predictor import delivery as serving
from predictor import files
from predictor.encoder import Encoder, FloatRows, HeuristicError
from predictor.files import Json


class Delivered(Sources):
    """The files of a delivery, those that people wrote included, and the model's answers to its golden rows."""

    @cached_property
    def recorded(self) -> Json:
        """``contract.json``."""
        return files.contract(self.folder)

    @cached_property
    def manifest(self) -> Json:
        """``manifest.json``."""
        return files.manifest(self.folder)

    @cached_property
    def stand_in(self) -> str:
        """What is answered in place of a model, where there is none yet; nothing where there is one, or no manifest."""
        try:
            return files.stand_in(self.manifest)
        except (OSError, ValueError, AttributeError):
            return ""

    @cached_property
    def golden(self) -> list[Json]:
        """The golden rows, each with the training-time model's score and decision."""
        return files.golden(self.folder)

    @cached_property
    def held_out(self) -> HeldOut:
        """The scores and labels that judge the model."""
        return HeldOut.from_csv((self.folder / HELD_OUT).read_bytes())

    @cached_property
    def seen_in_training(self) -> Json | None:
        """What the manifest records of the rows that the training laid out; ``None`` where it has no record."""
        record: Json | None = self.manifest.get(SEEN)
        return record

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """``model.onnx``, read but not run."""
        return onnx.load_model(self.folder / files.MODEL, load_external_data=False)

    @cached_property
    def model(self) -> serving.Model:
        """``model.onnx`` in onnxruntime."""
        return session.opened((self.folder / files.MODEL).read_bytes())

    @cached_property
    def validator(self) -> SchemaValidator:
        """The serving validator of the contract as ``contract.py`` says it."""
        return serving.validators(self.compiled)[0]

    @cached_property
    def encoder(self) -> Encoder:
        """The serving encoder."""
        return Encoder(self.compiled["fields"], self.heuristics)

    @cached_property
    def golden_rows(self) -> list[Any]:
        """The golden rows as the serving validator makes them."""
        return [self.made(line["row"]) for line in self.golden]

    def made(self, row: Json) -> Any:
        """Make a row as the serving validator does."""
        return self.validator.validate_json(json.dumps(row))

    @cached_property
    def golden_matrix(self) -> FloatRows:
        """The golden rows as the model's input, float32 (N, K)."""
        return self.encoder.matrix(self.golden_rows)

    @cached_property
    def seen_matrix(self) -> FloatRows:
        """The golden rows and rows drawn from the contract, as the model's input: what columns can be, rare or not."""
        drawn = (self.vector(row) for row in drawn_rows(domains(self.compiled)))
        return np.concatenate([self.golden_matrix, *(vector for vector in drawn if vector is not None)])

    def vector(self, row: Json) -> FloatRows | None:
        """Lay a row out as the model's input, float32 (1, K); ``None`` where the contract or a heuristic has none."""
        try:
            return self.encoder.vector(self.made(row))
        except (ValidationError, HeuristicError):
            return None  # a multiple of 0.1 refused by its last bit; a row on which the clause of that did not try

    @cached_property
    def golden_scores(self) -> NDArray[np.float64]:
        """The training-time model's scores of the golden rows, float64 (N, C)."""
        return self.scores_of(self.golden)

    def scores_of(self, answers: Sequence[Json]) -> NDArray[np.float64]:
        """Give the scores of answers, float64 (N, C)."""
        names = self.contract.scores.names
        return np.array([[files.scores_in(answer)[name] for name in names] for answer in answers], dtype=np.float64)

    @cached_property
    def golden_here(self) -> NDArray[np.float32]:
        """What onnxruntime gives for the golden rows in this Python, all at once, float32 (N, C)."""
        return self.model(self.golden_matrix)

    def apart(self, given: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.intp]:
        """Find the rows whose scores differ by more than the contract's budget, or of which one is not a number."""
        return np.array(parity.differing(given, expected, self.contract.budgets.parity), dtype=np.intp)

    def answered_here(self, rows: Sequence[Json]) -> list[Json]:
        """Answer rows as the function would, in this Python."""
        given = self.model(self.encoder.matrix(map(self.made, rows)))
        scores = self.contract.scores
        return [scores.document(values, scores.decide(values)) for values in given.tolist()]

    def flipped(self, scores: NDArray[Any]) -> list[int]:
        """Find the golden rows that these scores of theirs decide otherwise than in training."""
        return [row for row, line in enumerate(self.golden) if self.contract.decide(scores[row]) != line["decision"]]

    def in_words(self, scores: NDArray[Any]) -> str:
        """Write the scores of one row."""
        return parity.in_words(dict(zip(self.contract.scores.names, scores.tolist(), strict=True)))

    def refusal(self, row: Json) -> str:
        """Say in one sentence why the contract refuses a row; nothing when it accepts it."""
        try:
            self.made(row)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=True)[0]
            field = ".".join(map(str, first["loc"])) or "the row"
            return f"{field}: {first['msg']}, but it is {json.dumps(first['input'])}"
        return ""
