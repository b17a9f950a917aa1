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
        {field.name: _values(field) for field in fields if field.required},
        optional={field.name: _values(field) for field in fields if not field.required},
    )


def _values(field: Domain) -> st.SearchStrategy[Any]:
    """Draw one field's values; Hypothesis likes the ends of a range. ``null`` is among them where it may be."""
    known: st.SearchStrategy[Any]
    if field.choices:
        known = st.sampled_from(field.choices)
    elif field.step:
        known = st.integers(field.steps[0], field.steps[-1]).map(field.multiple)
    else:
        known = st.floats(field.low, field.high, exclude_min=field.open_low, exclude_max=field.open_high)
    return known | st.none() if field.nullable else known
