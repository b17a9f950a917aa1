"""The proof's rows as a file that any tool can score, and the scores that it gives back."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handover.contract import Contract
from handover.conversion.errors import line_of
from handover.errors import DeliverError
from handover.golden import ProofRow
from predictor.encoder import FloatRows
from predictor.files import Json

type Scores = NDArray[np.float32]
"""float32 (N, C), as many for a row as the contract has."""
type Ask = Callable[[FloatRows], Scores]

ID = "id"
WRITE = "handover proof-rows"
OF_INPUT = "i"  # how the id begins of a row that is the model's input only, and that no application can send
OF_ROW = "r"  # a letter, and no digit: a table that begins with one is read as numbers by some programs
SEPARATORS = ",;\t"
"""Of the last two, as half of Europe's programs write a table, the numbers may have a decimal comma."""
ROUNDING_STEPS = 64  # of float32 at the largest score: a sum of some dozens of its terms is as far off
FEW_DIGITS = range(1, 7)  # float32 has 7 to 9
OWN_SHARE = 0.1  # of a difference: where the model's own answers differ by less than this, it is not rounding
OF_CONVERSION = (
    "The model's conversion to ONNX is not exact, and nothing was delivered: leave out the unusual step or setting, or "
    "train another kind of model"
)
OF_ROUNDING = (
    "That is float32's rounding, at scores so large: fit the model on matrix(...).values.astype(float), which scores "
    "without it, sign a parity budget of the score's size, as 1e-5 of its range, or leave a step out"
)
OF_FLOAT32 = "make FunctionTransformer(np.float64) the first step of a Pipeline, and train again"
OF_SCORES = (
    "Nothing was delivered: the scores= are those of another model or stand beside other rows, the file takes its "
    "columns in another order, or gives the other class's probability (see positive=)"
)


class Again(NamedTuple):
    """What a model answers to a row when it is asked once more."""

    alone: Sequence[float]
    """By itself."""
    precise: Sequence[float]
    """By itself, and as float64."""
    computing: Sequence[str]
    """What of the model computes in float32, by name."""


@dataclass(frozen=True)
class Oracle:
    """Who knows the answers of the training."""

    ask: Ask
    """Gives them to rows, float32 (N, K): float32 (N, C)."""
    known: frozenset[bytes] | None = None
    """The rows that it can be asked about, as bytes; None where that is any."""
    cause: str = OF_CONVERSION
    """Why a graph may not answer as it does, and what to do then, where the difference itself does not tell."""
    digits: int | None = None
    """To how many digits behind the point its scores are rounded, where they are few."""
    record: Json | None = None
    """What a manifest says of it, where it is no model: file, SHA-256, rows."""
    again: Callable[[FloatRows], Again] | None = None
    """Asks the model about a single row once more; only what it answers itself is looked into."""

    def knows(self, vector: FloatRows) -> bool:
        """Whether it can be asked about a row."""
        return self.known is None or vector.tobytes() in self.known

    def why(self, apart: float, largest: float, row: FloatRows | None = None, trained: Sequence[float] = ()) -> str:
        """Say why a graph's worst score may be so far ``apart``, where the ``largest`` is so large, and what to do.

        It is of this ``row``, float32 (1, K), to which the training gave those scores.
        """
        if self.digits is not None and apart <= 10.0**-self.digits:
            return f"Nothing was delivered: the scores= are rounded to {self.digits} digits: write all that they have"
        if self.cause == OF_CONVERSION and apart <= ROUNDING_STEPS * np.spacing(np.float32(largest)):
            return OF_ROUNDING
        return self._itself(apart, row, trained) or self.cause

    def _itself(self, apart: float, row: FloatRows | None, trained: Sequence[float]) -> str:
        """Say that the model gives the row several answers, some part as far apart, where it computes in float32."""
        if self.again is None or row is None or self.cause != OF_CONVERSION:
            return ""
        again = self.again(row)
        answers = np.array([trained, again.alone, again.precise], dtype=np.float64)
        score = int(np.argmax(np.ptp(answers, axis=0)))
        if not again.computing or np.ptp(answers[:, score]) < apart * OWN_SHARE:
            return ""
        among, alone, precise = (f"{answer:.9g}" for answer in answers[:, score])
        return (
            f"The model's own answer moves too: {among} among other rows, {alone} alone, and {precise} asked in "
            f"float64; what {' and '.join(again.computing)} "
            f"{'computes' if len(again.computing) == 1 else 'compute'} is rounded to float32. Nothing was delivered: "
            f"{OF_FLOAT32}"
        )


def as_csv(contract: Contract, columns: Sequence[str], rows: Sequence[ProofRow], *, as_sent: bool = False) -> str:
    """Write the rows, each once, with an id that says which row of which contract it is; a missing value is empty.

    With ``as_sent``, a line has what an application sends, instead of the ``columns`` of the model's input: of a row
    that is an input only there is none.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    fields = [field["name"] for field in contract.compiled()["fields"]]
    lines.writerow([ID, *(fields if as_sent else columns)])
    for name, row in _named(contract, rows).items():
        if as_sent and row.row:
            values = ("" if (value := row.row.get(field)) is None else value for field in fields)
            lines.writerow([name, *(value if isinstance(value, str) else json.dumps(value) for value in values)])
        elif not as_sent:
            lines.writerow([name, *map(_number, row.vector[0].tolist())])
    return text.getvalue()


def given(path: Path, contract: Contract, rows: Sequence[ProofRow]) -> Oracle:
    """Read the scores that another tool gave to the rows of ``as_csv``.

    Only the columns ``id`` and ``score``, or one of each class's name, count, in any place; lines may stand in any
    order. Commas part the columns, or semicolons or tabs, and then a number may have a decimal comma.
    """
    named = _named(contract, rows)
    scores = _scores(path, contract.scores.names)
    again = f"Write the rows again with {WRITE}, and score them"
    if unknown := [name for name in scores if name not in named]:
        raise DeliverError(
            f"{path.name} has scores of other rows: {len(unknown)} of {len(scores)} are none that the proof of "
            f"{contract.name} {contract.version} asks for, first {unknown[0]}; they were written for another contract, "
            f"for other heuristics or for another model. {again}"
        )
    if not any(name.startswith(OF_INPUT) for name in scores):  # what an application sends was scored
        named = {name: row for name, row in named.items() if not name.startswith(OF_INPUT)}
    if lacking := [name for name in named if name not in scores]:
        raise DeliverError(
            f"{path.name} lacks the scores of {len(lacking)} of {len(named)} rows, first {lacking[0]}: the proof asks "
            f"for all, those beside the thresholds of the model's trees too. {again}, with --model where it has trees"
        )
    known = {row.vector.tobytes(): scores[name] for name, row in named.items()}
    record = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(known)}

    def ask(features: FloatRows) -> Scores:
        answers = [known[row.tobytes()] for row in features]
        return np.array(answers, dtype=np.float32).reshape(-1, len(contract.scores.names))

    written = np.array(list(known.values()), dtype=np.float64)
    digits = next((some for some in FEW_DIGITS if np.array_equal(written, written.round(some))), None)
    return Oracle(ask, frozenset(known), OF_SCORES, digits=digits, record=record)


def oracle_of(
    scores: Path | str | Ask | None, model: Ask, contract: Contract, rows: Callable[[], Sequence[ProofRow]]
) -> Oracle:
    """Say who answers for the training: the file or the function that was given, or else the model itself.

    ``rows`` gives those whose scores a file has.
    """
    if scores is None:
        return Oracle(model)
    if isinstance(scores, str | Path):
        return given(Path(scores), contract, rows())
    if not callable(scores):
        raise DeliverError(
            f"scores= is a {type(scores).__name__}: give the CSV file with {ID} and {', '.join(contract.scores.names)} "
            f"that another tool made of `{WRITE}`, or a function that gives the scores of rows"
        )
    width = len(contract.scores.names)

    def ask(features: FloatRows) -> Scores:
        try:
            answers = np.asarray(scores(features), dtype=np.float32)
        except Exception as error:  # the caller's own, or that of a library in it
            raise DeliverError(
                f"the function scores= gives no numbers for {len(features)} rows of matrix(...).values, in which a "
                f"category is its code ({type(error).__name__}: {line_of(error)}): mend it, and where its model takes "
                f"words, turn the codes into them, as docs/model-files.md shows"
            ) from error
        if answers.shape != (len(features), width) and (width > 1 or answers.shape != (len(features),)):
            raise DeliverError(
                f"the function scores= gives an answer of shape {list(answers.shape)} for {len(features)} rows: let it "
                f"give {'one number' if width == 1 else f'{width} numbers, one of each class,'} for each"
            )
        return answers.reshape(-1, width)

    return Oracle(ask, cause=OF_SCORES)


def _named(contract: Contract, rows: Sequence[ProofRow]) -> dict[str, ProofRow]:
    """Give each row its id, which changes with the contract, its version, the columns and every value."""
    schema = json.dumps(contract.compiled(), sort_keys=True).encode()
    named: dict[str, ProofRow] = {}
    for row in rows:
        digest = hashlib.sha256(schema + row.vector.tobytes()).hexdigest()[:12]
        named.setdefault(f"{OF_ROW if row.row else OF_INPUT}{digest}", row)
    return named


def _scores(path: Path, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DeliverError(f"{path} cannot be read: {error}") from None
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    head = [name.strip() for name in next(lines, [])]
    # Where none has this very name, one that is written with other capitals counts.
    places = {name.lower(): place for place, name in enumerate(head)} | {name: place for place, name in enumerate(head)}
    wanted = [places.get(name, places.get(name.lower())) for name in (ID, *names)]
    if None in wanted:
        separated = "; none of comma, semicolon and tab separates them" if len(head) == 1 else ""
        raise DeliverError(
            f"{path.name} has the columns {', '.join(head) or 'none'}{separated}: it should have {ID}, as {WRITE} "
            f"wrote it, and {', '.join(names)}"
        )
    scores: dict[str, tuple[float, ...]] = {}
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        whole = len(line) == len(head)
        name, *words = (line[place].strip() if whole and place is not None else "" for place in wanted)
        try:
            given = tuple(float(word if separator == "," else word.replace(",", ".")) for word in words)
        except ValueError:
            given = (np.nan,)
        if not name or not np.isfinite(given).all():
            raise DeliverError(
                f"{path.name}, line {number} has no {ID} or no number as {' or '.join(names)}: "
                f"{separator.join(line)[:80]}"
            )
        if scores.setdefault(name, given) != given:
            raise DeliverError(f"{path.name}, line {number} has another score of {name} than a line before it")
    return scores


def _number(value: float) -> str:
    """Write a float32 with all of its digits, as other programs read it into a float64."""
    return "" if np.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
