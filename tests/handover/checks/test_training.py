"""The sentences of R507 that no small training leads to: a model that is delivered refuses most of these itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from handover.checks.training import columns_as_given
from handover.finding import Broken

SEEN = {"model": "Ridge", "place": ("train.py", 7), "columns": ["amount", "months", "rate"]}


def broken(**seen: Any) -> Broken:
    outcome = columns_as_given(SimpleNamespace(observed=SEEN | seen, training_root=Path("/project")))  # type: ignore[arg-type]
    assert isinstance(outcome, Broken)
    assert (outcome.path, outcome.line) == (Path("/project/train.py"), 7)
    return outcome


@pytest.mark.parametrize(
    ("names", "evidence"),
    [
        (None, "The Ridge was fitted on 2 columns, and matrix() gives 3."),
        (["amount", "rate"], "The Ridge was fitted on 2 columns, and matrix() gives 3; without `months`."),
    ],
)
def test_another_number_of_columns(names: list[str] | None, evidence: str) -> None:
    assert broken(order="another number", fitted={"columns": 2, "names": names}).evidence == evidence


def test_columns_of_other_names() -> None:
    outcome = broken(order="other names", fitted={"columns": 3, "names": ["amount", "duration", "interest"]})

    assert outcome.evidence == (
        "The Ridge was fitted on columns of other names, and not on what matrix() gave: `duration` where the contract "
        "has `months`; `interest` where the contract has `rate`."
    )


def test_an_order_that_only_names_tell() -> None:
    outcome = broken(order="permuted", given=["months", "amount", "rate"])

    assert outcome.evidence == (
        "The Ridge was fitted on columns in another order than matrix() gives: `months` where `amount` belongs; "
        "`amount` where `months` belongs."
    )
