"""A row of ``contract.py`` as plain data: what production validates and encodes with, and what callers are shown."""

import json
import math
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import pydantic.fields
from pydantic_core import SchemaValidator, ValidationError

from predictor.files import Json

STRICTLY = pydantic.ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
"""The configuration that every row has."""
FLOAT32_MAX = 3.4028234663852886e38  # IEEE 754 binary32, the largest finite number: what the model's input can hold
KINDS = {"int": "number", "float": "number", "bool": "flag", "literal": "category"}
UNSUPPORTED = {
    "str": "free text",
    "list": "a list",
    "dict": "a dict",
    "model": "a record of its own",
    "any": "anything",
    "union": "one of several types",
    **{f"function-{mode}": "a validator written in Python" for mode in ("before", "after", "wrap", "plain")},
}

SHOWN_RULES = {"anyOf", "const", "default", "enum", "maximum", "minimum", "multipleOf", "type"} | {
    "exclusiveMaximum",
    "exclusiveMinimum",
}
"""What of a JSON schema rules something, as callers read it."""

DOCUMENT_KEYS = {"cls", "ref", "metadata", "serialization"}
"""What a core schema has that is not data, or rules nothing."""


class ContractError(ValueError):
    """The contract says something that production could not enforce; the message names the field and what to write.

    ``topic`` says which rule of a contract is broken: version, decisions, budgets, strict, type or bounds; ``field``
    where, if in a row, and ``word`` in which argument, if it is not called like the topic.
    """

    def __init__(self, sentence: str, *, topic: str, field: str | None = None, word: str | None = None) -> None:
        super().__init__(sentence if field is None else f"{field}: {sentence}")
        self.topic = topic
        self.field = field
        self.word = word or topic


@cache  # a delivery, or a check of one, asks some twenty times
def compiled_row(row: type[pydantic.BaseModel]) -> tuple[list[Json], Json, Json]:
    """Give ``fields``, ``validator`` and ``schema`` of a row.

    ``ContractError`` when a field is none that a model can have as a column, or lets in what it does not say.
    """
    core: Any = row.__pydantic_core_schema__
    refused = partial(ContractError, topic="type", field=row.__name__)
    if core["type"] != "model" or core["schema"]["type"] != "model-fields":
        raise refused("a validator written in Python cannot ship; make it a heuristic")
    if core.get("post_init"):
        raise refused("private attributes and model_post_init cannot ship")
    if not core["schema"]["fields"]:
        raise refused("it has no field")
    for computed in core["schema"].get("computed_fields", ()):
        raise refused(f"the function computes no {computed['property_name']}; make it a heuristic")
    for word, agreed in STRICTLY.items():
        if row.model_config.get(word) != agreed:
            raise refused(
                f"its setting {word} is {row.model_config.get(word)!r}, and a row's is {agreed!r}: write class "
                f"Record(Row), and no model_config",
                topic="strict",
            )
    for name, field in core["schema"]["fields"].items():
        _require_shown(name, field, row.model_fields[name])
    fields = {name: field["schema"] for name, field in core["schema"]["fields"].items()}
    return [_field(*field) for field in fields.items()], _plain(core), row.model_json_schema(by_alias=False)


def _require_shown(name: str, field: Json, shown: pydantic.fields.FieldInfo) -> None:
    """Require that callers read the name and the rules that the function goes by, and text about them."""
    refused, extra = partial(ContractError, topic="strict", field=name), shown.json_schema_extra
    if not all(isinstance(text, str | None) for text in (shown.title, shown.description)):
        raise refused("its title and description are shown to callers; write text")
    if "validation_alias" in field:
        alias = field["validation_alias"]
        raise refused(f"callers read this name, and would have to send {alias!r}; leave the alias away")
    if isinstance(extra, Mapping) and (words := sorted(SHOWN_RULES & extra.keys())):
        raise refused(f"json_schema_extra shows callers another {words[0]} than the function goes by; leave it away")


def _field(name: str, schema: Json) -> Json:
    """Say how the encoder lays the field out: its kind, and the order of its categories."""
    refused = partial(ContractError, topic="type", field=name)
    declared, schema = schema, schema["schema"] if schema["type"] == "default" else schema
    if "default_factory" in declared:
        raise refused("a default_factory is code, and cannot ship; write the default")
    inner = schema["schema"] if schema["type"] == "nullable" else schema
    kind = KINDS.get(inner["type"])
    if kind is None:
        raise refused(
            f"{UNSUPPORTED.get(inner['type'], inner['type'])} cannot be a column of a model; write int, float, bool or "
            f"Literal[...] of strings, with | None = None where it may be missing"
        )
    if kind == "category" and not all(isinstance(category, str) for category in inner["expected"]):
        raise refused("write its categories as strings, as in Literal['one', 'two']")
    if kind == "number":
        _require_bounds(name, inner)
    if inner.get("strict") is False:
        raise refused("strict=False lets text in for numbers; leave it away", topic="strict")
    if "default" in declared:
        _require_sendable(name, schema, declared["default"])
    categories = {"categories": list(inner["expected"])} if kind == "category" else {}
    return {"name": name, "kind": kind, **categories}


def _require_bounds(name: str, schema: Json) -> None:
    """Require two ends, finite in float32, and a number from one to the other."""
    low: Any = schema.get("ge", schema.get("gt"))
    high: Any = schema.get("le", schema.get("lt"))
    refused = partial(ContractError, topic="bounds", field=name)
    if not all(isinstance(end, int | float) and abs(end) <= FLOAT32_MAX for end in (low, high)):
        raise refused("a number needs both ends, as in Field(ge=0, le=100), within float32")
    step = schema.get("multiple_of", 1 if schema["type"] == "int" else None)
    if step is not None and not (isinstance(step, int | float) and 0 < step <= FLOAT32_MAX):
        raise refused(f"multiple_of is {step!r}; write a number above 0, as in Field(ge=0, le=100, multiple_of=5)")
    open_low, open_high = "gt" in schema, "lt" in schema
    first, last = multiples(low, high, step, open_low=open_low, open_high=open_high) if step else (low, high)
    if first > last or (first == last and step is None and (open_low or open_high)):
        number = f"multiple of {schema['multiple_of']:g}" if "multiple_of" in schema else "number"
        raise refused(
            f"no {number} lies between its ends {low:g} and {high:g}; the lowest value comes first, as in "
            f"Field(ge=0, le=100)"
        )


def multiples(low: float, high: float, step: float, *, open_low: bool, open_high: bool) -> tuple[int, int]:
    """Count the first and the last multiple of a step between two ends; 0.3 is three times 0.1, whatever floats say."""
    first, last = (
        round(end / step) if math.isclose(end / step, round(end / step), rel_tol=1e-9) else beyond(end / step)
        for end, beyond in ((low, math.ceil), (high, math.floor))
    )
    return first + (open_low and first * step <= low), last - (open_high and last * step >= high)


def _require_sendable(name: str, schema: Json, default: Any) -> None:
    """Require a default that a caller could have sent: pydantic does not look at it."""
    try:
        SchemaValidator(_stripped(schema)).validate_json(json.dumps(default), strict=True)
    except (TypeError, ValueError, ValidationError):
        raise ContractError(
            f"its default {default!r} is not what a caller could send; a field that may be missing is written "
            f"| None = None",
            topic="strict",
            field=name,
        ) from None


def _stripped(node: Any) -> Any:
    if isinstance(node, dict):
        if node.get("type") == "model-fields":  # a field may be called like what is left out of a schema
            return {k: {f: _stripped(v[f]) for f in v} if k == "fields" else _stripped(v) for k, v in node.items()}
        return {k: _stripped(v) for k, v in node.items() if k not in DOCUMENT_KEYS}
    if isinstance(node, list):
        return [_stripped(item) for item in node]
    return node


def _plain(schema: Json) -> Json:
    """Strip from pydantic's core schema what only documents it; what is left must be data."""
    plain: Json = _stripped(schema)
    for name, field in plain["schema"]["fields"].items():
        try:
            json.dumps(field, allow_nan=False)
        except (TypeError, ValueError) as error:
            sentence = f"its rule is not plain data ({error}); make it a heuristic"
            raise ContractError(sentence, topic="type", field=name) from None
    return plain
