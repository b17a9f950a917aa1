"""The rows that a contract accepts, as Hypothesis draws them: for what searches them, not for what trains."""

from typing import Any

from hypothesis import strategies as st

from handover.rows import Domain, domains
from predictor.files import Json


def accepted_rows(compiled: Json) -> st.SearchStrategy[Json]:
    """Draw rows, as JSON objects, from a compiled contract.

    Every field is drawn from its whole range, ends included; a field that may be missing is left out, null or there.
    """
    fields = domains(compiled)
    return st.fixed_dictionaries(
        {field.name: values(field) for field in fields if field.required},
        optional={field.name: values(field) for field in fields if not field.required},
    )


def values(field: Domain) -> st.SearchStrategy[Any]:
    """Draw one field's values; Hypothesis likes the ends of a range. ``null`` is among them where it may be."""
    return st.one_of(_known(field), st.none()) if field.nullable else _known(field)


def _known(field: Domain) -> st.SearchStrategy[Any]:
    if field.choices:
        return st.sampled_from(field.choices)
    if field.step:
        return st.integers(field.steps[0], field.steps[-1]).map(field.multiple)
    return st.floats(field.low, field.high, exclude_min=field.open_low, exclude_max=field.open_high)
