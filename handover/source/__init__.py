"""What a delivery's source would do, read in its syntax before any of it runs."""

import ast
import sys
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handover.source.names import FUNCTIONS, Names, within

# Arithmetic and its helpers. Nothing here reads a file, a clock, the network, the environment or a random number.
PURE_MODULES = {
    "__future__", "abc", "bisect", "calendar", "cmath", "collections", "collections.abc", "contextlib", "copy",
    "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq", "itertools", "math", "numbers",
    "operator", "re", "statistics", "string", "types", "typing", "unicodedata",
}  # fmt: skip
# What a contract is written with, besides: its vocabulary, and that of its fields.
CONTRACT_MODULES = PURE_MODULES | {
    "annotated_types", "handover", "handover.contract", "pydantic", "typing_extensions",
}  # fmt: skip
NEVER = {
    "open", "input", "exec", "eval", "compile", "exit", "quit", "breakpoint", "globals", "__import__", "__builtins__",
    "__loader__", "__spec__",
}  # fmt: skip
IMPURE_NAMES = NEVER | {"print", "id", "hash", "setattr", "delattr"}
BEHIND = {"__builtins__", "__code__", "__globals__", "__import__", "__loader__", "__self__", "__subclasses__"}
"""Attributes through which a function reaches what it did not import."""
CHANGES = {
    "append", "appendleft", "add", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault",
    "sort", "update",
}  # fmt: skip
CLOCKS = {"datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow", "datetime.date.today"}
LOCAL_TIMES = {"datetime.datetime.fromtimestamp", "datetime.date.fromtimestamp"}
GIVE_ZONE = "production has another than a training: give the zone, as in datetime.fromtimestamp(seconds, tz=UTC)"
CACHES = {"functools.cache", "functools.lru_cache"}
MAKERS = {"__init__", "__new__", "__post_init__"}
ALSO_MODULES = {"abc", "time"}  # `from collections import abc` is pure, and datetime's `time` no clock


@dataclass(frozen=True)
class Fault:
    """The first line that does what its file must not."""

    line: int
    sentence: str
    """What it does, as a sentence goes on after "It" or "Line 7"."""


class RefusedSourceError(Exception):
    """The source was read, and is not run; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"line {fault.line} {fault.sentence}")
        self.fault = fault


def line_in(path: Path, error: BaseException) -> int | None:
    """Find the line of a source that an error came out of as it ran, the innermost."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)


def refuse(heuristics: ast.Module) -> None:
    """Let heuristics run, or say why not; ``RefusedSourceError`` when they import or reach for what they must not."""
    if foreign := foreign_import(heuristics):
        raise RefusedSourceError(Fault(foreign[0], f"imports {foreign[1]}"))
    if fault := reach_beyond_the_row(heuristics):
        raise RefusedSourceError(fault)


def foreign_import(tree: ast.Module, allowed: Collection[str] = PURE_MODULES) -> tuple[int, str] | None:
    """Find the first import of what is not allowed, in what runs in production: its line, and the module's name."""
    for node in _run_in_production(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):  # a module may be taken out of another one, as in `from enum import sys`
            taken = [name for one in names if (name := one.lstrip("_")) in sys.stdlib_module_names - ALSO_MODULES]
            names = [node.module if node.module and not node.level else "a module beside it", *taken]
        if foreign := next((name for name in names if name not in allowed), None):
            return node.lineno, foreign
    return None


def reach_beyond_the_row(tree: ast.Module) -> Fault | None:
    """Find the first line of heuristics that reads or writes anything but their row: a file, a clock, a global.

    What is a module's is known by where it was imported from: a field, a variable or a method may have any name.
    """
    names = Names(tree)
    faults = ((node, _reads(node, names) or _changes(node, names, tree)) for node in _run_in_production(tree))
    return next((Fault(node.lineno, what) for node, what in faults if what), None)


def _reads(node: ast.AST, names: Names) -> str:
    """Say what a node reads that is not its row's, in the end of a sentence."""
    origin = names.origin(node)
    if what := _uses(node, IMPURE_NAMES, names):
        return what
    if isinstance(node, ast.Attribute) and node.attr == "__hash__":
        return f"uses {ast.unparse(node)}, which for text is another number in each process"
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        decorators = (getattr(decorator, "func", decorator) for decorator in node.decorator_list)
        if cache := next((decorator for decorator in decorators if names.origin(decorator) in CACHES), None):
            return f"keeps the rows of {node.name} in a cache ({ast.unparse(cache)})"
    if origin in CLOCKS:
        return f"reads the clock ({ast.unparse(node)})"
    if isinstance(node, ast.Call) and len(node.args) < 2 and names.origin(node.func) in LOCAL_TIMES:
        has_zone = any(keyword.arg in {"tz", None} for keyword in node.keywords)
        return "" if has_zone else f"follows the machine's time zone ({ast.unparse(node.func)}), and {GIVE_ZONE}"
    return ""


def _uses(node: ast.AST, builtins: Collection[str], names: Names) -> str:
    """Say where a node is one of these names of Python's own, or reaches behind a function."""
    is_builtin = isinstance(node, ast.Name) and node.id in builtins and names.binders.get(node) is None
    return f"uses {ast.unparse(node)}" if is_builtin or getattr(node, "attr", "") in BEHIND else ""


def _changes(node: ast.AST, names: Names, tree: ast.Module) -> str:
    """Say what a node changes that was there before its row, in the end of a sentence."""
    match node:
        case ast.Global(names=changed):
            return f"changes {', '.join(changed)}, which outlives the request"
        case ast.Nonlocal(names=changed) if _is_in_what_lasts(node, tree):
            return f"changes {', '.join(changed)}, which outlives the request"
        case ast.Attribute(value=owner, ctx=ast.Store() | ast.Del()) if not _is_made_for_the_row(owner, names, tree):
            return f"writes to {ast.unparse(node)}"
        case ast.Subscript(value=changed, ctx=ast.Store() | ast.Del()):
            pass
        case ast.Call(func=ast.Attribute(value=changed, attr=method)) if method in CHANGES:
            if any(method == getattr(own, "name", "") for kind in _classes(tree) for own in kind.body):
                return ""  # it may do anything, and what it does is read where it is defined
        case _:
            return ""
    while isinstance(changed, ast.Subscript):  # what it has inside lasts as long
        changed = changed.value
    lasts = names.binders.get(changed) is tree and not names.origin(changed) and node not in _at_import(tree)
    return f"changes {ast.unparse(changed)}, which outlives the request" if lasts else ""


def _is_made_for_the_row(owner: ast.AST, names: Names, tree: ast.Module) -> bool:
    """Tell whether an object did not exist before the row: it was made in this function, or its class is used so."""
    function = names.binders.get(owner)
    if not isinstance(owner, ast.Name) or not isinstance(function, ast.FunctionDef):
        return False
    arguments = [node.arg for node in within(function.args) if isinstance(node, ast.arg)]
    kind = next((kind for kind in _classes(tree) if function in kind.body), None)
    if kind and owner.id == arguments[0]:
        called = {ast.unparse(node.func) for node in _at_import(tree) if isinstance(node, ast.Call)}
        return function.name in MAKERS or kind.name not in called
    assigned = (node for node in ast.walk(function) if isinstance(node, ast.Assign))
    values = [node.value for node in assigned if owner.id in {name.id for name in _stored(node)}]
    return owner.id not in arguments and all(isinstance(value, ast.Call) for value in values)


def _is_in_what_lasts(node: ast.AST, tree: ast.Module) -> bool:
    """Tell whether a node is in a function that runs at import, as a decorator does: what it makes stays."""
    run = {inner.id for inner in _at_import(tree) if isinstance(inner, ast.Name)}
    return any(isinstance(line, ast.FunctionDef) and line.name in run and node in ast.walk(line) for line in tree.body)


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _at_import(tree: ast.Module) -> list[ast.AST]:
    """List the nodes that run once, when the module is imported."""
    return list(within(tree, FUNCTIONS))


def more_than_a_declaration(tree: ast.Module) -> Fault | None:
    """Find the first line of a contract that does what no declaration does: reads a file, ends the process."""
    if foreign := foreign_import(tree, CONTRACT_MODULES):
        return Fault(foreign[0], f"imports {foreign[1]}")
    names = Names(tree)
    for node in _run_in_production(tree):
        if names.origin(node) in CLOCKS:
            return Fault(node.lineno, f"reads the clock ({ast.unparse(node)}): it would say something else some day")
        if what := _uses(node, NEVER, names):
            return Fault(node.lineno, what)
    return None


def _run_in_production(tree: ast.Module) -> list[Any]:
    """List the nodes that run in production, by their lines: all but what stands under ``if TYPE_CHECKING``."""
    nodes, waiting = list[Any](), list[Any]([tree])
    is_own_name = any(name.id == "TYPE_CHECKING" for name in _stored(tree))
    guards = set() if is_own_name else {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        is_guarded = isinstance(node, ast.If) and ast.unparse(node.test) in guards
        waiting += node.orelse if is_guarded else ast.iter_child_nodes(node)
    return sorted(nodes, key=lambda node: getattr(node, "lineno", 0))


def _stored(node: ast.AST) -> list[ast.Name]:
    return [name for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]
