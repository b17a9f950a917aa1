"""The vocabulary that ``contract.py`` is written in: Row, Field, Score, Otherwise, Budgets and Contract."""

import re
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic
from numpy.typing import NDArray
from pydantic import Field

from handover.compilation import FLOAT32_MAX, STRICTLY, ContractError, compiled_row
from handover.wording import alike, look
from predictor.files import Json
from predictor.scores import Scores

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(pydantic.BaseModel)

__all__ = ["Budgets", "Contract", "ContractError", "Field", "Otherwise", "Row", "Score"]

VERSION = r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"  # Semantic Versioning 2.0.0, without suffixes
MIN_CLASSES, MAX_CLASSES = 3, 100
MAX_PARITY = 0.1  # of the score's range; with a looser one, a model that answers otherwise would pass
MAX_LAYERS_MIB = 250  # Lambda's own limit for layers and function, unzipped
MAX_FLIPS = 10  # of some two hundred golden rows; a model that decides otherwise for one in twenty is another one
# The least and the most that each budget may be. For one heuristic a caller waits for milliseconds, and a check stops
# it after a second.
BUDGETS: Mapping[str, tuple[type[float], float, float, str]] = {
    "layers_mib": (int, 1, np.inf, "a whole number from 1 on"),
    "model_kib": (int, 1, np.inf, "a whole number from 1 on"),
    "flipped_decisions": (int, 0, np.inf, "a whole number from 0 on"),
    "parity": (float, 0, np.inf, "a number from 0 on"),
    "least_auc": (float, 0, 1, "a number from 0 to 1"),
    "most_auc": (float, 0, 1, "a number from 0 to 1"),
    "least_r2": (float, -np.inf, 1, "a number up to 1"),
    "fall": (float, 0, 1, "a number from 0 to 1"),
    "heuristic_ms": (float, 1e-9, 500, "a number above 0, up to 500"),
}


class _RowClass(ModelMetaclass):
    """Makes a row's class, unless a field would take the place of what pydantic needs itself."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **settings: Any) -> type:
        for word, kind in namespace.get("__annotations__", {}).items():
            if word.startswith("model_") and hasattr(pydantic.BaseModel, word) and "ClassVar" not in str(kind):
                raise ContractError(
                    f"pydantic keeps this name for itself; call the field {word.removeprefix('model_')}, or "
                    f"the_{word}, here and in the data",
                    topic="names",
                    field=word,
                )
        with warnings.catch_warnings():  # copy and json are names like any other: nobody calls those methods
            warnings.filterwarnings("ignore", 'Field name "\\w+" in "\\w+" shadows an attribute in parent', UserWarning)
            return super().__new__(cls, name, bases, namespace, **settings)


class Row(pydantic.BaseModel, metaclass=_RowClass):
    """One request's record, before any model sees it: strict types, no unknown field, no NaN, no infinity.

    Subclass it in ``contract.py``. A field is an ``int``, a ``float``, a ``bool`` or a ``Literal`` of strings; with
    ``| None = None`` the caller may leave it out or send ``null``, and the model then sees NaN.
    """

    model_config = STRICTLY


@dataclass(frozen=True)
class Score:
    """The number that the model gives: what it means, and the range [low, high] that it never leaves."""

    meaning: str
    low: float
    high: float
    probability: bool = True
    """Whether a score from 0 to 1 is the share of such cases that turn out 1. Say False where it only ranks, as after
    class weights or resampling: then nobody expects its mean to be the labels'."""


OF_EACH_CLASS = Score("probability of each class", low=0.0, high=1.0)


@dataclass(frozen=True)
class Otherwise:
    """What is decided where no class has a score of at least ``below``."""

    decision: str
    below: float


@dataclass(frozen=True)
class Budgets:
    """The limits that both teams signed; each names its unit."""

    model_kib: int
    """Size of ``model.onnx`` [KiB]; no more than the layers, which it lies in, may have."""
    layers_mib: int
    """Both layers and the function, unzipped [MiB]. Lambda itself allows 250."""
    parity: float
    """How far a score in production may lie from the training-time model's [the score's unit]; four steps of float32 at
    that score are allowed whatever it says: beyond 32 they are more than 1e-5."""
    flipped_decisions: int
    """Golden rows whose decision in production may differ from the training-time model's [rows]; 10 at most."""
    least_auc: float = 0.5
    """AUC on the held-out rows that a model of yes or no has at least, chance allowed for [1]; of more classes the mean
    of each one's AUC against the rest."""
    most_auc: float = 0.999
    """AUC above which nobody believes it: a column most likely tells the outcome [1]."""
    least_r2: float = 0.0
    """R2 on the held-out rows that a model of a number has at least, chance allowed for [1]."""
    fall: float = 0.02
    """How far AUC, or R2, may lie below the base branch's, chance allowed for [1]."""
    heuristic_ms: float = 10.0
    """What one heuristic may take for one row, of the processor's time where the check runs [ms]. Arithmetic takes a
    thousandth of that."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What both teams agreed: the row, the scores, the decisions and the budgets, under one version.

    A contract of one score has ``score`` and ``decisions``, which maps each decision to the highest score that still
    gets it, ascending; the last edge is the score's upper end, so that every score has a decision.

    A contract of three classes or more has ``classes`` in their place. Each class has a score from 0 to 1, and the
    decision is the class of the highest; where none reaches ``otherwise.below``, it is ``otherwise.decision``. Their
    ``score`` may be left out; it says what the scores mean, and whether they are probabilities.

    ``ContractError`` when the version is not ``major.minor.patch``, the decisions do not cover the score's range in
    order, the classes cannot be told apart, or a budget is no limit.
    """

    name: str
    version: str
    row: type[Row]
    score: Score = OF_EACH_CLASS
    decisions: Mapping[str, float] = field(default_factory=dict)
    classes: Sequence[str] = ()
    otherwise: Otherwise | None = None
    budgets: Budgets

    def __post_init__(self) -> None:
        if not (isinstance(self.row, type) and issubclass(self.row, pydantic.BaseModel)):
            raise ContractError("row: write a class Record(Row), and name it: row=Record", topic="strict", word="row")
        if not re.fullmatch(VERSION, str(self.version)):
            raise ContractError(f"version {self.version!r}: write major.minor.patch, as in 1.0.0", topic="version")
        if not isinstance(self.classes, tuple | list | None):
            kind = type(self.classes).__name__
            raise _refused("classes", f'it is of the type {kind}; write the names, as in ("red", "green", "blue")')
        self._require_score()
        if self.classes or self.otherwise:
            self._require_classes()
        else:
            self._require_decisions()
        self._require_budgets()

    def _require_score(self) -> None:
        if self.score is OF_EACH_CLASS and not self.classes:
            raise _refused("score", 'write what it means, as in Score("probability of a loss", low=0.0, high=1.0)')
        low, high = self.score.low, self.score.high
        if not (_is_number(low) and _is_number(high) and low < high):
            raise _refused(
                "score",
                f"its range is {low!r} to {high!r}; write two numbers, as in low=0.0, high=1.0, the low below the high",
            )

    def _require_decisions(self) -> None:
        refused = partial(_refused, "decisions")
        if not isinstance(self.decisions, Mapping):
            raise refused('write {"name": upper edge, ...}')
        for name, edge in self.decisions.items():
            if not _is_name(name):
                raise refused(f"{name!r} is not a name that a caller can compare with")
            if not _is_number(edge):
                raise refused(f"the upper edge of {name!r} is {edge!r}, not a number")
        edges = list(self.decisions.values())
        steps = list(pairwise([self.score.low, *edges]))
        if not edges or edges[-1] != self.score.high or not all(lower < upper for lower, upper in steps):
            raise refused(
                f"the upper edges {edges} must rise from above the score's low {self.score.low} "
                f"to exactly its high {self.score.high}"
            )
        for lower, upper in steps:
            if np.float32(lower) == np.float32(upper):
                raise refused(f"the edges {lower!r} and {upper!r} are the same float32, which a score is")

    def _require_classes(self) -> None:
        if self.decisions:
            raise _refused("decisions", "with classes there are none: the decision is the class of the highest score")
        if not MIN_CLASSES <= len(self.classes) <= MAX_CLASSES:
            raise _refused(
                "classes",
                f'write {MIN_CLASSES} to {MAX_CLASSES} names, as in ("red", "green", "blue"); two classes are told '
                f"apart by one score: write score and decisions",
            )
        for name in self.classes:
            if not _is_name(name):
                raise _refused("classes", f"{name!r} is not a name that a caller can compare with")
        if fault := alike(self.classes, "class", "classes"):
            raise _refused("classes", fault)
        if (self.score.low, self.score.high) != (0, 1):
            ends = f"{self.score.low:g} to {self.score.high:g}"
            raise _refused("score", f"its range is {ends}, and a class's score lies from 0 to 1")
        if self.otherwise is not None:
            self._require_otherwise(self.otherwise)

    def _require_otherwise(self, otherwise: Otherwise) -> None:
        if not isinstance(otherwise, Otherwise):
            raise _refused("otherwise", 'write Otherwise("ask_an_expert", below=0.6)')
        if not _is_name(otherwise.decision) or look(otherwise.decision) in map(look, self.classes):
            raise _refused("otherwise", f"{otherwise.decision!r} is no decision of its own, beside the classes")
        if not _is_number(otherwise.below) or not 0 < otherwise.below <= 1:
            raise _refused("otherwise", f"below is {otherwise.below!r}; write a number above 0, up to 1")

    def _require_budgets(self) -> None:
        for word, (kind, least, most, limit) in BUDGETS.items():
            value = getattr(self.budgets, word)
            if not (_is_number(value) and isinstance(value, int | kind) and least <= value <= most):
                raise ContractError(f"{word} is {value!r}; write {limit}", topic="budgets", word=word)

    @property
    def unlimited(self) -> tuple[str, str] | None:
        """The first budget that limits nothing, and why; deliver() can do with it, and the check can not."""
        budgets, widest = self.budgets, (self.score.high - self.score.low) * MAX_PARITY
        ends = {
            "layers_mib": (MAX_LAYERS_MIB, "which is all that Lambda unpacks"),
            "model_kib": (budgets.layers_mib * 1024, "which is all that layers_mib has room for"),
            "parity": (widest, "a tenth of the score's range: with a looser one another model would pass as this one"),
            "flipped_decisions": (MAX_FLIPS, "for beyond it another model would pass as this one"),
        }
        for word, (most, why) in ends.items():
            if (value := getattr(budgets, word)) > most:
                return word, f"{word} is {value:,}; write {most:,} at most, {why}"
        return None

    @property
    def lookalikes(self) -> list[tuple[str, str]]:
        """The fields, or decisions, with names that callers cannot tell apart, each with a sentence."""
        fields = [(field["name"], field.get("categories", ())) for field in self.compiled()["fields"]]
        faults = [(name, alike(names, "category", "categories")) for name, names in fields]
        faults.append(("decisions", alike(self.scores.decisions, "decision", "decisions")))
        return [(name, f"{name}: {fault}") for name, fault in faults if fault]

    def compiled(self) -> Json:
        """Give the contract as plain JSON data, for ``contract.json``: production imports no schema code.

        ``fields`` is what the encoder reads, ``validator`` pydantic's own core schema without Python objects, and
        ``schema`` the JSON Schema that callers are shown. ``ContractError`` when a field cannot be compiled: free text,
        a nested or unbounded type, or a validator written in Python; or when it would let in what it does not say.
        """
        fields, validator, schema = deepcopy(compiled_row(self.row))  # the caller's, to do with it whatever it likes
        agreed = {"format": 1, "name": self.name, "version": self.version, "fields": fields, **self._answered()}
        return {**agreed, "budgets": asdict(self.budgets), "validator": validator, "schema": schema}

    def _answered(self) -> Json:
        score = asdict(self.score)
        if not self.classes:
            return {"score": score, "decisions": dict(self.decisions)}
        otherwise = {"otherwise": asdict(self.otherwise)} if self.otherwise else {}
        return {"score": score, "classes": list(self.classes), **otherwise}

    @property
    def scores(self) -> Scores:
        """The scores as the function knows them: their names, ends and decisions."""
        return Scores(self._answered())

    def decide(self, scores: NDArray[Any]) -> str | None:
        """Decide on the scores of one row; written apart from the function's own code, which it is compared with.

        Edges are float32, and inclusive; of equal scores the first counts. ``None`` beyond the last edge.
        """
        if self.classes:
            highest = int(np.asarray(scores, dtype=np.float32).argmax())
            unsure = self.otherwise is not None and np.float32(scores[highest]) < np.float32(self.otherwise.below)
            return self.otherwise.decision if self.otherwise and unsure else self.classes[highest]
        edges = self.decisions.items()
        return next((decision for decision, edge in edges if np.float32(scores[0]) <= np.float32(edge)), None)


def _refused(word: str, sentence: str) -> ContractError:
    return ContractError(f"{word}: {sentence}", topic="decisions", word=word)


def _is_name(value: Any) -> bool:
    """Whether a caller can compare with it, and see it whole."""
    return isinstance(value, str) and bool(value.strip()) and value == value.strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FLOAT32_MAX
