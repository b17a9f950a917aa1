"""The scores of a contract: what they are called, between which ends they lie, and what is decided by them.

They are a vector: one for each class. A single score is a vector of one.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from predictor import files
from predictor.files import SINGLE, Json

type Decide = Callable[[Sequence[float]], str]


class Scores:
    """What ``contract.json`` says of the scores of a row.

    Ends and edges are rounded to float32, which the scores are: 0.1 must not fall beyond an edge at 0.1. All are
    compared as Python's own numbers, in a third of the time.

    Parameters
    ----------
    contract
        It has ``score``, and ``decisions`` with their upper edges; or ``score``, ``classes`` and maybe ``otherwise``.
    """

    names: tuple[str, ...]
    """The classes, or the single score's name; in the order of the model's output."""
    decisions: tuple[str, ...]
    """All that may be decided."""
    low: float
    high: float
    """The ends of each score."""
    decide: Decide
    """Gives the decision on the scores of one row."""
    of_classes: bool
    """Whether each score is a class's, and has its name in an answer."""

    def __init__(self, contract: Json) -> None:
        self.low, self.high = _single(contract["score"]["low"]), _single(contract["score"]["high"])
        self.of_classes, self.decisions = "classes" in contract, files.decisions(contract)
        if self.of_classes:
            self.names = tuple(contract["classes"])
            self.decide = _by_class(self.names, contract.get("otherwise"))
            named = ",".join(f"{_literal(name)}:{{{place}!r}}" for place, name in enumerate(self.names, 1))
            self._template = f'"decision":{{0}},"scores":{{{{{named}}}}}'
        else:
            self.names = (SINGLE,)
            self.decide = _by_edge(contract["decisions"])
            self._template = f'{_literal(SINGLE)}:{{1!r}},"decision":{{0}}'
        self._decided = {decision: json.dumps(decision) for decision in self.decisions}

    def document(self, values: Sequence[float], decision: str) -> Json:
        """Give scores and decision of a row, as an answer and a golden row have them."""
        scores: Json = dict(zip(self.names, values, strict=True))
        return {"decision": decision, "scores": scores} if self.of_classes else {**scores, "decision": decision}

    def text(self, values: Sequence[float], decision: str) -> str:
        """Write the members of that document as JSON; by hand, for ``json.dumps`` takes longer than the validation."""
        return self._template.format(self._decided[decision], *values)


def _by_edge(decisions: dict[str, float]) -> Decide:
    """Decide by the lowest upper edge that the only score does not exceed."""
    names, edges = tuple(decisions), list(map(_single, decisions.values()))
    return lambda values: names[bisect_left(edges, values[0])]


def _by_class(names: tuple[str, ...], otherwise: Json | None) -> Decide:
    """Decide for the class of the highest score, of equal ones the first; or otherwise, where none is high enough."""
    least, other = (_single(otherwise["below"]), otherwise["decision"]) if otherwise else (-np.inf, "")

    def decide(values: Sequence[float]) -> str:
        highest = max(values)
        return names[values.index(highest)] if highest >= least else other

    return decide


def _single(number: Any) -> float:
    return np.float32(number).item()


def _literal(name: str) -> str:
    """Write a name as JSON in a template, where braces have a meaning."""
    return json.dumps(name).replace("{", "{{").replace("}", "}}")
