"""Where what a heuristic divides by, compares or takes a logarithm of becomes zero: found by bisection."""

import ast
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

from handover.checks.tries import around, combined
from handover.context import DeliveryContext
from handover.limit import TooLongError, at_most
from handover.rows import Domain
from predictor.delivery import heuristics_in

type Row = dict[str, Any]
type Sides = dict[Any, int]
"""Of each number that matters, whether it lies below (-1), on (0) or above (1) where something changes."""
type SidesAt = Callable[[Row], Sides | None]

MAX_BACKGROUNDS = 64
GRID = 5  # numbers of one field, on each background
MAX_HALVINGS = 100  # 53 settle a float, but for one next to zero
STOPPED_S = 0.1  # of the processor's time on one row
SEEN = "__seen_at__"
PREAMBLE = ast.parse(f"{SEEN} = {{}}\ndef __seen__(place, value):\n    {SEEN}[place] = value\n    return value\n").body


class Traced:
    """The heuristics of a delivery, noting in ``SEEN`` what they divide by, compare, and give to functions."""

    def __init__(self, context: DeliveryContext) -> None:
        tree = _Tracing().visit(deepcopy(context.heuristics_tree))
        start = next((place for place, line in enumerate(tree.body) if not _comes_first(line)), len(tree.body))
        tree.body[start:start] = PREAMBLE
        module = context.run_heuristics(ast.unparse(ast.fix_missing_locations(tree)).encode())
        self._heuristics = {heuristic.__name__: heuristic for heuristic in heuristics_in(module)}
        self._seen: dict[Any, Any] = vars(module)[SEEN]

    def sides(self, name: str, row: Row) -> Sides | None:
        """Run a heuristic on a row; ``None`` where it fails."""
        self._seen.clear()
        try:
            with at_most(STOPPED_S, of_processor=True):
                self._heuristics[name](SimpleNamespace(**row))
        except (Exception, TooLongError):  # whether that is a fault, the heuristic itself is asked
            return None
        return _sides(self._seen)


def _comes_first(line: ast.stmt) -> bool:
    match line:
        case ast.Expr(value=ast.Constant()) | ast.ImportFrom(module="__future__"):
            return True
    return False


class _Tracing(ast.NodeTransformer):
    """Wraps the numbers that matter; what the code does stays the same, and so does the order."""

    def __init__(self) -> None:
        self._places = count()

    def _seen(self, value: ast.expr, place: Any = None) -> ast.expr:
        place = next(self._places) if place is None else place
        return ast.Call(ast.Name("__seen__", ast.Load()), [ast.Constant(place), value], [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            node.right = self._seen(node.right)
        elif isinstance(node.op, ast.Pow):
            node.left = self._seen(node.left)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AugAssign:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            node.value = self._seen(node.value)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self.generic_visit(node)
        if all(isinstance(op, ast.Eq | ast.NotEq | ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops):
            place = next(self._places)
            operands = [self._seen(value, (place, side)) for side, value in enumerate((node.left, *node.comparators))]
            node.left, node.comparators = operands[0], operands[1:]
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=ast.Name(id="math")) | ast.Name():
                node.args = [arg if isinstance(arg, ast.Starred) else self._seen(arg) for arg in node.args]
        return node


def _sides(seen: dict[Any, Any]) -> Sides:
    """Say of each number that was noted on which side it lies of where a heuristic may fail or turn."""
    numbers = {place: value for place, value in seen.items() if isinstance(value, int | float)}
    made: Sides = {}
    for place, value in numbers.items():
        match place:
            case (compared, side) if (compared, side - 1) in numbers:
                made[place] = _side(value, numbers[compared, side - 1])
            case int():
                made |= {(place, at): _side(value, at) for at in (-1.0, 0.0, 1.0)}  # a division, a root; acos ends at 1
    return made


def _side(value: float, other: float) -> int:
    return (value > other) - (value < other)


def roots(fields: Sequence[Domain], sides_at: SidesAt) -> Iterator[Row]:
    """Give the rows next to each change of side that bisection finds, along each number on many backgrounds.

    The fields are those that the heuristic reads. Where ``sides_at`` is ``None``, it fails, and the row is given.
    """
    values = [field.choices or tuple(dict.fromkeys(field.ends)) for field in fields]
    for row in combined(fields, values, MAX_BACKGROUNDS):
        for field in (field for field in fields if not field.choices):
            yield from _along(field, row, sides_at)


def _along(field: Domain, background: Row, sides_at: SidesAt) -> Iterator[Row]:
    """Look for changes of side along one field."""

    def row(at: float) -> Row:
        return background | {field.name: at}

    lowest, highest = field.ends
    grid = (field.nearest(lowest + (highest - lowest) * part / (GRID - 1)) for part in range(GRID))
    known = {at: sides_at(row(at)) for at in grid}
    yield from (row(at) for at, sides in known.items() if sides is None)
    for (first, before), (last, after) in pairwise(known.items()):
        for place, side in (before or {}).items():
            if after and after.get(place, side) != side:
                low, high = first, last
                for _ in range(MAX_HALVINGS):
                    middle = field.nearest(low + (high - low) / 2)
                    if not low < middle < high:
                        break
                    between = sides_at(row(middle)) or {}
                    low, high = (middle, high) if between.get(place) == side else (low, middle)
                yield from map(row, dict.fromkeys([*around(field, low), *around(field, high)]))
