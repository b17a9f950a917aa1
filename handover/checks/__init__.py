"""The clauses of a delivery, in order: what is read, answers, trains and ships, how fast it is, the stack."""

import pkgutil
from collections.abc import Iterable
from importlib import import_module

from handover import evaluation
from handover.finding import Clause, declared

GROUPS = {
    "C": "the contract",
    "H": "heuristics",
    "M": "manifest and model",
    "P": "parity",
    "B": "behaviours",
    "R": "training again",
    "S": "what ships",
    "L": "latency",
    "T": "the template",
}
"""What the first letter of a code is, in the order of the groups."""

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")  # it declares its clauses

CLAUSES = declared(GROUPS)


def selected(only: Iterable[str]) -> list[Clause]:
    """Choose clauses of a delivery, see ``evaluation.selected``."""
    return evaluation.selected(only, CLAUSES, GROUPS)
