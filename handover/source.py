"""What a delivery's source would do, read in its syntax before any of it runs."""

import ast
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

# Arithmetic and its helpers. Nothing here reads a file, a clock, the network, the environment or a random number.
PURE_MODULES = {
    "__future__", "bisect", "collections", "collections.abc", "datetime", "decimal", "enum", "fractions", "functools",
    "itertools", "math", "operator", "re", "statistics", "string", "typing",
}  # fmt: skip
# What a contract is written with, besides: its vocabulary, and that of its fields.
CONTRACT_MODULES = PURE_MODULES | {
    "abc", "annotated_types", "dataclasses", "handover", "handover.contract", "pydantic", "typing_extensions",
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
IMPURE_METHODS = {"now", "today", "utcnow"}
CACHES = {"cache", "lru_cache", "cached_property"}
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


def refuse(heuristics: ast.Module) -> None:
    """Let heuristics run, or say why not.

    Raises
    ------
    RefusedSourceError
        When they import or reach for what they must not.
    """
    if fault := _import_fault(heuristics, PURE_MODULES) or reach_beyond_the_row(heuristics):
        raise RefusedSourceError(fault)


def _import_fault(tree: ast.Module, allowed: Collection[str]) -> Fault | None:
    foreign = foreign_import(tree, allowed)
    return Fault(foreign[0], f"imports {foreign[1]}") if foreign else None


def foreign_import(tree: ast.Module, allowed: Collection[str] = PURE_MODULES) -> tuple[int, str] | None:
    """Find the first import of what is not allowed, in what runs in production: its line, and the module's name."""
    for node in _run_in_production(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module if node.module and not node.level else "a module beside it", *_modules_among(node)]
        for name in names:
            if name not in allowed:
                return node.lineno, name
    return None


def _modules_among(node: ast.ImportFrom) -> list[str]:
    """Name the modules that are taken out of another one, as in ``from enum import sys``."""
    names = [alias.name.lstrip("_") for alias in node.names]
    return [name for name in names if name in sys.stdlib_module_names - ALSO_MODULES]


def reach_beyond_the_row(tree: ast.Module) -> Fault | None:
    """Find the first line of heuristics that reads or writes anything but their row: a file, a clock, a global."""
    nodes = _run_in_production(tree)
    own = _own_names(nodes)
    kept = _changed_for_good(tree)
    fields, made = _fields_read(nodes), _made_in_init(tree)
    for node in nodes:
        name = node.id if isinstance(node, ast.Name) and node.id not in own else ""
        attribute = node.attr if isinstance(node, ast.Attribute) else ""
        what = ""
        if isinstance(node, ast.Global | ast.Nonlocal):
            what = f"changes {', '.join(node.names)}, which outlives the request"
        elif node in kept:
            what = f"changes {kept[node]}, which outlives the request"
        elif name in IMPURE_NAMES or attribute in BEHIND:
            what = f"uses {ast.unparse(node)}"
        elif {name, attribute} & CACHES and node not in fields:
            what = f"keeps rows in a cache ({ast.unparse(node)}), which grows with every request"
        elif attribute in IMPURE_METHODS and node not in fields:
            what = f"reads the clock ({ast.unparse(node)})"
        elif attribute and isinstance(node.ctx, ast.Store) and node not in made:
            what = f"writes to {ast.unparse(node)}"
        if what:
            return Fault(node.lineno, what)
    return None


def more_than_a_declaration(tree: ast.Module) -> Fault | None:
    """Find the first line of a contract that does what no declaration does: reads a file, ends the process."""
    if fault := _import_fault(tree, CONTRACT_MODULES):
        return fault
    nodes = _run_in_production(tree)
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in NEVER - _own_names(nodes):
            return Fault(node.lineno, f"uses {node.id}")
        if isinstance(node, ast.Attribute) and node.attr in BEHIND:
            return Fault(node.lineno, f"uses {ast.unparse(node)}")
    return None


def _run_in_production(tree: ast.Module) -> list[Any]:
    """List the nodes that run in production, by their lines: all but what stands under ``if TYPE_CHECKING``."""
    nodes: list[Any] = []
    waiting: list[ast.AST] = [tree]
    is_own_name = any(name.id == "TYPE_CHECKING" for name in _names_bound(tree))
    guards = set() if is_own_name else {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) in guards:
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
    return sorted(nodes, key=lambda node: getattr(node, "lineno", 0))


def _attributes_of(nodes: Iterable[ast.AST], names: Collection[str]) -> set[ast.AST]:
    """Find the attributes that are read of, or written to, what has one of these names."""
    return {
        node
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
    }


def _fields_read(nodes: list[Any]) -> set[ast.AST]:
    """Find what is read of an argument and not called: a field of the row may be named like a clock or a cache."""
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    return _attributes_of(nodes, {node.arg for node in nodes if isinstance(node, ast.arg)}) - called


def _made_in_init(tree: ast.Module) -> set[ast.AST]:
    """Find what a class's ``__init__`` writes to the object that it makes: nothing that was before."""
    inits = (
        method
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__" and method.args.args
    )
    return {node for init in inits for node in _attributes_of(ast.walk(init), {init.args.args[0].arg})}


def _own_names(nodes: list[Any]) -> set[str]:
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return own | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _changed_for_good(tree: ast.Module) -> dict[ast.AST, str]:
    """Find where a function changes a list, set or dict of the module: it would still be changed for the next row."""
    bound = {name.id for line in tree.body if not isinstance(line, ast.FunctionDef) for name in _names_bound(line)}
    changed: dict[ast.AST, str] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        local = {name.id for name in _names_bound(function)}
        local |= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        for node in ast.walk(function):
            owner: ast.AST | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                owner = node.func.value
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                owner = node.value
            if isinstance(owner, ast.Name) and owner.id in bound - local:
                changed[node] = owner.id
    return changed


def _names_bound(node: ast.AST) -> list[ast.Name]:
    return [name for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]
