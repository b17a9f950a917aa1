"""H, the words that heuristics look categories up by, or compare them with: read in their syntax."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from handover.checks.contract import COMPILES
from handover.context import DeliveryContext
from handover.finding import Broken, clause
from predictor import files

BEGINNINGS = {"startswith", "endswith"}  # take parts of words

type Group = tuple[tuple[ast.Constant, ...], str]
"""Words that stand for one thing: the keys of a table, a set, what one expression is compared with; and the field that
is compared with them, or looked up in them, where it is plain to see."""


@clause(
    "H111",
    topic="categories",
    requires=(*COMPILES, "H101"),
    suppressed_by=("H107",),
    rule="the categories in heuristics are the contract's",
    broken="a heuristic has a category that the contract does not have",
)
def of_the_contract(context: DeliveryContext) -> Broken | None:
    """Find the words among categories of one field that are none, while others of that field are missing there."""
    fields = {field["name"]: field["categories"] for field in context.compiled["fields"] if field["kind"] == "category"}
    every = {category for categories in fields.values() for category in categories}
    groups = list(_groups(context.heuristics_tree, fields))
    grouped = {constant for constants, _ in groups for constant in constants}
    texts = (node for node in ast.walk(context.heuristics_tree) if isinstance(node, ast.Constant))
    meant = every | {node.value for node in texts if node not in grouped}  # as in `.get(row.purpose or "missing")`
    for constants, of in groups:
        strange = [word for word in constants if word.value not in meant]
        words = {word.value for word in constants}
        name = of or max(fields, key=lambda field: len(words & set(fields[field])), default="")
        missing = [category for category in fields.get(name, ()) if category not in words]
        for word in strange if missing else ():
            near = get_close_matches(word.value, missing, n=1)
            known = len(words & set(fields[name])) / len(words)
            signs = known == 1 / 2, bool(near), bool(of)
            if known > 1 / 2 or sum(signs) > 1:
                nearest = f"; it has {near[0]!r}, which that line lacks" if near else ""
                evidence = (
                    f"Line {word.lineno} has {word.value!r} among the categories of {name}, and the contract has no "
                    f"such category{nearest}. What stands for {word.value!r} is never used: rename it, and train again."
                )
                return Broken(evidence, context.folder / files.HEURISTICS, word.lineno)
    return None


def _groups(tree: ast.Module, fields: Mapping[str, object]) -> Iterator[Group]:
    """Give the words that belong together: keys of a table, lists and sets, what one expression is compared with."""
    compared: dict[str, list[ast.expr]] = {}
    seen: set[ast.expr] = set()
    lookups = _lookups(tree, fields)
    for node in ast.walk(tree):  # what is around comes first
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in BEGINNINGS:
                seen |= set(args)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]) if _values(right):
                seen.add(right)
                yield from _group(_values(right), _field(left, fields))
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                for expression, other in ((left, right), (right, left)):
                    compared.setdefault(ast.unparse(expression), []).append(other)
            case ast.Match(subject=subject, cases=cases):
                patterns = (pattern for case in cases for pattern in ast.walk(case.pattern))
                values = [pattern.value for pattern in patterns if isinstance(pattern, ast.MatchValue)]
                yield from _group(values, _field(subject, fields))
            case ast.expr() if node not in seen:
                yield from _group(_values(node), lookups.get(node, ""))
    for text, values in compared.items():
        yield from _group(values, _field(ast.parse(text, mode="eval").body, fields))


def _lookups(tree: ast.Module, fields: Mapping[str, object]) -> dict[ast.expr, str]:
    """Give of each table the field that is looked up in it, as in ``_RISK[row.purpose]``, where it is one alone."""
    tables: dict[str, ast.expr] = {}
    lookups: dict[ast.expr, set[str]] = {}
    for node in ast.walk(tree):  # a table stands above its use
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=table)
                | ast.NamedExpr(target=ast.Name(id=name), value=table)
            ):
                tables[name] = table
            case (
                ast.Subscript(value=table, slice=key)
                | ast.Call(func=ast.Attribute(value=table, attr="get"), args=[key, *_])
            ):
                table = tables.get(table.id, table) if isinstance(table, ast.Name) else table
                lookups.setdefault(table, set()).add(_field(key, fields))
    return {table: next(iter(keys)) for table, keys in lookups.items() if len(keys) == 1}


def _values(node: ast.AST) -> Sequence[ast.expr | None]:
    match node:
        case ast.Dict(keys=values) | ast.Set(elts=values) | ast.List(elts=values) | ast.Tuple(elts=values):
            return values
    return ()


def _group(values: Iterable[ast.expr | None], of: str = "") -> Iterator[Group]:
    words = [value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    if len(words) > 1 or (words and of):
        yield tuple(words), of


def _field(node: ast.expr, fields: Mapping[str, object]) -> str:
    return node.attr if isinstance(node, ast.Attribute) and node.attr in fields else ""
