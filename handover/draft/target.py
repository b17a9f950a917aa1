"""The target's column: what the score will mean, and its first decisions."""

from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from handover.draft.fields import LeftOut, field_of
from handover.draft.naming import unit
from handover.draft.ranges import between, far_off, outward
from handover.draft.table import Table
from handover.draft.words import GAPS, GAPS_AMONG_NUMBERS, Column
from handover.errors import CannotRunError
from handover.wording import figure, shortly

MIN_ROWS = 30  # 20 to judge, and 10 to learn from
MIN_OF_A_CLASS = 5
MAX_CLASSES = 20
MIN_VALUES_OF_A_NUMBER = 6  # whole numbers with fewer are classes
MAX_OF_A_SCALE = 10  # whole numbers with so few values may name classes
RELATIVE_PARITY = 1e-5  # float32 has 7 digits, and sums of trees lose one or two of them
NEAR = 0.05  # of the rows: so far from a third of them an edge may lie, for fewer digits
SKEW = 1.25  # the mean of prices, claims and counts is 1.5 medians and more; of what lies evenly about a middle, 1.1
# Where the two classes are an answer to a question, its yes is what is predicted, be it the rarer class or not.
YES = {"1", "true", "yes", "y", "t", "ja", "oui", "si", "sí", "positive", "pos", "bad", "default", "fraud"}
NO = {"0", "-1", "false", "no", "n", "f", "nein", "non", "negative", "neg", "good", "none", "normal"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be predicted."""

    header: str
    meaning: str
    evidence: str = ""
    summary: str
    """What was decided here, in a sentence for the person who asked."""
    low: float = 0.0
    high: float = 1.0
    decisions: dict[str, float] = field(default_factory=dict)
    positive: str | None = None
    """The class whose probability the score is; ``None`` where the target is a number, or one of more classes."""
    rows: tuple[int, ...] = ()
    """The rows of the table that have a target; none where there is no data yet."""
    labels: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Of these rows: 1 for the positive class and else 0, the place of one of more classes, or the number."""
    classes: tuple[str, ...] = ()
    """The classes, where there are more than two."""
    words: tuple[str, ...] = ()
    """What the data calls the classes; of two, the positive one last."""

    @property
    def is_number(self) -> bool:
        """Whether it is a number, and no class."""
        return self.positive is None and not self.classes

    def of_class(self, place: int) -> "Target":
        """Give the target of one class against the rest."""
        labels = (self.labels == place).astype(np.float64)
        return replace(self, positive=self.words[place], classes=(), words=(), labels=labels)

    @property
    def parity(self) -> float:
        """How far production's score may differ from the training's."""
        largest = max(abs(self.low), abs(self.high))
        return float(f"{min(RELATIVE_PARITY * largest, (self.high - self.low) / 1000):.1g}")

    @property
    def is_skewed(self) -> bool:
        """Whether it is a number as amounts and counts are: never negative, its mean far above its median."""
        labels = self.labels
        return bool(self.is_number and labels.min() >= 0 and labels.mean() > SKEW * np.median(labels))


def target_of(table: Table, name: str) -> Target:
    """Read the target; ``CannotRunError`` when there is no such column, or one class, too many, or too few rows."""
    column = table.columns[_header(table, name)]
    is_number = _is_a_number(column)
    gaps = GAPS_AMONG_NUMBERS if is_number else GAPS
    rows = tuple(index for index, word in enumerate(column.words) if word not in gaps)
    classes = Counter(column.words[index] for index in rows)
    if not is_number:
        _require_classes(column, classes)
    if len(rows) < MIN_ROWS:
        raise CannotRunError(
            f"{table.name} has {len(rows)} rows with a '{column.header}': at least {MIN_ROWS} are needed, "
            f"20 of them to prove the model by"
        )
    if is_number:
        return _number(column, rows)
    rarer = min(classes, key=lambda word: classes[word])
    if classes[rarer] < MIN_OF_A_CLASS:
        way = "; leave such rows out of the data, or write another class that they belong to"
        raise CannotRunError(
            f"the target '{column.header}' is '{_name(column, rarer)}' in {classes[rarer]} of {len(rows)} rows: "
            f"at least {MIN_OF_A_CLASS} are needed to learn anything of it{way if len(classes) > 2 else ''}"
        )
    return _class(column, rows, classes) if len(classes) == 2 else _classes(column, rows, classes)


def _header(table: Table, name: str) -> str:
    wanted = " ".join(name.split())
    if wanted in table.repeated:
        raise CannotRunError(f"{table.name} has more than one column '{wanted}': rename all but one")
    if wanted not in table.columns:
        names = list(table.columns)
        by_spelling = {name.casefold(): name for name in reversed(names)}
        close = get_close_matches(wanted.casefold(), by_spelling, n=1)
        hint = "; is its first line no header?" if any(Column("", [name]).number for name in names) else ""
        meant = f", but '{by_spelling[close[0]]}'" if close else ""
        raise CannotRunError(f"{table.name} has no column '{name}'{meant}; it has {shortly(names, 20)}{hint}")
    return wanted


def _is_a_number(column: Column) -> bool:
    """Say whether the target is a number; a few whole numbers are classes."""
    if not column.number:
        return False
    values = {value for word in column.counts if (value := column.number(word)) is not None}
    are_classes = all(float(value).is_integer() for value in values)
    return len(values) >= (MIN_VALUES_OF_A_NUMBER if are_classes else 3)


def _require_classes(column: Column, classes: Counter[str]) -> None:
    if len(classes) < 2:
        seen = f"is '{next(iter(classes))}' in every row" if classes else "is empty in every row"
        raise CannotRunError(f"the target '{column.header}' {seen}: there is nothing to tell apart")
    apart = len({_name(column, word).casefold() for word in classes})
    if apart < len(classes):
        spelt = ", ".join(f"'{word}'" for word in sorted(classes, key=str.casefold))
        count = {1: "one class", 2: "two classes"}.get(apart, f"{apart} classes")
        raise CannotRunError(
            f"the target '{column.header}' has {count}, spelt in {len(classes)} ways ({spelt}): write each in one way"
        )
    draft = field_of("target", column) if len(classes) > 2 else None
    why = f" ({draft.why})" if isinstance(draft, LeftOut) else ""
    if why or len(classes) > MAX_CLASSES:
        values = f"{len(classes)} values{why}"
        raise CannotRunError(
            f"the target '{column.header}' is neither a number nor one of a few classes: it has {values}"
        )


def _name(column: Column, word: str) -> str:
    """Give the name of a class: 1 where the data has 1.0, as pandas writes a whole number beside gaps."""
    number = column.number(word) if column.number else None
    return str(int(number)) if number is not None and float(number).is_integer() else word


def _classes(column: Column, rows: tuple[int, ...], classes: Counter[str]) -> Target:
    header, count, words = column.header, len(rows), tuple(sorted(classes))
    names = tuple(_name(column, word) for word in words)
    listed = ", ".join(f"'{name}' in {classes[word]}" for name, word in zip(names, words, strict=True))
    return Target(
        header=header,
        classes=names,
        words=words,
        rows=rows,
        labels=np.array([float(words.index(column.words[index])) for index in rows]),
        meaning=f"probability of each {header}",
        evidence=f"{header} is {listed} of {count} rows.",
        summary=f"Each of the {len(names)} classes of {header} has a score, its probability; the decision is the class "
        f"of the highest.",
    )


def _class(column: Column, rows: tuple[int, ...], classes: Counter[str]) -> Target:
    header, count = column.header, len(rows)
    names = {word: _name(column, word) for word in classes}
    spoken = {name.lower() for name in names.values()}
    is_asked = bool(spoken & YES and spoken & NO)
    positive, other = sorted(
        classes, key=lambda word: (is_asked and names[word].lower() not in YES, classes[word], word)
    )
    name, share = names[positive], classes[positive] / count
    low = _below_one(share + min(share, 1 - share) / 5)
    is_rarer = not is_asked and classes[positive] < classes[other]
    return Target(
        header=header,
        positive=positive,
        words=(other, positive),
        rows=rows,
        labels=np.array([float(column.words[index] == positive) for index in rows]),
        meaning=f"probability that {header} is {name}",
        decisions={"low": low, "middle": _below_one((1 + low) / 2), "high": 1.0},
        evidence=f"{header} is '{name}' in {classes[positive]} of {count} rows ({share:.1%}): low ends a little "
        f"above that, high begins in the middle between there and certainty.",
        summary=f"The score is the probability that {header} is '{name}', as it is in {classes[positive]} of "
        f"{count} rows{' (the rarer class)' if is_rarer else ''}.",
    )


def _below_one(edge: float) -> float:
    """Round an edge, and end it on a 1 beyond: a forest's scores are shares such as 17 of 100, and none lies on it."""
    digits = next(digits for places in range(2, 17) if float(digits := f"{edge:.{places}e}") < 1)
    return float(digits.replace("e", "1e"))


def _number(column: Column, rows: tuple[int, ...]) -> Target:
    header, number = column.header, column.number
    labels = np.array([number and number(column.words[index]) for index in rows], dtype=np.float64)
    least, most = float(labels.min()), float(labels.max())
    if not most - least < 1e30:
        raise CannotRunError(f"the target '{header}' reaches from {least:g} to {most:g}, beyond float32")
    margin = (most - least) / 20
    whole = bool((labels % 1 == 0).all())
    low, high = map(float, outward(least - margin, most + margin, whole=whole))
    if most <= 0:
        high = min(high, 0.0)
    if least >= 0:
        low = max(low, 0.0)
        high = 1.0 if most <= 1 else 100.0 if most == 100 else high  # a share, percent
    summary = f"The score is {header}, a number from {figure(low)} to {figure(high)}."
    distinct = set(labels.tolist())
    if len(distinct) <= MAX_OF_A_SCALE and all(value.is_integer() for value in distinct):
        summary += (
            f" It has only {len(distinct)} values: if they name classes, write them as words ('class 3'): each gets "
            f"a score; or add a column that is 1 for one of them."
        )
    elif doubt := far_off(labels.tolist()):
        summary += f" {doubt} One error is enough to spoil the score: leave such rows out of the data, or mend them."
    first, second = (_edge(labels, share) for share in (1 / 3, 2 / 3))
    has_three = low < first < second < high
    return Target(
        header=header,
        rows=rows,
        labels=labels,
        meaning=f"{header} [{unit(header)}]",
        low=low,
        high=high,
        decisions={"low": first, "middle": second, "high": high} if has_three else {"low": first, "high": high},
        evidence=f"{header} is {figure(least)} to {figure(most)} in {len(rows)} rows, and the range has a little room; "
        f"what the model says beyond it is clipped. Of the rows, {np.mean(labels <= first):.0%} are low.",
        summary=summary,
    )


def _edge(labels: NDArray[np.float64], share: float) -> float:
    """Place an edge near a share of the rows, in few digits, and not where many lie: these could fall either way."""
    near = [float(np.quantile(labels, some)) for some in (share - NEAR, share, share + NEAR)]
    for edge in (float(f"{near[1]:.{digits}g}") for digits in range(1, 18)):
        if near[0] <= edge <= near[2] and np.mean(labels == edge) < NEAR:
            return edge
    values, counts = np.unique(labels, return_counts=True)
    place = min(int(np.searchsorted(np.cumsum(counts) / len(labels), share)), len(values) - 2)
    return between(float(values[place]), float(values[place + 1]))
