"""A delivery without a model: it answers every row of a contract, with scores that were made up, until there is one."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import ModuleType

import numpy as np

from handover.contract import Contract
from handover.delivery import as_json, column_records, golden_lines, hashes, write
from handover.encoding import RowEncoder
from handover.errors import DeliverError
from handover.proof import Proof
from handover.provenance import properties
from handover.rows import Domain, domains, drawn_row
from handover.scoring import Oracle
from handover.stand_in.answers import made_up
from handover.stand_in.graph import graph, is_stand_in
from handover.stand_in.graph import hashes as hashed
from predictor import delivery as serving
from predictor import files
from predictor.files import Json

SEED = 1  # another one than that of the rows that cover every value
READ = 3  # digits of a number's range that people read
REFERENCES = 100  # rows, of which the middle is what reasons compare with

__all__ = ["is_stand_in", "stub"]


def stub(
    contract: Contract, heuristics: ModuleType, to: Path, *, decision: str | None = None, table: Path | None = None
) -> Json:
    """Write a stand-in for the model of a contract: a delivery like any other, but for what judges a model.

    The same contract gives the same files, of which the manifest is given back. A ``decision`` is decided for every
    row; else each as often as the next, by a hash of the row. Rows of a ``table`` have the answers that stand there.

    ``DeliverError`` when a model was delivered there already, the contract has no such decision, the table cannot be
    used, or heuristics fail; ``ContractError`` when the contract says something that production could not enforce.
    Nothing has been written then.
    """
    _require_no_model(to)
    compiled = contract.compiled()
    fields, encoding = domains(compiled), RowEncoder(compiled, heuristics)
    answers = made_up(contract, decision)
    answered = f"every row is decided {decision}" if decision else "scores are made up, by a hash of the row"
    known: dict[int, int] = {}
    if table:
        from handover.stand_in.table import read

        features, given, lines = read(table, contract, encoding)
        known = _known(hashed(fields, features).tolist(), lines, table.name, len(answers))
        answers = np.concatenate([answers, given])
        rows = "1 row has its answer" if len(known) == 1 else f"{len(known)} rows have their answers"
        answered = f"{rows} by {table.name}; for others {answered}"
    named = {"name": contract.name, "version": contract.version}
    about = properties(named, {})
    model = graph(contract.name, fields, encoding.columns, answers, known=known, classes=contract.classes, about=about)
    nothing = np.empty((0, len(encoding.columns)), dtype=np.float32)
    session = serving.session(model)
    proof = Proof(contract, encoding, Oracle(session), (nothing, session(nothing)), _readable_rows(fields))
    proof.require_parity(model)
    references = [line["row"] for line in proof.golden_lines[:REFERENCES] if "covers" not in line]
    contents = {
        files.CONTRACT: as_json(compiled),
        files.HEURISTICS: Path(str(heuristics.__file__)).read_bytes(),
        files.MODEL: model,
        files.GOLDEN: golden_lines(proof),
    }
    manifest = {
        "format": 1,
        "stand_in": answered,
        "contract": named,
        "files": hashes(contents),
        "columns": column_records(contract, encoding.columns, encoding.matrix(references)),
        "tolerance": contract.budgets.parity,
        "golden_rows": proof.golden_record,
    }
    write(to, contents, manifest)
    return manifest


def _require_no_model(to: Path) -> None:
    try:
        is_model = not files.stand_in(files.manifest(to))
    except (OSError, ValueError, AttributeError):
        return
    if is_model:
        raise DeliverError(
            f"{to} has a model that was trained, and a stand-in would take its place: nothing was written. If that is "
            f"meant, remove its {files.MANIFEST} first"
        )


def _known(hashed: Sequence[int], lines: Sequence[int], name: str, first: int) -> dict[int, int]:
    """Give the place of each row's answer, behind those that are made up."""
    stands: dict[int, int] = {}
    for row, line in zip(hashed, lines, strict=True):
        if stands.setdefault(row, line) != line:
            raise DeliverError(f"{name}, line {line} has the row of line {stands[row]} again: leave one of them out")
    return {row: first + place for place, row in enumerate(stands)}


def _readable_rows(fields: Sequence[Domain]) -> Iterator[Json]:
    """Draw rows without end, each time the same ones, with numbers of as few digits as people write."""
    random = Random(SEED)  # noqa: S311  nothing here is secret
    widths = [(field, field.ends[1] - field.ends[0]) for field in fields if not field.choices]
    numbers = [(one, max(0, READ - 1 - math.floor(math.log10(width))) if width else READ) for one, width in widths]
    while True:
        row = drawn_row(fields, random)
        drawn = [(field, row[field.name], digits) for field, digits in numbers]
        yield row | {one.name: one.nearest(round(value, digits)) for one, value, digits in drawn if value is not None}
