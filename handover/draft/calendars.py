"""Fields of the calendar: the range of a month is known without the data, and a year's next value is sure to come."""

from collections.abc import Sequence
from typing import Any

from handover.vocabulary import WORDS
from handover.wording import has_words, words

CALENDAR: dict[str, Any] = WORDS["calendar"]
FIRST_YEAR, LAST_YEAR = 1700, 2100


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
