"""Rows that a contract accepts, drawn by Hypothesis: for the clauses that must hold for every row."""

import math
from typing import Any

from hypothesis import strategies as st

type Json = dict[str, Any]

ENDS = ("minimum", "maximum")


def accepted_rows(compiled: Json) -> st.SearchStrategy[Json]:
    """Draw rows, as JSON objects, from a compiled contract.

    Every field is drawn from its whole range, ends included; a field that may be missing is left out, null or there.
    """
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, schema in compiled["schema"]["properties"].items():
        kinds = schema.get("anyOf", [schema])
        drawn = st.one_of([_value(kind) for kind in kinds])
        (required if name in compiled["schema"].get("required", ()) else optional)[name] = drawn
    return st.fixed_dictionaries(required, optional=optional)


def different_rows(compiled: Json) -> float:
    """Count the rows that a contract accepts; infinite where a number need not be whole."""
    return math.prod(
        sum(map(_different_values, schema.get("anyOf", [schema])))
        for schema in compiled["schema"]["properties"].values()
    )


def _different_values(schema: Json) -> float:
    if "enum" in schema:
        return len(schema["enum"])
    if schema.get("type") == "boolean":
        return 2
    if schema.get("type") not in {"integer", "number"}:
        return 1  # null, or a constant
    step = schema.get("multipleOf", 1 if schema["type"] == "integer" else 0)
    low, high = (schema[end] if end in schema else schema[f"exclusive{end.capitalize()}"] for end in ENDS)
    return 1 + (high - low) / step if step else math.inf


def _value(schema: Json) -> st.SearchStrategy[Any]:
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "null":
        return st.none()
    if schema["type"] == "boolean":
        return st.booleans()
    return _number(schema)


def _number(schema: Json) -> st.SearchStrategy[Any]:
    opened_low, opened_high = "exclusiveMinimum" in schema, "exclusiveMaximum" in schema
    low: float = schema["exclusiveMinimum"] if opened_low else schema["minimum"]
    high: float = schema["exclusiveMaximum"] if opened_high else schema["maximum"]
    if "multipleOf" in schema:
        step = schema["multipleOf"]
        multiples = st.integers(math.ceil(low / step), math.floor(high / step)).map(lambda count: count * step)
        return multiples.filter(lambda value: low + opened_low <= value <= high - opened_high)
    if schema["type"] == "integer":
        return st.integers(
            math.floor(low) + 1 if opened_low else math.ceil(low),
            math.ceil(high) - 1 if opened_high else math.floor(high),
        )
    return st.floats(low, high, exclude_min=opened_low, exclude_max=opened_high)
