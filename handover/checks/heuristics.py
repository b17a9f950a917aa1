"""H, the heuristics: plain functions of one row that give a number for every row the contract accepts."""

import ast
import functools
import hashlib
import inspect
from typing import Any

import numpy as np

from handover.checks.contract import COMPILES, units_to_come
from handover.checks.running import failure
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, clause
from handover.limit import TooLongError
from handover.wording import UNIT
from predictor import files
from predictor.encoder import FloatRows

of_each_heuristic = functools.partial(clause, requires=(*COMPILES, "H101", "H106"))
"""Declares a clause that needs no more than heuristics that can be asked."""
of_the_rows = functools.partial(clause, requires=("C109", "H101", "H105", "H106", "P201", "H107"))
"""Declares one that asks them for rows."""
IS_A_DEF = "A heuristic is a def that takes the row; the name of what only helps starts with an underscore."
ONE = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}


def broken_heuristic(context: DeliveryContext, name: str, evidence: str, cause: str = "", details: str = "") -> Broken:
    """Point at the line that defines the heuristic."""
    return Broken(evidence, context.folder / files.HEURISTICS, context.heuristic_line(name), cause, details)


@clause(
    "H101",
    topic="heuristics",
    suppressed_by=("C101", "H102", "H103"),
    rule="heuristics.py runs",
    broken="heuristics.py does not run",
)
def runs(context: DeliveryContext) -> Broken | None:
    """Run it as the function does: alone, without the contract's Python. What H102 and H103 refuse never is run."""
    try:
        context.heuristics_module  # noqa: B018  running it is the check
    except (Exception, SystemExit, TooLongError) as error:
        return failure(context.folder / "heuristics.py", error)
    return None


@clause(
    "H104",
    topic="docstrings",
    requires=("H101", "H106"),
    rule="each heuristic says what it computes and in which unit",
    broken="a heuristic does not say what it computes",
)
def documented(context: DeliveryContext) -> Broken | Kept:
    texts = {heuristic.__name__: inspect.getdoc(heuristic) or "" for heuristic in context.heuristics}
    names = [name for name, text in texts.items() if not UNIT.search(text)]
    if not names:
        return Kept(warnings=(*units_to_come(texts, context.folder / files.HEURISTICS, context.heuristic_line),))
    example = '"""Amount to repay per month [DM/month].""" A ratio, a count or a flag is [1].'
    remedy = f"Write one sentence and the unit in square brackets, as in {example}"
    return broken_heuristic(context, names[0], f"No docstring with a unit: {', '.join(names)}. {remedy}")


@of_each_heuristic(
    "H105",
    topic="names",
    rule="no two columns share a name",
    broken="two columns share a name",
)
def named_once(context: DeliveryContext) -> Broken | None:
    path, fields = context.folder / "heuristics.py", {field["name"] for field in context.compiled["fields"]}
    defined: set[str] = set()
    for node in context.heuristics_tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if node.name in fields | defined:
                other = "a field of the row" if node.name in fields else "a heuristic above it"
                return Broken(f"{node.name} is also the name of {other}: rename one of the two.", path, node.lineno)
            defined.add(node.name)
    names = [heuristic.__name__ for heuristic in context.heuristics]
    twice = next((name for place, name in enumerate(names) if name in names[:place] or name not in defined), None)
    return broken_heuristic(context, twice, f"{twice} stands under two names: take one of them out.") if twice else None


@clause(
    "H106",
    topic="signature",
    requires=("H101",),
    rule="each heuristic takes one row",
    broken="a public function is not a heuristic",
)
def takes_one_row(context: DeliveryContext) -> Broken | None:
    heuristics = context.heuristics
    for name, member in vars(context.heuristics_module).items():
        public = not name.startswith("_") and (member in heuristics or isinstance(member, functools.partial))
        if public and (fault := _no_heuristic(member)):
            return broken_heuristic(context, name, f"{name} {fault}. {IS_A_DEF}")
    return None


def _no_heuristic(member: Any) -> str:  # noqa: PLR0911  one way out for each thing that it is instead
    if inspect.isclass(member):
        return "is a class"
    if not inspect.isfunction(inspect.unwrap(member)):
        return f"is a {type(member).__name__}, not a function"
    if inspect.iscoroutinefunction(member):
        return "is async, and nobody waits for it"
    if member.__name__ == "<lambda>":
        return "is a lambda"
    kinds = [parameter.kind for parameter in inspect.signature(member).parameters.values()]
    if len(kinds) != 1 or kinds[0] not in ONE:
        return "does not take one row"
    if "<locals>" in member.__qualname__:
        return f"is called {member.__name__} by its decorator, which has to keep the name with @functools.wraps"
    return ""


@of_the_rows(
    "H109",
    topic="constant",
    suppressed_by=("H108", "H111"),
    rule="no heuristic is constant",
    broken="a heuristic says nothing",
)
def says_something(context: DeliveryContext) -> Broken | None:
    """Look at the training's rows, in which a rare flag is no constant, or, without their record, at those tried."""
    seen = _seen(context)
    for name, column in _columns(context)[len(context.compiled["fields"]) :]:
        if name in seen:
            low, high, gaps = (seen[name][word] for word in ("lowest", "highest", "missing"))
            values, where = {low, high} | ({None} if gaps else set()), "in all rows that the training laid out"
        else:
            values = {None if np.isnan(value) else value for value in np.unique(column)}  # NaN counts as one value here
            where = f"on all {len(column)} rows that were tried"
        if len(values) == 1:
            (value,) = values
            shown = "None" if value is None else f"{value:g}"
            return broken_heuristic(context, name, f"`{name}` is {shown} {where}: the model can learn nothing from it.")
    return None


def _columns(context: DeliveryContext) -> list[tuple[str, FloatRows]]:
    """Give the name and the numbers of each column, on golden rows and on drawn ones: fields first."""
    return list(zip(context.encoder.columns, context.probe_matrix.T, strict=True))


def _seen(context: DeliveryContext) -> dict[str, dict[str, Any]]:
    """Give what the training saw of each column; nothing where that is not recorded, or of other heuristics."""
    try:
        recorded = context.manifest["files"][files.HEURISTICS]
        now = hashlib.sha256((context.folder / files.HEURISTICS).read_bytes()).hexdigest()
        record = context.seen_in_training if recorded == now else None
        return {column["name"]: column for column in record["columns"]} if record else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # M101 or M111 says what is the matter with the manifest


@of_the_rows(
    "H110",
    topic="copies",
    suppressed_by=("H108", "H109", "H111"),
    rule="no heuristic repeats another column",
    broken="a heuristic says what another column says already",
)
def says_something_new(context: DeliveryContext) -> Broken | None:
    columns, first, seen = _columns(context), len(context.compiled["fields"]), _seen(context)
    for place, (later, given) in enumerate(columns[first:], start=first):
        for earlier, other in columns[:place]:
            are_equal = np.array_equal(given, other, equal_nan=True)
            if are_equal and _may_be_copies(given, seen.get(later), seen.get(earlier)):
                remedy = "Remove it; or correct it, where it should say something else."
                evidence = f"{later} equals {earlier} on all {len(given)} rows tried. {remedy}"
                return broken_heuristic(context, later, evidence)
    return None


def _may_be_copies(given: FloatRows, one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    """Tell whether columns that agree on the rows tried may do so everywhere: two rare flags are both 0 there."""
    if len(np.unique(given)) == 1:
        return False
    return not (one and other) or all(one[word] == other.get(word, one[word]) for word in one if word != "name")
