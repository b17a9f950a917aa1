"""First behaviours of a new project: such as the model of the drafted training has, with room to spare."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.draft.fields import Field
from handover.draft.words import quoted
from handover.draft.writing import laid_out, literal, rendered
from handover.project import Project
from handover.retraining import trained_again
from predictor import files
from predictor.delivery import Delivery
from predictor.files import Json
from predictor.prediction import Predictor
from predictor.problems import MAX_BATCH_ROWS

type Scores = NDArray[np.float64]

# The model that will be trained on other heuristics, or by another version of the framework, is to have them, too.
USUAL = 0.1, 0.9  # quantiles of a number between which its usual values lie
LEAST = 0.9  # share of the golden rows on which a direction must show; in the model of the draft it does in all
CLEAR = 0.1  # of the scores' spread: a direction moves them by so much on average
SMALL = 0.25  # of the scores' spread: an invariance that allows more says nothing
SPARE = 3.0  # times what the draft's model moves them, at least a twentieth of the spread
AWAY = 0.15  # of the scores' spread: how far a case is from where it is decided otherwise


@dataclass(frozen=True)
class Drafted:
    """A behaviour, as the template writes it."""

    above: str
    name: str
    asks: str
    that: str
    rows: str = ""
    """The line that makes the rows that it compares."""


@dataclass(frozen=True)
class Pair:
    """Two usual values of a field, and what the second one's scores are more than the first one's, on each row."""

    field: Field
    values: tuple[Any, Any]
    more: Scores

    def rows(self, first: str, second: str) -> str:
        """Name the row with each value."""
        one, other = (f'row | {{"{self.field.name}": {literal(value)}}}' for value in self.values)
        return f"{first}, {second} = {one}, {other}"


class Model:
    """A delivery that answers."""

    def __init__(self, delivery: Path) -> None:
        opened = Delivery.open(delivery)
        self._predict = Predictor(opened).predict_batch
        self.scores, self.rows = opened.scores, [line["row"] for line in files.golden(delivery)]
        self.spread = float(np.ptp(np.quantile(self.answered(self.rows), [0.05, 0.95], axis=0), axis=0).max())

    def answered(self, rows: Sequence[Json]) -> Scores:
        """Give the scores of rows, float64 (N, C)."""
        batches = batched(rows, MAX_BATCH_ROWS, strict=False)
        answers = [answer for batch in batches for answer in self._predict(json.dumps(batch))]
        return np.array([answer.scores for answer in answers], dtype=np.float64)

    def pair(self, field: Field, values: tuple[Any, Any]) -> Pair:
        """Ask for all golden rows with each of two values."""
        first, second = (self.answered([row | {field.name: value} for row in self.rows]) for value in values)
        return Pair(field, values, second - first)

    def decided(self, row: Json) -> str:
        """Decide on a row; nothing where another decision is near."""
        scores = self.answered([row])[0]
        near = [scores + step * self.spread * AWAY for step in np.vstack([np.eye(len(scores)), -np.eye(len(scores))])]
        within = np.clip([scores, *near], self.scores.low, self.scores.high)
        decisions = {self.scores.decide(each) for each in within.tolist()}
        return decisions.pop() if len(decisions) == 1 else ""


def drafted(root: Path, fields: Sequence[Field], usual: Json) -> str:
    """Write ``behaviours.py`` of a new project: a direction, an invariance and a case, as far as its model has them.

    The project is trained once, in a copy; ``usual`` is a row of each field's usual value. Nothing is written where the
    model has none of them; ``NotTrainedError`` when the training does not deliver.
    """
    project = Project(root)
    with trained_again(project, root, project.delivery, project.training) as again:
        model = Model(again.delivery)
        if not model.spread:
            return ""
        pairs = [model.pair(field, values) for field in fields if (values := _two(field))]
        direction = _direction(model, pairs)
        others = [pair for pair in pairs if not direction or direction.name != f"{pair.field.name}_counts"]
        invariance = _invariance(model, others)
        decision = model.decided(usual)
    behaviours = [one for one in (direction, invariance) if one]
    row: list[str] = []
    if decision:
        above = laid_out("@always", "()", [quoted(f"a usual row is decided: {decision}"), "rows=[_USUAL]"], "")
        behaviours.append(Drafted(above, "usual_row", "decide", f"decide(row) == {quoted(decision)}"))
        row = [f'"{name}": {literal(value)}' for name, value in usual.items()]
    words = sorted({one.above[1:].partition("(")[0] for one in behaviours})
    return rendered("behaviours.py", behaviours=behaviours, words=words, usual=row) if behaviours else ""


def _two(field: Field) -> tuple[Any, Any] | None:
    """Choose two usual values: numbers near the ends of what is usual, both flags, the two most frequent categories.

    A number that one row alone has is none of them: no row shall be told from it.
    """
    counts = Counter(value for value in field.values if value is not None)
    if field.is_number:
        ends = np.quantile([*counts.elements()], USUAL)
        near = ([_rounded(field, end, digits) for digits in (2, 1, 3)] for end in ends)
        values = [value for each in near for value in [one for one in each if counts[one] != 1][:1]]
    else:
        values = [value for value, _ in counts.most_common(2)]
    return (values[0], values[1]) if len({*values}) == 2 else None


def _rounded(field: Field, number: float, digits: int) -> float:
    within = min(max(float(f"{number:.{digits}g}"), field.low), field.high)
    return round(within) if field.kind == "whole" else float(within)


def _direction(model: Model, pairs: Sequence[Pair]) -> Drafted | None:
    """Find the number that moves a score most, and always to the same side."""
    clear = [
        (abs(by), pair, score, by > 0)
        for pair in pairs
        if pair.field.is_number
        for score, by in enumerate(pair.more.mean(axis=0))
        if abs(by) > CLEAR * model.spread and np.all(pair.more[:, score] * by >= 0)
    ]
    if not clear:
        return None
    _, pair, score, rises = max(clear, key=lambda one: one[0])
    of = _of(model, score)
    name, (first, second) = pair.field.name, map(literal, pair.values)
    what = f"score of {model.scores.names[score]}" if of else "score"
    sentence = f"{name} of {second} gives no {'lower' if rises else 'higher'} {what} than {first}"
    above = laid_out("@mostly", "()", [quoted(sentence), f"least={LEAST}"], "")
    that = f"score(high){of} {'>=' if rises else '<='} score(low){of}"
    return Drafted(above, f"{name}_counts", "score", that, pair.rows("low", "high"))


def _invariance(model: Model, pairs: Sequence[Pair]) -> Drafted | None:
    """Find the field that moves the scores least."""
    if not pairs:
        return None
    pair = min(pairs, key=lambda pair: float(np.abs(pair.more).max()))
    most = np.abs(pair.more).max(axis=0)
    least = max(SPARE * float(most.max()), model.spread / 20)
    step = 10.0 ** math.floor(math.log10(least))
    limit = float(f"{math.ceil(least / step) * step:.1g}")  # rounded up to one digit
    if not 0 < limit <= SMALL * model.spread:
        return None
    of = _of(model, int(most.argmax()))
    name, values = pair.field.name, " or ".join(map(literal, pair.values))
    above = laid_out("@always", "()", [quoted(f"{name} of {values} hardly matters")], "")
    that = f"abs(score(other){of} - score(one){of}) < {limit:g}"
    return Drafted(above, f"{name}_hardly_matters", "score", that, pair.rows("one", "other"))


def _of(model: Model, score: int) -> str:
    """Write which of the scores is meant; nothing where there is only one."""
    return f"[{quoted(model.scores.names[score])}]" if model.scores.of_classes else ""
