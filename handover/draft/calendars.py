"""Fields of the calendar: the range of a month is known without the data, and a year's next value is sure to come."""

from collections.abc import Sequence

from handover.wording import has_words, words

# Each unit, the headers that name it, and the ranges that it may be counted in: the first that has all values is taken.
UNITS = (
    ("quarter", ("quarter", "qtr", "quartal", "trimestre", "kwartaal"), ((1, 4), (0, 3))),
    (
        "day of the week",
        ("weekday", "day of week", "dow", "wochentag", "jour semaine", "jour de la semaine", "dia semana",
         "dia de la semana", "dia da semana", "giorno settimana", "weekdag"),
        ((1, 7), (0, 6), (0, 7)),
    ),
    ("day of the year", ("day of year", "doy", "yearday", "julian day"), ((1, 366), (0, 366))),
    ("week", ("week", "week number", "woche", "kalenderwoche", "semaine", "semana", "settimana"), ((1, 53), (0, 53))),
    ("day of the month", ("day of month", "day", "tag", "jour", "dia", "giorno", "dag"), ((1, 31), (0, 31))),
    ("month", ("month", "mnth", "mo", "monat", "mois", "mes", "mese", "maand"), ((1, 12), (0, 11))),
    ("hour", ("hour", "hr", "stunde", "heure", "hora", "ora", "uur"), ((0, 23), (0, 24))),
)  # fmt: skip
AMOUNTS = {"per", "since", "until", "last", "next", "past", "term", "in", "duration", "count", "rate", "pro", "par"}
YEARS = ("year", "yr", "jahr", "baujahr", "geburtsjahr", "annee", "ano", "anno", "jaar", "bouwjaar")
FIRST_YEAR, LAST_YEAR = 1700, 2100


def frame(header: str, values: Sequence[float]) -> tuple[int, int, str] | None:
    """Give the range that a month, a day or an hour has whatever the data, and its unit; nothing for other numbers."""
    if AMOUNTS & set(words(header)):  # calls per day, months since
        return None
    low, high = min(values), max(values)
    for unit, names, ranges in UNITS:
        fitting = [(first, last, unit) for first, last in ranges if first <= low and high <= last]
        if fitting and has_words(header, names):
            return fitting[0]
    return None


def is_year(header: str, values: Sequence[float]) -> bool:
    """Say whether whole numbers are years of the calendar."""
    return has_words(header, YEARS) and min(values) >= FIRST_YEAR and max(values) <= LAST_YEAR
