"""Heuristics in other surroundings: another hash seed, time zone or order of sets, each in a process of its own.

That process runs ``process.py``, which imports next to nothing, so it takes hundredths of a second.
"""

import ast
import marshal
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from handover.surroundings import process
from handover.surroundings.process import AS_TWIN, as_twins

type Answers = list[list[Any]]
"""What each heuristic gives for each row: a number, None, or in words that it raises."""

LIMIT_S = 60.0
MAKES_SETS = (ast.BinOp, ast.Call, ast.Set, ast.SetComp)


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
    tree = ast.parse(heuristics.read_bytes())
    if surroundings.sets:
        ast.fix_missing_locations(_Turned().visit(tree))
    code = compile(tree, heuristics, "exec", dont_inherit=True)
    asked = asdict(surroundings) | {"module": heuristics.stem, "code": code, "names": list(names), "rows": rows}
    environment = os.environ | {"PYTHONHASHSEED": str(surroundings.seed), "TZ": surroundings.zone}
    try:
        done = subprocess.run(
            [sys.executable, "-S", "-P", process.__file__],
            input=marshal.dumps(asked),
            stdout=subprocess.PIPE,
            env=environment,
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return [[f"comes to no end within {LIMIT_S:g} s"] * len(rows)] * len(names)
    given = marshal.loads(done.stdout)  # noqa: S302  process.py wrote it
    return [column[:: -1 if surroundings.last_first else 1] for column in given]


class _Turned(ast.NodeTransformer):
    """Has every expression that may make a set make its twin, which knows the line."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        if not isinstance(node, MAKES_SETS):
            return node
        return ast.copy_location(ast.Call(ast.Name(AS_TWIN, ast.Load()), [node, ast.Constant(node.lineno)], []), node)


def turn_sets(tree: ast.Module, module: ModuleType, sets: str, lines: Collection[int] = ()) -> None:
    """Change the source of a module so that the sets that it will make are read in order, see ``Surroundings``."""
    vars(module)[AS_TWIN] = as_twins(sets, lines)
    ast.fix_missing_locations(_Turned().visit(tree))
