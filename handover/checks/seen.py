"""M, the coverage of the training: the contract accepts only what the training has seen."""

from collections.abc import Callable
from functools import partial

import numpy as np

from handover.checks.values import written
from handover.context import DeliveryContext
from handover.conversion import filled
from handover.finding import Broken, Kept, Warned, clause
from handover.rows import Domain, domains
from handover.wording import figure, listed
from predictor.files import Json

# How many times as far from zero as its data a number may reach. Ranges are rounded outward, and a slip of the unit, or
# of a zero, is a factor of ten or more. A number up to 100 is often a percentage or a count, and its range is not the
# data's; one up to 1 is a share, of which a thousandth may be much.
MAX_TIMES, MAX_TIMES_OF_PERCENT = 8, 100
SHARE, PERCENT = 1, 100
FEW = 20  # of a count, whose data may be 0 to 3: how far it is taken to reach at least

NO_RECORD = (
    "the manifest has no record of what the training saw, as where the model came as a file or matrix() was not called "
    "in the process that delivered it: gaps, values and ranges that it never saw were not looked for"
)
RECORDED = ("C109", "H105", "M101", "M111", "P201")
of_the_record = partial(clause, looks_at="model", requires=RECORDED)


@of_the_record(
    "M118",
    topic="gaps",
    requires=(*RECORDED, "H107", "M104", "M109", "M110"),
    suppressed_by=("M112", "M114", "P203"),
    rule="what may be missing was missing in some row of the training",
    broken="the model never saw a gap that the contract accepts",
)
def gaps_seen(context: DeliveryContext) -> Broken | Kept | None:
    if context.seen_in_training is None:
        return Kept(NO_RECORD)
    columns = context.encoder.columns
    answered = {columns[place] for place in filled(context.graph, len(columns))}  # by an imputer, whose author knows

    def never(field: Domain, column: Json, rows: str) -> str:
        if not field.nullable or column["missing"] or field.name in answered:
            return ""
        effect = _effect_of_a_gap(context, field.name)
        return f"`{field.name}` may be missing, and in {rows} it never was. {effect}" if effect else ""

    cause = (
        "The model cannot know what a gap means. Leave it out of some rows of the training, as callers will, or put an "
        "imputer before the model; or require it in contract.py, without `| None = None`."
    )
    return _first_fault(context, never, cause)


def _effect_of_a_gap(context: DeliveryContext, name: str) -> str:
    """Say what leaving a field out of golden rows does to their answers; nothing where it does nothing."""
    rows = [line["row"] for line in context.golden if line["row"].get(name) is not None]
    if not rows:
        return ""
    without = [row | {name: None} for row in rows]
    given, without_it = (
        context.model(context.encoder.matrix(map(context.validated, each))) for each in (rows, without)
    )
    moved = np.abs(given - without_it).max(axis=1)
    if moved.max() <= context.contract.budgets.parity:
        return ""
    decide = context.contract.decide
    decisions = [(decide(before), decide(after)) for before, after in zip(given, without_it, strict=True)]
    changed = [f"{before} -> {after}" for before, after in decisions if before != after]
    effect = f"Left out of the {len(rows)} golden rows that have it, it moves the score by up to {moved.max():.3g}"
    if changed:
        effect += f" and changes {len(changed)} {'decision' if len(changed) == 1 else 'decisions'} ({changed[0]})"
    return f"{effect}."


@of_the_record(
    "M119",
    topic="values",
    suppressed_by=("C", "M112", "M114"),
    rule="each category and flag stood in some row of the training, and no field had one value alone",
    broken="the contract accepts a value that the training never saw",
)
def values_seen(context: DeliveryContext) -> Broken | Kept | None:
    cause = (
        "The model learned nothing of it, and its answer there is a guess. Train on rows that have it, or take it out "
        "of contract.py, so that callers are refused or send what the model knows."
    )
    if broken := _first_fault(context, _unseen, cause):
        return broken
    record = context.seen_in_training or {"columns": ()}
    empty = [column["name"] for column in record["columns"][: len(context.compiled["fields"])] if _is_empty(column)]
    if not empty:
        return None
    them = "it" if len(empty) == 1 else "them"
    warning = Warned(
        f"{listed(empty)} {'is' if len(empty) == 1 else 'are'} missing in {_rows(record)}.",
        context.folder / "contract.py",
        context.contract_line(empty[0]),
        f"Callers send {them} in vain until a training has {them}.",
        headline="a field of which the training had no value",
    )
    return Kept(warnings=(warning,))


def _is_empty(column: Json) -> bool:
    return column["missing"] and column.get("values") in (None, []) and column.get("lowest") is None


def _unseen(field: Domain, column: Json, rows: str) -> str:
    """Say which of a field's values no row had; nothing where it was always missing: then nobody claims to know it."""
    if _is_empty(column):
        return ""
    given = f"wherever it is given in {rows}" if column["missing"] else f"in {rows}"
    if not field.choices:
        low, high = column["lowest"], column["highest"]
        first, last = field.ends
        accepts = f"the contract accepts {figure(first)} to {figure(last)}"
        return f"`{field.name}` is {figure(low)} {given}, and {accepts}." if low == high and first < last else ""
    unseen = [written(choice) for choice in field.choices if choice not in column["values"]]
    if not unseen or _completes_a_round(unseen, field):
        return ""
    if len(column["values"]) == 1:
        value = written(column["values"][0])
        return f"`{field.name}` is {value} {given}, and the contract accepts {listed(unseen)} too."
    return f"The contract accepts {listed(unseen)} for `{field.name}`, and not one of {rows} has that."


@of_the_record(
    "M120",
    topic="reach",
    suppressed_by=("C", "M112", "M114", "M119"),
    rule="no number's range is many times as wide as what the training saw",
    broken="the contract accepts numbers far beyond what the training saw",
)
def reach_seen(context: DeliveryContext) -> Broken | None:
    cause = (
        "Of numbers so far away the model learned nothing. Where the data is in another unit than the contract says "
        "(cents, thousands, percent), convert it in the training; else narrow the range in contract.py to what the "
        "training has, or train on rows that reach as far."
    )
    return _first_fault(context, _too_far, cause)


def _too_far(field: Domain, column: Json, rows: str) -> str:
    if field.choices:
        return ""
    low, high = column["lowest"], column["highest"]
    first, last = field.ends
    accepted = max(-first, last)
    if low is None or low == high or accepted <= SHARE or _is_of_the_calendar(field):
        return ""
    reached = max(-low, high, FEW if field.whole else 0)
    if accepted < reached * (MAX_TIMES if accepted > PERCENT else MAX_TIMES_OF_PERCENT):
        return ""
    accepts = f"the contract accepts {figure(first)} to {figure(last)}: {accepted / reached:.0f} times as far"
    return f"`{field.name}` lies between {figure(low)} and {figure(high)} in {rows}, and {accepts}."


def _is_of_the_calendar(field: Domain) -> bool:
    """Say whether it is a day of the year or the like, whose range is known without the data: the rest will come."""
    from handover.draft.ranges import frame  # noqa: PLC0415  as below

    return field.whole and frame(field.name, field.ends) is not None


def _completes_a_round(unseen: list[str], field: Domain) -> bool:
    """Say whether they are days, months or quarters of which some were seen: a Sunday will come, as init knows."""
    from handover.draft.scales import is_round  # noqa: PLC0415  a check of few deliveries needs what drafts need

    return len(field.choices) - len(unseen) > 1 and is_round(list(map(written, field.choices)))


def _rows(record: Json) -> str:
    return f"the {record['rows']} rows that the training laid out"


def _first_fault(context: DeliveryContext, fault: Callable[[Domain, Json, str], str], cause: str) -> Broken | None:
    """Compare each field with what the training saw of it: the first fault is told in full, and the others named.

    Nothing is where there is no record of that: M118 says so.
    """
    record = context.seen_in_training
    if record is None:
        return None
    seen, rows = {column["name"]: column for column in record["columns"]}, _rows(record)
    sentences = {field.name: fault(field, seen[field.name], rows) for field in domains(context.compiled)}
    faults = {name: sentence for name, sentence in sentences.items() if sentence}
    if not faults:
        return None
    name, *others = faults
    evidence = faults[name]
    if others:
        evidence += f" So it is with {listed([f'`{other}`' for other in others])}."
    details = "\n".join(faults.values()) if others else ""
    return Broken(evidence, context.folder / "contract.py", context.contract_line(name), cause, details)
