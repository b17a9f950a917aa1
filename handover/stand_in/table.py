"""Rows and answers that the teams wrote down, for a stand-in to give: a table of fields, and each row's answer."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from handover.contract import Contract
from handover.draft import table
from handover.draft.formats import as_csv
from handover.draft.words import FLAGS, Number
from handover.encoding import RowEncoder
from handover.errors import CannotRunError, DeliverError
from handover.rows import Domain, domains
from handover.stand_in.answers import Scores, made_up
from predictor.encoder import FloatRows

DECISION = "decision"


def read(path: Path, contract: Contract, encoding: RowEncoder) -> tuple[FloatRows, Scores, tuple[int, ...]]:
    """Read a table: its rows as the model's input, float32 (N, K), their answers, float32 (N, C), and their lines.

    Beside the contract's fields it has a column ``score``, or one of each class's name, or a column ``decision``. What
    is missing is empty. ``DeliverError`` when the file cannot be read, lacks a column, or a line of it has a row or an
    answer that the contract refuses.
    """
    fields, names = domains(contract.compiled()), contract.scores.names
    try:
        given = table.read(as_csv(path))
    except CannotRunError as error:
        raise DeliverError(str(error)) from None
    head = given.columns
    answered = [DECISION] if DECISION in head and not set(names) <= set(head) else list(names)
    wanted = [*(field.name for field in fields if field.required), *answered]
    if lacking := [name for name in wanted if name not in head]:
        raise DeliverError(
            f"{path.name} has no column {', '.join(lacking)}: it should have one for each field, and "
            f"{' and '.join(names)}, or {DECISION}"
        )
    if unknown := [name for name in head if name not in {*answered, *(field.name for field in fields)}]:
        raise DeliverError(f"{path.name} has the column {', '.join(unknown)}, which the contract has not")
    number = Number(decimal_mark=head[answered[0]].usual_mark)
    known = [field for field in fields if field.name in head]
    rows = [
        {field.name: _value(head[field.name].words[row], field, number) for field in known} for row in range(len(given))
    ]
    places = [f"{path.name}, line {line}" for line in given.lines]
    words = zip(*(head[name].words for name in answered), strict=True)
    answers = [_answer(texts, contract, number, place) for texts, place in zip(words, places, strict=True)]
    return encoding.matrix(rows, places.__getitem__), np.array(answers, dtype=np.float32), given.lines


def _value(word: str, field: Domain, number: Number) -> Any:
    """Give a word as an application would send it; what is none of the field's kind the contract refuses as it is."""
    if not word:
        return None
    if field.choices == (False, True):
        return FLAGS.get(word.lower(), word)
    if field.choices or not number.fits(word):
        return word
    return replace(number, whole=field.whole)(word)


def _answer(words: Sequence[str], contract: Contract, number: Number, where: str) -> list[float]:
    score = contract.score
    if len(words) != len(contract.scores.names) or not all(map(number.fits, words)):
        if len(words) == 1 and words[0] in contract.scores.decisions:
            answers = made_up(contract, words[0])
            return [float(score) for score in answers[len(answers) // 2]]
        decisions = ", ".join(contract.scores.decisions)
        raise DeliverError(f"{where} is answered {', '.join(words)!r}: write a score, or one of {decisions}")
    scores = [value for word in words if (value := number(word)) is not None]
    if not all(score.low <= one <= score.high for one in np.array(scores, dtype=np.float32)):
        raise DeliverError(
            f"{where} is answered {', '.join(words)}, and a score lies from {score.low:g} to {score.high:g}"
        )
    return scores
