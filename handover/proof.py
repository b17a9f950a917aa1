"""Proof: the graph answers as the trained model did, on rows of every kind that the contract accepts."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from random import Random
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from handover import parity
from handover.contract import Contract
from handover.conversion import thresholds
from handover.encoding import Encoding, stacked
from handover.errors import DeliverError
from handover.golden import Answered, ProofRow, chosen_of, golden_record
from handover.rows import Domain, beside, domains, drawn_row
from predictor import delivery as serving
from predictor.encoder import FloatRows

type Json = dict[str, Any]
type Scores = NDArray[np.float32]
type Score = Callable[[FloatRows], Scores]

SEED = 0  # the same contract gives the same rows
RANDOM_ROWS_PER_FIELD = 100
FEWEST_RANDOM_ROWS, MOST_RANDOM_ROWS = 500, 3000
TRIES = 20  # rows drawn around a value, before it is given up: a heuristic may fail on some of them
LIKELY_ROWS = 1000  # tried of those that are like the data's: enough that a decision which one in 200 gets is there


def drawn_rows(fields: Sequence[Domain]) -> Iterator[Json]:
    """Draw some hundred to some thousand rows of a contract at random, by its size; each time the same ones."""
    random = Random(SEED)  # noqa: S311  nothing here is secret
    for _ in range(min(max(FEWEST_RANDOM_ROWS, RANDOM_ROWS_PER_FIELD * len(fields)), MOST_RANDOM_ROWS)):
        yield drawn_row(fields, random)


class Proof:
    """What the trained model answers, and whether a graph answers the same.

    Parameters
    ----------
    contract
        Rows of every kind that it accepts are drawn: each category, each flag, both ends of each range and one step
        inside, each gap alone and all of them together, and some hundred to some thousand at random.
    encoding
        Lays them out as the model's input. A row on which a heuristic fails is left out.
    ask
        The trained model.
    held_out
        The rows that judge the model, float32 (N, K), and what it answers to them.
    likely
        Rows like those of the data, without end.
    real
        Real rows that are to be golden rows.

    Raises
    ------
    DeliverError
        When the model raises on such a row, or leaves the contract's range; when the contract refuses a real row.
    """

    def __init__(  # noqa: PLR0917  what is asked, who is asked, and what about
        self,
        contract: Contract,
        encoding: Encoding,
        ask: Score,
        held_out: tuple[FloatRows, Scores],
        likely: Iterator[Json],
        real: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._contract, self._encoding, self._ask = contract, encoding, ask
        self._held_out, self._held_out_scores = held_out
        self._require_range(self._held_out_scores, "the model's scores")
        self._fields = domains(contract.compiled())
        given = [*self._held_out, *(encoding.matrix(real) if real else ())]
        self._known = set(map(self._key, given))
        drawn = map(self._made, drawn_rows(self._fields))
        self._rows = [*self._covering(Random(SEED)), *filter(None, drawn)]  # noqa: S311  nothing here is secret
        if not self._rows:
            raise DeliverError(
                "every row that was drawn from the contract makes a heuristic fail: make check ONLY=H107 shows the "
                "simplest; fix it in heuristics.py"
            )
        self._drawn = stacked((row.vector for row in self._rows), len(encoding.columns))
        self.drawn_scores = self._answers()
        self._require_range(self.drawn_scores, "the model's scores", partial(_named, self._rows))
        tried = filter(None, map(self._made, islice(likely, LIKELY_ROWS)))
        self._golden = chosen_of(
            self._asked(tried),
            self._answered(self._rows, self.drawn_scores),
            self._asked(filter(None, map(self._made, map(dict, real)))),
        )

    @property
    def golden_lines(self) -> list[Json]:
        """What ``golden.jsonl`` has: rows with the trained model's answers.

        First those that are like the data's, then real ones where they were asked for (``"real": true``), then those
        that cover a value, and some for each decision that few others get (both with ``covers``). A drawn row that
        equals a real one is taken only where the contract accepts hardly any other.
        """
        return [line for _, line in self._golden]

    @property
    def golden_record(self) -> Json:
        """What these golden rows are, for the manifest."""
        return golden_record(self.golden_lines, sum(made.real and "real" not in line for made, line in self._golden))

    def _asked(self, rows: Iterable[ProofRow]) -> list[Answered]:
        rows = list(rows)
        scores = self._ask(_features(rows)) if rows else np.empty(0, dtype=np.float32)
        self._require_range(scores, "the model's scores", partial(_named, rows))
        return self._answered(rows, scores)

    def _answered(self, rows: Iterable[ProofRow], scores: Scores) -> list[Answered]:
        return [(made, self._line(made.row, score)) for made, score in zip(rows, scores, strict=True)]

    def _key(self, vector: FloatRows) -> bytes:
        """Give what two rows share exactly if their fields are the same to the model."""
        return (vector[: len(self._fields)] + 0).tobytes()  # -0.0 is 0.0

    def _line(self, row: Mapping[str, Any], score: np.float32) -> Json:
        return {"row": dict(row), "score": float(str(score)), "decision": self.decide(score)}

    def require_parity(self, graph: bytes) -> None:
        """Compare onnxruntime's answers with the model's: on held-out rows, drawn ones, and ones beside thresholds.

        Raises
        ------
        DeliverError
            When they differ by more than the contract's budget, or in a decision.
        """
        session, golden = serving.session(graph), [made for made, _ in self._golden]
        beside = self._beside_thresholds(thresholds(onnx.load_from_string(graph)))
        for of, features, scores, where in (
            ("held-out rows", self._held_out, self._held_out_scores, "row {}".format),
            ("rows drawn from the contract", self._drawn, self.drawn_scores, partial(_named, self._rows)),
            ("golden rows", _features(golden), None, partial(_named, golden)),
            ("rows beside thresholds", beside, None, "row {}".format),
        ):
            if len(features):
                expected = self._ask(features) if scores is None else scores
                self._require_same(session(features), expected, of, where)

    def _require_same(self, given: Scores, expected: Scores, of: str, where: Callable[[int], str]) -> None:
        """Require that onnxruntime's answers are the trained model's; the worst row is named by ``where``."""
        self._require_range(given, f"onnxruntime's scores of {of}")
        apart = np.abs(given - expected)
        budgets, rows = self._contract.budgets, len(expected)
        if len(differ := parity.differing(given, expected, budgets.parity)):
            worst, limit = differ[int(apart[differ].argmax())], parity.limit(expected[differ], budgets.parity)
            raise DeliverError(
                f"onnxruntime does not give the model's answers: {len(differ)} of {rows} {of} differ by more than "
                f"{limit}, the worst is {where(worst)}, by {apart[worst]:.3g}. "
                f"The model's conversion to ONNX is not exact, and nothing was delivered: leave out the unusual step "
                f"or setting, or train another kind of model"
            )
        flips = [row for row in range(rows) if self.decide(given[row]) != self.decide(expected[row])]
        if len(flips) > budgets.flipped_decisions:
            raise DeliverError(
                f"onnxruntime decides otherwise than the model on {len(flips)} of {rows} {of}, first on "
                f"{where(flips[0])}: a score lies on the edge of a decision. Move the edge in contract.py by a little"
            )

    def _require_range(self, scores: Scores, whose: str, where: Callable[[int], str] | None = None) -> None:
        """Require numbers within the contract's range; the first row without one is named by ``where``."""
        score, rows = self._contract.score, len(scores)
        no_number = np.flatnonzero(np.isnan(scores))
        beyond = np.maximum(np.float32(score.low) - scores, scores - np.float32(score.high))
        outside = no_number if len(no_number) else np.flatnonzero(beyond > 0)
        first = f", first at {where(int(outside[0]))}" if len(outside) and where else ""
        if len(no_number):
            raise DeliverError(
                f"{whose} are no number for {len(no_number)} of {rows} rows{first}: put an imputer before the model in "
                f"a Pipeline, or train a model that takes gaps"
            )
        if len(outside):
            raise DeliverError(
                f"{whose} leave the contract's range: {scores.min()} to {scores.max()}, "
                f"where {score.low} to {score.high} was agreed{first}; {len(outside)} of {rows} rows do, by "
                f"{beyond.max():.3g} at most. Clip them with clip=True of deliver(), or promise a wider range in "
                f"contract.py"
            )

    def decide(self, score: np.float32) -> str:
        """Decide as the contract says; written apart from the function's own code, which it is compared with."""
        return next(name for name, edge in self._contract.decisions.items() if score <= np.float32(edge))

    def _made(self, row: Json, covers: Iterable[str] = ()) -> ProofRow | None:
        vector = self._encoding.vector(row)
        return None if vector is None else ProofRow(row, vector, tuple(covers), self._key(vector[0]) in self._known)

    def _covering(self, random: Random) -> Iterator[ProofRow]:
        """Draw rows that together have every value that the model can tell apart from its neighbours."""
        values = [field.edge_values for field in self._fields]
        for turn in range(max(map(len, values), default=0)):
            # Fields are shifted against each other: all at their lowest end is a corner where heuristics like to fail.
            chosen = {
                field.name: edges[(turn + place) % len(edges)]
                for place, (field, edges) in enumerate(zip(self._fields, values, strict=True))
                if turn < len(edges)
            }
            together = self._around(chosen, random)
            yield from (
                [together]
                if together
                else filter(None, (self._around({name: value}, random) for name, value in chosen.items()))
            )
        gaps: dict[str, None] = {field.name: None for field in self._fields if field.nullable}
        for name in gaps:
            if row := self._around({name: None}, random):
                yield row
        if len(gaps) > 1 and (row := self._around(gaps, random)):
            yield row

    def _around(self, chosen: Json, random: Random) -> ProofRow | None:
        """Draw a row that has these values, and no other gap; a real one only where no other is drawn."""
        covers, real = [f"{name} = {json.dumps(value)}" for name, value in chosen.items()], None
        for _ in range(TRIES):
            made = self._made(drawn_row(self._fields, random, gaps=0) | chosen, covers)
            if made and not made.real:
                return made
            real = real or made
        return real

    def _answers(self) -> Scores:
        try:
            return self._ask(self._drawn)
        except Exception as error:  # a framework has a way of its own to fail for each row that it does not take
            message = str(error).strip().partition("\n")[0].rstrip(".")
            raise DeliverError(
                f"the model fails {self._culprit()}, which the contract accepts ({type(error).__name__}: {message}). "
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

    def _beside_thresholds(self, asked: Iterable[tuple[int, float]]) -> FloatRows:
        """Make rows on each threshold and next to it, by what the column can be: nothing that no request can give."""
        known = np.concatenate([self._held_out, self._drawn])
        made: list[FloatRows] = []
        for place, (column, threshold) in enumerate(asked):
            if column < len(self._fields):
                field, background = self._fields[column], self._rows[place % len(self._rows)].row
                vectors = (self._encoding.vector(background | {field.name: value}) for value in field.beside(threshold))
                made += [vector for vector in vectors if vector is not None]
            else:
                made += _with_heuristic(known, place, column, threshold)
        return stacked(made, len(self._encoding.columns))


def _features(rows: Sequence[ProofRow]) -> FloatRows:
    return np.concatenate([row.vector for row in rows])


def _named(rows: Sequence[ProofRow], place: int) -> str:
    return ", ".join(rows[place].covers) or json.dumps(rows[place].row)


def _with_heuristic(known: FloatRows, place: int, column: int, threshold: float) -> Iterator[FloatRows]:
    """Put a heuristic's column beside a threshold, at numbers like those that it was seen to give."""
    seen = known[:, column][~np.isnan(known[:, column])]
    if not len(seen):
        return
    whole = np.array_equal(seen, np.round(seen))
    values = sorted({float(math.floor(threshold)), float(math.ceil(threshold))}) if whole else beside(threshold)
    for value in values:
        if seen.min() <= value <= seen.max():
            row = known[place % len(known)][np.newaxis].copy()
            row[0, column] = value
            yield row
