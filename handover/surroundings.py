"""Heuristics in other surroundings: another hash seed, time zone or order of sets, each in a process of its own.

That process needs nothing but the standard library, so it takes hundredths of a second. It runs this file.
"""

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Number
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

type AnySet = set[Any] | frozenset[Any]
type Answers = list[list[Any]]
"""What each heuristic gives for each row: a number, None, or in words that it raises."""

LIMIT_S = 60.0
FORWARDS, BACKWARDS = "forwards", "backwards"
MAKES_SETS = (ast.BinOp, ast.Call, ast.Set, ast.SetComp)
AS_TWIN = "_as_twin_"


@dataclass(frozen=True)
class Surroundings:
    """What differs from process to process, and no heuristic may depend on."""

    seed: int = 0
    """Of the hashes of text, see PYTHONHASHSEED."""
    zone: str = "UTC0"
    """The local time zone, as POSIX writes it, for which no file of zones is needed."""
    sets: str = ""
    """Whether sets of what each process hashes anew are read in order, ``forwards`` or ``backwards``."""
    lines: tuple[int, ...] = ()
    """The lines whose sets alone are read backwards; all of them where none is named."""
    clock_s: float | None = None
    """What the clock stands at, as seconds since 1970; where it is not said, it goes on."""
    last_first: bool = False
    """Whether the rows are asked for in the reverse order."""


def answers(
    heuristics: Path, names: Sequence[str], rows: Iterable[Mapping[str, Any]], surroundings: Surroundings
) -> Answers:
    """Ask the heuristics in a file for rows in other surroundings."""
    rows = list(rows)[:: -1 if surroundings.last_first else 1]
    asked = asdict(surroundings) | {"heuristics": str(heuristics), "names": list(names), "rows": rows}
    environment = os.environ | {"PYTHONHASHSEED": str(surroundings.seed), "TZ": surroundings.zone}
    try:
        done = subprocess.run(
            [sys.executable, "-S", "-P", __file__],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            env=environment,
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return [[f"comes to no end within {LIMIT_S:g} s"] * len(rows)] * len(names)
    return [column[:: -1 if surroundings.last_first else 1] for column in json.loads(done.stdout)]


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


class _Turned(ast.NodeTransformer):
    """Has every expression that may make a set make its twin, which knows the line."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        if not isinstance(node, MAKES_SETS):
            return node
        call = ast.Call(ast.Name(AS_TWIN, ast.Load()), [node, ast.Constant(node.lineno)], [])
        return ast.copy_location(call, node)


def turn_sets(tree: ast.Module, module: ModuleType, sets: str, lines: Collection[int] = ()) -> None:
    """Change the source of a module so that the sets that it will make are read in order, see ``Surroundings``."""
    twins = {(kind, turned): _twin(kind, turned) for kind in (set, frozenset) for turned in (False, True)}

    def as_twin(value: Any, line: int) -> Any:
        twin = twins.get((type(value), sets == BACKWARDS and (not lines or line in lines)))
        return value if twin is None else twin(value)

    vars(module)[AS_TWIN] = as_twin
    ast.fix_missing_locations(_Turned().visit(tree))


def _ran(path: str, sets: str, lines: Sequence[int]) -> ModuleType:
    module, tree = ModuleType(Path(path).stem), ast.parse(Path(path).read_bytes())
    if sets:
        turn_sets(tree, module, sets, lines)
    sys.modules[module.__name__] = module
    exec(compile(tree, path, "exec"), vars(module))  # noqa: S102  the check has read it, and found it to be arithmetic
    return module


def _stop_the_clock(seconds: float) -> None:
    """Have datetime, the one module of heuristics that has a clock, read another one."""
    sys.modules["_datetime"] = None  # type: ignore[assignment]  # then it takes the one that is written in Python
    time.time = lambda: seconds


def _answer(heuristic: Any, row: Mapping[str, Any]) -> Any:
    try:
        return heuristic(SimpleNamespace(**row))
    except Exception as error:  # a heuristic may raise anything; that it does so only sometimes is the finding
        return f"raises {type(error).__name__} ({error})"


def _main() -> None:
    asked = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as line:
        os.dup2(2, 1)  # what a heuristic prints is no answer
        if asked["clock_s"] is not None:
            _stop_the_clock(asked["clock_s"])
        module = _ran(asked["heuristics"], asked["sets"], asked["lines"])
        given = [[_answer(getattr(module, name), row) for row in asked["rows"]] for name in asked["names"]]
        json.dump(given, line, default=repr)


if __name__ == "__main__":
    _main()
