"""The program of a process in other surroundings: it asks heuristics for rows, as it is told on its input.

It imports next to nothing, for that would take longer than all that it does: what it is told and answers is marshalled,
and the heuristics come to it compiled.
"""

from __future__ import annotations

import marshal
import sys
import time
from numbers import Number
from types import ModuleType, SimpleNamespace

TYPE_CHECKING = False  # as typing has it, which is not imported
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any

    type AnySet = set[Any] | frozenset[Any]

FORWARDS, BACKWARDS = "forwards", "backwards"
AS_TWIN = "_as_twin_"
"""What a module is given to make a set its twin with, and calls with the line that the set is in."""


def as_twins(sets: str, lines: Collection[int]) -> Callable[[Any, int], Any]:
    """Give what makes a set its twin, which is read in order, see ``Surroundings``; anything else stays what it is."""
    twins = {(kind, turned): _twin(kind, turned) for kind in (set, frozenset) for turned in (False, True)}

    def as_twin(value: Any, line: int) -> Any:
        twin = twins.get((type(value), sets == BACKWARDS and (not lines or line in lines)))
        return value if twin is None else twin(value)

    return as_twin


def _twin(kind: type[AnySet], backwards: bool) -> type[AnySet]:
    """Make a kind of set that is read in the order of what its members are written as."""

    class Twin(kind):  # type: ignore[misc, valid-type]  # its base is known only here: set or frozenset
        def __iter__(self) -> Iterator[Any]:
            members = list(super().__iter__())
            if not all(map(_hashed_alike, members)):
                members.sort(key=repr, reverse=backwards)
            return iter(members)

        def pop(self) -> Any:
            if not self:
                raise KeyError("pop from an empty set")
            member = next(iter(self))
            self.remove(member)
            return member

    Twin.__name__ = kind.__name__
    return Twin


def _hashed_alike(member: object) -> bool:
    """Tell whether each process gives it the same hash, and so its place in a set."""
    return all(map(_hashed_alike, member)) if isinstance(member, tuple) else isinstance(member, Number | None)


def _answer(heuristic: Any, row: Mapping[str, Any]) -> Any:
    try:
        value = heuristic(SimpleNamespace(**row))
    except Exception as error:  # a heuristic may raise anything; that it does so only sometimes is the finding
        return f"raises {type(error).__name__} ({error})"
    return value if type(value) in {bool, int, float, str, type(None)} else repr(value)  # which marshal knows


def _main() -> None:
    asked = marshal.load(sys.stdin.buffer)  # noqa: S302  the check wrote it
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what a heuristic prints is no answer
    if asked["clock_s"] is not None:  # of the modules of heuristics, datetime alone has a clock
        sys.modules["_datetime"] = None  # type: ignore[assignment]  # then it takes the one that is written in Python
        time.time = lambda: asked["clock_s"]
    module = ModuleType(asked["module"])
    vars(module)[AS_TWIN] = as_twins(asked["sets"], asked["lines"])
    sys.modules[module.__name__] = module
    exec(asked["code"], vars(module))  # noqa: S102  the check has read it, and found it to be arithmetic
    marshal.dump([[_answer(getattr(module, name), row) for row in asked["rows"]] for name in asked["names"]], answers)
    answers.flush()


if __name__ == "__main__":
    _main()
