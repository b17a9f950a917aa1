"""The vocabulary that ``contract.py`` is written in: Row, Field, Score, Budgets and Contract."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import pydantic
from pydantic import ConfigDict, Field

__all__ = ["Budgets", "Contract", "ContractError", "Field", "Row", "Score"]

FLOAT32_MAX = 3.4028234663852886e38  # IEEE 754 binary32, the largest finite number: what the model's input can hold

type Json = dict[str, Any]


class ContractError(ValueError):
    """The contract says something that production could not hold; the message names the field and what to write.

    ``topic`` says which rule of a contract is broken: version, decisions, type or bounds; ``field`` where, if in a row.
    """

    def __init__(self, sentence: str, *, topic: str, field: str | None = None) -> None:
        super().__init__(sentence if field is None else f"{field}: {sentence}")
        self.topic = topic
        self.field = field


class Row(pydantic.BaseModel):
    """One request's record, before any model sees it: strict types, no unknown field, no NaN, no infinity.

    Subclass it in ``contract.py``. A field is an ``int``, a ``float``, a ``bool`` or a ``Literal`` of strings; with
    ``| None = None`` the caller may leave it out or send ``null``, and the model then sees NaN.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Score:
    """The number that the model gives: what it means, and the range [low, high] that it never leaves."""

    meaning: str
    low: float
    high: float


@dataclass(frozen=True)
class Budgets:
    """The limits that both teams signed; each names its unit."""

    model_kib: int
    """Size of ``model.onnx`` [KiB]."""
    layers_mib: int
    """Both layers and the function, unzipped [MiB]. Lambda itself allows 250."""
    parity: float
    """How far a score in production may lie from the training-time model's [the score's unit]."""
    flipped_decisions: int
    """Golden rows whose decision in production may differ from the training-time model's [rows]."""


@dataclass(frozen=True)
class Contract:
    """What both teams agreed: the row, the score, the decisions and the budgets, under one version.

    ``decisions`` maps each decision to the highest score that still gets it, ascending; the last edge is the score's
    upper end, so that every score has a decision.

    Raises
    ------
    ContractError
        When the version is not ``major.minor.patch``, or the decisions do not cover the score's range in order.
    """

    name: str
    version: str
    row: type[Row]
    score: Score
    decisions: Mapping[str, float]
    budgets: Budgets

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d+\.\d+\.\d+", self.version):
            raise ContractError(f"version {self.version!r}: write major.minor.patch, as in 1.0.0", topic="version")
        edges = list(self.decisions.values())
        rising = all(lower < upper for lower, upper in pairwise([self.score.low, *edges]))
        if not edges or not rising or edges[-1] != self.score.high:
            raise ContractError(
                f"decisions: the upper edges {edges} must rise from above the score's low {self.score.low} "
                f"to exactly its high {self.score.high}",
                topic="decisions",
            )

    def compiled(self) -> Json:
        """Give the contract as plain JSON data, for ``contract.json``: production imports no schema code.

        ``fields`` is what the encoder reads, ``validator`` pydantic's own core schema without Python objects, and
        ``schema`` the JSON Schema that callers are shown.

        Raises
        ------
        ContractError
            When a field cannot be compiled: free text, a nested or unbounded type, or a validator written in Python.
        """
        core: Any = self.row.__pydantic_core_schema__
        if core["type"] != "model" or core["schema"]["type"] != "model-fields":
            raise ContractError(
                "a validator written in Python cannot ship; make it a heuristic", topic="type", field=self.row.__name__
            )
        fields = {name: field["schema"] for name, field in core["schema"]["fields"].items()}
        return {
            "format": 1,
            "name": self.name,
            "version": self.version,
            "fields": [_field(name, schema) for name, schema in fields.items()],
            "score": asdict(self.score),
            "decisions": dict(self.decisions),
            "budgets": asdict(self.budgets),
            "validator": _plain(core),
            "schema": self.row.model_json_schema(),
        }


def _field(name: str, schema: Json) -> Json:
    """Say how the encoder lays the field out: its kind, and the order of its categories."""
    kinds: dict[str, Literal["number", "flag", "category"]]
    kinds = {"int": "number", "float": "number", "bool": "flag", "literal": "category"}
    default = None
    if schema["type"] == "default":
        if "default_factory" in schema:
            raise ContractError(
                "a default_factory is code, and cannot ship; write the default", topic="type", field=name
            )
        default, schema = schema["default"], schema["schema"]
    if schema["type"] == "nullable":
        schema = schema["schema"]
    kind = kinds.get(schema["type"])
    if kind is None:
        said = {"str": "free text", "list": "a list", "function-after": "a validator written in Python"}
        raise ContractError(
            f"{said.get(schema['type'], schema['type'])} cannot be a column of a model; "
            f"write int, float, bool or Literal[...] of strings, with | None = None where it may be missing",
            topic="type",
            field=name,
        )
    if default is not None and kind == "category" and default not in schema["expected"]:
        raise ContractError("the default is not one of its categories", topic="type", field=name)
    if kind == "number":
        low, high = (schema.get(a, schema.get(b)) for a, b in (("ge", "gt"), ("le", "lt")))
        if low is None or high is None or low < -FLOAT32_MAX or high > FLOAT32_MAX:
            raise ContractError(
                "a number needs both ends, as in Field(ge=0, le=100), within float32", topic="bounds", field=name
            )
    if kind == "category":
        if not all(isinstance(category, str) for category in schema["expected"]):
            raise ContractError(
                "write its categories as strings, as in Literal['one', 'two']", topic="type", field=name
            )
        return {"name": name, "kind": kind, "categories": list(schema["expected"])}
    return {"name": name, "kind": kind}


def _plain(schema: Json) -> Json:
    """Strip from pydantic's core schema what only documents it; what is left must be data."""

    def strip(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: strip(v) for k, v in node.items() if k not in {"cls", "ref", "metadata", "serialization"}}
        if isinstance(node, list):
            return [strip(item) for item in node]
        return node

    plain: Json = strip(schema)
    for name, field in plain["schema"]["fields"].items():
        try:
            json.dumps(field, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ContractError(
                f"its rule is not plain data ({error}); make it a heuristic", topic="type", field=name
            ) from None
    return plain
