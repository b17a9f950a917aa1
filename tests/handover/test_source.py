"""What a delivery's source may do, judged before it runs."""

import ast

import pytest

from handover.source import RefusedSourceError, foreign_import, more_than_a_declaration, reach_beyond_the_row, refuse
from tests.helpers.sandbox import CONTRACT, HEURISTICS

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("source", "found"),
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
def test_imports(source: str, found: tuple[int, str] | None) -> None:
    assert foreign_import(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HEURISTICS, None),
        ("def age(row):\n    return row.today - row.born", None),
        ("def cover(row):\n    return row.cache * row.now / row.today", None),
        ("def day(row):\n    return row.now()", "line 2 reads the clock (row.now)"),
        ("def day(row):\n    return datetime.now()", "line 2 reads the clock (datetime.now)"),
        ("_now = datetime.now", "line 1 reads the clock (datetime.now)"),
        ("def day(row):\n    return exit()", "line 2 uses exit"),
        ("def day(row):\n    return breakpoint()", "line 2 uses breakpoint"),
        ("__loader__", "line 1 uses __loader__"),
        ("def f(row):\n    return f.__globals__['x']", "line 2 uses f.__globals__"),
        ("().__class__.__base__.__subclasses__()", "line 1 uses ().__class__.__base__.__subclasses__"),
        ("def f(row):\n    open = row.open\n    return open", None),
        ("class _Tariff:\n    def __init__(self, base):\n        self.base = base", None),
        ("class _Tariff:\n    def of(self, row):\n        self.last = row", "line 3 writes to self.last"),
        ("class _Tariff:\n    def __init__(self, row):\n        row.base = 1", "line 3 writes to row.base"),
        ("def __init__(row):\n    row.base = 1", "line 2 writes to row.base"),
    ],
)
def test_reaching_beyond_the_row(source: str, said: str | None) -> None:
    fault = reach_beyond_the_row(ast.parse(source))

    assert (fault and f"line {fault.line} {fault.sentence}") == said


@pytest.mark.parametrize(
    ("source", "said"),
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
def test_a_contract_declares_and_does_nothing_else(source: str, said: str | None) -> None:
    fault = more_than_a_declaration(ast.parse(source))

    assert (fault and f"line {fault.line} {fault.sentence}") == said


@pytest.mark.parametrize("source", ["import os", "open('x')"])
def test_what_is_refused_says_where(source: str) -> None:
    with pytest.raises(RefusedSourceError, match=r"^line 1 (imports os|uses open)$"):
        refuse(ast.parse(source))
