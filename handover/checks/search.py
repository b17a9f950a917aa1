"""The search for a row that the contract accepts and something else does not take."""

from collections.abc import Callable
from typing import Any

from handover.context import DeliveryContext

type Row = dict[str, Any]


def simplest_row(context: DeliveryContext, wanted: Callable[[Row], bool], tries: int) -> Row | None:
    """Draw rows from the contract until one is wanted, and simplify it; the same one each time.

    Parameters
    ----------
    tries
        How many rows are drawn; Hypothesis favours the ends of every range.

    Returns
    -------
    ``None`` where no row that was drawn is wanted.
    """
    from hypothesis import HealthCheck, find, settings
    from hypothesis.errors import NoSuchExample

    from handover.strategies import accepted_rows

    quiet = settings(
        max_examples=tries, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )

    def accepted_and_wanted(row: Row) -> bool:  # a multiple of 0.1 may be drawn beyond the contract, by its last bit
        return not context.refusal(row) and wanted(row)

    try:
        return find(accepted_rows(context.compiled), accepted_and_wanted, settings=quiet)
    except NoSuchExample:
        return None
