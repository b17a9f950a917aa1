"""Labels are numbers: of a classifier its classes, or 1 for the class that the score is of."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from handover.errors import DeliverError
from handover.labels import as_numbers, contradiction, score_of


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


def classes_of(labels: list[Any], known: list[Any], classes: tuple[str, ...]) -> list[str]:
    model = SimpleNamespace(classes_=np.array(known))
    places = as_numbers(model, labels, len(labels), None, classes).argmax(axis=1)
    return [classes[place] for place in places]


@pytest.mark.parametrize(
    ("labels", "known", "classes", "taken"),
    [
        ([0.0, 2.0, 1.0], [0.0, 1.0, 2.0], ("2", "1", "0"), ["0", "2", "1"]),
        ([0, 2, 1], ["0", "1", "2"], ("2.0", "1.0", "0.0"), ["0.0", "2.0", "1.0"]),
        ([1, 2, 3], [0, 1, 2], ("1", "2", "3"), ["1", "2", "3"]),
        ([0, 1, 2], [0, 1, 2], ("1", "2", "3"), ["1", "2", "3"]),
        ([1.0, 2.0, 3.0], [], ("1", "2", "3"), ["1", "2", "3"]),
        ([0, 1, 2], [], ("2", "1", "0"), ["0", "1", "2"]),
        ([0.0, 1.0, 2.0], [], ("low", "mid", "high"), ["low", "mid", "high"]),
    ],
)
def test_of_classes_all_are_names_or_all_are_places(
    labels: list[Any], known: list[Any], classes: tuple[str, ...], taken: list[str]
) -> None:
    assert classes_of(labels, known, classes) == taken


def test_labels_that_may_be_names_or_places_are_refused() -> None:
    with pytest.raises(DeliverError) as refusal:
        classes_of([1, 2, 1], [0, 1, 2], ("1", "2", "3"))
    assert str(refusal.value) == (
        "label 0 is 1, which is a class of the contract, and by its place from 0 on, as the model numbers them, "
        "another one, '2': train the model and label the rows by the classes' names"
    )


def test_names_and_places_are_not_mixed() -> None:
    with pytest.raises(DeliverError, match=r"^label 1 is 0, which is none of the contract's classes 1, 2, x$"):
        classes_of(["x", 0, 2], [0, 1, 2], ("1", "2", "x"))


def test_a_positive_class_that_no_label_is_of_is_a_typo() -> None:
    with pytest.raises(DeliverError, match=r"^positive='Bad' is none of the labels, which are 'bad', 'good'$"):
        as_numbers(SimpleNamespace(), ["good", "bad"], 2, "Bad")


def test_an_onnx_file_of_two_outputs_may_have_labels_in_words() -> None:
    model = SimpleNamespace(classes_=[0, 1])
    assert as_numbers(model, ["good", "bad"], 2, "bad")[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize("labels", [None, "y"])
def test_labels_are_no_name(labels: Any) -> None:
    with pytest.raises(
        DeliverError, match=r"give the outcomes themselves, one for each row, as in labels=table\['y'\]$"
    ):
        as_numbers(SimpleNamespace(), labels, 2, None)


@pytest.mark.parametrize(
    ("classes", "labels", "positive", "expected"),
    [
        (["bad", "good"], ["good", "bad"], "good", {"class": "good", "other": "bad"}),
        (["bad", "good"], [0, 1], "bad", {"class": "bad", "other": "good"}),
        (None, ["good", "bad"], "bad", {"class": "bad", "other": "good"}),  # a file only numbers them
        (None, [0, 1], "bad", {}),
        ([0, 1], [0, 1], None, {}),
        (None, [2.5, 7.0], None, {}),
    ],
)
def test_the_class_of_the_score_is_known_where_both_have_names(
    classes: list[Any] | None, labels: list[Any], positive: object, expected: dict[str, str]
) -> None:
    assert score_of(SimpleNamespace(classes_=classes), labels, positive) == expected


@pytest.mark.parametrize(
    ("meaning", "doubted"),
    [
        ("probability that class is bad", True),
        ("Bad within a year [1]", True),
        ("probability that class is good", False),
        ("probability of good, not of bad", False),
        ("probability that a badge is lost", False),
    ],
)
def test_a_meaning_that_names_the_other_class_alone_is_doubted(meaning: str, doubted: bool) -> None:
    sentence = f"The score is of 'good', and the contract calls it \"{meaning}\": 'bad' is the other class."
    assert contradiction(meaning, {"class": "good", "other": "bad"}) == (sentence if doubted else "")


@pytest.mark.parametrize("scored", [None, {}, {"class": "good"}, "good"])
def test_of_a_score_whose_class_is_not_known_nothing_is_doubted(scored: object) -> None:
    assert contradiction("probability that class is bad", scored) == ""
