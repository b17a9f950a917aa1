"""Rows and answers that the teams wrote down, for a stand-in to give: a CSV of fields, and each row's answer."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handover.contract import Contract
from handover.encoding import Encoding
from handover.errors import DeliverError
from handover.rows import Domain, domains
from handover.stand_in.answers import made_up
from predictor.encoder import FloatRows

type Scores = NDArray[np.float32]

DECISION = "decision"
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Given:
    """Rows as the model's input, float32 (N, K), and their answers, float32 (N, C)."""

    features: FloatRows
    answers: Scores
    lines: tuple[int, ...]
    """Where each stands in the file."""


def read(path: Path, contract: Contract, encoding: Encoding) -> Given:
    """Read a table.

    Beside the contract's fields it has a column ``score``, or one of each class's name, or a column ``decision``. What
    is missing is empty.

    Raises
    ------
    DeliverError
        When the file cannot be read, lacks a column, or a line of it has a row or an answer that the contract refuses.
    """
    fields, names = domains(contract.compiled()), contract.scores.names
    head, lines = _lines(path)
    answered = [DECISION] if DECISION in head and not set(names) <= set(head) else list(names)
    wanted = [*(field.name for field in fields if field.required), *answered]
    if lacking := [name for name in wanted if name not in head]:
        raise DeliverError(
            f"{path.name} has no column {', '.join(lacking)}: it should have one for each field, and "
            f"{' and '.join(names)}, or {DECISION}"
        )
    if unknown := [name for name in head if name not in {*answered, *(field.name for field in fields)}]:
        raise DeliverError(f"{path.name} has the column {', '.join(unknown)}, which the contract has not")
    rows, answers, numbers = [], [], []
    for number, line in lines:
        given = dict(zip(head, line, strict=True))
        rows.append({field.name: _value(given[field.name], field) for field in fields if field.name in given})
        answers.append(_answer([given[name] for name in answered], contract, f"{path.name}, line {number}"))
        numbers.append(number)
    if not rows:
        raise DeliverError(f"{path.name} has no row below its header")
    features = encoding.matrix(rows, lambda place: f"{path.name}, line {numbers[place]}")
    return Given(features, np.array(answers, dtype=np.float32), tuple(numbers))


def _lines(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    try:
        reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    except (OSError, UnicodeDecodeError) as error:
        raise DeliverError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    head = [name.strip() for name in next(reader, [])]

    def lines() -> Iterator[tuple[int, list[str]]]:
        for line in reader:
            if any(word.strip() for word in line):
                if len(line) != len(head):
                    raise DeliverError(
                        f"{path.name}, line {reader.line_num} has {len(line)} columns, and the header {len(head)}"
                    )
                yield reader.line_num, [word.strip() for word in line]

    return head, lines()


def _value(word: str, field: Domain) -> Any:
    """Give a word as an application would send it; what is none of the field's kind the contract refuses as it is."""
    if not word:
        return None
    if field.choices == (False, True):
        return FLAGS.get(word.lower(), word)
    if field.choices:
        return word
    try:
        number = float(word)
    except ValueError:
        return word
    return int(number) if field.whole and number.is_integer() else number


def _answer(words: Sequence[str], contract: Contract, where: str) -> list[float]:
    score = contract.score
    if len(words) != len(contract.scores.names) or not _are_numbers(words):
        if len(words) == 1 and words[0] in contract.scores.decisions:
            answers = made_up(contract, words[0])
            middle: list[float] = answers[len(answers) // 2].tolist()
            return middle
        decisions = ", ".join(contract.scores.decisions)
        raise DeliverError(f"{where} is answered {', '.join(words)!r}: write a score, or one of {decisions}")
    scores = [float(word) for word in words]
    if not all(np.float32(score.low) <= np.float32(one) <= np.float32(score.high) for one in scores):
        raise DeliverError(
            f"{where} is answered {', '.join(words)}, and a score lies from {score.low:g} to {score.high:g}"
        )
    return scores


def _are_numbers(words: Sequence[str]) -> bool:
    try:
        return all(np.isfinite(float(word)) for word in words)
    except ValueError:
        return False
