"""A draft of private data: what it says quotes no number that one row alone has, and no word that is not a category."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from handover.draft.fields import Field, LeftOut
from handover.draft.target import Target
from handover.wording import figure

PRIVATE = "[private]"  # in place of what is quoted
ELSEWHERE = ": see modelling/data/README.md"
FIGURE = re.compile(r"(?<![\w.])-?\d+(\.\d+)?(e[+-]?\d+)?")
QUOTED = re.compile(r"'.*'|-?[\d.]+e\+\d+")  # and numbers beyond float32


def discreet(
    fields: Iterable[Field], left_out: Iterable[LeftOut], target: Target
) -> tuple[list[Field], list[LeftOut], Target]:
    """Leave out of a draft's sentences what they quote of single rows."""
    return (
        [_field(field) if field.is_number else field for field in fields],
        [replace(column, why=QUOTED.sub(PRIVATE, column.why)) for column in left_out],
        _target(target) if target.is_number else target,
    )


def _field(field: Field) -> Field:
    known = [value for value in field.values if value is not None]
    evidence = f"A number in {len(known)} of {len(field.values)} rows."
    return replace(field, evidence=evidence, question=_without(known, field.question))


def _target(target: Target) -> Target:
    low = np.mean(target.labels <= target.decisions["low"])
    evidence = f"{target.header} is a number in {len(target.labels)} rows. Of them, {low:.0%} are low."
    labels = (label for label in target.labels.tolist() if label not in {target.low, target.high})
    return replace(target, evidence=evidence, summary=_without(labels, target.summary))


def _without(values: Iterable[float], text: str) -> str:
    """Leave out each figure that one of the values alone has."""
    alone = {shown for shown, count in Counter(map(figure, values)).items() if count == 1}
    return FIGURE.sub(lambda match: PRIVATE if figure(float(match[0])) in alone else match[0], text)
