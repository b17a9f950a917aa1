"""Heuristics as teams write them: which follow more than their row, and which are unusual and right."""

from types import ModuleType

import pytest

from handover.checks import memory
from handover.checks.determinism import repeats
from handover.checks.memory import forgets
from handover.checks.purity import imports_arithmetic_only, touches_only_its_row
from handover.context import DeliveryContext
from handover.finding import Broken
from tests.helpers.sandbox import HEURISTICS, ROOT, Sandbox

HEAD, _, _ = HEURISTICS.partition("def piece_weight")
CLAUSES = {"H102": imports_arithmetic_only, "H103": touches_only_its_row, "H108": repeats, "H113": forgets}
TIME = "from datetime import UTC, date, datetime, timedelta\n\n"

BAD = {
    "a code made of the order of a set of categories": (
        "H108",
        "`f` follows the order of the set in line 4 on",
        """_ORDER = list({"home", "abroad"})  # <-

def f(row):
    return 0 if row.zone is None else _ORDER.index(row.zone)
""",
    ),
    "the first of a set of two, one of several sets": (
        "H108",
        "`f` follows the order of the set in line 6 on",
        """_KNOWN = {"home", "abroad"}
_CODES = {"home": 1, "abroad": 2, None: 0}
_FIRST, _SECOND = frozenset(["home", "abroad"])  # <-

def f(row):
    return _CODES[_FIRST] * row.pieces if row.zone in _KNOWN else 0
""",
    ),
    "the common keys of two dicts, in their order": (
        "H108",
        "`f` follows the order of the set in line 8 on",
        """_A = {"home": 1, "abroad": 2}
_B = {"abroad": 3, "home": 4}

def f(row):
    return _A[[*(_A.keys() & _B.keys())][0]] * row.weight  # <-
""",
    ),
    "the longest of a set, where two are": (
        "H108",
        "`f` follows the order of the set in line 5 on",
        """def f(row):
    return {"home": 1, "city": 2}[max({"home", "city"}, key=len)] * row.weight  # <-
""",
    ),
    "the hash of a category, asked for by its method": (
        "H103",
        "uses row.zone.__hash__, which for text is another number in each process",
        """def f(row):
    return row.zone.__hash__() % 1009  # <-
""",
    ),
    "the hash of a category, asked for by a way round": (
        "H108",
        "`f` follows the hash of a text on",
        """from operator import methodcaller

def f(row):  # <-
    return methodcaller("__hash__")(row.zone) % 1009
""",
    ),
    "the hour of the day, where it trains": (
        "H103",
        "follows the machine's time zone (datetime.fromtimestamp), and production has another",
        f"""{TIME}
def f(row):
    return datetime.fromtimestamp(row.weight * 1e6).hour  # <-
""",
    ),
    "the days since, as seconds of a time without a zone": (
        "H108",
        "`f` follows the machine's time zone on 105 of 105 golden rows: golden row 1 gets",
        f"""{TIME}
def f(row):  # <-
    return (datetime(2026, 1, 1) + timedelta(row.pieces)).timestamp()
""",
    ),
    "today": (
        "H103",
        "reads the clock (date.today)",
        f"""{TIME}
def f(row):
    return (date.today() - date(2020, 1, 1)).days  # <-
""",
    ),
    "today, by a class of one's own": (
        "H108",
        "`f` follows the clock on 105 of 105 golden rows: golden row 1 gets",
        f"""{TIME}
class _Day(date):
    pass

def f(row):  # <-
    return (_Day.today() - date(2020, 1, 1)).days + row.pieces
""",
    ),
    "the row before it": (
        "H108",
        "`f` gives two different numbers on golden row",
        """class _Last:
    weights = [0]

def _swap(weights, weight):
    weights[0], before = weight, weights[0]
    return before

def f(row):  # <-
    return _swap(_Last.weights, row.weight)
""",
    ),
    "the heaviest so far": (
        "H108",
        "`f` follows the rows before on",
        """class _Most:
    weights = [0]

def _most(weights, weight):
    weights[0] = max(weight, weights[0])
    return weights[0]

def f(row):  # <-
    return _most(_Most.weights, row.weight)
""",
    ),
    "a cache without an end of a helper of numbers": (
        "H113",
        "`f` keeps",
        """from functools import cache

@cache
def _root(weight):
    return weight ** 0.5

def f(row):  # <-
    return _root(row.weight)
""",
    ),
    "a cache, with an end, of a helper that takes the row": (
        "H113",
        "golden rows, and still has",
        """from functools import lru_cache

@lru_cache
def _root(row):
    return row.weight ** 0.5

def f(row):  # <-
    return _root(row)
""",
    ),
    "a cache of a heuristic": (
        "H103",
        "keeps the rows of f in a cache (lru_cache)",
        """from functools import lru_cache

@lru_cache(maxsize=64)
def f(row):  # <-
    return row.weight ** 0.5
""",
    ),
    "a dict beside it, as a default": (
        "H113",
        "`f` keeps",
        """def _root(weight, known={}):
    known[weight] = known.get(weight) or weight ** 0.5
    return known[weight]


def f(row):  # <-
    return _root(row.weight)
""",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_follows_more_than_its_row_is_named(sandbox: Sandbox, name: str) -> None:
    code, sentence, text = BAD[name]
    line = (HEAD + text).partition("# <-")[0].count("\n") + 1

    findings = broken(sandbox, text)

    assert [(one, finding.line) for one, finding in findings] == [(code, line)], findings
    assert sentence in findings[0][1].evidence
    assert findings[0][1].path == sandbox.folder / "heuristics.py"


GOOD = {
    "a cache of a whole number of some thousands": """
from functools import cache


@cache
def _root(grams):
    return grams ** 0.5


def f(row):
    return _root(round(1000 * row.weight))
""",
    "a dataclass for the row, written to by its own method": """
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class _Plan:
    rest: float
    paid: list[float] = field(default_factory=list)

    def pay(self, amount: float) -> None:
        self.rest -= amount
        self.paid.append(amount)


def f(row):
    plan = _Plan(row.weight)
    for _ in range(row.pieces):
        plan.pay(0.5)
    return plan.rest + len(plan.paid)
""",
    "a frozen dataclass of constants": """
from dataclasses import dataclass


@dataclass(frozen=True)
class _Tariff:
    base: float
    now: float = 2.0

    def of(self, pieces):
        return self.base + self.now * pieces


_HOME = _Tariff(1.5)


def f(row):
    return _HOME.of(row.pieces)
""",
    "enum, match and the walrus": """
from enum import Enum, StrEnum


class _Zone(StrEnum):
    HOME = "home"
    ABROAD = "abroad"


class _Weight(Enum):
    LIGHT = 1
    HEAVY = 2


def f(row):
    match row.zone:
        case _Zone.HOME:
            kind = _Weight.LIGHT
        case "abroad" | None as zone:
            kind = _Weight.HEAVY if zone else _Weight.LIGHT
    return kind.value * rest if (rest := row.weight % 7) else 0.0
""",
    "sets that are asked, counted and sorted": """
_NEAR = {"home", "nearby", "next door"}
_FAR = frozenset({"abroad"}) | {"sea", "air"}
_SORTED = sorted(_NEAR | _FAR)
_LENGTHS = {len(word) for word in _NEAR}


def f(row):
    return (row.zone in _NEAR) + 2 * (row.zone in _FAR) + len(_NEAR & _FAR) + _SORTED.index("home") + sum(_LENGTHS)


def g(row):
    return sum({1, 2, 3}) + max({0.5, 1.5}) + row.pieces * len({row.zone, "home"}) + (_NEAR > {"home"})
""",
    "fractions, statistics and decimals": """
import statistics
from decimal import Decimal
from fractions import Fraction


def f(row):
    return float(Fraction(row.pieces, 3) + Fraction(Decimal(str(row.weight)))) + statistics.median([1, row.pieces, 4])


def g(row):
    return statistics.NormalDist(10, 4).cdf(row.weight)
""",
    "a named tuple, a partial, bisect and accumulate": """
import bisect
import functools
import itertools
import operator
from typing import NamedTuple


class _Step(NamedTuple):
    until: float
    today: float
    id: int = 0


_STEPS = [_Step(5, 1.0), _Step(10, 2.5), _Step(30, 4.0, id=3)]
_ENDS = [step.until for step in _STEPS]
_times = functools.partial(operator.mul, 3)


def f(row):
    step = _STEPS[min(bisect.bisect_left(_ENDS, row.weight), 2)]
    return _times(step.today) + step.id + list(itertools.accumulate(range(row.pieces)))[-1]
""",
    "days by the calendar, and a time with its zone": """
import calendar
import datetime as dt

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def f(row):
    at = dt.datetime.fromtimestamp(1_700_000_000 + row.weight * 1e6, tz=dt.UTC)
    return at.hour + (at - _START).days + calendar.monthrange(2024, row.pieces)[1]


def g(row):
    return (dt.date(2020, 1, 31) + dt.timedelta(days=row.pieces)).isoweekday()
""",
    "names of modules and of Python's own, for one's own things": """
def f(row):
    time = row.pieces
    date, open, id = row.weight, 1, 2
    today = now = cache = time + id
    input = [today]
    input.append(now)
    return sum(input) + date * open + cache


def hash(row):
    return row.weight * 2 + (lambda print: print + 1)(row.pieces)
""",
    "a helper within, that counts what is outside of it": """
def f(row):
    steps = 0

    def halve(rest):
        nonlocal steps
        steps += 1
        return halve(rest / 2) if rest > 1 else rest

    return halve(row.weight) + steps
""",
    "a table that is made once, and a cache with an end": """
from functools import cache, cached_property, lru_cache


@cache
def _table():
    return {pieces: pieces ** 2 for pieces in range(1, 10)}


@lru_cache(maxsize=128)
def _power(weight, pieces):
    return weight ** (1 / pieces)


@cache
def _zone(zone, pieces):
    return {"home": 1, "abroad": 2}.get(zone, 0) + pieces ** 3


@cache
def _grams(weight):
    return weight % 1000


class _Loan:
    def __init__(self, weight):
        self.weight = weight

    @cached_property
    def double(self):
        return 2 * self.weight


def f(row):
    return _table()[row.pieces] + _power(row.weight, row.pieces) + _zone(row.zone, row.pieces)


def g(row):
    return _Loan(row.weight).double + _grams(int(row.weight * 100))
""",
    "methods that are called as those of lists are": """
class _Ladder:
    def __init__(self, steps):
        self._steps = tuple(steps)

    def add(self, value):
        return value + self._steps[0]

    def pop(self):
        return self._steps[-1]

    def today(self):
        return 7


_LADDER = _Ladder([1, 2, 3])


def f(row):
    return _LADDER.add(row.weight) + _LADDER.pop() + _LADDER.today()
""",
    "decorators, class constants and modules imported within": """
import functools


class _Limits:
    LOW, HIGH = 2.0, 25.0
    ALL = (LOW, HIGH)


def _clipped(function):
    @functools.wraps(function)
    def inner(row):
        from math import isnan

        value = function(row)
        return None if isnan(value) else min(max(value, _Limits.LOW), _Limits.HIGH)

    return inner


@_clipped
def f(row):
    import math as m

    return m.log1p(row.weight) + m.hypot(*_Limits.ALL)
""",
    "text and tables of it": r"""
import re
import string
import unicodedata
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque

_LETTERS = OrderedDict((letter, place) for place, letter in enumerate(string.ascii_lowercase))
_VOWELS = re.compile("[aeiou]")
_ALL = ChainMap({"home": 1}, {"abroad": 2})


def f(row):
    word = unicodedata.normalize("NFC", row.zone or "")
    counted = Counter(word)
    last = deque(word, maxlen=2)
    lengths = defaultdict(int)
    for letter in word:
        lengths[letter] += 1
    return sum(_LETTERS[letter] for letter in word) + len(_VOWELS.findall(word)) + counted["o"] + len([*last, *lengths])


def g(row):
    return _ALL.get(row.zone, 0) * row.weight
""",
    "a method that writes to its own object, and a copy that is changed": """
import copy


class _State:
    level = 0

    def rise(self, by):
        self.level += by
        return self


def f(row):
    state = _State()
    state.level = row.pieces
    other = copy.copy(state)
    other.level += 1
    return state.rise(row.weight).level + other.level
""",
    "typed with generics, protocols and aliases": """
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal, Protocol

type Number = int | float
_FACTOR: Final = 1.25


class _Scaled(Protocol):
    def __call__(self, value: Number) -> Number: ...


def _first[T](values: Iterable[T], default: T) -> T:
    return next(iter(values), default)


def f(row):
    scale: Callable[[Number], Number] = lambda value: value * _FACTOR
    mode: Literal["a", "b"] = "a"
    return scale(_first([row.weight], 0.0)) + len(mode)
""",
    "numbers that are tried, and complex ones": """
import cmath
import contextlib
import heapq


def f(row):
    try:
        value = 1 / int(row.weight)
    except ZeroDivisionError as open:
        value = len(open.args)
    return value + abs(cmath.sqrt(-row.weight)) + heapq.nsmallest(2, [row.weight, 3, row.pieces])[1]
""",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_unusual_and_right_is_kept(sandbox: Sandbox, name: str) -> None:
    assert broken(sandbox, GOOD[name]) == []


def test_what_other_modules_have_in_memory_is_not_counted() -> None:
    """A named tuple's methods refer to the names of `collections`, and those to all that the process has loaded."""
    module = ModuleType("heuristics")
    exec(GOOD["a named tuple, a partial, bisect and accumulate"], vars(module))  # noqa: S102  # a text of this file

    assert memory._size(module) < 1000


def broken(sandbox: Sandbox, text: str) -> list[tuple[str, Broken]]:
    """Give what the clauses find wrong with heuristics; those that are refused are not run."""
    (sandbox.folder / "heuristics.py").write_text(HEAD + text)
    findings = []
    with DeliveryContext(ROOT, sandbox.folder) as context:
        for code, check in CLAUSES.items():
            outcome = check(context) if not findings else None
            if isinstance(outcome, Broken):
                findings.append((code, outcome))
    return findings
