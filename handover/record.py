"""What each field was in the rows that judge a model, by itself; a row that is drawn from that is nobody's."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import numpy as np

from handover.rows import Domain
from predictor.encoder import FloatRows
from predictor.files import Json

SEED = 0  # the same rows give the same drawn ones
# A number is drawn from between two neighbouring quantiles. Each interval has some people's numbers, so that only a
# number which as many of them share is drawn as it stands.
MOST_INTERVALS = 20
FEWEST_IN_AN_INTERVAL = 5
MOST_DIGITS = 6  # behind the point; numbers of more are not rounded


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
    intervals = min(MOST_INTERVALS, len(known) // FEWEST_IN_AN_INTERVAL)
    quantiles = [known[place * (len(known) - 1) // intervals] for place in range(intervals + 1)] if intervals else []
    enough = (count for count in range(MOST_DIGITS + 1) if all(round(number, count) == number for number in known))
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
