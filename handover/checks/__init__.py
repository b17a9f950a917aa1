"""The clauses of a delivery, in order: what is read, answers, trains and ships, how fast it is, the stack."""

from collections.abc import Iterable

from handover.checks import (  # noqa: F401  each declares its clauses
    contract,
    coverage,
    heuristics,
    manifest,
    model,
    parity,
    purity,
    quality,
    repeat,
    shipping,
    speed,
    template,
    thresholds,
    training,
    trial,
)
from handover.errors import CannotRunError
from handover.finding import Clause, declared

CLAUSES = declared("CHMPRSLT")


class UnknownCodeError(CannotRunError):
    """No clause's code begins like that; the message says which groups there are."""


def selected(only: Iterable[str]) -> list[Clause]:
    """Choose clauses by the beginnings of their codes; all of them when nothing is asked for.

    Raises
    ------
    UnknownCodeError
        When a beginning fits no clause.
    """
    wanted = tuple(code.strip().upper() for code in only)
    for code in wanted:
        if not code or not any(clause.code.startswith(code) for clause in CLAUSES):
            groups = ", ".join(sorted({clause.code[0] for clause in CLAUSES}))
            raise UnknownCodeError(f"no clause begins with '{code}'; the groups are {groups}")
    return [clause for clause in CLAUSES if not wanted or clause.code.startswith(wanted)]
