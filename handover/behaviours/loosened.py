"""What behaviours ask less of a model than before, and which of them ask it in other words than they did."""

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from handover.behaviours import LISTED, Behaviour, Drawn

SCOPES = (ast.FunctionDef, ast.ClassDef)
DEFINING = (*SCOPES, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For)


@dataclass(frozen=True)
class Change:
    """What became of a behaviour that was there before."""

    sentence: str
    looser: tuple[str, ...]
    """How it asks less, each the end of a sentence."""
    other: tuple[str, ...]
    """Its parts that say something else, which nobody but people can compare."""
    line: int | None
    """Where it stands now; ``None`` where it is gone."""


@dataclass(frozen=True)
class Declared:
    """A behaviour, and what its function and its ``unless`` say, with all that they use of their module."""

    behaviour: Behaviour
    asserts: str
    unless: str


def changes(
    before: tuple[bytes, ModuleType], now: tuple[bytes, ModuleType], fields: Collection[str]
) -> Iterator[Change]:
    """Compare the source of two modules, and the behaviours that they declare; where none changed, nothing is given.

    One that only got another sentence is the same behaviour. A row by hand is the same where it gained a field, or lost
    one that is none of the contract's ``fields`` any more.
    """
    old, left = _declared(*before), _declared(*now)
    sentences = {other.behaviour.sentence for other in left}
    for one in sorted(old, key=lambda one: one.behaviour.sentence not in sentences):
        twin = next((other for other in left if other.behaviour.sentence == one.behaviour.sentence), None)
        twin = twin or next((other for other in left if other.asserts == one.asserts), None)
        if twin is None:
            yield Change(one.behaviour.sentence, ("is gone",), (), None)
            continue
        left.remove(twin)
        looser = tuple(_looser(one.behaviour, twin.behaviour, fields))
        other = ["assert"] if twin.asserts != one.asserts else []
        other += ["`unless`"] if one.unless and twin.unless not in {one.unless, ""} else []
        if looser or other:
            yield Change(one.behaviour.sentence, looser, tuple(other), twin.behaviour.check.__code__.co_firstlineno)


def _looser(was: Behaviour, now: Behaviour, fields: Collection[str]) -> Iterator[str]:
    """Say how a behaviour asks less than it did."""
    if now.least < was.least:
        before = f"on {was.least:.4g} of them" if was.least < 1 else "on all"
        yield f"must hold on {now.least:.4g} of its rows, and before {before}"
    if now.unless and not was.unless:
        yield "has an `unless`, and before spoke of all of its rows"
    if now.kind != was.kind:
        yield f"asks about {now.kind}, and before about {was.kind}"
    elif isinstance(now.rows, Drawn) and isinstance(was.rows, Drawn):
        if now.rows.count < was.rows.count:
            yield f"draws {now.rows.count} rows, and before {was.rows.count}"
        if fixed := [name for name, value in now.rows.fixed.items() if was.rows.fixed.get(name, ...) != value]:
            yield f"draws rows that all have the same {' and '.join(fixed)}, and before had others"
    elif isinstance(now.rows, tuple) and isinstance(was.rows, tuple):
        rows = [{name: row[name] for name in row if name in fields} for row in was.rows]
        if gone := sum(not any(row.items() <= other.items() for other in now.rows) for row in rows):
            yield f"asks no more about {gone} of the {len(was.rows)} rows that stood there"


def _declared(source: bytes, module: ModuleType) -> list[Declared]:
    tree = ast.parse(source)
    functions = {
        (node.name, line): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for line in {node.lineno, *(word.lineno for word in node.decorator_list)}
    }
    behaviours: Sequence[Behaviour] = vars(module).get(LISTED, [])
    declared = []
    for behaviour in behaviours:
        code = behaviour.check.__code__
        node = functions.get((code.co_name, code.co_firstlineno))
        calls = [call for call in node.decorator_list if isinstance(call, ast.Call)] if node else []
        unless = [word.value for call in calls for word in call.keywords if word.arg == "unless" and behaviour.unless]
        declared.append(Declared(behaviour, _says(tree, [node] if node else []), _says(tree, unless)))
    return declared


def _says(tree: ast.Module, nodes: Iterable[ast.AST]) -> str:
    """Write what some code says, and what the module's own names in it mean; comments and docstrings say nothing."""
    lines: list[str] = []
    waiting, defined = list(nodes), list(_defining(tree.body))
    while waiting:
        parts = _parts(waiting.pop(0))
        lines.extend(map(ast.unparse, parts))
        named = {inner.id for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Name)}
        waiting += [one for one in defined if _names(one) & named]
        defined = [one for one in defined if one not in waiting]
    return "\n".join(lines)


def _defining(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements that give a module's names their meaning; imports are another module's."""
    for one in body:
        if isinstance(one, DEFINING):
            yield one
        if not isinstance(one, SCOPES):
            for inner in ("body", "orelse", "finalbody"):
                yield from _defining(getattr(one, inner, ()))


def _names(one: ast.stmt) -> set[str]:
    if isinstance(one, SCOPES):
        return {one.name}
    where = one.target if isinstance(one, ast.For) else one
    return {inner.id for inner in ast.walk(where) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}


def _parts(node: ast.AST) -> list[ast.AST]:
    """Take the parts of a statement that say something of a row."""
    match node:
        case ast.FunctionDef(args=args, body=body):
            return [args, *(body[1:] if ast.get_docstring(node) is not None else body)]
        case ast.For(target=target, iter=over):
            return [target, over]
    return [node]
