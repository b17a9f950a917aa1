"""The labels that judge a model, as numbers, and what the class is called that its score is of."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from handover.conversion import by_name, by_place, numbered, numbers_its_classes
from handover.errors import DeliverError
from handover.quality import Numbers
from predictor.files import Json


def as_numbers(model: Any, labels: Iterable[Any], rows: int, positive: object, classes: Sequence[str] = ()) -> Numbers:
    """Give the labels as numbers, float64 (N, C), one beside each score.

    Where there is one score and the labels are the model's classes, 1 for the class that is the score's; of the
    contract's classes 1 for the one that the row is of and 0 for the others. ``DeliverError`` when there is not one for
    each row, one is neither a number nor one of the classes, or all are alike.
    """
    if labels is None or isinstance(labels, str):
        raise DeliverError(
            f"labels={labels!r}: give the outcomes themselves, one for each row, as in labels=table['y']"
        )
    given = np.asarray(labels if hasattr(labels, "__len__") else list(labels), dtype=object)
    given = given.reshape(-1) if given.ndim == 2 and given.shape[1] == 1 else given
    if given.shape != (rows,):
        shape = f"{len(given)} labels" if given.ndim == 1 else f"labels of shape {given.shape}"
        raise DeliverError(f"there are {shape} for {rows} rows; give one for each row, in their order")
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    if classes:
        places = _places(values, _classes(model), classes)
        if len(set(places)) == 1:
            raise DeliverError(
                f"all {rows} labels are {classes[places[0]]!r}: rows of one class cannot judge a model; give held-out "
                f"rows of all"
            )
        return np.eye(len(classes))[places]
    known = _as_the_labels_call_them(model, values, positive)
    if len(known) == 2:
        values = _of_two(values, known, positive if positive is not None else known[1])
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        way = ", or train a classifier" if hasattr(model, "get_params") else ", or say positive="
        raise DeliverError(
            f"labels are {_first(values)}, not numbers: give 1 for the outcome that the score is the probability of "
            f"and 0 for the other{way}"
        ) from None
    if not np.isfinite(numbers).all():
        raise DeliverError(f"label {int(np.flatnonzero(~np.isfinite(numbers))[0])} is not a finite number")
    if np.ptp(numbers) == 0:
        raise DeliverError(
            f"all {rows} labels are {numbers[0]:g}: rows of one outcome cannot judge a model; give held-out rows of "
            f"both"
        )
    return numbers[:, np.newaxis]


def score_of(model: Any, labels: Iterable[Any], positive: object) -> Json:
    """Give the ``class`` that a single score is the probability of, and the ``other``, where both have names."""
    names = _as_the_labels_call_them(model, labels, positive)
    if [type(name) for name in names] != [str, str]:
        return {}
    (place,) = by_name([positive], names) or [1]
    return {"class": names[place], "other": names[1 - place]}


def contradiction(meaning: str, scored: Any) -> str:
    """Say that a score's meaning names the class that the score is not of, by the manifest's ``score_of``."""
    if not isinstance(scored, dict) or not scored.keys() >= {"class", "other"}:
        return ""
    own, other = str(scored["class"]), str(scored["other"])
    named = [re.search(rf"(?<!\w){re.escape(name)}(?!\w)", meaning, re.IGNORECASE) for name in (own, other)]
    if named[0] or not named[1]:
        return ""
    return f"The score is of '{own}', and the contract calls it \"{meaning}\": '{other}' is the other class."


def _classes(model: Any) -> list[Any]:
    listed = getattr(model, "classes_", None)
    return [] if listed is None else np.asarray(listed).tolist()


def _as_the_labels_call_them(model: Any, labels: Iterable[Any], positive: object) -> list[Any]:
    """Give the classes of a model; of one that only numbers two, their names where ``positive`` is one of those."""
    known = _classes(model)
    if positive is None or not numbers_its_classes(model) or by_name([positive], known) is not None:
        return known
    named = list(labels)
    if by_name(named, [0, 1]) is None and by_name([positive], named) is None:
        raise DeliverError(f"positive={positive!r} is none of the labels, which are {_first(named)}")
    return [next((label for label in named if by_name([label], [positive]) is None), None), positive]


def _places(labels: list[Any], known: list[Any], classes: Sequence[str]) -> list[int]:
    """Find each label among the contract's classes: all by their names, or all by the places that the model has."""
    named = by_name(labels, classes)
    placed = by_place(labels, classes) if numbered(known, classes) else None
    if named and placed and named != placed:
        row = next(row for row in range(len(labels)) if named[row] != placed[row])
        raise DeliverError(
            f"label {row} is {labels[row]!r}, which is a class of the contract, and by its place from 0 on, as the "
            f"model numbers them, another one, {classes[placed[row]]!r}: train the model and label the rows by the "
            f"classes' names"
        )
    if (places := named or placed) is None:
        row = next(row for row, label in enumerate(labels) if by_name([label], classes) is None)
        raise DeliverError(
            f"label {row} is {labels[row]!r}, which is none of the contract's classes {', '.join(classes)}"
        )
    return places


def _first(labels: list[Any]) -> str:
    return ", ".join(sorted({repr(label) for label in labels})[:3])


def _of_two(labels: list[Any], classes: list[Any], scored: object) -> list[Any]:
    """Give 1 for the class that the score is of, 0 for the other; labels may be the classes, or be 0 and 1 already."""
    if (places := by_name(labels, classes)) is not None:
        (place,) = by_name([scored], classes) or [1]
        return [one == place for one in places]
    if (numbers := by_name(labels, [0, 1])) is not None:
        return numbers
    odd = next(place for place, label in enumerate(labels) if by_name([label], classes) is None)
    raise DeliverError(
        f"label {odd} is {labels[odd]!r}, which is neither of the model's classes {classes[0]!r} and {classes[1]!r}"
    )
