"""The delivery on the bench: its files, opened one by one as the clauses ask for them."""

import ast
import json
import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Self

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic_core import SchemaValidator, ValidationError

from handover import retraining, source
from handover.cloudformation import Template
from handover.contract import Contract
from handover.diff.revisions import Agreed, agreed_before, delivered_before
from handover.finding import Finding
from handover.latency import Latency, measure
from handover.limit import at_most
from handover.local import gateway
from handover.local.pool import Pool
from handover.local.stack import BuiltFunction, built_function
from handover.proof import drawn_rows
from handover.quality import HELD_OUT, HeldOut
from handover.rows import domains
from predictor import delivery as serving
from predictor.encoder import Encoder, FloatRows, Heuristic, HeuristicError
from predictor.problems import MAX_BATCH_ROWS

type Json = dict[str, Any]

OPENING_S = 60.0  # for running one file of a delivery: seconds, where it imports large libraries
NOT_IN_PRODUCTION = ("delivery", "delivery.contract", "handover", "handover.contract", "modelling")


class DeliveryContext:
    """A delivery, and the project that it was delivered to.

    Every property opens one thing, once. It raises what opening raises: the clause whose rule that is catches it, and
    every other clause names that clause as needed.

    Parameters
    ----------
    root
        The project's folder: where ``template.yaml`` is.
    folder
        The delivery's folder.
    base
        The git revision whose contract was agreed before; it is found where it is not named.
    allowed
        The clauses that may be skipped here, each with the reason in words, as ``handover.toml`` has them.
    """

    subject = "The contract"

    def __init__(
        self, root: Path, folder: Path, *, base: str | None = None, allowed: Mapping[str, str] | None = None
    ) -> None:
        self.root = root
        self.folder = folder
        self.base = base
        self.allowed = allowed or {}
        self._opened = ExitStack()
        self._trained: dict[int, retraining.Retrained] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def relative(self, path: Path) -> str:
        """Name a path as a person at the project's root would type it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def remedy(self, finding: Finding) -> tuple[str, str]:
        """Have the clause explained: its page says what to do."""
        evidence = "all of the evidence and " if finding.broken and finding.broken.details else ""
        return self.explain(finding.clause.code), f"shows {evidence}the remedy"

    def explain(self, code: str) -> str:
        """Say what to type to have a clause explained, of this very delivery."""
        other = self.folder != self.root / retraining.HOME
        delivery = f" DELIVERY={shlex.quote(self.relative(self.folder))}" if other else ""
        return f"make explain CODE={code}{delivery}" + (f" BASE={shlex.quote(self.base)}" if self.base else "")

    # --- what people wrote

    @cached_property
    def contract(self) -> Contract:
        """``CONTRACT`` of ``contract.py``, which is read before it is run."""
        if fault := source.more_than_a_declaration(self.contract_tree):
            raise source.RefusedSourceError(fault)
        contract = _run(self.folder / "contract.py", "delivery_contract").CONTRACT
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
        return ast.parse((self.folder / "heuristics.py").read_bytes())

    @cached_property
    def heuristics_module(self) -> ModuleType:
        """``heuristics.py``, run as the function runs it: where none of the project's other rooms can be imported.

        It is read first: what imports or reaches for what it must not is refused, and never runs.
        """
        source.refuse(self.heuristics_tree)
        path = self.folder / "heuristics.py"
        hidden = {name: sys.modules.get(name) for name in NOT_IN_PRODUCTION}
        sys.modules.update(dict.fromkeys(NOT_IN_PRODUCTION))  # type: ignore[arg-type]  # None: an import ends here
        try:
            with redirect_stdout(sys.stderr), at_most(OPENING_S):  # what it prints is no part of a report
                return serving.load_source(path.read_bytes(), path)
        finally:
            for name, module in hidden.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module

    @property
    def heuristics(self) -> list[Heuristic]:
        """The heuristics, in the order of their columns."""
        return serving.heuristics_in(self.heuristics_module)

    def field_line(self, field: str) -> int | None:
        """Find the line of ``contract.py`` that defines a field of the row, or the row's class itself."""
        for node in ast.walk(self.contract_tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == field:
                return node.lineno
            if isinstance(node, ast.ClassDef) and node.name == field:
                return node.lineno
        return None

    def word_line(self, word: str) -> int | None:
        """Find the line of ``contract.py`` that gives ``Contract`` this word: version, decisions, budgets, ..."""
        for node in ast.walk(self.contract_tree):
            if isinstance(node, ast.keyword) and node.arg == word:
                return node.lineno
        return None

    def heuristic_line(self, name: str) -> int | None:
        """Find the line of ``heuristics.py`` that defines a heuristic, or what stands in its place."""
        for node in self.heuristics_tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
                return node.lineno
            if isinstance(node, ast.Assign) and any(isinstance(at, ast.Name) and at.id == name for at in node.targets):
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
        # Split at line feeds and at nothing else: a category may hold what Unicode calls the end of a line.
        lines = (self.folder / "golden.jsonl").read_text(encoding="utf-8").rstrip().split("\n")
        return [] if lines == [""] else [json.loads(line) for line in lines]

    @cached_property
    def held_out_rows(self) -> int:
        """How many of the golden rows judge the model: they come first, and those drawn from the contract follow."""
        return sum("covers" not in line for line in self.golden)

    @cached_property
    def held_out(self) -> HeldOut:
        """The scores and labels that judge the model."""
        return HeldOut.from_csv((self.folder / HELD_OUT).read_bytes())

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """``model.onnx``, read but not run."""
        return onnx.load_model(self.folder / "model.onnx", load_external_data=False)

    @cached_property
    def model(self) -> serving.Model:
        """``model.onnx`` in onnxruntime."""
        return serving.session((self.folder / "model.onnx").read_bytes())

    @cached_property
    def agreed_before(self) -> tuple[Agreed, ...]:
        """What this contract follows: on the base branch, or earlier on this one; empty where nothing was agreed."""
        return agreed_before(self.folder, self.compiled, self.base)

    def delivered_before(self, name: str) -> bytes | None:
        """Give what a file of the delivery holds on the base branch; ``None`` where it was not there."""
        return delivered_before(self.folder, name, self.base)

    # --- where it comes from

    @property
    def training(self) -> Path | None:
        """The program that trains it, where there is one."""
        found = retraining.program(self.root, self.folder)
        return self.root / found if found else None

    @property
    def delivers(self) -> str:
        """What to type to train and deliver anew."""
        found = retraining.program(self.root, self.folder)
        if found is None:
            return "call deliver()"
        return "make model" if found == retraining.PROJECTS_OWN else f".venv/bin/python {found}"

    def trained_again(self, times: int = 1) -> Path:
        """Give the delivery that training again makes: the first, or another one.

        Raises
        ------
        NotTrainedError
            When the training fails; every time that it is asked for.
        """
        if times not in self._trained:
            found = retraining.program(self.root, self.folder)
            if found is None:
                raise retraining.NotTrainedError("there is no program that trains it")
            self._trained[times] = self._opened.enter_context(retraining.trained_again(self.root, self.folder, found))
        return self._trained[times].delivery

    @property
    def observed(self) -> Json | None:
        """What was seen while it trained again, see ``handover.observation``; ``None`` where it delivered unseen."""
        self.trained_again()
        return self._trained[1].observed

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
        return [self.made(line["row"]) for line in self.golden]

    def made(self, row: Json) -> Any:
        """Make a row as the serving validator does."""
        return self.validator.validate_json(json.dumps(row))

    @cached_property
    def golden_matrix(self) -> FloatRows:
        """The golden rows as the model's input, float32 (N, K)."""
        return self.encoder.matrix(self.golden_rows)

    @cached_property
    def seen_matrix(self) -> FloatRows:
        """The golden rows and rows drawn from the contract, as the model's input: what columns can be, rare or not."""
        drawn = (self._vector(row) for row in drawn_rows(domains(self.compiled)))
        return np.concatenate([self.golden_matrix, *(vector for vector in drawn if vector is not None)])

    def _vector(self, row: Json) -> FloatRows | None:
        try:
            return self.encoder.vector(self.made(row))
        except (ValidationError, HeuristicError):
            return None  # a multiple of 0.1 refused by its last bit; a row on which the clause of that did not try

    @cached_property
    def golden_scores(self) -> NDArray[np.float64]:
        """The training-time model's scores of the golden rows."""
        return np.array([line["score"] for line in self.golden])

    @cached_property
    def golden_here(self) -> NDArray[np.float32]:
        """What onnxruntime gives for the golden rows in this Python, all at once."""
        return self.model(self.golden_matrix)

    def decide(self, score: np.floating[Any]) -> str | None:
        """Decide as the contract says: edges are float32, and inclusive. ``None`` beyond the last."""
        edges = self.contract.decisions.items()
        return next((decision for decision, edge in edges if np.float32(score) <= np.float32(edge)), None)

    def refusal(self, row: Json) -> str:
        """Say in one sentence why the contract refuses a row; nothing when it accepts it."""
        try:
            self.validator.validate_json(json.dumps(row))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=True)[0]
            field = ".".join(map(str, first["loc"])) or "the row"
            return f"{field}: {first['msg']}, but it is {json.dumps(first['input'])}"
        return ""

    # --- where it goes

    @cached_property
    def template(self) -> Template:
        """``template.yaml``."""
        return Template(self.root / "template.yaml")

    # --- what answers

    @property
    def build(self) -> Path:
        """What ``sam build`` wrote."""
        return self.root / ".aws-sam" / "build"

    @cached_property
    def function(self) -> BuiltFunction:
        """The built function and its runtime layer, with this delivery mounted as the model layer."""
        built = built_function(self.build)
        layer = Path(self._opened.enter_context(TemporaryDirectory(prefix="handover-model-")))
        (layer / "delivery").symlink_to(self.folder)
        others = tuple(other for other in built.layers if not (other / "delivery").is_dir())
        return replace(built, layers=(*others, layer))

    @cached_property
    def log(self) -> list[str]:
        """The lines that the function has written."""
        return []

    @cached_property
    def pool(self) -> Pool:
        """One environment of the function, in AWS's runtime emulator."""
        return self._opened.enter_context(Pool(self.function, 1, self.log.append))

    def ask(self, path: str, body: Any) -> Any:
        """Post a body to the function, and give the answer's body.

        Raises
        ------
        RefusedError
            When the answer is no success.
        EnvironmentDiedError, FunctionTimedOutError
            When there is none.
        """
        event = _event(path, body)
        answer = gateway.response(self.pool.invoke(json.dumps(event).encode()).reply)
        said = json.loads(answer.body)
        if answer.status != HTTPStatus.OK:
            raise RefusedError(f"{answer.status} {said.get('detail') or said.get('message')}")
        return said

    @cached_property
    def golden_answers(self) -> list[Json]:
        """What the built function answers to the golden rows, asked in batches."""
        rows = [line["row"] for line in self.golden]
        batches = [rows[start : start + MAX_BATCH_ROWS] for start in range(0, len(rows), MAX_BATCH_ROWS)]
        return [answer for batch in batches for answer in self.ask("/predict/batch", batch)]

    @cached_property
    def latency(self) -> Latency:
        """How long the built function takes for the first golden row, cold and warm; measured when first asked for."""
        return measure(self.function, _event("/predict", self.golden[0]["row"]))


def _event(path: str, body: Any) -> Json:
    headers = (("content-type", "application/json"),)
    request = gateway.Request("POST", path, headers=headers, body=json.dumps(body).encode())
    return gateway.event(request, "handover-check", datetime.now(UTC))


class RefusedError(RuntimeError):
    """The function refused what it should have answered."""


def _run(path: Path, name: str) -> ModuleType:
    """Run a file as a module: what stands in it now, for byte-code beside it may be that of an edit a moment ago."""
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # pydantic looks a class's module up to resolve its annotations
    try:
        with redirect_stdout(sys.stderr), at_most(OPENING_S):  # what it prints is no part of a report
            exec(compile(path.read_bytes(), path, "exec"), vars(module))  # noqa: S102  as an import would
    finally:
        del sys.modules[name]
    return module
