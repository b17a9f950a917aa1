"""Rows as the function sees them: through its own validator and its own encoder, wherever rows are encoded here."""

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from types import ModuleType
from typing import Any

import numpy as np
from pydantic_core import ValidationError, to_json

from handover.errors import DeliverError
from handover.limit import TooLongError, at_most, or_end
from predictor import delivery as serving
from predictor.encoder import Encoder, FloatRows, HeuristicError
from predictor.files import Json

# For the heuristics of one row that was drawn; arithmetic takes microseconds. Of the processor, not by the clock: a
# busy machine must not leave out a row, and so deliver other golden rows.
ROW_LIMIT_S = 0.25
AT_ONCE = 1000  # rows under one limit of time
DRAWN_AT_ONCE = 100  # and of those that were drawn: a limit takes as long as the heuristics of one
START_S, EACH_S = 30.0, 0.005  # by the clock: for all of these, and for each of them besides
ENDLESS_S = 1.0  # of the processor, for one row of these
STUCK_S = 60.0  # of the processor, more than that: one call into C does not come back, and the process is ended
MAX_TIMEOUTS = 40  # that ran into the limit; after that no more are tried, so that no training waits for minutes


class RowEncoder:
    """The validator and the encoder of a compiled contract and its heuristics."""

    def __init__(self, compiled: Json, heuristics: ModuleType) -> None:
        self._validator, _ = serving.validators(compiled)
        self._encoder = Encoder(compiled["fields"], serving.heuristics_in(heuristics))
        self.columns = self._encoder.columns
        """The columns of the model's input: the contract's fields, then the heuristics."""
        self._slow = 0

    def matrix(self, rows: Iterable[Mapping[str, Any]], where: Callable[[int], str] = "row {}".format) -> FloatRows:
        """Lay rows out as the model's input, float32 (N, K), as an application would send them.

        ``DeliverError`` when the contract refuses a row, or a heuristic fails on one or comes to no end; it names the
        row, and the field or the heuristic.
        """
        accepted = [self._accepted(row, place, where) for place, row in enumerate(rows)]
        matrices = []
        try:
            for batch in batched(accepted, AT_ONCE, strict=False):
                limit_s = START_S + EACH_S * len(batch)
                with or_end(STUCK_S + limit_s), at_most(limit_s):
                    matrices.append(self._encoder.matrix(batch))
            return stacked(matrices, len(self.columns))
        except TooLongError as error:
            raise DeliverError(f"{self._endless(accepted, where)} ({error}). Fix it in heuristics.py") from None
        except HeuristicError:
            for place, row in enumerate(accepted):
                try:
                    self._encoder.vector(row)
                except HeuristicError as error:
                    sentence = f"{where(place)}, {error} ({error.__cause__}). Fix it in heuristics.py"
                    raise DeliverError(sentence) from error
            raise

    def vectors(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[FloatRows | None]:
        """Lay rows that were drawn out as the model's input, each float32 (1, K).

        ``None`` where the contract refuses a row, and where a heuristic fails on it or dawdles: that is a finding of
        the check, which shows the simplest such row.
        """
        for batch in batched(rows, DRAWN_AT_ONCE, strict=False):
            if together := self._laid_out(batch):
                yield from together
            else:  # which of them it is, and whether they are only many for the time of one, each shows alone
                yield from (next(iter(self._laid_out([row])), None) for row in batch)

    def _laid_out(self, rows: Sequence[Mapping[str, Any]]) -> list[FloatRows]:
        """Lay rows out within the time of one; none of them where one fails, or too many were slow already."""
        try:
            if self._slow <= MAX_TIMEOUTS:
                with at_most(ROW_LIMIT_S, of_processor=True):
                    accepted = [self._validator.validate_json(to_json(row)) for row in rows]
                    return [*self._encoder.matrix(accepted)[:, np.newaxis]]
        except TooLongError:
            self._slow += len(rows) == 1
        except (ValidationError, HeuristicError):
            pass
        return []

    def _endless(self, rows: Iterable[Any], where: Callable[[int], str]) -> str:
        """Name the first row that takes a second of the processor's time, and the heuristic that it spends it in."""
        for place, row in enumerate(rows):
            try:
                with at_most(ENDLESS_S, of_processor=True):
                    self._encoder.vector(row)
            except TooLongError as error:
                frames = traceback.extract_tb(error.__traceback__)
                name = next((frame.name for frame in frames if frame.name in self.columns), "a heuristic")
                return f"{where(place)}, heuristic {name}: it comes to no end"
        return f"the heuristics take more than {1000 * EACH_S:g} ms a row"

    def _accepted(self, row: Mapping[str, Any], place: int, where: Callable[[int], str]) -> Any:
        try:
            return self._validator.validate_json(json.dumps(row))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=True, include_context=False)[0]
            field, value = ".".join(map(str, first["loc"])), first["input"]
            if value is None or first["type"] == "missing":
                raise DeliverError(
                    f"{where(place)}, field {field} is missing, which the contract does not allow. Fix the row, leave "
                    f"it out, or let the field be missing in contract.py (| None = None)"
                ) from None
            raise DeliverError(
                f"{where(place)}, field {field}: {first['msg']}, but it is {value!r}. "
                f"Fix the row, or widen the field in contract.py"
            ) from None


def stacked(vectors: Iterable[FloatRows], columns: int) -> FloatRows:
    """Lay vectors one below the other, float32 (N, K), also where there is none."""
    return np.concatenate([np.empty((0, columns), dtype=np.float32), *vectors])
