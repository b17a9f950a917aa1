"""Which rows a proof asks about: drawn from the contract, a row for each value, like the data's, beside thresholds."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import tee
from random import Random
from typing import Any

import numpy as np

from handover.encoding import RowEncoder, stacked
from handover.errors import DeliverError
from handover.golden import ProofRow
from handover.rows import Domain, beside, drawn_row
from predictor.encoder import FloatRows
from predictor.files import Json

SEED = 0  # the same contract, and the same data, give the same rows
RANDOM_ROWS_PER_FIELD = 100
MIN_RANDOM_ROWS, MAX_RANDOM_ROWS = 500, 3000
TRIES = 20  # rows drawn around a value, before it is given up: a heuristic may fail on some of them
# A number that is like the data's is drawn from between two neighbouring quantiles. Each interval has some people's
# numbers, so that only a number which as many of them share is drawn as it stands.
MAX_INTERVALS = 20
MIN_IN_AN_INTERVAL = 5
MAX_DIGITS = 6  # behind the point; numbers of more are not rounded


def drawn_rows(fields: Sequence[Domain]) -> Iterator[Json]:
    """Draw some hundred to some thousand rows of a contract at random, by its size; each time the same ones."""
    random = Random(SEED)  # noqa: S311  nothing here is secret
    for _ in range(min(max(MIN_RANDOM_ROWS, RANDOM_ROWS_PER_FIELD * len(fields)), MAX_RANDOM_ROWS)):
        yield drawn_row(fields, random)


def rows_like(fields: Sequence[Domain], features: FloatRows) -> Iterator[Json]:
    """Draw rows without end, each time the same ones. Each field is drawn on its own: none is a person's row.

    A category, a flag and a gap have the share that they have in ``features``, float32 (N, K), whose first columns are
    the fields; a number lies between two neighbouring quantiles.
    """
    random = Random(SEED)  # noqa: S311  nothing here is secret
    drawing = {field.name: _drawing(field, features[:, place], random) for place, field in enumerate(fields)}
    while True:
        yield {name: drawn() for name, drawn in drawing.items()}


def _drawing(field: Domain, column: FloatRows, random: Random) -> Callable[[], Any]:
    seen = np.sort(column[~np.isnan(column)])
    known = [float(str(number)) for number in seen]  # as a person would write it, not to the last bit of a float32
    gaps = 1 - len(known) / len(column) if field.nullable else 0.0
    intervals = min(MAX_INTERVALS, len(known) // MIN_IN_AN_INTERVAL)
    quantiles = [known[place * (len(known) - 1) // intervals] for place in range(intervals + 1)] if intervals else []
    enough = (count for count in range(MAX_DIGITS + 1) if all(round(number, count) == number for number in known))
    digits = next(enough, None)

    def drawn() -> Any:
        if random.random() < gaps:
            return None
        if field.choices and known:
            return field.choices[int(random.choice(known))]
        if field.choices or not quantiles:
            return field.drawn(random)
        place = random.randrange(len(quantiles) - 1)
        number = random.uniform(*quantiles[place : place + 2])
        return field.nearest(number if digits is None else round(number, digits))

    return drawn


class Drawing:
    """Rows of every kind that a contract accepts.

    Each category, each flag, both ends of each range and one step inside, each gap alone and all of them together, and
    some hundred to some thousand at random. One on which a heuristic fails is left out; ``DeliverError`` where that is
    all of them. Where one equals a ``real`` row of the data, float32 (M, K), ``avoid`` draws another one; without it,
    the rows depend on the contract alone.
    """

    def __init__(
        self, fields: Sequence[Domain], encoding: RowEncoder, real: Iterable[FloatRows] = (), *, avoid: bool = True
    ) -> None:
        self._fields, self._encoding, self._avoid = fields, encoding, avoid
        self._real = set(map(self._key, real))
        self._random = Random(SEED)  # noqa: S311  nothing here is secret
        self.rows = [*self._covering(), *self.made(drawn_rows(fields))]
        if not self.rows:
            raise DeliverError(
                "every row that was drawn from the contract makes a heuristic fail: make check ONLY=H107 shows the "
                "simplest; fix it in heuristics.py"
            )
        self.features = stacked((row.vector for row in self.rows), len(encoding.columns))

    def made(self, rows: Iterable[Json], covers: Iterable[str] = ()) -> Iterator[ProofRow]:
        """Lay rows out, but those that the contract refuses, or on which a heuristic fails."""
        asked, laid_out = tee(rows)
        for row, vector in zip(asked, self._encoding.vectors(laid_out), strict=True):
            if vector is not None:
                yield ProofRow(row, vector, tuple(covers), self._key(vector[0]) in self._real)

    def beside_thresholds(self, asked: Iterable[tuple[int, float]]) -> list[ProofRow]:
        """Make rows on each threshold and next to it, by what the column can be: nothing that no request can give.

        A heuristic is put there alone, which no row does: of these there is the model's input only, and no row.
        """
        made: list[ProofRow] = []
        for place, (column, threshold) in enumerate(asked):
            if column < len(self._fields):
                field, background = self._fields[column], self.rows[place % len(self.rows)].row
                made += self.made(background | {field.name: value} for value in field.beside(threshold))
            else:
                vectors = _with_heuristic(self.features, place, column, threshold)
                made += (ProofRow({}, vector) for vector in vectors)
        return made

    def _key(self, vector: FloatRows) -> bytes:
        """Give what two rows share exactly if their fields are the same to the model."""
        return (vector[: len(self._fields)] + 0).tobytes()  # -0.0 is 0.0

    def _covering(self) -> Iterator[ProofRow]:
        """Draw rows that together have every value that the model can tell apart from its neighbours."""
        values = [field.edge_values for field in self._fields]
        for turn in range(max(map(len, values), default=0)):
            # Fields are shifted against each other: all at their lowest end is a corner where heuristics like to fail.
            chosen = {
                field.name: edges[(turn + place) % len(edges)]
                for place, (field, edges) in enumerate(zip(self._fields, values, strict=True))
                if turn < len(edges)
            }
            together = self._around(chosen)
            alone = ({name: value} for name, value in chosen.items())
            yield from [together] if together else filter(None, map(self._around, alone))
        gaps = [field.name for field in self._fields if field.nullable]
        all_of_them = [dict.fromkeys(gaps)] if len(gaps) > 1 else []
        yield from filter(None, map(self._around, [*({name: None} for name in gaps), *all_of_them]))

    def _around(self, chosen: Json) -> ProofRow | None:
        """Draw a row that has these values, and no other gap; a real one only where no other is drawn."""
        covers, real = [f"{name} = {json.dumps(value)}" for name, value in chosen.items()], None
        for _ in range(TRIES):
            made = next(self.made([drawn_row(self._fields, self._random, gaps=0) | chosen], covers), None)
            if made and not (made.real and self._avoid):
                return made
            real = real or made
        return real


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
