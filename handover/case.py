"""The delivery on the bench: its files, opened one by one as the clauses ask for them."""

import ast
import importlib.util
import json
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic_core import SchemaValidator

from handover.agreement import Contract
from predictor import delivery as serving
from predictor.encoder import Encoder, FloatRows, Heuristic

type Json = dict[str, Any]


class Case:
    """A delivery, and the project that it was delivered to.

    Every property opens one thing, once. It raises what opening raises: the clause whose rule that is catches it, and
    every other clause names that clause as needed.

    Parameters
    ----------
    root
        The project's folder: where ``template.yaml`` is.
    folder
        The delivery's folder.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def relative(self, path: Path) -> str:
        """Name a path as a person at the project's root would type it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    # --- what people wrote

    @cached_property
    def contract(self) -> Contract:
        """``CONTRACT`` of ``contract.py``."""
        contract = _run(self.folder / "contract.py", "delivery_contract").CONTRACT
        if not isinstance(contract, Contract):
            raise TypeError("CONTRACT is not a handover.agreement.Contract")
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
        return ast.parse((self.folder / "heuristics.py").read_bytes())

    @cached_property
    def heuristics_module(self) -> ModuleType:
        """``heuristics.py``, run as the function runs it."""
        path = self.folder / "heuristics.py"
        return serving.load_source(path.read_bytes(), path)

    @property
    def heuristics(self) -> list[Heuristic]:
        """The heuristics, in the order of their columns."""
        return serving.heuristics_in(self.heuristics_module)

    def field_line(self, field: str) -> int | None:
        """Find the line of ``contract.py`` that defines a field of the row."""
        for node in ast.walk(self.contract_tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == field:
                return node.lineno
        return None

    def word_line(self, word: str) -> int | None:
        """Find the line of ``contract.py`` that gives ``Contract`` this word: version, decisions, budgets, ..."""
        for node in ast.walk(self.contract_tree):
            if isinstance(node, ast.keyword) and node.arg == word:
                return node.lineno
        return None

    def heuristic_line(self, name: str) -> int | None:
        """Find the line of ``heuristics.py`` that defines a heuristic."""
        for node in self.heuristics_tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node.lineno
        return None

    # --- what deliver() wrote

    @cached_property
    def recorded(self) -> Json:
        """``contract.json``."""
        recorded: Json = json.loads((self.folder / "contract.json").read_bytes())
        return recorded

    @cached_property
    def manifest(self) -> Json:
        """``manifest.json``."""
        manifest: Json = json.loads((self.folder / "manifest.json").read_bytes())
        return manifest

    @cached_property
    def golden(self) -> list[Json]:
        """The golden rows, each with the training-time model's score and decision."""
        return [json.loads(line) for line in (self.folder / "golden.jsonl").read_text().splitlines()]

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """``model.onnx``, read but not run."""
        return onnx.load_model(self.folder / "model.onnx", load_external_data=False)

    @cached_property
    def model(self) -> serving.Model:
        """``model.onnx`` in onnxruntime."""
        return serving.session((self.folder / "model.onnx").read_bytes())

    # --- what follows from both

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
        return [self.validator.validate_json(json.dumps(line["row"])) for line in self.golden]

    @cached_property
    def golden_matrix(self) -> FloatRows:
        """The golden rows as the model's input, float32 (N, K)."""
        return self.encoder.matrix(self.golden_rows)

    @cached_property
    def golden_scores(self) -> NDArray[np.float64]:
        """The training-time model's scores of the golden rows."""
        return np.array([line["score"] for line in self.golden])


def _run(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks a class's module up to resolve its annotations
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module
