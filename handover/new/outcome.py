"""The target's column: what the score will mean, and its first decisions."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from handover.new.fields import Field, LeftOut, field
from handover.new.naming import unit
from handover.new.ranges import far_off, figure, outward
from handover.new.table import Table
from handover.new.words import GAPS_AMONG_NUMBERS, Number, as_numbers, missing

FEWEST_ROWS = 30  # 20 golden rows, and 10 to learn from
FEWEST_OF_A_CLASS = 5
FEWEST_VALUES_OF_A_NUMBER = 6  # whole numbers with fewer are classes
MOST_OF_A_SCALE = 10  # whole numbers with so few values may name classes
# Where the two classes are an answer to a question, its yes is what is predicted, be it the rarer class or not.
YES = {"1", "1.0", "true", "yes", "y", "t", "ja", "oui", "si", "sí", "positive", "pos", "bad", "default", "fraud"}
NO = {"0", "0.0", "-1", "false", "no", "n", "f", "nein", "non", "negative", "neg", "good", "none", "normal"}


class OutcomeError(ValueError):
    """The target cannot become a score; the message says why, and what to write instead."""


@dataclass(frozen=True)
class Outcome:
    """What is to be predicted."""

    header: str
    event: str | None
    """The class whose probability the score is; ``None`` where the target is a number."""
    other: str
    labels: NDArray[np.float64]
    """1 for the event and else 0, or the number."""
    kept: tuple[int, ...]
    """The rows of the table that have a target."""
    number: Number | None
    meaning: str
    low: float
    high: float
    decisions: dict[str, float]
    evidence: str
    said: str
    """What was decided here, in a sentence for the person who asked."""


def outcome(table: Table, target: str) -> Outcome:
    """Read the target.

    Raises
    ------
    OutcomeError
        When there is no such column, when it has one class or more than two, or too few rows.
    """
    header = _header(table, target)
    words = table.columns[header]
    number = as_numbers(words, table.decimal_mark)
    if number and _is_a_number({value for word in words if (value := number(word)) is not None}, number):
        return _number(table, header, number)
    classes = Counter(word for word in words if not missing(word))
    if len(classes) < 2:
        seen = f"is '{next(iter(classes))}' in every row" if classes else "is empty in every row"
        raise OutcomeError(f"the target '{header}' {seen}: there is nothing to tell apart")
    if len(classes) > 2:
        raise OutcomeError(_too_many(header, classes, field("target", header, words, table.decimal_mark)))
    return _event(table, header, classes)


def _header(table: Table, target: str) -> str:
    wanted = " ".join(target.split())
    if wanted in table.repeated:
        raise OutcomeError(f"{table.name} has more than one column '{wanted}': rename all but one")
    if wanted not in table.columns:
        names = list(table.columns)
        by_spelling = {name.casefold(): name for name in reversed(names)}
        close = get_close_matches(wanted.casefold(), by_spelling, n=1)
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        hint = "; is its first line no header?" if any(map(as_numbers, ([name] for name in names))) else ""
        meant = f", but '{by_spelling[close[0]]}'" if close else ""
        raise OutcomeError(f"{table.name} has no column '{target}'{meant}; it has {shown}{hint}")
    return wanted


def _is_a_number(values: Set[float], number: Number) -> bool:
    are_classes = number.whole or all(float(value).is_integer() for value in values)
    return len(values) >= (FEWEST_VALUES_OF_A_NUMBER if are_classes else 3)


def _too_many(header: str, classes: Counter[str], read: Field | LeftOut) -> str:
    if len({word.casefold() for word in classes}) == 2:
        spelt = ", ".join(f"'{word}'" for word in sorted(classes, key=str.casefold))
        return f"the target '{header}' has two classes, spelt in more than two ways ({spelt}): write each in one way"
    if len(classes) > 20 or isinstance(read, LeftOut):
        why = f" ({read.why})" if isinstance(read, LeftOut) else ""
        return f"the target '{header}' is neither a number nor one of two classes: it has {len(classes)} values{why}"
    names = ", ".join(f"'{name}'" for name, _ in classes.most_common(5)) + (", ..." if len(classes) > 5 else "")
    rarest = classes.most_common()[-1][0]
    example = f"all above '{min(classes)}', or '{rarest}'" if isinstance(read, Field) and read.number else f"'{rarest}'"
    return (
        f"the target '{header}' has {len(classes)} classes ({names}), and a score tells two apart: add a column that "
        f"is 1 for what matters (say {example}) and 0 for the rest, and name that one"
    )


def _event(table: Table, header: str, classes: Counter[str]) -> Outcome:
    one, two = sorted(classes, key=lambda word: (_is_yes(word, classes), classes[word], word))
    words = table.columns[header]
    kept = tuple(index for index, word in enumerate(words) if not missing(word))
    _enough(table, header, len(kept))
    rarer = min(one, two, key=lambda word: classes[word])
    if classes[rarer] < FEWEST_OF_A_CLASS:
        raise OutcomeError(
            f"the target '{header}' is '{rarer}' in {classes[rarer]} of {len(kept)} rows: "
            f"at least {FEWEST_OF_A_CLASS} are needed to learn anything of it"
        )
    labels = np.array([float(words[index] == one) for index in kept])
    share = classes[one] / len(kept)
    low = _below_one(share + min(share, 1 - share) / 5)
    return Outcome(
        header=header,
        event=one,
        other=two,
        labels=labels,
        kept=kept,
        number=None,
        meaning=f"probability that {header} is {one}",
        low=0.0,
        high=1.0,
        decisions={"low": low, "middle": _below_one((1 + low) / 2), "high": 1.0},
        evidence=f"{header} is '{one}' in {classes[one]} of {len(kept)} rows ({share:.1%}): low ends a little above "
        f"that, high begins in the middle between there and certainty.",
        said=f"The score is the probability that {header} is '{one}', as it is in {classes[one]} of {len(kept)} rows"
        f"{'' if _is_yes(one, classes) < 0 else ' (the rarer class)' if classes[one] < classes[two] else ''}.",
    )


def _is_yes(word: str, classes: Counter[str]) -> int:
    """Give -1 for the class that says yes, 1 for the one that says no, and 0 for both where only one can be told."""
    says = [word for word in classes if word.lower() in YES], [word for word in classes if word.lower() in NO]
    if not all(says):
        return 0
    return -1 if word in says[0] else 1


def _below_one(edge: float) -> float:
    return next(rounded for digits in range(2, 18) if (rounded := float(f"{edge:.{digits}g}")) < 1)


def _number(table: Table, header: str, number: Number) -> Outcome:
    words = table.columns[header]
    kept = tuple(index for index, word in enumerate(words) if word not in GAPS_AMONG_NUMBERS)
    _enough(table, header, len(kept))
    labels = np.array([number(words[index]) for index in kept], dtype=np.float64)
    reach = float(labels.max() - labels.min())
    if not reach < 1e30:
        raise OutcomeError(f"the target '{header}' reaches from {labels.min():g} to {labels.max():g}, beyond float32")
    margin = reach / 20
    low, high = outward(float(labels.min()) - margin, float(labels.max()) + margin, whole=False)
    if labels.min() >= 0:
        low = max(low, 0.0)
    edges = [_edge(labels, share) for share in (1 / 3, 2 / 3)]
    said = f"The score is {header}, a number from {figure(low)} to {figure(high)}."
    distinct = set(labels.tolist())
    if len(distinct) <= MOST_OF_A_SCALE and all(value.is_integer() for value in distinct):
        said += f" It has only {len(distinct)} values: if they name classes, add a column that is 1 for one of them."
    elif doubt := far_off(labels.tolist()):
        said += f" {doubt} One error is enough to spoil the score: leave such rows out of the data, or mend them."
    decisions = dict(zip(("low", "middle", "high"), (*edges, high), strict=True))
    if not low < edges[0] < edges[1] < high:
        decisions = {"low": edges[0], "high": high}
    return Outcome(
        header=header,
        event=None,
        other="",
        labels=labels,
        kept=kept,
        number=number,
        meaning=f"{header} [{unit(header)}]",
        low=low,
        high=high,
        decisions=decisions,
        evidence=f"{header} is {figure(labels.min())} to {figure(labels.max())} in {len(kept)} rows, and the range has "
        f"a little room: a forest's mean never leaves what it was trained on. About a third of the rows is low.",
        said=said,
    )


def _edge(labels: NDArray[np.float64], share: float) -> float:
    """Place an edge between two values of the target, not on one: a score on an edge could fall either way."""
    values, counts = np.unique(labels, return_counts=True)
    place = min(int(np.searchsorted(np.cumsum(counts) / len(labels), share)), len(values) - 2)
    lower, upper = float(values[place]), float(values[place + 1])
    edge = lower + 0.38 * (upper - lower)
    for digits in range(3, 17):
        rounded = float(f"{edge:.{digits}g}")
        if lower < rounded < upper:
            return rounded
    return edge


def _enough(table: Table, header: str, rows: int) -> None:
    if rows < FEWEST_ROWS:
        raise OutcomeError(
            f"{table.name} has {rows} rows with a '{header}': at least {FEWEST_ROWS} are needed, "
            f"20 of them to prove the model by"
        )
