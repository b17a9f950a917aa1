"""Proof: the graph answers as the trained model did, on rows of every kind that the contract accepts."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import onnx

from handover import parity, session
from handover.contract import Contract
from handover.conversion import thresholds
from handover.conversion.errors import line_of
from handover.drawing import Drawing
from handover.encoding import RowEncoder, stacked
from handover.errors import DeliverError
from handover.golden import Answered, ProofRow, chosen_of, golden_record
from handover.limit import or_end
from handover.rows import domains
from handover.scoring import Oracle, Scores
from predictor import files
from predictor.encoder import FloatRows
from predictor.files import Json

STUCK_S = 300.0  # of the processor, for heuristics of rows that are drawn: more, and a call does not come back
LIKELY_ROWS = 1000  # tried of those that are like the data's: enough that a decision which one in 200 gets is there
ON_AN_EDGE = "a score lies on the edge of a decision. Move the edge in contract.py by a little"
BETWEEN_CLASSES = "two classes have nearly the same score there, or the highest is next to what Otherwise asks for"


class Proof:
    """What the trained model answers, and whether a graph answers the same.

    Rows of every kind that the contract accepts are drawn, see ``handover.drawing``; one on which a heuristic fails is
    left out. Beside them are the rows that judge the model, float32 (N, K), with its answers to them, rows like those
    of the data, without end, and the real rows that are to be golden rows. ``DeliverError`` when the model raises on
    such a row, or leaves the contract's range.
    """

    def __init__(  # noqa: PLR0917  what is asked, who is asked, and what about
        self,
        contract: Contract,
        encoding: RowEncoder,
        oracle: Oracle,
        held_out: tuple[FloatRows, Scores],
        likely: Iterator[Json],
        real: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._contract, self._encoding, self._oracle, self._ask = contract, encoding, oracle, oracle.ask
        self._scores = contract.scores
        self._held_out, self._held_out_scores = held_out
        self._require_range(self._held_out_scores, "the model's scores")
        given = [*self._held_out, *(encoding.matrix(real) if real else ())]
        anything = oracle.known is None
        fields = domains(contract.compiled())
        with or_end(STUCK_S):
            self._drawing = Drawing(fields, encoding, given, avoid=anything)
            likely_rows = list(self._drawing.made(islice(likely, LIKELY_ROWS))) if anything else []
        self._first = len(fields)  # of the columns, that is a heuristic
        self._rows, self._drawn = self._drawing.rows, self._drawing.features
        self.drawn_scores = self._answers()
        self._require_range(self.drawn_scores, "the model's scores", partial(_named, self._rows))
        drawn = self._answered(self._rows, self.drawn_scores)
        chosen = chosen_of(
            self._asked(likely_rows) if anything else [one for one in drawn if not one.made.covers],
            drawn,
            self._asked(list(self._drawing.made(map(dict, real)))),
        )
        self._golden = [(one.made, self._line(one) | reason) for one, reason in chosen]

    @property
    def golden_lines(self) -> list[Json]:
        """What ``golden.jsonl`` has: rows with the trained model's answers.

        Each has what the heuristics made of it in training, by their names (``"heuristics"``, float32, a gap is null).
        First those that are like the data's, then real ones where they were asked for (``"real": true``), then those
        that cover a value, and some for each decision that few others get (both with ``covers``). A drawn row that
        equals a real one is taken only where the contract accepts hardly any other.
        """
        return [line for _, line in self._golden]

    @property
    def golden_record(self) -> Json:
        """What these golden rows are, for the manifest."""
        return golden_record(self.golden_lines, sum(made.real and "real" not in line for made, line in self._golden))

    def _asked(self, rows: list[ProofRow]) -> list[Answered]:
        if not rows:
            return []
        scores = self._ask(self._features(rows))
        self._require_range(scores, "the model's scores", partial(_named, rows))
        return self._answered(rows, scores)

    def _answered(self, rows: Iterable[ProofRow], scores: Scores) -> list[Answered]:
        decide = self._contract.decide
        return [Answered(made, given, str(decide(given))) for made, given in zip(rows, scores, strict=True)]

    def _line(self, answered: Answered) -> Json:
        """Write a row with its answer, and what the heuristics made of it: where those give another, it shows."""
        made = answered.made
        # As few digits as tell a float32 from all others; a gap is no number in JSON.
        values = [None if math.isnan(value) else float(str(value)) for value in made.vector[0, self._first :]]
        heuristics = dict(zip(self._encoding.columns[self._first :], values, strict=True))
        document = self._scores.document([float(str(score)) for score in answered.scores], answered.decision)
        return {"row": dict(made.row), **document, "heuristics": heuristics}

    def _features(self, rows: Sequence[ProofRow]) -> FloatRows:
        return stacked((row.vector for row in rows), len(self._encoding.columns))

    def require_parity(self, graph: bytes) -> None:
        """Compare onnxruntime's answers with the model's: on held-out rows, drawn ones, and ones beside thresholds.

        ``DeliverError`` when they differ by more than the contract's budget, or in a decision.
        """
        answer, golden = session.opened(graph), [made for made, _ in self._golden]
        beside = self._drawing.beside_thresholds(thresholds(onnx.load_from_string(graph)))
        beside = [made for made in beside if self._oracle.knows(made.vector)]
        for of, features, scores, where in (
            ("held-out rows", self._held_out, self._held_out_scores, "row {}".format),
            ("rows drawn from the contract", self._drawn, self.drawn_scores, partial(_named, self._rows)),
            ("golden rows", self._features(golden), None, partial(_named, golden)),
            ("rows beside thresholds", self._features(beside), None, partial(_named, beside)),
        ):
            if len(features):
                expected = self._ask(features) if scores is None else scores
                self._require_same(answer(features), expected, features, of, where)
        expected = np.array([[*files.scores_in(line).values()] for _, line in self._golden], dtype=np.float32)
        alone = np.concatenate([answer(made.vector) for made in golden])
        self._require_same(
            alone, expected, self._features(golden), "golden rows, each asked alone,", partial(_named, golden)
        )

    def _require_same(
        self, given: Scores, expected: Scores, features: FloatRows, of: str, where: Callable[[int], str]
    ) -> None:
        """Require that onnxruntime's answers are the trained model's; the worst row is named by ``where``."""
        self._require_range(given, f"onnxruntime's scores of {of}")
        budgets, rows = self._contract.budgets, len(expected)
        if apart := parity.compared(given, expected, budgets.parity):
            row, trained = features[[apart.worst]], expected[apart.worst].tolist()
            raise DeliverError(
                f"onnxruntime does not give the model's answers: {len(apart.rows)} of {rows} {of} differ by more "
                f"than {apart.limit}, the worst is {where(apart.worst)}, by {apart.distance:.3g}. "
                f"{self._oracle.why(apart.distance, float(np.abs(expected).max()), row, trained)}"
            )
        decide, moved = self._contract.decide, np.flatnonzero((given != expected).any(axis=1)).tolist()
        flips = [row for row in moved if decide(given[row]) != decide(expected[row])]
        if len(flips) > budgets.flipped_decisions:
            on_edge = BETWEEN_CLASSES if self._contract.classes else ON_AN_EDGE
            raise DeliverError(
                f"onnxruntime decides otherwise than the model on {len(flips)} of {rows} {of}, first on "
                f"{where(flips[0])}: {on_edge}"
            )

    def _require_range(self, scores: Scores, whose: str, where: Callable[[int], str] | None = None) -> None:
        """Require numbers within the contract's range; the first row without one is named by ``where``."""
        score, rows = self._contract.score, len(scores)
        no_number = np.flatnonzero(np.isnan(scores).any(axis=1))
        beyond = np.maximum(np.float32(score.low) - scores, scores - np.float32(score.high)).max(axis=1)
        outside = no_number if len(no_number) else np.flatnonzero(beyond > 0)
        first = f", first at {where(int(outside[0]))}" if len(outside) and where else ""
        if len(no_number):
            raise DeliverError(
                f"{whose} are no number for {len(no_number)} of {rows} rows{first}: where a value is missing, put an "
                f"imputer before the model in a Pipeline, or give a scorecard points for it"
            )
        if len(outside):
            raise DeliverError(
                f"{whose} leave the contract's range: {scores.min()} to {scores.max()}, "
                f"where {score.low} to {score.high} was agreed{first}; {len(outside)} of {rows} rows do, by "
                f"{beyond.max():.3g} at most. Clip them with clip=True of deliver(), or promise a wider range in "
                f"contract.py"
            )

    def _answers(self) -> Scores:
        try:
            return self._ask(self._drawn)
        except Exception as error:  # a framework has a way of its own to fail for each row that it does not take
            cause = error.__cause__ if isinstance(error, DeliverError) and error.__cause__ else error
            raise DeliverError(
                f"the model fails {self._culprit()}, which the contract accepts "
                f"({type(cause).__name__}: {line_of(cause)}). "
                f"Put an imputer before it in a Pipeline, train a model that takes gaps, or require the field in "
                f"contract.py"
            ) from error

    def _culprit(self) -> str:
        """Say where the model fails: at which field's gap, where that explains it, else at which row."""
        for drawn in self._rows:
            try:
                self._ask(drawn.vector)
            except Exception:  # whichever it is, it fails on this row
                empty = np.flatnonzero(np.isnan(drawn.vector[0]))
                missing = [name for name, value in drawn.row.items() if value is None]
                missing = missing or [self._encoding.columns[column] for column in empty]
                if missing:
                    return f"where {' and '.join(f'`{name}`' for name in missing)} is missing"
                return f"on the row {json.dumps(drawn.row)}"
        return "on all of its rows at once"


def _named(rows: Sequence[ProofRow], place: int) -> str:
    row = rows[place]
    return ", ".join(row.covers) or json.dumps(row.row or row.vector[0].tolist())
