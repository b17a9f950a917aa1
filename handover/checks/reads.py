"""What a heuristic reads, by its syntax: the fields and numbers of its lines, and of those that it uses."""

import ast
from collections.abc import Iterable


def reads(tree: ast.Module, heuristic: str, fields: Iterable[str]) -> tuple[list[str], list[float]]:
    """List which of all fields a heuristic may read, through helpers and tables too, and the numbers in its lines.

    One that reaches for fields by a name that it works out may read each of them.
    """
    names: set[str] = set()
    numbers: dict[float, None] = {}
    for line in _lines(tree, heuristic):
        for node in ast.walk(line):
            match node:
                case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                    numbers |= {number: None, -number: None}
                case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    names.add(name)
                case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(), *_]):
                    pass
                case ast.Call(func=ast.Name(id="getattr")) | ast.Name(id="vars" | "attrgetter"):
                    names.add("__dict__")
    every = "__dict__" in names or "attrgetter" in names
    return [field for field in fields if every or field in names], list(numbers)


def _lines(tree: ast.Module, name: str) -> list[ast.stmt]:
    """List what defines a name at the top of a module, and what defines the names that this uses, and so on."""
    defining: dict[str, list[ast.stmt]] = {}
    for line in tree.body:
        for defined in _defined(line):
            defining.setdefault(defined, []).append(line)
    lines: dict[ast.stmt, None] = {}
    waiting = list(defining.get(name, ()))
    while waiting:
        line = waiting.pop()
        if line not in lines:
            lines[line] = None
            used = (node.id for node in ast.walk(line) if isinstance(node, ast.Name))
            waiting += [other for name in used for other in defining.get(name, ())]
    return list(lines)


def _defined(line: ast.stmt) -> list[str]:
    if isinstance(line, ast.FunctionDef | ast.ClassDef):
        return [line.name]
    return [node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
