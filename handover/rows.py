"""The rows that a contract accepts: what each field can be, and rows drawn from it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from handover.compilation import multiples
from predictor.files import Json

NULL_SHARE = 0.15  # of the rows drawn by ``drawn_row``: how often a field that may be missing is

DIGITS = 17  # tell any two floats apart


@dataclass(frozen=True)
class Domain:
    """What one field of a contract can be."""

    name: str
    required: bool
    """Whether a caller must send it."""
    nullable: bool
    """Whether it may be ``null``."""
    choices: tuple[Any, ...] = ()
    """The categories or both flags, in the order of their codes in the model's input; empty for a number."""
    low: float = 0.0
    high: float = 0.0
    """The ends of a number's range."""
    open_low: bool = False
    open_high: bool = False
    """Whether an end is itself left out."""
    step: float = 0.0
    """What the number is a multiple of; 0 where it need not be whole."""
    whole: bool = False
    """Whether it is written as a whole number."""

    @property
    def count(self) -> float:
        """How many different values there are, ``null`` among them; infinite where a number need not be whole."""
        if self.choices or self.low == self.high:
            return (len(self.choices) or 1) + self.nullable
        return self.steps.stop - self.steps.start + self.nullable if self.step else math.inf

    @cached_property  # asked for with each value that is drawn
    def ends(self) -> tuple[Any, Any]:
        """The smallest and the largest number that a caller can send and that the model can tell from an open end."""
        if self.step:
            return self.multiple(self.steps[0]), self.multiple(self.steps[-1])
        return (
            _beyond(self.low, np.inf) if self.open_low else float(self.low),
            _beyond(self.high, -np.inf) if self.open_high else float(self.high),
        )

    @property
    def column_ends(self) -> tuple[float, float]:
        """The smallest and the largest number of its column in the model's input, where choices are codes."""
        return (0, len(self.choices) - 1) if self.choices else self.ends

    @property
    def edge_values(self) -> tuple[Any, ...]:
        """All choices; of a number both ends, and beside each the next number inside: one step, or one float32 step."""
        if self.choices:
            return self.choices
        if self.step:
            return tuple(dict.fromkeys(map(self.multiple, (*self.steps[:2], *self.steps[-2:]))))
        first, last = self.ends
        inner = _beyond(first, np.inf), _beyond(last, -np.inf)
        return tuple(dict.fromkeys(value for value in (first, *inner, last) if first <= value <= last))

    def beside(self, threshold: float) -> list[Any]:
        """Give the values that lie on a threshold of the model's column, and next to it on either side."""
        if self.choices:
            places = {math.floor(threshold), math.ceil(threshold)}
            return [choice for code, choice in enumerate(self.choices) if code in places]
        if self.step:
            around = {math.floor(threshold / self.step), math.ceil(threshold / self.step)}
            return [self.multiple(count) for count in sorted(around) if count in self.steps]
        first, last = self.ends
        return [value for value in beside(threshold) if first <= value <= last]

    @cached_property
    def steps(self) -> range:
        """How many steps a number may be; there may be more of them than ``len`` counts."""
        first, last = multiples(self.low, self.high, self.step, open_low=self.open_low, open_high=self.open_high)
        return range(first, last + 1)

    def multiple(self, count: int) -> float:
        """Give the number of so many steps, as a caller would write it."""
        if self.whole:
            return round(count * self.step)
        return float(min(max(count * self.step, self.low), self.high))  # 17 x 0.1 is 1.7000000000000002

    def drawn(self, random: Random) -> Any:
        """Draw one value at random, each as likely as the next, and never ``null``."""
        if self.choices:
            return random.choice(self.choices)
        if self.step:
            return self.multiple(random.randint(self.steps[0], self.steps[-1]))
        return random.uniform(*self.ends)

    @property
    def simplest(self) -> Any:
        """The value that says least: the first choice, or the number nearest to 0."""
        return self.choices[0] if self.choices else self.nearest(0.0)

    def nearest(self, number: float) -> Any:
        """Give the number that a caller can send and that is nearest to this one, but for rounding."""
        if self.step:
            return self.multiple(min(max(round(number / self.step), self.steps[0]), self.steps[-1]))
        first, last = self.ends
        return min(max(number, first), last)


def beside(threshold: float) -> list[float]:
    """Give a threshold as float32, and the float32 next to it on either side; of the largest, the other is infinite."""
    exact = np.float32(threshold)
    with np.errstate(over="ignore"):
        return [float(np.nextafter(exact, np.float32(side))) for side in (-np.inf, exact, np.inf)]


def _beyond(end: float, side: float) -> float:
    """Give the next float32 on a side of a number: beyond its own rounding, where that lies on the other side."""
    return float(np.nextafter(np.float32(end), np.float32(side)))


def domains(compiled: Json) -> list[Domain]:
    """Say of each field of a compiled contract what it can be, in the contract's order."""
    required = compiled["schema"].get("required", ())
    return [_domain(name, schema, name in required) for name, schema in compiled["schema"]["properties"].items()]


def _domain(name: str, schema: Json, required: bool) -> Domain:
    kinds = schema.get("anyOf", [schema])
    nullable = any(kind.get("type") == "null" for kind in kinds)
    (kind,) = (kind for kind in kinds if kind.get("type") != "null")
    choices = (kind["const"],) if "const" in kind else tuple(kind.get("enum", ()))
    if kind.get("type") == "boolean":
        choices = (False, True)
    if choices:
        return Domain(name, required, nullable, choices)
    whole, step = kind["type"] == "integer", kind.get("multipleOf", 0)
    if whole:  # 3 for whole numbers that are multiples of 1.5
        step = Fraction(step or 1).limit_denominator(1000).numerator
    return Domain(
        name,
        required,
        nullable,
        low=kind.get("exclusiveMinimum", kind.get("minimum")),
        high=kind.get("exclusiveMaximum", kind.get("maximum")),
        open_low="exclusiveMinimum" in kind,
        open_high="exclusiveMaximum" in kind,
        step=step,
        whole=whole,
    )


def drawn_row(fields: Iterable[Domain], random: Random, *, gaps: float = NULL_SHARE) -> Json:
    """Draw one row at random: ``null`` in a share ``gaps`` of what may be missing."""
    return {field.name: None if field.nullable and random.random() < gaps else field.drawn(random) for field in fields}


def shrunk(fields: Iterable[Domain], row: Json, fails: Callable[[Json], bool]) -> Json:
    """Give each field in turn the simplest value with which a row still fails."""
    for field in fields:
        row = next((simpler for simpler in _simpler(field, row, fails) if fails(simpler)), row)
    return row


def _simpler(field: Domain, row: Json, fails: Callable[[Json], bool]) -> Iterator[Json]:
    """Give rows with simpler values of a field, the simplest first."""
    value = row[field.name]
    for simpler in field.choices or (field.simplest,):
        if simpler == value:
            return
        yield row | {field.name: simpler}
    if value is None or field.choices:
        return
    for digits in range(DIGITS):
        unit = field.step or 10**-digits

        def at(count: int, digits: int = digits) -> Json:
            return row | {field.name: field.multiple(count) if field.step else count / 10**digits}

        count, passes = round(value / unit), round(field.simplest / unit)
        if fails(at(count)):
            while abs(count - passes) > 1:
                middle = (count + passes) // 2
                count, passes = (middle, passes) if fails(at(middle)) else (count, middle)
            yield at(count)
            return
