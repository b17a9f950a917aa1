"""The files of a delivery, as people and deliver() wrote them, as they run, and what follows from both."""

import ast
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic_core import SchemaValidator, ValidationError

from handover import parity, session, source
from handover.contract import Contract
from handover.drawing import drawn_rows
from handover.extent import SEEN
from handover.limit import at_most
from handover.quality import HELD_OUT, HeldOut
from handover.rows import domains
from predictor import delivery as serving
from predictor import files
from predictor.encoder import Encoder, FloatRows, Heuristic, HeuristicError
from predictor.files import Json

BEHAVIOURS = "behaviours.py"  # it may be there, and never ships
OPENING_S = 60.0  # for running one file of a delivery: seconds, where it imports large libraries
NOT_IN_PRODUCTION = ("delivery", "delivery.contract", "handover", "handover.contract", "modelling")


class Delivered:
    """The files of a delivery, and its answers to the golden rows; each thing is opened once, when it is asked for."""

    # --- what people wrote: contract, heuristics and behaviours

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

    # --- what deliver() wrote, and what follows

    @cached_property
    def contract_json(self) -> Json:
        """``contract.json``."""
        return files.contract(self.folder)

    @cached_property
    def manifest(self) -> Json:
        """``manifest.json``."""
        return files.manifest(self.folder)

    @cached_property
    def stand_in(self) -> str:
        """What is answered in place of a model, where there is none yet; nothing where there is one, or no manifest."""
        try:
            return files.stand_in(self.manifest)
        except (OSError, ValueError, AttributeError):
            return ""

    @cached_property
    def golden(self) -> list[Json]:
        """The golden rows, each with the training-time model's score and decision."""
        return files.golden(self.folder)

    @cached_property
    def held_out(self) -> HeldOut:
        """The scores and labels that judge the model."""
        return HeldOut.from_csv((self.folder / HELD_OUT).read_bytes())

    @cached_property
    def seen_in_training(self) -> Json | None:
        """What the manifest records of the rows that the training laid out; ``None`` where it has no record."""
        record: Json | None = self.manifest.get(SEEN)
        return record

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """``model.onnx``, read but not run."""
        return onnx.load_model(self.folder / files.MODEL, load_external_data=False)

    @cached_property
    def model(self) -> serving.Model:
        """``model.onnx`` in onnxruntime."""
        return session.opened((self.folder / files.MODEL).read_bytes())

    @cached_property
    def validator(self) -> SchemaValidator:
        """The serving validator of the contract as ``contract.py`` says it."""
        return serving.validators(self.compiled)[0]

    @cached_property
    def encoder(self) -> Encoder:
        """The serving encoder."""
        return Encoder(self.compiled["fields"], self.heuristics)

    @cached_property
    def golden_rows(self) -> list[Any]:
        """The golden rows as the serving validator makes them."""
        return [self.validated(line["row"]) for line in self.golden]

    def validated(self, row: Json) -> Any:
        """Make a row as the serving validator does."""
        return self.validator.validate_json(json.dumps(row))

    @cached_property
    def golden_matrix(self) -> FloatRows:
        """The golden rows as the model's input, float32 (N, K)."""
        return self.encoder.matrix(self.golden_rows)

    @cached_property
    def drawn_rows(self) -> list[Json]:
        """Rows drawn from the contract, a few of which it refuses: a multiple of 0.1 is one but for its last bit."""
        return list(drawn_rows(domains(self.compiled)))

    @cached_property
    def probe_matrix(self) -> FloatRows:
        """The golden rows and rows drawn from the contract, as the model's input: what columns can be, rare or not."""
        drawn = map(self.vector, self.drawn_rows)
        return np.concatenate([self.golden_matrix, *(vector for vector in drawn if vector is not None)])

    def vector(self, row: Json) -> FloatRows | None:
        """Lay a row out as the model's input, float32 (1, K); ``None`` where the contract or a heuristic has none."""
        try:
            return self.encoder.vector(self.validated(row))
        except (ValidationError, HeuristicError):
            return None  # a multiple of 0.1 refused by its last bit; a row on which the clause of that did not try

    @cached_property
    def golden_scores(self) -> NDArray[np.float64]:
        """The training-time model's scores of the golden rows, float64 (N, C)."""
        return self.scores_of(self.golden)

    def scores_of(self, answers: Sequence[Json]) -> NDArray[np.float64]:
        """Give the scores of answers, float64 (N, C)."""
        names = self.contract.scores.names
        return np.array([[files.scores_in(answer)[name] for name in names] for answer in answers], dtype=np.float64)

    @cached_property
    def local_scores(self) -> NDArray[np.float32]:
        """What onnxruntime gives for the golden rows in this Python, all at once, float32 (N, C)."""
        return self.model(self.golden_matrix)

    def apart(self, given: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.intp]:
        """Find the rows whose scores differ by more than the contract's budget, or of which one is not a number."""
        return np.array(parity.differing(given, expected, self.contract.budgets.parity), dtype=np.intp)

    def answered_here(self, rows: Sequence[Json]) -> list[Json]:
        """Answer rows as the function would, in this Python."""
        given = self.model(self.encoder.matrix(map(self.validated, rows)))
        scores = self.contract.scores
        return [scores.document(values, scores.decide(values)) for values in given.tolist()]

    def flipped(self, scores: NDArray[Any]) -> list[int]:
        """Find the golden rows that these scores of theirs decide otherwise than in training."""
        return [row for row, line in enumerate(self.golden) if self.contract.decide(scores[row]) != line["decision"]]

    def in_words(self, scores: NDArray[Any]) -> str:
        """Write the scores of one row."""
        return parity.in_words(dict(zip(self.contract.scores.names, scores.tolist(), strict=True)))

    def refusal(self, row: Json) -> str:
        """Say in one sentence why the contract refuses a row; nothing when it accepts it."""
        try:
            self.validated(row)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=True)[0]
            field = ".".join(map(str, first["loc"])) or "the row"
            return f"{field}: {first['msg']}, but it is {json.dumps(first['input'])}"
        return ""


def _defined_at(tree: ast.Module, name: str) -> int | None:
    """Find the first line that defines a name; the module's own names come before those within its definitions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return node.lineno
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
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
