"""H, the heuristics: plain functions of one row that give a number for every row the contract accepts."""

import ast
import inspect
import json
import math
import re
from typing import Any

import numpy as np
from hypothesis import HealthCheck, find, settings
from hypothesis.errors import NoSuchExample

from handover.case import NOT_IN_PRODUCTION, Case
from handover.finding import Broken, Clause
from handover.rows import accepted_rows
from predictor.encoder import FLOAT32_MAX, Heuristic

# Arithmetic and its helpers. Nothing here reads a file, a clock, the network, the environment or a random number.
PURE_MODULES = {
    "__future__", "bisect", "collections", "collections.abc", "datetime", "decimal", "enum", "fractions", "functools",
    "itertools", "math", "operator", "re", "statistics", "string", "typing",
}  # fmt: skip
HARDLY_KNOWN = {"__future__", "collections.abc", "typing"}  # allowed as well, but nobody looks for them in a list
IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "compile", "__import__", "globals", "id", "hash"}
IMPURE_METHODS = {"now", "today", "utcnow"}
CACHES = {"cache", "lru_cache", "cached_property"}
EXAMPLES = 1000  # rows drawn; Hypothesis favours the ends of every range


def runs(case: Case) -> Broken | None:
    """``heuristics.py`` runs as the function runs it: alone, without the contract's Python."""
    path = case.folder / "heuristics.py"
    try:
        case.heuristics_module  # noqa: B018  running it is the check
    except SyntaxError as error:
        return Broken(f"Python cannot read it: {error.msg}.", path, error.lineno)
    except OSError:
        return Broken("There is no heuristics.py in the delivery.", path)
    except ModuleNotFoundError as error:
        ours = error.name in NOT_IN_PRODUCTION
        cause = (
            "Only `if TYPE_CHECKING:` may import the contract: in production there is no contract.py." if ours else ""
        )
        return Broken(f"It imports {error.name}, which is not there.", path, cause=cause)
    except Exception as error:  # heuristics.py is somebody's code, and may raise anything
        return Broken(f"Running it ends in {type(error).__name__}: {error}", path)
    return None


def imports_arithmetic_only(case: Case) -> Broken | None:
    """Nothing is imported but the standard library's arithmetic."""
    for node in _served(case.heuristics_tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            if name not in PURE_MODULES:
                return Broken(
                    f"It imports {name}. A heuristic is arithmetic on one row; of the standard library, it may use "
                    f"{', '.join(sorted(PURE_MODULES - HARDLY_KNOWN))}.",
                    case.folder / "heuristics.py",
                    node.lineno,
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
    for node in _served(case.heuristics_tree):
        said = ""
        if isinstance(node, ast.Global | ast.Nonlocal):
            said = f"changes {', '.join(node.names)}, which outlives the request"
        elif isinstance(node, ast.Name) and node.id in IMPURE_NAMES:
            said = f"uses {node.id}"
        elif (isinstance(node, ast.Name) and node.id in CACHES) or (
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


def documented(case: Case) -> Broken | None:
    """Each heuristic says what it computes, with its unit in square brackets."""
    silent = [
        heuristic.__name__
        for heuristic in case.heuristics
        if heuristic.__name__.isidentifier()  # a lambda has no docstring to be missed; that it is one is told elsewhere
        and not re.search(r"\[[^\]]+\]", inspect.getdoc(heuristic) or "")
    ]
    if not silent:
        return None
    return Broken(
        f"No docstring with a unit: {', '.join(silent)}. Write one sentence and the unit in square brackets, as in "
        f'"""Amount to repay per month [DM/month].""" A ratio, a count or a flag is [1].',
        case.folder / "heuristics.py",
        case.heuristic_line(silent[0]),
    )


def named_once(case: Case) -> Broken | None:
    """No two columns share a name."""
    fields = {field["name"] for field in case.compiled["fields"]}
    seen: set[str] = set()
    for node in case.heuristics_tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            clash = "a field of the row" if node.name in fields else "a heuristic above it" if node.name in seen else ""
            if clash:
                return Broken(f"{node.name} is also the name of {clash}.", case.folder / "heuristics.py", node.lineno)
            seen.add(node.name)
    for heuristic in case.heuristics:
        name = heuristic.__name__
        if name not in seen:
            said = "stands under two names" if case.heuristic_line(name) else "is no def: write def name(row)"
            return Broken(f"{name} {said}.", case.folder / "heuristics.py", case.heuristic_line(name))
        seen.remove(name)
    return None


def takes_one_row(case: Case) -> Broken | None:
    """Each public function takes the row, and nothing else."""
    for heuristic in case.heuristics:
        parameters = list(inspect.signature(heuristic).parameters.values())
        if inspect.isclass(heuristic) or len(parameters) != 1 or parameters[0].kind is parameters[0].KEYWORD_ONLY:
            return Broken(
                f"{heuristic.__name__} does not take one row. A helper's name starts with an underscore.",
                case.folder / "heuristics.py",
                case.heuristic_line(heuristic.__name__),
            )
    return None


def finite(case: Case) -> Broken | None:
    """Each heuristic gives a number, or None, for every row that the contract accepts."""
    quiet = settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    try:
        row = find(accepted_rows(case.compiled), lambda row: _failing(case, row) is not None, settings=quiet)
    except NoSuchExample:
        return None
    heuristic = _failing(case, row)
    if heuristic is None:  # it failed before on this very row, so it fails by chance: that is another clause's finding
        return None
    used = _fields_used(case, heuristic.__name__)
    shown = {name: value for name, value in row.items() if name in used} or row
    return Broken(
        f"{heuristic.__name__} {_fault(case, heuristic, row)} where {_said(shown)}, which the contract accepts.",
        case.folder / "heuristics.py",
        case.heuristic_line(heuristic.__name__),
        details=json.dumps(row, indent=2),
    )


def _failing(case: Case, row: dict[str, Any]) -> Heuristic | None:
    return next((heuristic for heuristic in case.heuristics if _fault(case, heuristic, row)), None)


def _fault(case: Case, heuristic: Heuristic, row: dict[str, Any]) -> str:
    if case.refusal(row):  # drawn beyond the contract, as a multiple of 0.1 may be by its last bit
        return ""
    try:
        value = heuristic(case.validator.validate_json(json.dumps(row)))
    except Exception as error:  # a heuristic may raise anything; that it raises is the finding
        return f"raises {type(error).__name__} ({error})"
    if value is None:
        return ""
    if not isinstance(value, int | float):
        return f"gives a {type(value).__name__}, not a number,"
    if math.isnan(value):
        return "gives NaN (return None for what cannot be known)"
    return "" if abs(value) <= FLOAT32_MAX else f"gives {value:.3g}, which float32 cannot hold,"


def _fields_used(case: Case, heuristic: str) -> set[str]:
    """Name the fields that the heuristic's own lines read, so that only those are shown."""
    for node in case.heuristics_tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == heuristic:
            return {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    return set()


def _said(row: dict[str, Any]) -> str:
    return " and ".join(f"{name} = {json.dumps(value)}" for name, value in row.items())


def repeats(case: Case) -> Broken | None:
    """A heuristic gives the same twice, and leaves the row as it was."""
    for index, row in enumerate(case.golden_rows):
        before = dict(row.__dict__)
        for heuristic in case.heuristics:
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
                    case.folder / "heuristics.py",
                    case.heuristic_line(heuristic.__name__),
                )
    return None


def says_something(case: Case) -> Broken | None:
    """No heuristic is the same number on every golden row."""
    first = len(case.compiled["fields"])
    for column, name in enumerate(case.encoder.columns[first:], start=first):
        values = np.unique(case.golden_matrix[:, column])  # NaN counts as one value here
        if len(values) == 1:
            return Broken(
                f"{name} is {values[0]:g} on all {len(case.golden)} golden rows: the model can learn nothing from it.",
                case.folder / "heuristics.py",
                case.heuristic_line(name),
            )
    return None


def says_something_new(case: Case) -> Broken | None:
    """No heuristic repeats another column."""
    first = len(case.compiled["fields"])
    columns = case.encoder.columns
    for later in range(first, len(columns)):
        for earlier in range(later):
            if np.array_equal(case.golden_matrix[:, later], case.golden_matrix[:, earlier], equal_nan=True):
                return Broken(
                    f"{columns[later]} equals {columns[earlier]} on all {len(case.golden)} golden rows.",
                    case.folder / "heuristics.py",
                    case.heuristic_line(columns[later]),
                )
    return None


ROWS = ("C109", "H101", "H105", "H106", "P201")

CLAUSES = (
    Clause("H101", "heuristics", "heuristics.py runs", "heuristics.py does not run", "modelling", runs),
    Clause(
        "H102",
        "imports",
        "heuristics import arithmetic only",
        "heuristics.py imports what the function does not have or must not use",
        "modelling",
        imports_arithmetic_only,
        ("H101",),
    ),
    Clause(
        "H103",
        "purity",
        "a heuristic touches only its row",
        "a heuristic reaches beyond its row",
        "modelling",
        touches_only_its_row,
        ("H101",),
    ),
    Clause(
        "H104",
        "docstrings",
        "each heuristic says what it computes and in which unit",
        "a heuristic does not say what it computes",
        "modelling",
        documented,
        ("H101",),
    ),
    Clause(
        "H105",
        "names",
        "no two columns share a name",
        "two columns share a name",
        "modelling",
        named_once,
        ("C102", "C103", "C104", "C105", "H101"),
    ),
    Clause(
        "H106",
        "signature",
        "each heuristic takes one row",
        "a public function is no heuristic",
        "modelling",
        takes_one_row,
        ("H101",),
    ),
    Clause(
        "H107",
        "finite",
        "each heuristic gives a number for every row that the contract accepts",
        "a heuristic fails on a row that the contract accepts",
        "modelling",
        finite,
        ("C102", "C103", "C104", "C105", "H101", "H106"),
    ),
    Clause(
        "H108",
        "repeatable",
        "a heuristic gives the same twice",
        "a heuristic is not a function of its row",
        "modelling",
        repeats,
        (*ROWS, "H107"),
    ),
    Clause(
        "H109",
        "constant",
        "no heuristic is constant",
        "a heuristic says nothing",
        "modelling",
        says_something,
        (*ROWS, "H107"),
    ),
    Clause(
        "H110",
        "copies",
        "no heuristic repeats another column",
        "a heuristic says what another column says already",
        "modelling",
        says_something_new,
        (*ROWS, "H107"),
    ),
)
