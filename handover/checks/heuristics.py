"""H, the heuristics: plain functions of one row that give a number for every row the contract accepts."""

import ast
import functools
import inspect
import re
from typing import Any

import numpy as np

from handover.checks.contract import COMPILES, UNIT, line_in
from handover.checks.purity import imports_arithmetic_only, touches_only_its_row
from handover.context import DeliveryContext
from handover.finding import Broken, Skipped, clause
from handover.limit import TooLongError
from handover.source import RefusedSourceError

ROWS = ("C109", "H101", "H105", "H106", "P201")


@clause(
    "H101",
    topic="heuristics",
    owner="modelling",
    suppressed_by=("C101",),
    rule="heuristics.py runs",
    broken="heuristics.py does not run",
)
def runs(context: DeliveryContext) -> Broken | Skipped | None:
    """``heuristics.py`` runs as the function runs it: alone, without the contract's Python.

    It is run only after it was read: what H102 and H103 refuse never is.
    """
    path = context.folder / "heuristics.py"
    try:
        context.heuristics_module  # noqa: B018  running it is the check
    except RefusedSourceError:
        refused = [code for code, rule in READ_FIRST if rule(context)]
        return Skipped(f"requires {refused[0]}", blocked_by=(refused[0],))
    except SyntaxError as error:
        return Broken(f"Python cannot read it: {error.msg}.", path, error.lineno)
    except OSError:
        return Broken("There is no heuristics.py in the delivery.", path)
    except TooLongError as error:
        return Broken(f"Running it does not end: {error}.", path, line_in(path, error))
    except (Exception, SystemExit) as error:  # heuristics.py is somebody's code, and may raise anything
        said = " ".join(str(error).split())
        return Broken(f"Running it ends in {type(error).__name__}: {said}", path, line_in(path, error))
    return None


@clause(
    "H104",
    topic="docstrings",
    owner="modelling",
    requires=("H101", "H106"),
    rule="each heuristic says what it computes and in which unit",
    broken="a heuristic does not say what it computes",
)
def documented(context: DeliveryContext) -> Broken | None:
    """Each heuristic says what it computes, with its unit in square brackets."""
    silent = [
        heuristic.__name__ for heuristic in context.heuristics if not re.search(UNIT, inspect.getdoc(heuristic) or "")
    ]
    if not silent:
        return None
    return Broken(
        f"No docstring with a unit: {', '.join(silent)}. Write one sentence and the unit in square brackets, as in "
        f'"""Amount to repay per month [DM/month].""" A ratio, a count or a flag is [1].',
        context.folder / "heuristics.py",
        context.heuristic_line(silent[0]),
    )


@clause(
    "H105",
    topic="names",
    owner="modelling",
    requires=(*COMPILES, "H101", "H106"),
    rule="no two columns share a name",
    broken="two columns share a name",
)
def named_once(context: DeliveryContext) -> Broken | None:
    """No two columns share a name."""
    fields = {field["name"] for field in context.compiled["fields"]}
    seen: set[str] = set()
    for node in context.heuristics_tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            clash = "a field of the row" if node.name in fields else "a heuristic above it" if node.name in seen else ""
            if clash:
                return Broken(
                    f"{node.name} is also the name of {clash}.", context.folder / "heuristics.py", node.lineno
                )
            seen.add(node.name)
    for heuristic in context.heuristics:
        name = heuristic.__name__
        if name not in seen:
            said = f"{name} stands under two names."
            return Broken(said, context.folder / "heuristics.py", context.heuristic_line(name))
        seen.remove(name)
    return None


@clause(
    "H106",
    topic="signature",
    owner="modelling",
    requires=("H101",),
    rule="each heuristic takes one row",
    broken="a public function is no heuristic",
)
def takes_one_row(context: DeliveryContext) -> Broken | None:
    """Each public name that can be called is a plain function of the row, and of nothing else."""
    heuristics = context.heuristics
    for name, member in vars(context.heuristics_module).items():
        public = not name.startswith("_") and (member in heuristics or isinstance(member, functools.partial))
        said = _no_heuristic(member) if public else ""
        if said:
            return Broken(
                f"{name} {said}. A heuristic is a def that takes the row; the name of what only helps starts with an "
                f"underscore.",
                context.folder / "heuristics.py",
                context.heuristic_line(name),
            )
    return None


def _no_heuristic(member: Any) -> str:  # noqa: PLR0911  one way out for each thing that it is instead
    if inspect.isclass(member):
        return "is a class"
    if not inspect.isfunction(inspect.unwrap(member)):
        return f"is a {type(member).__name__}, no function"
    if inspect.iscoroutinefunction(member):
        return "is async, and nobody waits for it"
    if member.__name__ == "<lambda>":
        return "is a lambda"
    parameters = list(inspect.signature(member).parameters.values())
    if len(parameters) != 1 or parameters[0].kind not in {
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    }:
        return "does not take one row"
    if "<locals>" in member.__qualname__:
        return f"is called {member.__name__} by its decorator, which has to keep the name with @functools.wraps"
    return ""


@clause(
    "H108",
    topic="repeatable",
    owner="modelling",
    requires=(*ROWS, "H107"),
    rule="a heuristic gives the same twice",
    broken="a heuristic is not a function of its row",
)
def repeats(context: DeliveryContext) -> Broken | None:
    """A heuristic gives the same twice, and leaves the row as it was."""
    for index, row in enumerate(context.golden_rows):
        before = dict(row.__dict__)
        for heuristic in context.heuristics:
            first, second = heuristic(row), heuristic(row)
            said = (
                "gives two different numbers"
                if first != second
                else "changes the row"
                if before != row.__dict__
                else ""
            )
            if said:
                return Broken(
                    f"{heuristic.__name__} {said} on golden row {index + 1}.",
                    context.folder / "heuristics.py",
                    context.heuristic_line(heuristic.__name__),
                )
    return None


@clause(
    "H109",
    topic="constant",
    owner="modelling",
    requires=(*ROWS, "H107"),
    suppressed_by=("H108",),
    rule="no heuristic is constant",
    broken="a heuristic says nothing",
)
def says_something(context: DeliveryContext) -> Broken | None:
    """No heuristic is the same number on every row: not on the golden ones, and not on drawn ones either."""
    first = len(context.compiled["fields"])
    for column, name in enumerate(context.encoder.columns[first:], start=first):
        values = np.unique(context.seen_matrix[:, column])  # NaN counts as one value here
        if len(values) == 1:
            return Broken(
                f"{name} is {_shown(values[0])} on all {len(context.seen_matrix)} rows that were tried: "
                f"the model can learn nothing from it.",
                context.folder / "heuristics.py",
                context.heuristic_line(name),
            )
    return None


def _shown(value: np.float32) -> str:
    return "None" if np.isnan(value) else f"{value:g}"


@clause(
    "H110",
    topic="copies",
    owner="modelling",
    requires=(*ROWS, "H107"),
    suppressed_by=("H108", "H109"),
    rule="no heuristic repeats another column",
    broken="a heuristic says what another column says already",
)
def says_something_new(context: DeliveryContext) -> Broken | None:
    """No heuristic repeats another column."""
    first = len(context.compiled["fields"])
    columns = context.encoder.columns
    for later in range(first, len(columns)):
        for earlier in range(later):
            if np.array_equal(context.seen_matrix[:, later], context.seen_matrix[:, earlier], equal_nan=True):
                return Broken(
                    f"{columns[later]} equals {columns[earlier]} on all {len(context.seen_matrix)} rows tried.",
                    context.folder / "heuristics.py",
                    context.heuristic_line(columns[later]),
                )
    return None


READ_FIRST = (("H102", imports_arithmetic_only), ("H103", touches_only_its_row))
