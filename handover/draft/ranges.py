"""The range of a number that callers may send: a little wider than what was seen, or the calendar's; what to ask."""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from handover.vocabulary import WORDS
from handover.wording import figure, has_words, words

ROOM = 0.05  # of the range seen, added at both ends: the next rows will reach a little further
# Small whole numbers, and halves, with so few values are classes, grades, months or days, and keep their ends.
MAX_OF_A_SCALE, MAX_VALUE_OF_A_SCALE = 31, 400
FEW_VALUES, ROWS_OF_EACH = 10, 5  # more values than these few come back in a scale: five rows of each, on average
MIN_ROWS = 100  # in fewer, a value far from the others tells nothing
LITTLE = 0.005  # of the largest value
FAR = 20  # times the width of the middle 98 % of the rows: beyond it a value is more often an error than news
STAND_INS = {-9999.0, -999.0, -99.0, -1.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0}
MIN_VALUES = 20
CALENDAR: dict[str, Any] = WORDS["calendar"]
FIRST_YEAR, LAST_YEAR = 1700, 2100


def allowed(values: Sequence[float], *, whole: bool) -> tuple[float, float]:
    """Give the range to allow, knowing the values that were seen; it keeps their sign, and shares their whole."""
    if stand_in := _stand_in(values):
        # What stands for no value is no end to make room at.
        ends = allowed([value for value in values if value != stand_in[0]], whole=whole)
        return min(stand_in[0], *ends), max(stand_in[0], *ends)
    low, high = min(values), max(values)
    distinct, most = set(values), min(MAX_OF_A_SCALE, max(FEW_VALUES, len(values) / ROWS_OF_EACH))
    is_scale = max(-low, high) <= MAX_VALUE_OF_A_SCALE and len(distinct) <= most
    if is_scale and all(2 * value % 1 == 0 for value in distinct):
        return low, high
    room = ROOM * (high - low)
    bottom, top = outward(low - room, high + room, whole=whole)
    if low >= 0 >= bottom:
        # A half keeps a number that was never 0 away from it: ratios can divide by it.
        bottom = max(1, int(low) // 2) if whole and low else _half(low, high)
    if high <= 0 <= top:
        top = min(-1, -(int(-high) // 2)) if whole and high else _half(high, low)
    if low >= 0 and ((not whole and high <= 1 < top) or high == 100):  # a share, percent
        top = 1.0 if high <= 1 else high
    return min(low, bottom), max(high, top)


def _half(near: float, far: float) -> float:
    """Halve the end next to 0; where it is next to nothing beside the other end, 0 itself will come one day."""
    return float(f"{near / 2:.2g}") if abs(near) >= LITTLE * abs(far) else 0.0


def outward(low: float, high: float, *, whole: bool) -> tuple[float, float]:
    """Round a range outward to a tenth of its power of ten."""
    bottom, top = Decimal(str(low)), Decimal(str(high))
    step = Decimal(10) ** ((top - bottom).adjusted() - 1)
    if whole:
        step = max(step, Decimal(1))
    bottom = (bottom / step).to_integral_value(ROUND_FLOOR) * step
    top = (top / step).to_integral_value(ROUND_CEILING) * step
    return (int(bottom), int(top)) if whole else (min(low, float(bottom)), max(high, float(top)))


def between(lower: float, upper: float) -> float:
    """Give a number halfway between two others, with as few digits as leave it between them."""
    number = lower + 0.5 * (upper - lower)
    rounded = (float(f"{number:.{digits}g}") for digits in range(3, 18))
    return next((short for short in rounded if lower < short < upper), number)


def doubt(values: Sequence[float]) -> str:
    """Ask about a value that seems to stand for none, or lies far from all others; nothing where there is none."""
    stand_in = _stand_in(values)
    return stand_in[1] if stand_in else far_off(values)


def _stand_in(values: Sequence[float]) -> tuple[float, str] | None:
    """Find a value that seems to stand for none, and ask whether it does."""
    counts = Counter(values)
    distinct = sorted(counts)
    if len(distinct) < 4:  # such as -1, 0 and 1, or the codes 1, 2 and 9
        return None
    reach = distinct[-1] - distinct[0]
    for end, beside in ((distinct[0], distinct[1]), (distinct[-1], distinct[-2])):
        apart = abs(end - beside) > 0.5 * reach
        is_known = end in STAND_INS or (counts[end] >= 5 and len(distinct) >= MIN_VALUES)
        is_only_negative = end < 0 <= beside
        if is_known and end != 0 and (apart or is_only_negative):
            return end, f"Does {figure(end)} mean that there is none? If so, write NA for it."
    # A glucose of 0 beside 44 to 199 was not measured; an area of 0 in most rows is no area.
    zeros, beside = counts[0.0], distinct[1]
    is_apart = distinct[0] == 0 and beside >= 0.15 * distinct[-1]
    if is_apart and zeros < len(values) / 2 and len(distinct) >= MIN_VALUES:
        seen = f"{zeros} rows; the next is {figure(beside)}"
        return 0.0, f"Does 0 mean that there is none ({seen})? If so, write NA for it."
    return None


def far_off(values: Sequence[float]) -> str:
    """Ask about the end of a range that lies far from nearly all rows."""
    if len(values) < MIN_ROWS:
        return ""
    low, high = (float(end) for end in np.quantile(values, [0.01, 0.99], method="nearest"))
    for end, side, edge in ((max(values), "below", high), (min(values), "above", low)):
        if high > low and abs(end - edge) > FAR * (high - low):
            return f"Is {figure(end)} right? Of 100 rows, 99 lie {side} {figure(edge)}."
    return ""


def frame(header: str, values: Sequence[float]) -> tuple[int, int, str] | None:
    """Give the range that a month, a day or an hour has whatever the data, and its unit; nothing for other numbers."""
    if not set(words(header)).isdisjoint(CALENDAR["amounts"]):  # calls per day, months since
        return None
    low, high = min(values), max(values)
    for known in CALENDAR["units"]:
        fitting = [(first, last, known["unit"]) for first, last in known["ranges"] if first <= low and high <= last]
        if fitting and has_words(header, known["names"]):
            return fitting[0]
    return None


def is_year(header: str, values: Sequence[float]) -> bool:
    """Say whether whole numbers are years of the calendar."""
    return has_words(header, CALENDAR["years"]) and min(values) >= FIRST_YEAR and max(values) <= LAST_YEAR
