"""Held-out rows among the fitted ones: never an alarm by chance, whatever the data is made of."""

from collections.abc import Callable

import numpy as np
import pytest

from handover.observation.conclusions import Floats, _rows, hashed

pytestmark = pytest.mark.quick

type Chance = np.random.Generator

TRIES = 40


def drawn(chance: Chance, rows: int, columns: int, values: int) -> Floats:
    """Draw categories of which the first are the most frequent."""
    weights = 1 / np.arange(1, values + 1)
    return chance.choice(values, size=(rows, columns), p=weights / weights.sum()).astype(np.float32)


DATA: dict[str, Callable[[Chance], Floats]] = {
    "numbers": lambda chance: chance.random((800, 5), dtype=np.float32),
    "each row twice": lambda chance: np.repeat(chance.random((400, 5), dtype=np.float32), 2, axis=0),
    "two flags": lambda chance: drawn(chance, 800, 2, 2),
    "three flags": lambda chance: drawn(chance, 800, 3, 2),
    "eight flags": lambda chance: drawn(chance, 800, 8, 2),
    "twelve flags": lambda chance: drawn(chance, 800, 12, 2),
    "five bands": lambda chance: drawn(chance, 800, 5, 5),
    "five bands, many rows": lambda chance: drawn(chance, 5000, 5, 5),
    "two of many categories": lambda chance: drawn(chance, 2000, 2, 50),
}


def alarms(name: str, judge: Callable[[Floats, Floats], tuple[Floats, Floats, list[Floats]]]) -> int:
    """Count the alarms of splits at random: ``judge`` makes of both parts what is fitted, judges and is given."""
    count = 0
    for seed in range(TRIES):
        chance = np.random.default_rng(seed)
        rows = chance.permutation(DATA[name](chance))
        fitted, judges, given = judge(rows[100:], rows[:100])
        count += _rows([hashed(fitted)], given, judges)["beyond_chance"]
    return count


@pytest.mark.parametrize("name", DATA)
def test_chance_is_no_alarm(name: str) -> None:
    assert alarms(name, lambda known, unseen: (known, unseen, [np.vstack([known, unseen])])) == 0


@pytest.mark.parametrize("name", DATA)
def test_features_that_nobody_saw_made_are_no_alarm(name: str) -> None:
    assert alarms(name, lambda known, unseen: (known, unseen, [])) == 0


@pytest.mark.parametrize("name", DATA)
def test_distinct_judges_are_no_alarm(name: str) -> None:
    assert alarms(name, lambda known, unseen: (known, np.unique(unseen, axis=0), [known])) == 0


@pytest.mark.parametrize("name", DATA)
def test_fitted_rows_that_are_repeated_are_no_alarm(name: str) -> None:
    assert alarms(name, lambda known, unseen: (np.vstack([known, known]), unseen, [known])) == 0


@pytest.mark.parametrize("name", ["numbers", "twelve flags", "five bands"])
def test_judges_that_were_fitted_are_an_alarm_where_rows_differ(name: str) -> None:
    assert alarms(name, lambda known, unseen: (np.vstack([known, unseen]), unseen, [known])) == TRIES


@pytest.mark.parametrize(("name", "few"), [("numbers", 10), ("five bands", 75)])
def test_some_of_them_are_enough(name: str, few: int) -> None:
    some = alarms(name, lambda known, unseen: (np.vstack([known, unseen[:few]]), unseen, [known]))

    assert some >= TRIES / 2


def test_equal_rows_have_equal_hashes_and_others_have_not() -> None:
    rows = np.array([[0.0, np.nan, 1.0], [-0.0, -np.nan, 1.0], [np.nan, 0.0, 1.0], [1.0, np.nan, 0.0]], np.float32)

    hashes = hashed(rows)

    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 3
