"""The weakest segments: a weakness that is there is found, chance is not called one, and no segment is a few rows."""

from typing import Any

import numpy as np
import pytest

from handover.quality import HeldOut
from handover.rows import Domain
from handover.segments import weakest_segments
from tests.helpers.judged import one_score

FIELDS = (
    Domain("amount", required=True, nullable=False, low=0, high=10_000),
    Domain("zone", required=False, nullable=True, choices=("home", "abroad")),
    Domain("heavy", required=True, nullable=False, choices=(False, True)),
)


def drawn(rows: int = 800, seed: int = 1) -> tuple[Any, Any]:
    """Give features of which none says anything, and the log-odds that the model knows."""
    random = np.random.default_rng(seed)
    amount, zone = random.gamma(2, 800, rows), random.choice([0, 1, np.nan], rows, p=[0.6, 0.3, 0.1])
    features = np.column_stack([amount, zone, random.integers(0, 2, rows)]).astype(np.float32)
    return features, random.normal(0, 2, rows)


def judged(features: Any, log_odds: Any, blind: Any = (), seed: int = 2) -> HeldOut:
    """Give scores that are the truth, but where the model is blind."""
    scores = 1 / (1 + np.exp(-log_odds))
    labels = (np.random.default_rng(seed).random(len(features)) < scores).astype(np.float64)
    scores[blind] = np.random.default_rng(3).permutation(scores[blind])
    return one_score(scores, labels)


def test_where_the_model_is_blind_is_the_worst_and_no_chance() -> None:
    features, log_odds = drawn()
    held_out = judged(features, log_odds, features[:, 1] == 1)

    record = weakest_segments(FIELDS, features, held_out)

    first, *others = record["worst"]
    assert (record["figure"], record["tried"], record["fewest_rows"]) == ("AUC", 9, 20)
    assert (first["field"], first["segment"], first["beyond_chance"]) == ("zone", "= abroad", True)
    assert first["rows"] == (features[:, 1] == 1).sum()
    assert first["value"] < 0.6
    assert first["elsewhere"] > 0.8
    assert not any(other["beyond_chance"] for other in others)
    assert record["beyond_chance"] == 1


@pytest.mark.parametrize(("place", "segment"), [(0, "below 800"), (1, "missing"), (2, "= true")])
def test_a_number_a_gap_and_a_flag_are_segments_too(place: int, segment: str) -> None:
    features, log_odds = drawn(2000)
    blind = {0: features[:, 0] < 800, 1: np.isnan(features[:, 1]), 2: features[:, 2] == 1}[place]

    first = weakest_segments(FIELDS, features, judged(features, log_odds, blind))["worst"][0]

    assert (first["field"], first["segment"]) == (FIELDS[place].name, segment)


def test_numbers_are_judged_by_their_mean_absolute_error() -> None:
    features, _ = drawn()
    labels = np.random.default_rng(4).normal(50, 10, len(features))
    errors = np.random.default_rng(5).normal(0, np.where(features[:, 2] == 1, 6, 2))

    record = weakest_segments(FIELDS, features, one_score(labels + errors, labels))

    first = record["worst"][0]
    assert (record["figure"], first["field"], first["segment"], first["beyond_chance"]) == (
        "MAE",
        "heavy",
        "= true",
        True,
    )
    assert first["value"] > 4
    assert first["elsewhere"] < 2


def test_chance_is_called_a_weakness_in_one_of_twenty_models() -> None:
    count = 0
    for seed in range(200):
        features, log_odds = drawn(300, seed)
        record = weakest_segments(FIELDS, features, judged(features, log_odds, seed=seed + 1000))
        count += record["beyond_chance"] > 0
    assert count <= 20  # of 200, 10 are agreed


def test_no_segment_is_a_few_rows_or_has_one_outcome() -> None:
    features, log_odds = drawn(60)
    features[:, 1], features[:19, 1] = 0, 1  # 19 abroad
    features[:, 2] = 0
    labels = np.array([0.0, 1.0] * 30)
    rest = np.flatnonzero(features[:, 0] >= np.median(features[:, 0]))
    labels[rest] = 1.0

    record = weakest_segments(FIELDS, features, one_score(1 / (1 + np.exp(-log_odds)), labels))

    assert {worst["field"] for worst in record["worst"]} <= {"amount"}
    assert all(worst["rows"] >= 20 and 0 < worst["mean_label"] < 1 for worst in record["worst"])


def test_an_edge_is_rounded_so_that_it_is_nobodys_number() -> None:
    features, log_odds = drawn()
    record = weakest_segments(FIELDS[:1], features, judged(features, log_odds))

    edges = {word for worst in record["worst"] for word in worst["segment"].split() if word.replace(".", "").isdigit()}
    assert edges
    assert all(float(edge) % 100 == 0 for edge in edges)


def test_rows_without_segments_have_none() -> None:
    alike = np.zeros((50, 3), dtype=np.float32)
    alike[:, 0] = np.nan
    held_out = one_score(np.linspace(0, 1, 50), np.array([0.0, 1.0] * 25))

    assert weakest_segments(FIELDS, alike, held_out) == {
        "figure": "AUC",
        "tried": 0,
        "fewest_rows": 20,
        "beyond_chance": 0,
        "worst": [],
    }


def test_no_segment_of_a_model_without_a_fault_is_weak() -> None:
    features, _ = drawn()
    labels = np.random.default_rng(6).integers(0, 2, len(features)).astype(np.float64)

    assert weakest_segments(FIELDS, features, one_score(0.1 + 0.8 * labels, labels))["worst"] == []


def of_classes(targets: Any, log_odds: Any) -> HeldOut:
    """Give the softmax as scores of as many classes as there are columns."""
    scores = np.exp(log_odds) / np.exp(log_odds).sum(axis=1, keepdims=True)
    return HeldOut(scores, np.eye(log_odds.shape[1])[targets], tuple("abcd"[: log_odds.shape[1]]))


def channels(rows: int, seed: int) -> Any:
    features = np.zeros((rows, 3), dtype=np.float32)
    features[:, 1:] = np.random.default_rng(seed).integers(0, 2, (rows, 2))
    return features


@pytest.mark.parametrize("weak", [6, 30])
def test_a_weak_class_that_is_in_one_segment_alone_makes_that_no_weaker(weak: int) -> None:
    random, features = np.random.default_rng(1), channels(800, 1)
    targets = random.integers(0, 3, len(features))
    log_odds = np.column_stack([3.0 * np.eye(3)[targets] + random.normal(0, 1.5, (len(features), 3)), np.zeros(800)])
    log_odds[:, 3] = random.normal(-3, 1, len(features))  # of the fourth class it knows nothing
    targets[np.flatnonzero(features[:, 1] == 1)[:weak]] = 3

    record = weakest_segments(FIELDS[1:2], features[:, 1:2], of_classes(targets, log_odds))

    assert record["tried"] == 2
    assert record["beyond_chance"] == 0
    (worst,) = record["worst"]
    assert worst["elsewhere"] - worst["value"] < 0.03


def test_a_segment_in_which_a_common_class_is_not_known_is_weak() -> None:
    random, features = np.random.default_rng(1), channels(800, 1)
    targets = random.integers(0, 3, len(features))
    log_odds = 3.0 * np.eye(3)[targets] + random.normal(0, 1.5, (len(features), 3))
    blind = (features[:, 1] == 1) & (targets == 2)
    log_odds[blind] = random.normal(0, 1.5, (blind.sum(), 3))

    first = weakest_segments(FIELDS, features, of_classes(targets, log_odds))["worst"][0]

    assert (first["field"], first["segment"], first["beyond_chance"]) == ("zone", "= abroad", True)


def test_of_classes_too_chance_is_called_a_weakness_in_one_of_twenty_models() -> None:
    count = 0
    for seed in range(200):
        random, features = np.random.default_rng(seed), channels(300, seed + 1000)
        targets = random.choice(4, len(features), p=[0.5, 0.3, 0.15, 0.05])
        log_odds = 1.5 * np.eye(4)[targets] + random.normal(0, 1, (len(features), 4))
        count += weakest_segments(FIELDS, features, of_classes(targets, log_odds))["beyond_chance"] > 0
    assert count <= 20  # of 200, 10 are agreed
