"""Classes that a model only numbers stand in the contract's order, as far as the held-out labels can tell."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from handover.errors import DeliverError
from handover.ordering import numbers, require_order
from handover.quality import HeldOut

pytestmark = pytest.mark.quick
NAMES = ("low", "mid", "high")


def held_out(order: list[int], rows: int = 120, seed: int = 0) -> HeldOut:
    """Judge a model whose scores stand in an order, by rows that it ranks fairly."""
    draw = np.random.default_rng(seed)
    truth = draw.dirichlet(np.full(len(order), 0.4), size=rows)
    came = np.array([draw.choice(len(order), p=shares) for shares in truth])
    return HeldOut(truth[:, order], np.eye(len(order))[came], NAMES[: len(order)])


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_model_is_not_refused(seed: int) -> None:
    require_order(held_out([0, 1, 2], 40, seed))


def test_both_orders_are_named() -> None:
    with pytest.raises(DeliverError) as refusal:
        require_order(held_out([2, 0, 1]))  # as LabelEncoder numbers them: high, low, mid
    assert str(refusal.value) == (
        "the model numbers its classes, and the held-out labels fit another order than the contract's: as low, mid, "
        "high the mean AUC of one class against the rest is 0.330, as high, low, mid 0.947. LabelEncoder, R's factors "
        "and LightGBM number words by the alphabet: write the contract's classes in the order of the model's numbers"
    )


@pytest.mark.parametrize(
    ("known", "classes", "taken"),
    [
        ([0, 1, 2], NAMES, {"low": 0, "mid": 1, "high": 2}),
        (None, NAMES, {"low": 0, "mid": 1, "high": 2}),
        (None, ("2", "1", "0"), {"2": 2, "1": 1, "0": 0}),
        (["high", "low", "mid"], NAMES, {}),
        ([0.0, 1.0, 2.0], ("2", "1", "0"), {}),
        ([0, 1], (), {}),
    ],
)
def test_what_a_number_was_taken_for(known: Any, classes: tuple[str, ...], taken: dict[str, int]) -> None:
    assert numbers(SimpleNamespace(classes_=known), classes) == taken
