"""What people wrote of a delivery: its contract, heuristics and behaviours, as syntax and as they run."""

import ast
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path
from types import ModuleType

from handover import source
from handover.contract import Contract
from handover.limit import at_most
from predictor import delivery as serving
from predictor import files
from predictor.encoder import Heuristic
from predictor.files import Json

BEHAVIOURS = "behaviours.py"  # it may be there, and never ships
OPENING_S = 60.0  # for running one file of a delivery: seconds, where it imports large libraries
NOT_IN_PRODUCTION = ("delivery", "delivery.contract", "handover", "handover.contract", "modelling")


class Sources:
    """The files in a delivery's folder that people wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def contract(self) -> Contract:
        """``CONTRACT`` of ``contract.py``, which is read before it is run."""
        if fault := source.more_than_a_declaration(self.contract_tree):
            raise source.RefusedSourceError(fault)
        contract = run(self.folder / "contract.py", "delivery_contract").CONTRACT
        if not isinstance(contract, Contract):
            raise TypeError("CONTRACT is not a handover.contract.Contract")
        return contract

    @cached_property
    def compiled(self) -> Json:
        """What ``contract.py`` compiles to, today."""
        return self.contract.compiled()

    @cached_property
    def contract_tree(self) -> ast.Module:
        """``contract.py`` as syntax, for the lines that clauses point at."""
        return ast.parse((self.folder / "contract.py").read_bytes())

    @cached_property
    def heuristics_tree(self) -> ast.Module:
        """``heuristics.py`` as syntax: read, not run."""
        return ast.parse((self.folder / files.HEURISTICS).read_bytes())

    @cached_property
    def heuristics_module(self) -> ModuleType:
        """``heuristics.py``, run as the function runs it: where nothing else of the project can be imported.

        It is read first: what imports or reaches for what it must not is refused, and never runs.
        """
        source.refuse(self.heuristics_tree)
        return self.run_heuristics((self.folder / files.HEURISTICS).read_bytes())

    def run_heuristics(self, content: bytes) -> ModuleType:
        """Run what ``heuristics.py`` holds, or the same with something added, once it has been read."""
        hidden = {name: sys.modules[name] for name in NOT_IN_PRODUCTION if name in sys.modules}
        sys.modules.update(dict.fromkeys(NOT_IN_PRODUCTION))  # type: ignore[arg-type]  # None: an import ends here
        try:
            with redirect_stdout(sys.stderr), at_most(OPENING_S):  # what it prints is no part of a report
                return serving.load_source(content, self.folder / files.HEURISTICS)
        finally:
            for name in NOT_IN_PRODUCTION:
                sys.modules.pop(name, None)
            sys.modules.update(hidden)

    @cached_property
    def behaviours_module(self) -> ModuleType:
        """``behaviours.py``, run as a program here: it never ships."""
        return run(self.folder / BEHAVIOURS, "delivery_behaviours")

    @property
    def heuristics(self) -> list[Heuristic]:
        """The heuristics, in the order of their columns."""
        return serving.heuristics_in(self.heuristics_module)

    def contract_line(self, name: str) -> int | None:
        """Find the line of ``contract.py`` that defines a field or the row's class, or gives ``Contract`` this word."""
        keywords = (node for node in ast.walk(self.contract_tree) if isinstance(node, ast.keyword))
        given = next((keyword.lineno for keyword in keywords if keyword.arg == name), None)
        return _defined_at(self.contract_tree, name) or given

    def heuristic_line(self, name: str) -> int | None:
        """Find the line of ``heuristics.py`` that defines a heuristic, or what stands in its place."""
        return _defined_at(self.heuristics_tree, name)


def _defined_at(tree: ast.Module, name: str) -> int | None:
    """Find the first line that defines a name; the module's own names come before those within its definitions."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(name=defined)
                | ast.AsyncFunctionDef(name=defined)
                | ast.ClassDef(name=defined)
                | ast.Name(id=defined, ctx=ast.Store())
            ) if defined == name:
                return node.lineno
    return None


def run(path: Path, name: str, prepare: Callable[[ast.Module, ModuleType], None] = lambda *_: None) -> ModuleType:
    """Run a file as a module: what stands in it now, for byte-code beside it may be that of an edit a moment ago.

    ``prepare`` changes the source, or the module, before it runs.
    """
    module, tree = ModuleType(name), ast.parse(path.read_bytes(), str(path))
    prepare(tree, module)
    module.__file__ = str(path)
    sys.modules[name] = module  # pydantic looks a class's module up to resolve its annotations
    try:
        with redirect_stdout(sys.stderr), at_most(OPENING_S):  # what it prints is no part of a report
            exec(compile(tree, path, "exec"), vars(module))  # noqa: S102  as an import would
    finally:
        del sys.modules[name]
    return module
