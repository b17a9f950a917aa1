"""Labels are numbers: of a classifier its classes, or 1 for the class that the score is of."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from handover.errors import DeliverError
from handover.labels import as_numbers


def numbers_of(labels: Any, classes: list[Any], positive: object = None) -> list[float]:
    model = SimpleNamespace(classes_=np.array(classes))
    return as_numbers(model, labels, len(labels), positive)[:, 0].tolist()


@pytest.mark.parametrize(
    ("labels", "classes", "positive", "numbers"),
    [
        ([0, 1, 1], [0, 1], None, [0, 1, 1]),
        ([False, True, True], [0, 1], None, [0, 1, 1]),
        ([0.0, 1.0, 1.0], [False, True], None, [0, 1, 1]),
        ([-1, 1, 1], [-1, 1], None, [0, 1, 1]),
        ([-1, 1, 1], [-1, 1], -1, [1, 0, 0]),
        ([1, 2, 2], [1, 2], 2, [0, 1, 1]),
        ([1, 2, 2], [1, 2], 1, [1, 0, 0]),
        ([0, 1, 1], [0, 1], 0, [1, 0, 0]),
        (["good", "bad", "bad"], ["bad", "good"], "bad", [0, 1, 1]),
        ([0, 1, 1], ["bad", "good"], "bad", [0, 1, 1]),
        (np.array(["good", "bad", "bad"]), ["bad", "good"], "bad", [0, 1, 1]),
    ],
)
def test_they_are_numbers(labels: Any, classes: Any, positive: object, numbers: list[float]) -> None:
    assert numbers_of(labels, classes, positive) == numbers


@pytest.mark.parametrize(
    ("labels", "classes", "odd"),
    [
        (["good", None, "bad"], ["bad", "good"], "label 1 is None"),
        (["good", "BAD", "bad"], ["bad", "good"], "label 1 is 'BAD'"),
        (["good", float("nan"), "bad"], ["bad", "good"], "label 1 is nan"),
        ([0, 1, 2], [0, 1], "label 2 is 2"),
    ],
)
def test_what_is_no_class_is_named(labels: Any, classes: Any, odd: str) -> None:
    with pytest.raises(DeliverError, match=f"^{odd}, which is neither of the model's classes "):
        numbers_of(labels, classes, "bad" if "bad" in classes else None)


@pytest.mark.parametrize("classes", [None, []])
def test_of_a_model_without_classes_the_positive_one_may_be_named(classes: Any) -> None:
    model = SimpleNamespace(classes_=classes)
    assert as_numbers(model, ["good", "bad", "bad"], 3, "bad")[:, 0].tolist() == [0, 1, 1]
    assert as_numbers(model, [0, 1, 1], 3, "bad")[:, 0].tolist() == [0, 1, 1]
    with pytest.raises(DeliverError, match=r"^label 2 is 'odd', which is neither"):
        as_numbers(model, ["good", "bad", "odd"], 3, "bad")
