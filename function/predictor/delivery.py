"""Opens the delivery in the model layer: verifies every hash, then builds validators, encoder and session, once."""

import hashlib
import json
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic_core import SchemaValidator

from predictor import files
from predictor.encoder import Encoder, FloatRows, Heuristic
from predictor.files import Json
from predictor.limits import Limits
from predictor.problems import MAX_BATCH_ROWS
from predictor.scores import Scores


class LoadError(RuntimeError):
    """The delivery must not answer: a file is missing, altered or unreadable. The message names it."""


class Model(Protocol):
    """What scores: rows of the model's input, float32 (N, K), to the scores of each, float32 (N, C)."""

    def __call__(self, rows: FloatRows, /) -> NDArray[np.float32]:
        """Score the rows."""


@dataclass(frozen=True)
class Delivery:
    """A delivery, verified and ready to answer."""

    identity: str
    """First 12 hex digits of the SHA-256 of ``model.onnx``."""
    contract: Json
    manifest: Json
    golden: Json
    """One row with the training-time model's answer, to prove at start that the model gives it here as well."""
    row: SchemaValidator
    rows: SchemaValidator
    scores: Scores
    limits: Limits
    encoder: Encoder
    model: Model

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the delivery in ``folder``.

        Raises
        ------
        LoadError
            When a file is missing or its SHA-256 is not the manifest's; nothing of the delivery has run by then.
            Also when a verified file cannot be read, or the model's columns are not the encoder's.
        """
        manifest, contents = _verified(folder)
        try:
            contract = json.loads(contents[files.CONTRACT])
            json.dumps(contract, allow_nan=False)  # callers are shown it, and NaN, which Python reads, is not JSON
            limits, scores = Limits(contract["fields"]), Scores(contract)
            heuristics = heuristics_in(load_source(contents[files.HEURISTICS], folder / files.HEURISTICS))
            encoder = Encoder(contract["fields"], heuristics)
            model = session(contents[files.MODEL])
            (golden,) = islice(files.golden_rows(contents[files.GOLDEN]), 1)
            row, rows = validators(contract)
        except Exception as error:  # the files are what the manifest says, so what modelling delivered is at fault
            raise LoadError(f"{folder}: the delivery cannot be opened: {type(error).__name__}: {error}") from error
        columns = tuple(column["name"] for column in manifest["columns"])
        if encoder.columns != columns:
            raise LoadError(f"{folder}: contract and heuristics give {encoder.columns}, the manifest says {columns}")
        return cls(
            identity=files.identity(manifest),
            contract=contract,
            manifest=manifest,
            golden=golden,
            row=row,
            rows=rows,
            scores=scores,
            limits=limits,
            encoder=encoder,
            model=model,
        )


def _verified(folder: Path) -> tuple[Json, dict[str, bytes]]:
    """Read manifest and contents; what is returned is what was hashed, so nothing can change in between."""
    try:
        manifest = files.manifest(folder)
        expected = {name: manifest["files"][name] for name in files.SERVED}
        manifest["columns"], float(manifest["tolerance"])  # read here, so that a manifest without them is named as such
    except OSError as error:
        raise LoadError(f"{folder / files.MANIFEST}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise LoadError(f"{folder / files.MANIFEST}: is not a manifest: {type(error).__name__}: {error}") from None
    contents = {}
    for name, sha256 in expected.items():
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise LoadError(f"{folder / name}: cannot be read: {error.strerror}") from None
        actual = hashlib.sha256(contents[name]).hexdigest()
        if actual != sha256:
            raise LoadError(f"{folder / name}: expected SHA-256 {sha256}, found {actual}")
    return manifest, contents


def load_source(source: bytes, path: Path) -> ModuleType:
    """Run Python source as a module.

    Compiled here, from the bytes that were hashed, and not imported: an import would run a ``.pyc`` that no hash
    covers. It costs about a millisecond.
    """
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where a dataclass looks up what its annotations mean
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102  this is how a module comes to be
    return module


def heuristics_in(module: ModuleType) -> list[Heuristic]:
    """List the module's public functions in the order of their definition: each is a column of the model's input."""
    return [
        member
        for name, member in vars(module).items()
        if not name.startswith("_") and getattr(member, "__module__", None) == module.__name__ and callable(member)
    ]


def validators(contract: Json) -> tuple[SchemaValidator, SchemaValidator]:
    """Build pydantic's own validators of a row, and of a batch that stops at its first bad row, without pydantic.

    The contract holds pydantic's core schema as plain data; all that it lacks is the class to make rows of.
    """
    row = {**contract["validator"], "cls": _Row}
    batch = {"type": "list", "items_schema": row, "min_length": 1, "max_length": MAX_BATCH_ROWS, "fail_fast": True}
    return SchemaValidator(row), SchemaValidator(batch)


class _Row:
    """Stands in for the contract's ``Row``: the four slots that pydantic's validator fills, and nothing else."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")


def session(model: bytes) -> Model:
    """Load an ONNX model whose input is ``features`` and whose output is ``score``, for one request at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a Lambda under 1,769 MB has less than one core: threads only wait for each other
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return _Session(onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))


class _Session:
    """Scores by onnxruntime; a lone row, as nearly every request holds, by memory that is bound to the model once.

    ``run`` looks its inputs up by name and makes an array for its output each time, which for a small model takes about
    as long as the trees.
    """

    def __init__(self, opened: onnxruntime.InferenceSession) -> None:
        self._run = opened.run
        self._run_bound = opened.run_with_iobinding
        self._binding = opened.io_binding()
        self._row: FloatRows | None = None  # its width is known with the first row, which is the golden one in INIT
        self._scores: NDArray[np.float32]

    def __call__(self, rows: FloatRows, /) -> NDArray[np.float32]:
        if len(rows) != 1:
            return _by_row(self._run(["score"], {"features": rows})[0])
        if self._row is None:
            self._row = self._bound(rows)
        self._row[:] = rows
        self._run_bound(self._binding)
        return self._scores.copy()

    def _bound(self, rows: FloatRows) -> FloatRows:
        row, given = rows.copy(), self._run(["score"], {"features": rows})[0]  # whose shape is the model's own affair
        self._binding.bind_input("features", "cpu", 0, np.float32, row.shape, row.ctypes.data)
        self._binding.bind_output("score", "cpu", 0, np.float32, given.shape, given.ctypes.data)
        self._scores = _by_row(given)
        return row


def _by_row(given: Any) -> NDArray[np.float32]:
    """Give a score without a name of its own, float32 (N,), as a vector of one, float32 (N, 1): the same memory."""
    scores: NDArray[np.float32] = given[:, np.newaxis] if given.ndim == 1 else given
    return scores
