"""Columns that give the target away: known only when the target is, so that a model that sees them learns nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from handover.draft.fields import Field
from handover.draft.target import MIN_OF_A_CLASS, Target

ALMOST = 0.99  # balanced share of rows that the column alone tells rightly
SUSPECT = 0.96  # balanced share from which on a person should look at the column
ALMOST_BY_GAPS = 0.95  # the same, told only by whether the column is filled: causes seldom are so
IN_STEP = 0.9995  # correlation of ranks, where the target is a number
SUSPECT_IN_STEP = 0.995
THE_SAME = 0.9  # share of the rows that hold the target's own number
SUSPECT_THE_SAME = 0.5
MIN_ROWS = 50  # with fewer, parts may add up by chance
MAX_PARTS = 6
MAX_ROWS = 20_000  # looked at for parts: a sum is a sum in each of them
CLOSE = 0.02  # of a whole factor
REST = 0.005  # share of the target's spread that its parts, rounded, may leave

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Leak:
    """What gives the target away."""

    why: str
    """In a few words that follow the column's name."""
    how_sure: Literal["surely", "likely", "perhaps"]
    """Only the target's own words, or numbers that follow from it, are surely known no earlier than it is."""


def gives_away(field: Field, target: Target) -> Leak | None:
    """Say how the column, of the rows that have a target, gives it away; nothing when it does not."""
    if target.is_number:
        return _of_a_number(field, target)
    if target.classes:  # what gives the target away gives each class away
        leaks = [gives_away(field, target.of_class(place)) for place in range(len(target.classes))]
        return leaks[0] if all(leaks) else None
    known, labels = ~np.isnan(field.encoded), target.labels
    share = _share_by_groups(field.groups, labels)
    if share == 1.0 and field.groups.max() == 1:
        return Leak(f"it is {target.header} in other words", "surely")
    if field.is_number:
        share = max(share, _share_by_threshold(field.encoded[known], labels[known], labels))
    alone = f"alone it tells {share:.1%} of {target.header} rightly"
    if share >= ALMOST:
        return Leak(alone, "likely")
    suspected = Leak(alone, "perhaps") if share >= SUSPECT and len(labels) >= MIN_ROWS else None
    return filled_by_target(known, target) or suspected


def filled_by_target(known: ArrayLike, target: Target) -> Leak | None:
    """Say that the column is filled for one class and empty for the other; nothing when it is not."""
    if target.is_number:
        return None
    if target.classes:
        leaks = (filled_by_target(known, target.of_class(place)) for place in range(len(target.classes)))
        return next(filter(None, leaks), None)
    share = _share_by_groups(np.asarray(known, dtype=np.int64), target.labels)
    if share < ALMOST_BY_GAPS:
        return None
    return Leak(f"whether it is filled tells {share:.1%} of {target.header} rightly", "likely")


def made_up(fields: Sequence[Field], target: Target) -> list[tuple[Field, str]]:
    """Find the numbers that the target is the sum, mean or product of, each with a few words that say so."""
    numbers = [field for field in fields if field.is_number]
    labels = target.labels[:MAX_ROWS]
    if not target.is_number or len(labels) < MIN_ROWS or not numbers:
        return []
    columns = np.nan_to_num(np.array([field.encoded[:MAX_ROWS] for field in numbers]).T)
    parts = _parts(columns, labels)
    headers = [numbers[place].header for place in parts]
    if parts and all(abs(len(parts) * factor - 1) < CLOSE for factor in parts.values()):
        formula = f"the mean of {' and '.join(headers)}"
    elif _are_plain(parts):
        signs = ["+" if factor > 0 else "-" for factor in parts.values()]
        formula = " ".join(map("{} {}".format, signs, headers)).removeprefix("+ ")
    elif labels.min() > 0:
        places = np.flatnonzero(columns.min(axis=0) > 0)
        logs = _parts(np.log(columns[:, places]), np.log(labels))
        parts = {int(places[place]): power for place, power in logs.items()} if _are_plain(logs) else {}
        powers = {1: "* {}", 2: "* {} ^ 2", -1: "/ {}", -2: "/ {} ^ 2"}
        factors = (powers[round(power)].format(numbers[place].header) for place, power in parts.items())
        formula = " ".join(factors).removeprefix("* ")
    else:
        return []
    return [(numbers[place], f"{target.header} is {formula}") for place in parts]


def _are_plain(parts: Mapping[int, float]) -> bool:
    """Say whether each part is taken once or twice."""
    return bool(parts) and all(min(abs(abs(factor) - 1), abs(abs(factor) - 2)) < CLOSE for factor in parts.values())


def _parts(columns: Floats, target: Floats) -> dict[int, float]:
    """Find few columns whose weighted sum differs from the target by a constant; nothing where there are no such.

    At each step the column joins that says most about what is left of the target.
    """
    columns, target = columns - columns.mean(axis=0), target - target.mean()
    spreads = columns.std(axis=0)
    chosen: list[int] = []
    factors, rest = np.zeros(0), target
    while len(chosen) < min(MAX_PARTS, columns.shape[1]) and rest.std() > REST * target.std():
        says = np.abs(columns.T @ rest) / np.where(spreads > 0, spreads, np.inf)
        says[chosen] = 0
        chosen.append(int(says.argmax()))
        factors = np.linalg.lstsq(columns[:, chosen], target, rcond=None)[0]
        rest = target - columns[:, chosen] @ factors
    counts = np.abs(factors) * spreads[chosen] > REST * target.std()
    parts = {place: float(factor) for place, factor, does in zip(chosen, factors, counts, strict=True) if does}
    parts = dict(sorted(parts.items(), key=lambda part: -round(part[1], 1)))  # a formula begins with what is added
    return parts if rest.std() <= REST * target.std() and len(parts) > 1 else {}


def _share_by_groups(groups: Integers, labels: Floats) -> float:
    """Give the balanced share of rows told rightly when each row is called as the others of its group mostly are.

    Were the row itself counted, a column with a value for nearly every row would tell all.
    """
    positive, negative = np.bincount(groups, labels), np.bincount(groups, 1 - labels)
    all_positive, all_negative = positive.sum(), negative.sum()
    right_positive = positive[(positive - 1) / all_positive > negative / all_negative].sum()
    right_negative = negative[(negative - 1) / all_negative > positive / all_positive].sum()
    return float(right_positive / all_positive + right_negative / all_negative) / 2


def _share_by_threshold(numbers: Floats, classes: Floats, labels: Floats) -> float:
    """Give the balanced share of rows told rightly by the best threshold; rows without a number count as wrong."""
    order = np.argsort(numbers, kind="stable")
    numbers, classes = numbers[order], classes[order]
    ends = np.append(np.flatnonzero(np.diff(numbers)), len(numbers) - 1)
    positive, negative = np.cumsum(classes)[ends], np.cumsum(1 - classes)[ends]
    all_positive, all_negative = labels.sum(), (1 - labels).sum()
    below = positive / all_positive + (negative[-1] - negative) / all_negative
    above = (positive[-1] - positive) / all_positive + negative / all_negative
    return float(max(below.max(), above.max()) / 2)


def _of_a_number(field: Field, target: Target) -> Leak | None:
    labels, groups, known = target.labels, field.groups, ~np.isnan(field.encoded)
    if field.kind != "category" and known.sum() >= max(10, 0.5 * len(known)):
        numbers = field.encoded[known]
        if len(np.unique(numbers)) > 10:
            return _of_numbers(numbers, labels[known], target.header)
    sizes = np.bincount(groups)
    fewest = MIN_OF_A_CLASS if len(sizes) > 2 else 2 * MIN_OF_A_CLASS
    if len(sizes) > 1 and sizes.min() >= fewest:
        bands = sorted((labels[groups == group].min(), labels[groups == group].max()) for group in range(len(sizes)))
        if all(lower[1] <= upper[0] for lower, upper in pairwise(bands)):
            return Leak("its values are bands of the target", "likely")
    return None


def _of_numbers(numbers: Floats, labels: Floats, target: str) -> Leak | None:
    together = abs(float(np.corrcoef(pd.Series(numbers).rank(), pd.Series(labels).rank())[0, 1]))
    if together >= IN_STEP:
        return Leak(f"it rises and falls with the target, row by row (correlation of ranks {together:.4f})", "surely")
    # In many tables most rows are 0 in more than one column.
    values, counts = np.unique(labels, return_counts=True)
    others = labels != values[counts.argmax()]
    same = numbers == labels
    if others.sum() >= MIN_ROWS and (share := float(same[others].mean())) >= SUSPECT_THE_SAME:
        return Leak(f"it is {target} itself in {same.mean():.1%} of rows", "likely" if share >= THE_SAME else "perhaps")
    if together >= SUSPECT_IN_STEP and len(labels) >= MIN_ROWS:
        return Leak(f"it nearly rises and falls with the target (correlation of ranks {together:.4f})", "perhaps")
    return None
