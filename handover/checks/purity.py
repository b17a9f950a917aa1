"""H, what a heuristic must keep away from: read in its source, for no number of runs would show all of it."""

import ast
from typing import Any

from handover.case import NOT_IN_PRODUCTION, Case
from handover.finding import Broken, Skipped

# Arithmetic and its helpers. Nothing here reads a file, a clock, the network, the environment or a random number.
PURE_MODULES = {
    "__future__", "bisect", "collections", "collections.abc", "datetime", "decimal", "enum", "fractions", "functools",
    "itertools", "math", "operator", "re", "statistics", "string", "typing",
}  # fmt: skip
HARDLY_KNOWN = {"__future__", "collections.abc", "typing"}  # allowed as well, but nobody looks for them in a list
IMPURE_NAMES = {
    "open", "print", "input", "exec", "eval", "compile", "__import__", "__builtins__", "globals", "id", "hash",
    "setattr", "delattr",
}  # fmt: skip
CHANGES = {
    "append", "appendleft", "add", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault",
    "sort", "update",
}  # fmt: skip
IMPURE_METHODS = {"now", "today", "utcnow"}
CACHES = {"cache", "lru_cache", "cached_property"}
NO_CONTRACT = "Only `if TYPE_CHECKING:` may import the contract: in production there is no contract.py."


def imports_arithmetic_only(case: Case) -> Broken | Skipped | None:
    """Nothing is imported but the standard library's arithmetic."""
    try:
        nodes = _served(case.heuristics_tree)
    except (OSError, SyntaxError, ValueError):
        return Skipped("needs H101", lacks=("H101",))
    for node in nodes:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "a module beside it"]
        for name in names:
            if name not in PURE_MODULES:
                return Broken(
                    f"It imports {name}. A heuristic is arithmetic on one row; of the standard library, it may use "
                    f"{', '.join(sorted(PURE_MODULES - HARDLY_KNOWN))}.",
                    case.folder / "heuristics.py",
                    node.lineno,
                    cause=NO_CONTRACT if name in NOT_IN_PRODUCTION else "",
                )
    return None


def _served(tree: ast.Module) -> list[Any]:
    """List the nodes that run in production: all but what stands under ``if TYPE_CHECKING``."""
    nodes: list[Any] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            children = list(node.orelse)
        waiting.extend(children)
    return sorted(nodes, key=lambda node: getattr(node, "lineno", 0))


def touches_only_its_row(case: Case) -> Broken | None:
    """No heuristic reads or writes anything but its row: no file, no clock, no global."""
    nodes = _served(case.heuristics_tree)
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    kept = _changed_for_good(case.heuristics_tree)
    for node in nodes:
        said = ""
        if isinstance(node, ast.Global | ast.Nonlocal):
            said = f"changes {', '.join(node.names)}, which outlives the request"
        elif node in kept:
            said = f"changes {kept[node]}, which outlives the request"
        elif isinstance(node, ast.Name) and node.id in IMPURE_NAMES - own:
            said = f"uses {node.id}"
        elif (isinstance(node, ast.Name) and node.id in CACHES - own) or (
            isinstance(node, ast.Attribute) and node.attr in CACHES
        ):
            said = f"keeps rows in a cache ({ast.unparse(node)}), which grows with every request"
        elif isinstance(node, ast.Attribute) and node.attr in IMPURE_METHODS:
            said = f"reads the clock ({ast.unparse(node)})"
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            said = f"writes to {ast.unparse(node)}"
        if said:
            return Broken(f"Line {node.lineno} {said}.", case.folder / "heuristics.py", node.lineno)
    return None


def _changed_for_good(tree: ast.Module) -> dict[ast.AST, str]:
    """Find where a function changes a list, set or dict of the module: it would still be changed for the next row."""
    bound = {name.id for line in tree.body if not isinstance(line, ast.FunctionDef) for name in _names_bound(line)}
    found: dict[ast.AST, str] = {}
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
                found[node] = owner.id
    return found


def _names_bound(node: ast.AST) -> list[ast.Name]:
    return [name for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]
