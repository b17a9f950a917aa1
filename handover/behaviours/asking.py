"""The rows that behaviours ask about, as they see them, and the answers: asked for together, each row once."""

import json
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Self

from pydantic_core import ValidationError

from handover.rows import Domain, domains
from predictor import delivery as serving
from predictor import files
from predictor.files import Json

type Ask = Callable[[Sequence[Json]], Sequence[Json]]
"""Gives the answer to each row, as the function gives it: score or scores, and decision."""
type Call = tuple[Json, Json]
"""A row that was asked about, and its answer."""


class FaultError(Exception):
    """What keeps a function of ``behaviours.py`` from being run on rows."""

    def __init__(self, sentence: str, line: int | None = None, name: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.line, self.name = sentence, line, name
        """The sentence goes on after the name."""


class UnknownNameError(FaultError):
    """A behaviour names what the contract does not have."""

    def __init__(self, kind: str, name: object, known: Sequence[str]) -> None:
        near = get_close_matches(str(name), known, n=1, cutoff=0.5)
        has = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
        super().__init__(f"names the {kind} {name}, which the contract does not have: {has}")


class RefusedRowError(Exception):
    """The contract refuses a row; the message says why."""


class Pending(BaseException):
    """A behaviour asks about a row that has no answer yet, and is run again when there is one.

    Not an ``Exception``: a behaviour that catches all of those must not go on.
    """


class GivenRow(dict[str, Any]):
    """A row as a behaviour sees it: ``row.months``, ``row["months"]``, ``row | {"months": 12}``. It has every field."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.__dict__ = self  # a field may be named like a method

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__missing__(name)

    def __missing__(self, name: str) -> Any:
        raise UnknownNameError("field", name, tuple(self))

    def __or__(self, changes: Mapping[str, Any]) -> Self:  # type: ignore[override]  # a row stays a row, not a dict
        """Give another row, with these fields instead."""
        for name in changes:
            self[name]
        return type(self)({**self, **changes})


class Scores(dict[str, float]):
    """The score of each class."""

    def __missing__(self, name: str) -> float:
        raise UnknownNameError("class", name, tuple(self))


class Decision(str):
    """What was decided. It is compared with nothing that cannot be decided: that would hold of every row."""

    known: tuple[str, ...] = ()
    """All that can be decided."""
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and other not in self.known:
            raise UnknownNameError("decision", other, self.known)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def written(value: Any) -> str:
    """Write a value of a row; a number in six digits, for its last ones are mostly those of an addition."""
    return json.dumps(float(f"{value:.6g}") if isinstance(value, float) else value)


class Asking:
    """Answers what behaviours of a compiled contract ask about."""

    def __init__(self, contract: Json, ask: Ask) -> None:
        self.fields: list[Domain] = domains(contract)
        self._empty = GivenRow({field.name: None for field in self.fields})
        self._validator, _ = serving.validators(contract)
        self._decisions = files.decisions(contract)
        self._ask = ask
        self._answers: dict[str, Json] = {}
        self._waiting: dict[str, Json] = {}
        self.calls: list[Call] = []
        """What the behaviour that runs now has asked about."""

    def row(self, values: Mapping[str, Any]) -> GivenRow:
        """Make a row of values that were written or drawn; what is missing is ``None``.

        ``UnknownNameError`` or ``RefusedRowError`` when it is no row of the contract.
        """
        self._accepted(values)
        return self._empty | values

    def score(self, row: Mapping[str, Any]) -> float | Scores:
        """Give a row's score, or that of each class; the ``score`` of behaviours."""
        answer = self._answer(row)
        return Scores(answer["scores"]) if "scores" in answer else float(answer[files.SINGLE])

    def decide(self, row: Mapping[str, Any]) -> Decision:
        """Give the decision on a row; the ``decide`` of behaviours."""
        decision = Decision(self._answer(row)["decision"])
        decision.known = self._decisions
        return decision

    def settle(self) -> None:
        """Ask for all that waits for an answer."""
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self._answers |= zip(waiting, self._ask([*waiting.values()]), strict=True)

    def _answer(self, row: Mapping[str, Any]) -> Json:
        key, sent = self._accepted(row)
        if key not in self._answers:
            self._waiting[key] = sent
            raise Pending
        self.calls.append((sent, self._answers[key]))
        return self._answers[key]

    def _accepted(self, row: Mapping[str, Any]) -> tuple[str, Json]:
        """Give a row as JSON, and as a caller sends it; see ``row`` for what it raises."""
        self._empty | row  # which names what is no field
        key = json.dumps(dict(row), default=lambda value: value.item(), sort_keys=True)  # numpy's numbers are numbers
        try:
            self._validator.validate_json(key)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            value = "" if first["type"] == "missing" else f", but it is {written(first['input'])}"
            raise RefusedRowError(f"{first['loc'][0]}: {first['msg']}{value}") from None
        sent: Json = json.loads(key)
        return key, sent
