"""Golden rows: which of the rows that the trained model answered are kept, and what the manifest says of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from predictor.encoder import FloatRows
from predictor.files import Json

# Of those like the data: few enough for every start of a deployment, and shares of a decision within 0.1.
LIKELY_GOLDEN_ROWS = 100
MIN_GOLDEN_ROWS = 20  # below that, a model that is wrong for one row in ten may pass by luck
MIN_OF_A_DECISION = 5
MAX_REAL_ROWS = 500


@dataclass(frozen=True)
class ProofRow:
    """A row drawn from the contract, and what it is there for."""

    row: Json
    vector: FloatRows
    """float32, shape (1, K)."""
    covers: tuple[str, ...] = ()
    """The values that no row before it has, in words; none for a row that was drawn at random."""
    real: bool = False
    """Whether it happens to equal a row of the data."""


@dataclass(frozen=True)
class Answered:
    """A row, and what the trained model answers."""

    made: ProofRow
    scores: FloatRows
    """float32, shape (S,)."""
    decision: str


type Chosen = tuple[Answered, Json]
"""A row that was answered, and what its line of ``golden.jsonl`` says besides: why it is one."""


def real_rows(count: int) -> str:
    """Say of golden rows how many are real, and what that means."""
    are, them = ("is a real row", "it") if count == 1 else ("are real rows", "them")
    return (
        f"{count} {are}, which golden= of deliver() asked for: whoever reads the repository or the layer reads {them}"
    )


def golden_record(lines: Sequence[Json], equal: int) -> Json:
    """Say what a delivery's golden rows are, for its manifest; ``equal`` of the drawn ones equal a row of the data."""
    real = sum("real" in line for line in lines)
    drawn = len(lines) - real
    note = f"{drawn} golden rows are drawn, each field on its own, and "
    equals = {0: "none of them equals", 1: "1 of them equals"}.get(equal, f"{equal} of them equal")
    note += f"{equals} a row that deliver() was given{': the contract accepts hardly any other' if equal else ''}."
    if real:
        note += f" {real_rows(real)}."
    return {"drawn": drawn, "equal_to_real": equal, "real": real, "note": note}


def chosen_of(likely: list[Answered], drawn: list[Answered], real: list[Answered]) -> list[Chosen]:
    """Choose the golden rows among those that the trained model answered; of ``drawn``, some cover a value."""
    first = _different(likely)[:LIKELY_GOLDEN_ROWS]
    everything = sorted((*likely, *drawn), key=lambda one: one.made.real)
    if len(first) < MIN_GOLDEN_ROWS:  # few are nobody's: others of the contract, the same again, and then any
        rest = [one for one in everything if not one.made.covers]
        first = [*_different(rest), *rest][:MIN_GOLDEN_ROWS]
    chosen: list[Chosen] = [(one, {}) for one in first]
    chosen += [(one, {"real": True}) for one in real]
    chosen += [(one, {"covers": list(one.made.covers)}) for one in drawn if one.made.covers]
    count, seen = Counter(one.decision for one, _ in chosen), [one.made.row for one, _ in chosen]
    for one in everything:
        if count[one.decision] < (1 if one.made.real else MIN_OF_A_DECISION) and one.made.row not in seen:
            count[one.decision] += 1
            seen.append(one.made.row)
            chosen.append((one, {"covers": [f"decision = {one.decision}"]}))
    return chosen


def _different(answered: Iterable[Answered]) -> list[Answered]:
    """Keep each row once, and none that equals a real one."""
    return list({one.made.vector.tobytes(): one for one in answered if not one.made.real}.values())
