"""Heuristics in processes that differ in one thing."""

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from handover import surroundings
from handover.surroundings import Surroundings, answers, turn_sets
from handover.surroundings.process import BACKWARDS, FORWARDS

pytestmark = pytest.mark.quick

SOURCE = """
from datetime import date, datetime

_NAMES = {"b", "a", "c"}
_MORE = frozenset("xy")


def names(row):
    return ord(list(_NAMES)[0])


def more(row):
    return ord(min(_MORE, key=len)) + row.weight


def today(row):
    return date.today().year


def hour(row):
    return datetime.fromtimestamp(row.weight).hour


def hashed(row):
    return row.zone.__hash__()


def fails(row):
    return 1 / row.weight


def endless(row):
    while row.weight == 7:
        pass
    return 0
"""


@pytest.fixture
def heuristics(tmp_path: Path) -> Path:
    (tmp_path / "heuristics.py").write_text(SOURCE)
    return tmp_path / "heuristics.py"


def given(heuristics: Path, name: str, *weights: float, **changes: Any) -> Any:
    rows = [{"weight": weight, "zone": "home"} for weight in weights]
    return answers(heuristics, [name], rows, Surroundings(**changes))[0]


def test_sets_of_text_are_read_in_order(heuristics: Path) -> None:
    assert given(heuristics, "names", 0, sets=FORWARDS) == [ord("a")]
    assert given(heuristics, "names", 0, sets=BACKWARDS) == [ord("c")]
    assert given(heuristics, "names", 0, sets=BACKWARDS, lines=(5,)) == [ord("a")]
    assert given(heuristics, "more", 0, 1, sets=FORWARDS) == [ord("x"), ord("x") + 1]
    assert given(heuristics, "more", 0, 1, sets=BACKWARDS, lines=(5,)) == [ord("y"), ord("y") + 1]


def test_the_clock_the_zone_and_the_seed_are_as_they_are_said_to_be(heuristics: Path) -> None:
    assert given(heuristics, "today", 0, clock_s=1e9) == [2001]
    assert given(heuristics, "hour", 0, 3600) == [0, 1]
    assert given(heuristics, "hour", 0, zone="<+1245>-12:45") == [12]
    assert given(heuristics, "hashed", 0, seed=1) == given(heuristics, "hashed", 0, seed=1)
    assert given(heuristics, "hashed", 0, seed=1) != given(heuristics, "hashed", 0, seed=2)


def test_what_a_heuristic_raises_is_its_answer(heuristics: Path) -> None:
    assert given(heuristics, "fails", 4, 0) == [0.25, "raises ZeroDivisionError (division by zero)"]


def test_rows_that_are_asked_last_first_are_answered_in_their_order(heuristics: Path) -> None:
    assert given(heuristics, "fails", 4, 2, last_first=True) == [0.25, 0.5]


def test_what_comes_to_no_end_is_ended(heuristics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "LIMIT_S", 0.5)

    assert given(heuristics, "endless", 1, 7) == ["comes to no end within 0.5 s"] * 2


@pytest.mark.parametrize(
    ("made", "forwards", "backwards"),
    [
        ("list({'b', 'a'})", ["a", "b"], ["b", "a"]),
        ("list({word for word in ('a', 'b')} | {'c'})", ["a", "b", "c"], ["c", "b", "a"]),
        ("[*set('ab').union('c')]", ["a", "b", "c"], ["c", "b", "a"]),
        ("[*({'a': 1, 'b': 2}.keys() & {'b', 'a'})]", ["a", "b"], ["b", "a"]),
        ("{'a', 'b'}.pop()", "a", "b"),
        ("list(frozenset([('a', 1), ('b', 2)]))", [("a", 1), ("b", 2)], [("b", 2), ("a", 1)]),
        ("sorted({'b', 'a'})", ["a", "b"], ["a", "b"]),
        ("list({3, 1, 2})", [1, 2, 3], [1, 2, 3]),
        (
            "('a' in {'a'}, len({'a', 'b'}), {'a'} == {'a'}, {'a'} < {'a', 'b'})",
            (True, 2, True, True),
            (True, 2, True, True),
        ),
        ("isinstance({'a'}, set) and isinstance(frozenset('a'), frozenset)", True, True),
        ("{frozenset('ab'): 1}[frozenset('ba')]", 1, 1),
    ],
)
def test_only_the_order_of_a_set_is_another(made: str, forwards: Any, backwards: Any) -> None:
    values = []
    for order in (FORWARDS, BACKWARDS):
        tree, module = ast.parse(f"made = {made}"), ModuleType("made")
        turn_sets(tree, module, order)
        exec(compile(tree, "made.py", "exec"), vars(module))  # noqa: S102  it stands above
        values.append(module.made)

    assert values == [forwards, backwards]
