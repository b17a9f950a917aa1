"""Proof: the graph answers as the trained model did, on rows of every kind that the contract accepts."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.contract import Contract
from handover.encoding import Encoding, stacked
from handover.errors import DeliverError
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


def drawn_rows(fields: Sequence[Domain]) -> Iterator[Json]:
    """Draw some hundred to some thousand rows of a contract at random, by its size; each time the same ones."""
    random = Random(SEED)  # noqa: S311  nothing here is secret
    for _ in range(min(max(FEWEST_RANDOM_ROWS, RANDOM_ROWS_PER_FIELD * len(fields)), MOST_RANDOM_ROWS)):
        yield drawn_row(fields, random)


@dataclass(frozen=True)
class ProofRow:
    """A row drawn from the contract, and what it is there for."""

    row: Json
    vector: FloatRows
    """float32, shape (1, K)."""
    covers: tuple[str, ...] = ()
    """The values that no row before it has, in words; none for a row that was drawn at random."""


class Proof:
    """What the trained model answers to rows drawn from the contract, and whether a graph answers the same.

    Parameters
    ----------
    contract
        Rows of every kind that it accepts are drawn: each category, each flag, both ends of each range and one step
        inside, each gap alone and all of them together, and some hundred to some thousand at random.
    encoding
        Lays them out as the model's input. A row on which a heuristic fails is left out.
    ask
        The trained model.

    Raises
    ------
    DeliverError
        When the model raises on such a row, or leaves the contract's range.
    """

    def __init__(self, contract: Contract, encoding: Encoding, ask: Score) -> None:
        self._contract, self._encoding, self._ask = contract, encoding, ask
        self._fields = domains(contract.compiled())
        drawn = map(self._made, drawn_rows(self._fields))
        self.rows = [*self._covering(Random(SEED)), *filter(None, drawn)]  # noqa: S311  nothing here is secret
        if not self.rows:
            raise DeliverError(
                "every row that was drawn from the contract makes a heuristic fail: make check ONLY=H107 shows the "
                "simplest; fix it in heuristics.py"
            )
        self.features = stacked((row.vector for row in self.rows), len(encoding.columns))
        self.scores = self._answers()
        require_range(self.scores, contract, "the model's scores", of=self._where)

    def delivered(self, decisions: Iterable[str]) -> Iterator[tuple[ProofRow, np.float32]]:
        """Give the rows to deliver with the model's answers: those that cover a value, and one for each other decision.

        Parameters
        ----------
        decisions
            Those that golden rows show already.
        """
        shown = set(decisions)
        for proof, score in zip(self.rows, self.scores, strict=True):
            if proof.covers:
                shown.add(decide(self._contract, score))
                yield proof, score
        for proof, score in zip(self.rows, self.scores, strict=True):
            decision = decide(self._contract, score)
            if decision not in shown:
                shown.add(decision)
                yield ProofRow(proof.row, proof.vector, (f"decision = {decision}",)), score

    def require_parity(self, graph: bytes, thresholds: Iterable[tuple[int, float]], features: FloatRows) -> None:
        """Compare onnxruntime's answers with the model's: on held-out rows, drawn ones, and ones beside thresholds.

        Parameters
        ----------
        thresholds
            What the graph's trees ask for: the column's index, and the number.
        features
            The held-out rows, float32 (N, K).

        Raises
        ------
        DeliverError
            When they differ by more than the contract's budget, or in a decision.
        """
        session = serving.session(graph)
        scores = self._ask(features)
        require_parity(session(features), scores, self._contract, "held-out rows", lambda row: f"row {row}")
        require_parity(session(self.features), self.scores, self._contract, "rows drawn from the contract", self._where)
        beside = self._beside_thresholds(thresholds, features)
        if len(beside):
            require_parity(
                session(beside), self._ask(beside), self._contract, "rows beside thresholds", lambda row: f"row {row}"
            )

    def _made(self, row: Json, covers: Iterable[str] = ()) -> ProofRow | None:
        vector = self._encoding.vector(row)
        return None if vector is None else ProofRow(row, vector, tuple(covers))

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
        """Draw a row that has these values, and no other gap."""
        covers = [f"{name} = {json.dumps(value)}" for name, value in chosen.items()]
        for _ in range(TRIES):
            if made := self._made(drawn_row(self._fields, random, gaps=0) | chosen, covers):
                return made
        return None

    def _answers(self) -> Scores:
        try:
            return self._ask(self.features)
        except Exception as error:  # a framework has a way of its own to fail for each row that it does not take
            said = str(error).strip().partition("\n")[0].rstrip(".")
            raise DeliverError(
                f"the model fails {self._culprit()}, which the contract accepts ({type(error).__name__}: {said}). "
                f"Put an imputer before it in a Pipeline, train a model that takes gaps, or require the field in "
                f"contract.py"
            ) from error

    def _culprit(self) -> str:
        """Say where the model fails: at which field's gap, where that explains it, else at which row."""
        for proof in self.rows:
            if self._fails(proof.vector):
                missing = [name for name, value in proof.row.items() if value is None]
                empty = [
                    column
                    for column, value in zip(self._encoding.columns, proof.vector[0], strict=True)
                    if np.isnan(value)
                ]
                if missing or empty:
                    return f"where {' and '.join(f'`{name}`' for name in missing or empty)} is missing"
                return f"on the row {json.dumps(proof.row)}"
        return "on all of its rows at once"

    def _fails(self, vector: FloatRows) -> bool:
        try:
            self._ask(vector)
        except Exception:  # whichever it is, it fails on this row
            return True
        return False

    def _where(self, place: int) -> str:
        proof = self.rows[place]
        return ", ".join(proof.covers) or json.dumps(proof.row)

    def _beside_thresholds(self, thresholds: Iterable[tuple[int, float]], features: FloatRows) -> FloatRows:
        """Make rows on each threshold and next to it, by what the column can be: nothing that no request can give."""
        known = np.concatenate([features, self.features])
        made: list[FloatRows] = []
        for place, (column, threshold) in enumerate(thresholds):
            if column < len(self._fields):
                field, background = self._fields[column], self.rows[place % len(self.rows)].row
                vectors = (self._encoding.vector(background | {field.name: value}) for value in field.beside(threshold))
                made += [vector for vector in vectors if vector is not None]
            else:
                made += _with_heuristic(known, place, column, threshold)
        return stacked(made, len(self._encoding.columns))


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


def decide(contract: Contract, score: np.float32) -> str:
    """Decide as the contract says; written apart from the function's own code, which it is compared with."""
    return next(decision for decision, edge in contract.decisions.items() if score <= np.float32(edge))


def require_range(scores: Scores, contract: Contract, whose: str, of: Callable[[int], str] | None = None) -> None:
    """Require that no score leaves the contract's range.

    Raises
    ------
    DeliverError
        When one does, or is not a number; names the row by ``of``.
    """
    low, high = np.float32(contract.score.low), np.float32(contract.score.high)
    outside = np.flatnonzero(~((scores >= low) & (scores <= high)))
    if len(outside):
        where = f", first at {of(int(outside[0]))}" if of else ""
        raise DeliverError(
            f"{whose} leave the contract's range: {scores.min()} to {scores.max()}, "
            f"where {contract.score.low} to {contract.score.high} was agreed{where}"
        )


def require_parity(found: Scores, scores: Scores, contract: Contract, of: str, where: Callable[[int], str]) -> None:
    """Require that onnxruntime's answers are the trained model's.

    Raises
    ------
    DeliverError
        When they are not; names the worst row by ``where``.
    """
    require_range(found, contract, f"onnxruntime's scores of {of}")
    apart = np.abs(found - scores)
    differ, worst = int((~(apart <= contract.budgets.parity)).sum()), int(apart.argmax())
    if differ:
        raise DeliverError(
            f"onnxruntime does not give the model's answers: {differ} of {len(scores)} {of} differ by more than "
            f"{contract.budgets.parity}, the worst is {where(worst)}, by {apart[worst]:.3g}. "
            f"The model's conversion to ONNX is not exact, and nothing was delivered: leave out the unusual step or "
            f"setting, or train another kind of model"
        )
    flips = [row for row in range(len(scores)) if decide(contract, found[row]) != decide(contract, scores[row])]
    if len(flips) > contract.budgets.flipped_decisions:
        raise DeliverError(
            f"onnxruntime decides otherwise than the model on {len(flips)} of {len(scores)} {of}, first on "
            f"{where(flips[0])}: a score lies on the edge of a decision. Move the edge in contract.py by a little"
        )
