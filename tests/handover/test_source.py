"""What a delivery's source may do, judged before it runs."""

import ast

import pytest

from handover.source import RefusedSourceError, foreign_import, more_than_a_declaration, reach_beyond_the_row, refuse
from tests.helpers.sandbox import CONTRACT, HEURISTICS

pytestmark = pytest.mark.quick

TIME = "from datetime import UTC, date, datetime, timedelta\n"
CLOCK = "line {} reads the clock ({})"
LOCAL = (
    "line 3 follows the machine's time zone ({}), and production has another than a training: give the zone, as in "
    "datetime.fromtimestamp(seconds, tz=UTC)"
)
HASH = "line 2 uses row.zone.__hash__, which for text is another number in each process"
CACHE = "line 3 keeps the rows of f in a cache ({})"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import math", None),
        ("from collections import abc, Counter", None),
        ("from datetime import date, time, timedelta", None),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy", None),
        ("import typing\nif typing.TYPE_CHECKING:\n    import numpy", None),
        ("import os", (1, "os")),
        ("import math, sys", (1, "sys")),
        ("def f(row):\n    import random", (2, "random")),
        ("from . import contract", (1, "a module beside it")),
        ("from .math import floor", (1, "a module beside it")),
        ("from enum import sys", (1, "sys")),
        ("from collections import _sys", (1, "sys")),
        ("from statistics import random as mean", (1, "random")),
        ("if not TYPE_CHECKING:\n    import os", (2, "os")),
        ("if 1 or TYPE_CHECKING:\n    import os", (2, "os")),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import os", (4, "os")),
        ("TYPE_CHECKING = True\nif TYPE_CHECKING:\n    import os", (3, "os")),
        ("class A:\n    TYPE_CHECKING = 1\nif A.TYPE_CHECKING:\n    import os", (4, "os")),
    ],
)
def test_imports(source: str, expected: tuple[int, str] | None) -> None:
    assert foreign_import(ast.parse(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (HEURISTICS, None),
        ("def age(row):\n    return row.today - row.born", None),
        ("def cover(row):\n    return row.cache * row.now / row.today", None),
        ("import datetime\n\ndef day(row):\n    return datetime.date.today()", CLOCK.format(4, "datetime.date.today")),
        ("from datetime import datetime as D\n_now = D.now", CLOCK.format(2, "D.now")),
        (
            "from datetime import date\n_D = date\ndef day(row):\n    return _D.today()",
            CLOCK.format(4, "_D.today"),
        ),
        (
            "def day(row):\n    from datetime import datetime\n    return datetime.now()",
            CLOCK.format(3, "datetime.now"),
        ),
        ("from datetime import date\ndef day(row):\n    return date(2020, 1, row.today)", None),
        ("import datetime\ndef f(row):\n    datetime = row\n    return datetime.now", None),
        ("def f(row):\n    loan = row\n    return loan.today + loan.cache + loan.now", None),
        ("class _Day:\n    def now(self, x):\n        return x\n_D = _Day()\ndef f(row):\n    return _D.now(1)", None),
        (f"{TIME}def f(row):\n    return datetime.fromtimestamp(row.at).hour", LOCAL.format("datetime.fromtimestamp")),
        (f"{TIME}def f(row):\n    return date.fromtimestamp(row.at).day", LOCAL.format("date.fromtimestamp")),
        (f"{TIME}def f(row):\n    return datetime.fromtimestamp(row.at, UTC).hour", None),
        (f"{TIME}def f(row):\n    return datetime.fromtimestamp(row.at, tz=UTC).hour", None),
        (f"{TIME}def f(row):\n    return (date(2020, 1, 1) + timedelta(row.days)).weekday()", None),
        ("def f(row):\n    return row.zone.__hash__()", HASH),
        ("from functools import cache\n@cache\ndef f(row):\n    return 1", CACHE.format("cache")),
        ("import functools as ft\n@ft.lru_cache(9)\ndef f(row):\n    return 1", CACHE.format("ft.lru_cache")),
        (
            "from functools import cache\n@cache\ndef _table():\n    return 2\n\ndef f(row):\n    return _table()",
            None,
        ),
        ("_cache = {'a': 1}\ndef f(row):\n    cache = _cache\n    return cache['a'] + row.cache", None),
        ("def id(row):\n    return 1\n\ndef f(row):\n    return 2 * id(row)", None),
        ("class _A:\n    id: int = 1\n\ndef f(row):\n    return id(row)", "line 5 uses id"),
        ("def f(open):\n    return open.x\n\ndef g(row):\n    return open('x')", "line 5 uses open"),
        ("def f(row):\n    match row:\n        case [input, *id]:\n            return input + id[0]", None),
        ("_A = []\ndef f(row):\n    _A.append(row)", "line 3 changes _A, which outlives the request"),
        ("_A = []\n_A.append(1)\ndef f(row):\n    _A = [1]\n    _A.append(2)\n    return _A[0]", None),
        ("_A = {}\ndef f(row):\n    del _A['x']", "line 3 changes _A, which outlives the request"),
        ("_A = {}\ndef f(row):\n    _A[row.x].append(1)", "line 3 changes _A, which outlives the request"),
        ("_A = {}\ndef f(row):\n    _A[row.x][0] = 1", "line 3 changes _A, which outlives the request"),
        ("import operator as add\ndef f(row):\n    return add.add(row.x, 1)", None),
        (
            "def f(row):\n    seen = []\n\n    def visit(x):\n        seen.append(x)\n    visit(1)\n    return seen[0]",
            None,
        ),
        ("def day(row):\n    return exit()", "line 2 uses exit"),
        ("def day(row):\n    return breakpoint()", "line 2 uses breakpoint"),
        ("__loader__", "line 1 uses __loader__"),
        ("def f(row):\n    return f.__globals__['x']", "line 2 uses f.__globals__"),
        ("().__class__.__base__.__subclasses__()", "line 1 uses ().__class__.__base__.__subclasses__"),
        ("def f(row):\n    open = row.open\n    return open", None),
        ("class _Tariff:\n    def __init__(self, base):\n        self.base = base", None),
        ("class _T:\n    def of(self, row):\n        self.last = row\n_A = _T()", "line 3 writes to self.last"),
        ("class _T:\n    def of(self):\n        self.rest -= 1\ndef f(row):\n    return _T().of()", None),
        ("class _T:\n    pass\ndef f(row):\n    t = _T()\n    t.rest = row.x\n    return t.rest", None),
        ("class _T:\n    pass\ndef f(row):\n    _T.rest = row.x", "line 4 writes to _T.rest"),
        ("def f(row):\n    same = row\n    same.x = 1", "line 3 writes to same.x"),
        ("def f(row):\n    del row.x", "line 2 writes to row.x"),
        ("def f(row):\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n", None),
        (
            "def _counted(f):\n    n = 0\n    def g(row):\n        nonlocal n\n    return g\n@_counted\ndef h(x): 1",
            "line 4 changes n, which outlives the request",
        ),
        ("_N = 0\ndef f(row):\n    global _N\n    _N += 1", "line 3 changes _N, which outlives the request"),
        ("class _Tariff:\n    def __init__(self, row):\n        row.base = 1", "line 3 writes to row.base"),
        ("def __init__(row):\n    row.base = 1", "line 2 writes to row.base"),
    ],
)
def test_reaching_beyond_the_row(source: str, expected: str | None) -> None:
    fault = reach_beyond_the_row(ast.parse(source))

    assert (fault and f"line {fault.line} {fault.sentence}") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (CONTRACT, None),
        ("import pydantic\nfrom enum import Enum\nfrom handover import Contract\nprint('hello')", None),
        ("raise SystemExit(3)", None),  # running it says so
        ("import os", "line 1 imports os"),
        ("from os import _exit", "line 1 imports os"),
        ("from handover.retraining import subprocess", "line 1 imports handover.retraining"),
        ("from handover.contract import sys", "line 1 imports sys"),
        ("import pandas", "line 1 imports pandas"),
        ("ZONES = open('zones.txt').read().split()", "line 1 uses open"),
        ("class Row:\n    weight: float = eval('1')", "line 2 uses eval"),
        ("exit()", "line 1 uses exit"),
        ("print.__self__.__import__('os')", "line 1 uses print.__self__.__import__"),
        ("f.__globals__", "line 1 uses f.__globals__"),
    ],
)
def test_a_contract_declares_and_does_nothing_else(source: str, expected: str | None) -> None:
    fault = more_than_a_declaration(ast.parse(source))

    assert (fault and f"line {fault.line} {fault.sentence}") == expected


@pytest.mark.parametrize("source", ["import os", "open('x')"])
def test_what_is_refused_says_where(source: str) -> None:
    with pytest.raises(RefusedSourceError, match=r"^line 1 (imports os|uses open)$"):
        refuse(ast.parse(source))
