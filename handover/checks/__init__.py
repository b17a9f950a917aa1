"""The clauses of a delivery, in order: what is read, answers, trains and ships, how fast it is, the stack."""

import pkgutil
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module

from handover.errors import CannotRunError
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


class UnknownCodeError(CannotRunError):
    """No clause has that code, or one that begins like it; the message names near ones, and the groups."""

    def __init__(self, sentence: str, code: str, clauses: Iterable[Clause], groups: Mapping[str, str]) -> None:
        near = get_close_matches(code.upper(), [clause.code for clause in clauses])
        question = f"did you mean {', '.join(near)}? The" if near else "the"
        listed = ", ".join(f"{letter} ({meaning})" for letter, meaning in groups.items())
        super().__init__(f"{sentence}; {question} groups are {listed}")


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
            raise UnknownCodeError(f"no clause begins with '{code}'", code, CLAUSES, GROUPS)
    return [clause for clause in CLAUSES if not wanted or clause.code.startswith(wanted)]
