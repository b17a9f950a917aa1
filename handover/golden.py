"""Golden rows: which of the rows that the trained model answered are kept, and what the manifest says of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from predictor.encoder import FloatRows
from predictor.files import Json

# Of those like the data: few enough for every start of a deployment, and shares of a decision within 0.1.
LIKELY_GOLDEN_ROWS = 100
FEWEST_GOLDEN_ROWS = 20  # below that, a model that is wrong for one row in ten may pass by luck
FEWEST_OF_A_DECISION = 5
MOST_REAL_ROWS = 500


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


type Answered = tuple[ProofRow, Json]
"""A row that was drawn, and its line of ``golden.jsonl``."""


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


def chosen_of(likely: list[Answered], drawn: list[Answered], real: list[Answered]) -> list[Answered]:
    """Choose the golden rows among those that the trained model answered; of ``drawn``, some cover a value."""
    chosen = _different(likely)[:LIKELY_GOLDEN_ROWS]
    if len(chosen) < FEWEST_GOLDEN_ROWS:  # few are nobody's: others of the contract, the same again, and then any
        rest = sorted((one for one in (*likely, *drawn) if not one[0].covers), key=lambda one: one[0].real)
        chosen = [*_different(rest), *rest][:FEWEST_GOLDEN_ROWS]
    chosen += [(made, line | {"real": True}) for made, line in real]
    chosen += [(made, line | {"covers": list(made.covers)}) for made, line in drawn if made.covers]
    count, seen = Counter(line["decision"] for _, line in chosen), [line["row"] for _, line in chosen]
    for made, line in sorted((*likely, *drawn), key=lambda one: one[0].real):
        decision = line["decision"]
        if count[decision] < (1 if made.real else FEWEST_OF_A_DECISION) and made.row not in seen:
            count[decision] += 1
            seen.append(made.row)
            chosen.append((made, line | {"covers": [f"decision = {decision}"]}))
    return chosen


def _different(answered: Iterable[Answered]) -> list[Answered]:
    """Keep each row once, and none that equals a real one."""
    return list({made.vector.tobytes(): (made, line) for made, line in answered if not made.real}.values())
