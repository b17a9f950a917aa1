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
    text: Callable[[tuple[float, ...], str], str]
    """Writes the members of ``document`` as JSON; by hand, for ``json.dumps`` takes longer than the validation."""
    of_classes: bool
    """Whether each score is a class's, and has its name in an answer."""

    def __init__(self, contract: Json) -> None:
        self.low, self.high = _single(contract["score"]["low"]), _single(contract["score"]["high"])
        self.of_classes, self.decisions = "classes" in contract, files.decisions(contract)
        quoted = {decision: json.dumps(decision) for decision in self.decisions}
        if self.of_classes:
            self.names = tuple(contract["classes"])
            self.decide = _by_class(self.names, contract.get("otherwise"))
            named = ",".join(f"{json.dumps(name).replace('%', '%%')}:%r" for name in self.names)
            self.text = lambda values, decision: f'"decision":{quoted[decision]},"scores":{{{named % values}}}'
        else:
            self.names = (SINGLE,)
            self.decide = _by_edge(contract["decisions"])
            self.text = lambda values, decision: f'"{SINGLE}":{values[0]!r},"decision":{quoted[decision]}'

    def document(self, values: Sequence[float], decision: str) -> Json:
        """Give scores and decision of a row, as an answer and a golden row have them."""
        scores: Json = dict(zip(self.names, values, strict=True))
        return {"decision": decision, "scores": scores} if self.of_classes else {**scores, "decision": decision}


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
