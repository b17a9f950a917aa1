"""A data file becomes the draft of a delivery: a contract read off the data, two heuristics, and a training."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from handover import protected
from handover.draft.discretion import ELSEWHERE, discreet
from handover.draft.examples import examples
from handover.draft.fields import Field, LeftOut, field_of
from handover.draft.formats import DataFile, as_csv
from handover.draft.leaks import Leak, filled_by_target, gives_away, made_up
from handover.draft.naming import field_names
from handover.draft.repeats import copies, renamed, repeated_rows
from handover.draft.table import Table, read
from handover.draft.target import Target, target_of
from handover.draft.training import training
from handover.draft.words import GAPS
from handover.draft.writing import rendered
from handover.errors import CannotRunError

__all__ = ["Draft", "Report", "drafted"]


@dataclass(frozen=True)
class Report:
    """What was drafted."""

    name: str
    data: str
    fields: tuple[Field, ...]
    left_out: tuple[LeftOut, ...]
    target: Target
    notes: tuple[str, ...]

    def text(self) -> str:
        """Tell the person who asked what became of each column."""
        width = min(max((len(column.header) for column in self.left_out), default=0), 30)
        return rendered("report.txt", width=width, **vars(self)).rstrip("\n")


type Track = Callable[[list[tuple[str, str]]], Iterable[tuple[str, str]]]
"""Gives the items back, one by one, and may show how far it has come."""


@dataclass(frozen=True)
class Draft:
    """A contract, its heuristics and a training."""

    contract: str
    heuristics: str
    training: str
    """A program of ``modelling/``, which reads ``modelling/data/``."""
    data: DataFile
    """What it reads there."""
    report: Report


def drafted(name: str, data: Path, header: str, track: Track = iter, *, private: bool = False) -> Draft:
    """Draft a delivery from a data file; ``CannotRunError`` when the file or its target cannot be used.

    Parameters
    ----------
    data, header
        The file (CSV, TSV, Parquet, JSON, JSON lines or Excel), and the header of the column that is to be predicted.
    track
        Is given the columns to look at: of a large file, each takes a while.
    private
        Whether the draft may show no number that one row alone has, and no word that is not a category.
    """
    file = as_csv(data)
    table = read(file)
    target = target_of(table, header)
    fields, left_out = _sorted_out(table, target, track)
    if not fields:
        why = "; ".join(f"{column.header}: {column.why}" for column in left_out) or "it has no other column"
        raise CannotRunError(f"{table.name} leaves nothing to predict '{target.header}' from: {why}")
    if private:
        fields, left_out, target = discreet(fields, left_out, target)
    notes = (*file.notes, *_notes(table, target), *repeated_rows(table, target, left_out))
    return Draft(
        contract=rendered("contract.py", name=name, table=table, fields=fields, left_out=left_out, target=target),
        heuristics=rendered("heuristics.py", name=name, examples=examples(fields)),
        training=training(table, file, fields, target, name=name, where=ELSEWHERE if private else ""),
        data=file,
        report=Report(name, table.name, tuple(fields), tuple(left_out), target, notes),
    )


def _sorted_out(table: Table, target: Target, track: Track) -> tuple[list[Field], list[LeftOut]]:
    """Part the columns into those that the model can use and those that it cannot, in the data's order."""
    drafts: dict[str, Field | LeftOut] = {}
    for header, name in track(list(field_names(header for header in table.columns if header != target.header).items())):
        column = table.columns[header].at(target.rows)
        draft = field_of(name, column)
        if isinstance(draft, Field):
            draft = _asked(draft, protected.question(header))
            leak = gives_away(draft, target)
        else:
            leak = filled_by_target([word not in GAPS for word in column.words], target)
        drafts[header] = _leaking(draft, leak) if leak else draft

    def left() -> list[Field]:
        return [draft for draft in drafts.values() if isinstance(draft, Field)]

    for field, other in copies(left()):
        drafts[field.header] = LeftOut(field.header, f"a copy: it says what {other} says, in every row")
    for field, formula in made_up(left(), target):
        drafts[field.header] = _leaking(field, Leak(formula, "surely"))
    for field, other in renamed(left()):
        drafts[field.header] = _asked(field, f"Each of its values goes with one of {other}: are both needed?")
    return left(), [draft for draft in drafts.values() if isinstance(draft, LeftOut)]


def _asked(field: Field, question: str) -> Field:
    return replace(field, question=f"{field.question} {question}".strip())


def _leaking(draft: Field | LeftOut, leak: Leak) -> Field | LeftOut:
    """Leave out a column that leaks; where that is but suspected, take it in and ask."""
    if isinstance(draft, Field) and leak.how_sure == "perhaps":
        return _asked(draft, f"Is it known before the outcome is? {leak.why[0].upper()}{leak.why[1:]}.")
    likely = "" if leak.how_sure == "surely" else "likely "
    return LeftOut(draft.header, f"{likely}a leak: {leak.why}; is it known before the outcome is?")


def _notes(table: Table, target: Target) -> list[str]:
    notes = []
    if without := len(table) - len(target.rows):
        notes.append(f"Rows without {target.header}, which are not used: {without} of {len(table)}.")
    if table.encoding not in {"utf-8-sig", "utf-16"}:
        guess = "" if table.encoding == "cp1252" else "; see in contract.py whether its words are right"
        notes.append(f"{table.name} is not UTF-8: it was read as {table.encoding}{guess}.")
    if table.repeated:
        names = ", ".join(f"'{name}'" for name in sorted(table.repeated))
        notes.append(f"{names} stands in the header more than once; the later ones are called (2), (3), ...")
    return [*notes, *table.notes]
