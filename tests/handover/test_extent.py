"""How far rows reach: what is kept of them is nobody's, and no less than what they had."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.extent import MIN_VALUES, STEPS, Extent
from handover.rows import Domain

FIELDS = [Domain("age", True, True, low=0, high=120, whole=True), Domain("kind", True, False, ("box", "bag", "tube"))]


def record(*tables: Any) -> dict[str, Any]:
    extents = [Extent.of(np.array(table, dtype=np.float32).reshape(-1, 2), FIELDS) for table in tables]
    extent = extents[0]
    for other in extents[1:]:
        extent = extent.joined(other)
    return extent.record(FIELDS, ("age", "kind"))


AGES = [[age, age % 2] for age in range(19, 76)]


def test_it_has_ends_choices_and_gaps_of_each_column() -> None:
    assert record([*AGES, [np.nan, 0]]) == {
        "rows": 58,
        "columns": [
            {"name": "age", "lowest": 10.0, "highest": 80.0, "missing": True},
            {"name": "kind", "values": ["box", "bag"], "missing": False},
        ],
    }


def test_tables_are_joined_and_not_counted() -> None:
    young, old = AGES[:30], [*AGES[30:], [np.nan, 2]]

    assert record(young, old, old, young) == record(young, old) == record(AGES, old) | {"rows": 30}
    assert record(AGES, AGES) == record(AGES)


@given(st.lists(st.integers(-10_000, 10_000), min_size=MIN_VALUES, max_size=60, unique=True))
def test_ends_are_rounded_outward_and_little(values: list[int]) -> None:
    column = record([[value, 0] for value in values])["columns"][0]

    low, high, width = min(values), max(values), max(values) - min(values)
    assert low - 2.5 * width / STEPS <= column["lowest"] <= low
    assert high <= column["highest"] <= high + 2.5 * width / STEPS


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([42.0], (0.0, 100.0)),
        ([-3.5, 42.0], (-100.0, 100.0)),
        ([0.0], (0.0, 1e-30)),
        ([], (None, None)),
        ([7.0] * MIN_VALUES, (7.0, 7.0)),
    ],
)
def test_of_few_values_no_end_is_given(values: list[float], ends: tuple[Any, Any]) -> None:
    column = record([*([value, 0] for value in values), [np.nan, 0]])["columns"][0]

    assert (column["lowest"], column["highest"]) == ends
