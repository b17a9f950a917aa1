"""R, what the model was fitted on: the columns that ``matrix`` gives, and other rows than those that judge it."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from handover.checks.repeat import named
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Skipped, Warned, clause
from handover.wording import shortly

MAX_NAMED = 3
LINES = (".csv", ".tsv", ".txt")  # files with a row in each line, or in several
ANOTHER_NUMBER = "Columns were chosen, added or encoded between matrix() and fit, where the function does not do it."
# What it was fitted on instead, and the likely cause, by what ``handover.observation`` calls it.
INSTEAD = {
    "permuted": (
        "columns in another order than matrix() gives",
        "The function gives columns by their place, in the order of matrix(): the model takes one for another.",
    ),
    "filled": (
        "values where matrix() leaves gaps",
        "Gaps were filled between matrix() and fit, where the function does not do it.",
    ),
    "changed": (
        "other values than matrix() gives",
        "They were scaled or otherwise changed between matrix() and fit, where the function does not do it.",
    ),
    "other names": (
        "columns of other names, and not on what matrix() gave",
        "The model was trained on features of its own, which the function does not compute.",
    ),
}


@clause(
    "R507",
    topic="columns",
    requires=("R504",),
    suppressed_by=("M114",),
    rule="the model was fitted on the columns as matrix() gives them",
    broken="the model was fitted on other columns than matrix() gives",
)
def columns_as_given(context: DeliveryContext) -> Broken | None:
    seen = context.observed
    if seen is None:
        raise Skipped("the training's own process did not call deliver() for this folder, so no fit was seen")
    if "unseen" in seen:
        raise Skipped(seen["unseen"])
    if seen["order"] == "another number":
        fitted, columns = seen["fitted"], seen["columns"]
        details = [name for name in columns if name not in (fitted["names"] or columns)]
        without = f"; without {shortly([f'`{name}`' for name in details], MAX_NAMED, '; ')}" if details else ""
        what, cause = f"{fitted['columns']} columns, and matrix() gives {len(columns)}{without}", ANOTHER_NUMBER
    elif seen["order"] in INSTEAD:
        what, cause = INSTEAD[seen["order"]]
        details = _differences(seen)
        what = f"{what}: {shortly(details, MAX_NAMED, '; ')}"
    else:
        return None
    if "share_reordered" in seen:
        own = f"in its own {seen['share_as_given']:.0%}"
        what += f". In that order {seen['share_reordered']:.0%} of the fitted rows are rows of matrix(), {own}"
    return Broken(f"The {seen['model']} was fitted on {what}.", *_place(context, seen), cause, "\n".join(details))


def _differences(seen: dict[str, Any]) -> list[str]:
    """Say of each column that differs what the model was fitted on instead."""
    match seen["order"]:
        case "filled":
            shares = {column["column"]: column["missing"] for column in seen["filled"]}
            return [f"`{name}`, which is missing in {share:.1%} of its rows" for name, share in shares.items()]
        case "changed":
            return [
                f"`{one['column']}` ran from {_range(one['fitted'])}, and in matrix() runs from {_range(one['given'])}"
                for one in seen["changed"]
            ]
        case "permuted":
            given, expected = seen["given"], "where `{}` belongs"
        case _:
            given, expected = seen["fitted"]["names"], "where the contract has `{}`"
    pairs = zip(given, seen["columns"], strict=True)
    return [f"`{name}` {expected.format(column)}" for name, column in pairs if name != column]


@clause(
    "R506",
    topic="held-out rows",
    requires=("R507",),
    rule="what judges the model did not train it",
    broken="the rows that judge the model have trained it",
)
def others_judge(context: DeliveryContext) -> Broken | Kept:
    seen = context.observed or {}
    judging = seen.get("judging")
    if "unknown" in seen and not (judging and judging["beyond_chance"]):
        raise Skipped(seen["unknown"])
    if judging is None:
        raise Skipped("what the model was fitted on had no labels, so its rows are not those that it learned from")
    if not judging["beyond_chance"]:
        none, offset = f"none of the {judging['rows']} held-out rows trained it", seen.get("offset", "")
        note = offset and f"{none} in a fit that was seen; what made the numbers of `{offset}` was not seen"
        if twins := judging["among_fitted"]:
            note = f"{twins} of the {judging['rows']} held-out rows equal one that trained it, as rows that repeat do"
        warnings = chain(*(warn(context, seen) for warn in (_stopped, _split, _left_out, _multiplied)))
        return Kept(note=note, proved="" if note else none, warnings=tuple(warnings))
    among, rows, fitted = judging["among_fitted"], judging["rows"], judging["fitted"]
    all_fits = "" if fitted == seen["fitted"]["rows"] else ", with what it is made of and goes on from"
    return Broken(
        f"{'All' if among == rows else f'{among} of'} {rows} held-out rows are among the {fitted} that "
        f"the {seen['model']} was fitted on{all_fits}. By the duplicates in the data it would be "
        f"{round(judging['by_chance'] * rows)}.",
        *_place(context, seen),
        cause="What the model learned by heart judges it: its figures say nothing of rows that it has not seen.",
    )


def _stopped(context: DeliveryContext, seen: dict[str, Any]) -> Iterator[Warned]:
    """Tell of held-out rows that chose when the model stopped learning."""
    stopping = seen.get("stopping")
    if stopping and stopping["beyond_chance"]:
        among, rows = stopping["among_fitted"], stopping["rows"]
        yield Warned(
            f"{'All' if among == rows else f'{among} of'} {rows} held-out rows were in eval_set, and chose when the "
            f"{seen['model']} stopped learning.",
            *_place(context, seen),
            cause="Its figures are a little too good: it stopped where these rows liked it best. Split the rows for "
            "eval_set off those of the training.",
            headline="the rows that judge the model stopped its training",
        )


def _split(context: DeliveryContext, seen: dict[str, Any]) -> Iterator[Warned]:
    """Tell of a split that left the model next to nothing to learn, or its judges a part of the data alone."""
    if few := seen.get("few"):
        yield Warned(
            f"The {seen['model']} was fitted on {few['fitted']} rows. matrix() laid out {few['laid_out']} that neither "
            "train nor judge it.",
            *_place(context, seen),
            cause=f"With {len(seen['columns'])} columns so few rows are learned by heart. Often the parts of a split "
            "are taken for each other, or a try on a few rows was left in.",
            headline="most rows neither train nor judge the model",
        )
    if beyond := seen.get("beyond"):
        first, named = beyond[0], [f"`{one['column']}` from {_range(one['ends'])}" for one in beyond]
        yield Warned(
            f"The held-out rows have {shortly(named, MAX_NAMED, '; ')}; of the other rows {first['share']:.0%} have "
            f"`{first['column']}` beyond that.",
            *_place(context, seen),
            cause="The figures of merit say nothing of those rows. Where the data is sorted, shuffle it before the "
            "split; where it is split by time, what grows with time is beyond rightly.",
            headline="the rows that judge the model are of a part of the data",
        )


def _left_out(context: DeliveryContext, seen: dict[str, Any]) -> Iterator[Warned]:
    """Tell of rows that were held out, and do not judge the model now that its answers to them are known."""
    if some := seen.get("left"):
        yield Warned(
            f"A model was asked for {some['asked']} rows at once, among them all that judge the {seen['model']}. "
            f"{some['left']} of the others neither train nor judge it.",
            *_place(context, seen),
            cause="Where rows are left out after they were answered, such as those that it gets wrong, its figures are "
            "too good. Leave rows out before the split and by what they are, or give deliver() all that were held out.",
            headline="rows that were held out do not judge the model",
        )


def _multiplied(context: DeliveryContext, seen: dict[str, Any]) -> Iterator[Warned]:
    """Tell of more rows than the data has lines, those that judge among them: some were made of others, then split."""
    if not (together := seen.get("together", 0)) or not (data := context.manifest["training"]["data"]).endswith(LINES):
        return
    path = next(named(context.training_root, Path(data).name))
    with path.open("rb") as file:
        lines = sum(1 for _ in file)
    if together > lines:
        yield Warned(
            f"matrix() laid out {together} rows at once, those that judge the {seen['model']} among them, "
            f"and {path.name} has {lines} lines.",
            *_place(context, seen),
            cause="Where rows were made out of others before the split, the model was trained on twins of those that "
            "judge it, and its figures are too good. Split by the lines of the data, and make more of the training's "
            "rows alone.",
            headline="rows were made out of others before the split",
        )


def _place(context: DeliveryContext, seen: dict[str, Any]) -> tuple[Path, int | None]:
    if seen["place"] is None:
        return context.training or context.folder / "model.onnx", None
    file, line = seen["place"]
    return context.training_root / file, line


def _range(ends: list[float]) -> str:
    return " to ".join(f"{end:.6g}" for end in ends)
