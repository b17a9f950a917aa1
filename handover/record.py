"""What each field was in the rows that judge a model, by itself; a row that is drawn from that is nobody's."""

from collections.abc import Iterator, Sequence
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


class Record:
    """The share of each category, flag and gap, and the quantiles of each number: fields, and not rows.

    Parameters
    ----------
    fields
        What the contract's fields can be.
    features
        The rows as the model's input, float32 (N, K); its first columns are the fields.
    """

    def __init__(self, fields: Sequence[Domain], features: FloatRows) -> None:
        self._columns = [_Column(field, features[:, place]) for place, field in enumerate(fields)]

    def rows(self) -> Iterator[Json]:
        """Draw rows without end, each time the same ones. Each field is drawn on its own: none is a person's row."""
        random = Random(SEED)  # noqa: S311  nothing here is secret
        while True:
            yield {column.field.name: column.drawn(random) for column in self._columns}


class _Column:
    def __init__(self, field: Domain, values: FloatRows) -> None:
        self.field = field
        known = np.sort(values[~np.isnan(values)])
        self._gaps = 1 - len(known) / len(values) if field.nullable else 0.0
        # As a person would write it, not to the last bit of a float32.
        self._known = [float(str(number)) for number in known]
        intervals = min(MOST_INTERVALS, len(known) // FEWEST_IN_AN_INTERVAL)
        places = [place * (len(known) - 1) // intervals for place in range(intervals + 1)] if intervals else []
        self._quantiles = [self._known[place] for place in places]
        self._digits = next((count for count in range(MOST_DIGITS + 1) if self._has_digits(count)), None)

    def _has_digits(self, count: int) -> bool:
        return all(round(number, count) == number for number in self._known)

    def drawn(self, random: Random) -> Any:
        """Draw a gap or a category by its share, and a number from between two neighbouring quantiles."""
        if random.random() < self._gaps:
            return None
        if self.field.choices:
            return self.field.choices[int(random.choice(self._known))] if self._known else self.field.drawn(random)
        if not self._quantiles:
            return self.field.drawn(random)
        place = random.randrange(len(self._quantiles) - 1)
        number = random.uniform(*self._quantiles[place : place + 2])
        return self.field.nearest(number if self._digits is None else round(number, self._digits))
