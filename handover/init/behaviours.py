"""First behaviours of a new project: such as the model of the drafted training has, with room to spare."""

import json
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
from handover.draft.writing import literal, rendered
from handover.project import Project
from handover.retraining import trained_again
from predictor import files
from predictor.delivery import Delivery
from predictor.files import Json
from predictor.prediction import Predictor
from predictor.problems import MAX_BATCH_ROWS

type Scores = NDArray[np.float64]

# Honest models of other rows, another seed or another kind are to have them, too: the numbers were chosen so that of
# those trained of eight tables 2 in 100 lack one. The spread is that of the scores, from their 5 to their 95 %.
USUAL = 0.1, 0.9  # quantiles of a number between which its usual values lie
LEAST = 0.8  # share of the golden rows on which one must hold; in the model of the draft it does on all
CLEAR = 0.5  # of the spread: a direction moves the scores by so much on average
STILL = 0.05  # of the spread: an invariance moves no score of the draft's model by more
SMALL = 0.25  # of the spread: and those of other models by no more than this
AWAY = 0.4  # of the spread: what is decided on scores so far from a row's may be decided on that row, too


@dataclass(frozen=True)
class Drafted:
    """A behaviour, as the template writes it."""

    sentence: str
    name: str
    asks: str
    that: str
    rows: str = ""
    """The line that makes the rows that it compares."""
    kind: str = "mostly"
    where: str = f"least={LEAST}"


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

    def near(self, row: Json) -> list[str]:
        """List what another model may decide on a row, whose scores are near this one's."""
        scores = self.answered([row])[0]
        ends, steps = [*np.eye(len(scores)), np.zeros(len(scores))], np.linspace(0, AWAY * self.spread, 10)
        near = [scores + (more - less) * step for more in ends for less in ends for step in steps]
        decided = set(map(self.scores.decide, np.clip(near, self.scores.low, self.scores.high).tolist()))
        return [decision for decision in self.scores.decisions if decision in decided]


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
        near = model.near(usual)
    behaviours = [one for one in (direction, invariance) if one]
    is_case = len(near) < len(model.scores.decisions)
    if is_case:
        that = f"== {quoted(near[0])}" if len(near) == 1 else f"in {{{', '.join(map(quoted, near))}}}"
        sentence = f"a usual row is decided: {' or '.join(near)}"
        case = Drafted(sentence, "usual_row", "decide", f"decide(row) {that}", kind="always", where="rows=[_USUAL]")
        behaviours.append(case)
    return rendered("behaviours.py", behaviours=behaviours, usual=usual if is_case else {}) if behaviours else ""


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
    that = f"score(high){of} {'>=' if rises else '<='} score(low){of}"
    return Drafted(sentence, f"{name}_counts", "score", that, pair.rows("low", "high"))


def _invariance(model: Model, pairs: Sequence[Pair]) -> Drafted | None:
    """Find the field that moves the scores least."""
    pair = min(pairs, key=lambda pair: float(np.abs(pair.more).max()), default=None)
    if pair is None or np.abs(pair.more).max() > STILL * model.spread:
        return None
    limit = float(f"{SMALL * model.spread:.2g}")
    of = _of(model, int(np.abs(pair.more).max(axis=0).argmax()))
    name, values = pair.field.name, " or ".join(map(literal, pair.values))
    that = f"abs(score(other){of} - score(one){of}) < {limit:g}"
    rows = pair.rows("one", "other")
    return Drafted(f"{name} of {values} hardly matters", f"{name}_hardly_matters", "score", that, rows)


def _of(model: Model, score: int) -> str:
    """Write which of the scores is meant; nothing where there is only one."""
    return f"[{quoted(model.scores.names[score])}]" if model.scores.of_classes else ""
