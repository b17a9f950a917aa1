"""A CSV file becomes the draft of a delivery: a contract read off the data, two heuristics, and a training."""

import os
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from handover.errors import CannotRunError
from handover.new import writing
from handover.new.copies import copies, renamed
from handover.new.examples import examples
from handover.new.fields import Field, LeftOut, field
from handover.new.leaks import Leak, filled_by_outcome, gives_away, made_up
from handover.new.naming import UNIT_UNKNOWN, field_names, unit
from handover.new.outcome import Outcome, OutcomeError, outcome
from handover.new.table import Table, TableError, read
from handover.new.words import missing

__all__ = ["NewError", "Report", "scaffold"]


class NewError(CannotRunError):
    """No delivery can be drafted of this; one sentence says why. Nothing has been written."""


@dataclass(frozen=True)
class Report:
    """What was drafted."""

    folder: Path
    data: Path
    rows: int
    fields: tuple[Field, ...]
    left_out: tuple[LeftOut, ...]
    heuristics: tuple[str, ...]
    outcome: Outcome
    notes: tuple[str, ...]

    def text(self) -> str:
        """Say it to the person who asked: what became of each column, and what to do next."""
        named = sorted((entry.header for entry in self.left_out), key=len)
        width = min(max(map(len, named), default=0), 30)
        fields = "1 field" if len(self.fields) == 1 else f"{len(self.fields)} fields"
        lines = [
            f"{self.folder}: a contract of {fields}, read off {self.rows} rows of {self.data.name}.",
            self.outcome.said,
            *self.notes,
            "",
        ]
        if self.left_out:
            lines += ["Left out (to take one in after all: Row in contract.py, FIELDS in train.py):"]
            lines += [f"  {column.header:<{width}}  {column.why}" for column in self.left_out]
            lines += [""]
        asked = [entry for entry in self.fields if entry.question]
        if asked:
            lines += ["To settle with someone who knows the data:"]
            lines += [f"  {entry.header}: {entry.question}" for entry in asked]
            lines += [""]
        unknown = sum(entry.number is not None and unit(entry.header) == UNIT_UNKNOWN for entry in self.fields)
        if unknown:
            lines += [f"Numbers whose header names no unit, for you to write in contract.py: {unknown}.", ""]
        lines += [
            "Next:",
            f"  .venv/bin/python {shlex.quote(f'{self.folder}/train.py')}",
            f"  make check DELIVERY={shlex.quote(f'{self.folder}/delivery')}",
        ]
        return "\n".join(lines)


type Track = Callable[[list[tuple[str, str]]], Iterable[tuple[str, str]]]
"""Gives the items back, one by one, and may show how far it has come."""


def scaffold(name: str, data: Path, target: str, to: Path, track: Track = iter) -> Report:
    """Draft a delivery from a CSV file.

    Parameters
    ----------
    name
        What the contract is called.
    data, target
        The CSV file, and the header of the column that is to be predicted.
    to
        The folder to make; it must not be there yet.
    track
        Is given the columns to look at: of a large file, each takes a while.

    Raises
    ------
    NewError
        When the file or its target cannot be used, or ``to`` is there; nothing has been written then.
    """
    title = _slug(name)
    if to.exists() or to.is_symlink():
        raise NewError(f"{to} is there already: choose another name, or remove it")
    try:
        table = read(data)
        predicted = outcome(table, target)
    except (TableError, OutcomeError) as error:
        raise NewError(str(error)) from None
    fields, left_out = _sorted_out(table, predicted, track)
    if not fields:
        why = "; ".join(f"{column.header}: {column.why}" for column in left_out) or "it has no other column"
        raise NewError(f"{table.name} leaves nothing to predict '{predicted.header}' from: {why}")
    chosen = examples(fields)
    source = Path(os.path.relpath(data.resolve(), to.resolve())).as_posix()
    files = {
        "delivery/contract.py": writing.contract(
            title, table.name, fields, left_out, predicted, example="heuristics.py"
        ),
        "delivery/heuristics.py": writing.heuristics(title, chosen),
        "train.py": writing.train(title, to.name, source, fields, predicted),
    }
    try:
        for file, text in files.items():
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            (to / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise NewError(f"{to} cannot be written: {error.strerror}") from None
    return Report(
        folder=to,
        data=data,
        rows=len(predicted.kept),
        fields=tuple(fields),
        left_out=tuple(left_out),
        heuristics=tuple(example.name for example in chosen),
        outcome=predicted,
        notes=tuple(_notes(table, predicted, data)),
    )


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", Path(name).name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug:
        raise NewError(f"'{name}' is no name: write letters and digits, as in my-model")
    return slug


def _sorted_out(table: Table, predicted: Outcome, track: Track) -> tuple[list[Field], list[LeftOut]]:
    """Part the columns into those that the model can use and those that it cannot, in the data's order."""
    headers = [header for header in table.columns if header != predicted.header]
    columns: dict[str, Field | LeftOut] = {}
    for header, name in track(list(field_names(headers).items())):
        words = [table.columns[header][row] for row in predicted.kept]
        found = field(name, header, words, table.decimal_mark)
        if isinstance(found, Field):
            leak = gives_away(found, predicted)
        else:
            leak = filled_by_outcome([missing(word) for word in words], predicted)
        columns[header] = _told(found, leak) if leak else found
    same = copies(_fields(columns))
    columns |= {
        part.header: LeftOut(part.header, f"a copy: it says what {same[part.name]} says, in every row")
        for part in _fields(columns)
        if part.name in same
    }
    parts = made_up(_fields(columns), predicted)
    columns |= {
        part.header: _told(part, Leak(parts[part.name], "surely")) for part in _fields(columns) if part.name in parts
    }
    alike = renamed(_fields(columns))
    columns |= {
        part.header: replace(part, question=f"Each of its values goes with one of {alike[part.name]}: are both needed?")
        for part in _fields(columns)
        if part.name in alike and not part.question
    }
    return _fields(columns), [column for column in columns.values() if isinstance(column, LeftOut)]


def _fields(columns: dict[str, Field | LeftOut]) -> list[Field]:
    return [column for column in columns.values() if isinstance(column, Field)]


def _told(column: Field | LeftOut, leak: Leak) -> Field | LeftOut:
    """Leave out a column that leaks; where that is but suspected, take it in and ask."""
    if isinstance(column, Field) and leak.how_sure == "perhaps":
        doubt = f"Is it known before the outcome is? {leak.why[0].upper()}{leak.why[1:]}."
        return replace(column, question=f"{column.question} {doubt}".strip())
    likely = "" if leak.how_sure == "surely" else "likely "
    return LeftOut(column.header, f"{likely}a leak: {leak.why}; is it known before the outcome is?")


def _notes(table: Table, predicted: Outcome, data: Path) -> list[str]:
    notes = []
    if not data.resolve().is_relative_to(Path.cwd()):
        notes.append(f"{table.name} lies outside of this project: copy it in, so that the build can train again.")
    without = len(table) - len(predicted.kept)
    if without:
        notes.append(f"Rows without {predicted.header}, which are not used: {without} of {len(table)}.")
    if table.encoding not in {"utf-8-sig", "utf-16"}:
        notes.append(f"{table.name} is not UTF-8: it was read as {table.encoding}.")
    if table.repeated:
        names = ", ".join(f"'{name}'" for name in sorted(table.repeated))
        notes.append(f"{names} stands in the header more than once; the later ones are called (2), (3), ...")
    return notes
