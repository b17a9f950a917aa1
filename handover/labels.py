"""The labels that judge a model, as numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.errors import DeliverError


def as_numbers(
    model: Any, labels: Iterable[Any], rows: int, positive: object, classes: Sequence[str] = ()
) -> NDArray[np.float64]:
    """Give the labels as numbers, float64 (N, C), one beside each score.

    Where there is one score and the labels are the model's classes, 1 for the class that is the score's; of the
    contract's classes 1 for the one that the row is of and 0 for the others.

    Raises
    ------
    DeliverError
        When there is not one for each row, one is neither a number nor one of the classes, or all are alike.
    """
    given = np.asarray(labels if hasattr(labels, "__len__") else list(labels), dtype=object)
    given = given.reshape(-1) if given.ndim == 2 and given.shape[1] == 1 else given
    if given.shape != (rows,):
        shape = f"{len(given)} labels" if given.ndim == 1 else f"labels of shape {given.shape}"
        raise DeliverError(f"there are {shape} for {rows} rows; give one for each row, in their order")
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    known = np.asarray([] if (listed := getattr(model, "classes_", None)) is None else listed).tolist()
    if classes:
        return _one_for_each(_places(values, known, classes), classes)
    if not known and positive is not None:  # of a file, say, which numbers its classes
        others = [label for label in values if label != positive]
        known = [next(iter(others), None), positive]
    if len(known) == 2:
        values = _of_two(values, known, positive if positive is not None else known[1])
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DeliverError(
            f"labels are {', '.join(sorted({repr(label) for label in values})[:3])}, not numbers: give 1 for "
            f"the outcome that the score is the probability of and 0 for the other, or say positive="
        ) from None
    if not np.isfinite(numbers).all():
        raise DeliverError(f"label {int(np.flatnonzero(~np.isfinite(numbers))[0])} is not a finite number")
    if np.ptp(numbers) == 0:
        raise DeliverError(
            f"all {rows} labels are {numbers[0]:g}: rows of one outcome cannot judge a model; give held-out rows of "
            f"both"
        )
    return numbers[:, np.newaxis]


def _places(labels: list[Any], known: list[Any], classes: Sequence[str]) -> list[int]:
    """Find each label among the contract's classes; where the model knows them by their places, it may be that."""
    by_place = known in ([], list(range(len(classes)))) and not set(map(str, known)) >= set(classes)
    places: dict[Any, int] = {name: place for place, name in enumerate(classes)}
    found = []
    for row, label in enumerate(labels):
        if by_place and isinstance(label, int | float) and label in range(len(classes)):
            found.append(int(label))
        elif str(label) in places:
            found.append(places[str(label)])
        else:
            raise DeliverError(
                f"label {row} is {label!r}, which is none of the contract's classes {', '.join(classes)}"
            )
    return found


def _one_for_each(places: list[int], classes: Sequence[str]) -> NDArray[np.float64]:
    if len(set(places)) == 1:
        raise DeliverError(
            f"all {len(places)} labels are {classes[places[0]]!r}: rows of one class cannot judge a model; give "
            f"held-out rows of all"
        )
    return np.eye(len(classes))[places]


def _of_two(labels: list[Any], classes: list[Any], scored: object) -> list[Any]:
    """Give 1 for the class that the score is of, 0 for the other; labels may be the classes, or be 0 and 1 already."""
    odd = next((place for place, label in enumerate(labels) if label not in classes), None)
    if odd is None:
        return [label == scored for label in labels]
    if all(isinstance(label, int | float) and label in {0, 1} for label in labels):
        return labels
    raise DeliverError(
        f"label {odd} is {labels[odd]!r}, which is neither of the model's classes {classes[0]!r} and {classes[1]!r}"
    )
