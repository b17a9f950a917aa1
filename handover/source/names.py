"""What the names in a source mean: which scope binds each of them, and which module it is from."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

type Scope = ast.AST


class Names:
    """The names of a module, resolved as Python does."""

    def __init__(self, tree: ast.Module) -> None:
        self.binders: dict[ast.AST, Scope | None] = {}
        """The scope that binds each name; ``None`` where none does, for it is Python's own."""
        self._known: dict[tuple[Scope, str], str] = {}
        self._resolve(tree, {})

    def origin(self, node: ast.AST) -> str:
        """Say what of a module a name or an attribute is, as ``datetime.datetime.now``; nothing where it is none."""
        match node:
            case ast.Name(id=name) if binder := self.binders.get(node):
                return self._known.get((binder, name), "")
            case ast.Attribute(value=value, attr=name) if base := self.origin(value):
                return f"{base}.{name}"
        return ""

    def _resolve(self, scope: Scope, around: dict[str, Scope]) -> None:
        nodes = list(within(scope))
        others = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
        visible = around | {name: scope for node in nodes for name in _bound(node) if name not in others}
        self.binders |= {node: visible.get(node.id) for node in nodes if isinstance(node, ast.Name)}
        for node in nodes:
            self._known |= {(scope, name): origin for name, origin in _bound(node).items() if origin}
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if origin := self.origin(value):
                    self._known[scope, name] = origin  # another name for what was imported
        for node in nodes:
            if isinstance(node, SCOPES):
                self._resolve(node, around if isinstance(scope, ast.ClassDef) else visible)


def within(scope: Scope, until: tuple[type[ast.AST], ...] = SCOPES) -> Iterator[ast.AST]:
    """Give the nodes in a scope, without those of the scopes that begin in it."""
    outside = _around(scope)
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop(0)
        if node not in outside:
            yield node
            waiting += _around(node) if isinstance(node, until) else ast.iter_child_nodes(node)


def _around(scope: Scope) -> list[ast.AST]:
    """List what stands at the head of a scope, and belongs to the one around it: decorators, defaults, base classes."""
    decorators = getattr(scope, "decorator_list", [])
    if isinstance(scope, FUNCTIONS):
        return [*decorators, *scope.args.defaults, *filter(None, scope.args.kw_defaults)]
    return [*decorators, *scope.bases, *scope.keywords] if isinstance(scope, ast.ClassDef) else []


def _bound(node: ast.AST) -> dict[str, str]:
    """Name what a node binds in the scope that it stands in, each with what of a module it is; nothing of others."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            return {name: ""}
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return {name: ""}
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.MatchMapping(rest=str(name)):
            return {name: ""}
        case ast.Import(names=names):
            firsts = [(alias, alias.name.partition(".")[0]) for alias in names]
            return {alias.asname or first: alias.name if alias.asname else first for alias, first in firsts}
        case ast.ImportFrom(module=module, names=names):
            return {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
    return {}
