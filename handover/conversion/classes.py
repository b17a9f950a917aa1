"""Which class of the contract a number, a float or a word stands for: of a model's classes and of labels, by one rule.

By its name, where all are names of the contract's classes: 0, 0.0 and "0" are one name. Else by its place in the
contract's list, where all are places in it, from 0 on.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

WHOLE = re.compile(r"(-?\d+)\.0+", re.ASCII)
FLAGS = {"False": "0", "True": "1"}


def name_of(label: object) -> str:
    """Give the name that a class is known by, however it is written; false is 0, and true is 1."""
    word = FLAGS.get(str(label), str(label))
    return is_whole[1] if (is_whole := WHOLE.fullmatch(word)) else word


def by_name(labels: Iterable[object], classes: Iterable[object]) -> list[int] | None:
    """Find the places of labels among the classes by their names; None where one is no class's."""
    places = {name_of(one): place for place, one in enumerate(classes)}
    given = [places.get(name_of(label)) for label in labels]
    return [place for place in given if place is not None] if None not in given else None


def by_place(labels: Iterable[object], classes: Sequence[object]) -> list[int] | None:
    """Take labels for places among the classes, from 0 on; None where one is none."""
    return by_name(labels, range(len(classes)))


def numbered(known: Sequence[object], classes: Sequence[str]) -> bool:
    """Whether a model knows the classes by their places; without a list of its own it numbers them from 0."""
    return by_name(known or range(len(classes)), classes) is None


def in_order(known: Sequence[object], classes: Sequence[str]) -> list[int] | None:
    """Find each class of the contract in the model's list; None where the two are not the same classes."""
    places = by_name(known, classes) or by_place(known, classes) or []
    every = list(range(len(classes)))
    return [places.index(place) for place in every] if sorted(places) == every else None


def numbers_its_classes(model: Any) -> bool:
    """Whether a model has no names for its two classes, as a file of one has none: the labels may have some."""
    known = getattr(model, "classes_", None)
    return known is None or len(known) == 0 or (list(known) == [0, 1] and not hasattr(model, "get_params"))
