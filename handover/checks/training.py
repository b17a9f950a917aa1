"""R, what the model was fitted on: the columns that ``matrix`` gives, and other rows than those that judge it."""

from pathlib import Path
from typing import Any

from handover.context import DeliveryContext
from handover.finding import Broken, Skipped, clause

MOST_NAMED = 3


@clause(
    "R507",
    topic="columns",
    owner="modelling",
    requires=("R504",),
    suppressed_by=("M114",),
    rule="the model was fitted on the columns as matrix() gives them",
    broken="the model was fitted on other columns than matrix() gives",
)
def columns_as_given(context: DeliveryContext) -> Broken | Skipped | None:
    """The model was fitted on the columns as matrix() gives them."""
    seen = context.observed
    if seen is None:
        return Skipped("the training's own process did not call deliver() for this folder, so no fit was seen")
    if "unseen" in seen:
        return Skipped(seen["unseen"])
    says = {
        "another number": _another_number,
        "permuted": _permuted,
        "filled": _filled,
        "changed": _changed,
        "other names": _other_names,
    }
    if seen["order"] not in says:
        return None
    evidence, cause, details = says[seen["order"]](seen)
    return Broken(f"The {seen['model']} was fitted on {evidence}.", *_place(context, seen), cause, "\n".join(details))


def _another_number(seen: dict[str, Any]) -> tuple[str, str, list[str]]:
    fitted, columns = seen["fitted"], seen["columns"]
    lacking = [name for name in columns if name not in (fitted["names"] or columns)]
    without = f"; without {_listed([f'`{name}`' for name in lacking])}" if lacking else ""
    return (
        f"{fitted['columns']} columns, and matrix() gives {len(columns)}{without}",
        "Columns were chosen, added or encoded between matrix() and fit, where the function does not do it.",
        lacking,
    )


def _permuted(seen: dict[str, Any]) -> tuple[str, str, list[str]]:
    wrong = [
        f"`{given}` where `{name}` belongs"
        for name, given in zip(seen["columns"], seen["given"], strict=True)
        if given != name
    ]
    shares = ""
    if "share_reordered" in seen:
        shares = (
            f". In that order {seen['share_reordered']:.0%} of the fitted rows are rows of matrix(), "
            f"in its own {seen['share_as_given']:.0%}"
        )
    return (
        f"columns in another order than matrix() gives: {_listed(wrong)}{shares}",
        "The function gives columns by their place, in the order of matrix(): the model takes one for another.",
        wrong,
    )


def _filled(seen: dict[str, Any]) -> tuple[str, str, list[str]]:
    gaps = [f"`{one['column']}`, which is missing in {one['missing']:.1%} of its rows" for one in seen["filled"]]
    return (
        f"values where matrix() leaves gaps: {_listed(gaps)}",
        "Gaps were filled between matrix() and fit, where the function does not do it.",
        gaps,
    )


def _changed(seen: dict[str, Any]) -> tuple[str, str, list[str]]:
    ranges = [
        f"`{one['column']}` ran from {_range(one['fitted'])}, and in matrix() runs from {_range(one['given'])}"
        for one in seen["changed"]
    ]
    return (
        f"other values than matrix() gives: {_listed(ranges)}",
        "They were scaled or otherwise changed between matrix() and fit, where the function does not do it.",
        ranges,
    )


def _other_names(seen: dict[str, Any]) -> tuple[str, str, list[str]]:
    wrong = [
        f"`{given}` where the contract has `{name}`"
        for name, given in zip(seen["columns"], seen["fitted"]["names"], strict=True)
        if given != name
    ]
    return (
        f"columns of other names, and not on what matrix() gave: {_listed(wrong)}",
        "The model was trained on features of its own, which the function does not compute.",
        wrong,
    )


@clause(
    "R506",
    topic="held-out rows",
    owner="modelling",
    requires=("R507",),
    rule="what judges the model did not train it",
    broken="the rows that judge the model have trained it",
)
def others_judge(context: DeliveryContext) -> Broken | Skipped | None:
    """What judges the model did not train it."""
    seen = context.observed or {}
    judging = seen.get("judging")
    if judging is None:
        return Skipped("what the model was fitted on had no labels, so its rows are not those that it learned from")
    if not judging["beyond_chance"]:
        return None
    among, rows = judging["among_fitted"], judging["rows"]
    return Broken(
        f"{'All' if among == rows else among} {'' if among == rows else 'of '}{rows} held-out rows are among the "
        f"{seen['fitted']['rows']} that the {seen['model']} was fitted on. By the duplicates in the data it would be "
        f"{round(judging['by_chance'] * rows)}.",
        *_place(context, seen),
        cause="What the model learned by heart judges it: its figures say nothing of rows that it has not seen.",
    )


def _place(context: DeliveryContext, seen: dict[str, Any]) -> tuple[Path, int | None]:
    if seen["place"] is None:
        return context.training or context.folder / "model.onnx", None
    file, line = seen["place"]
    return context.root / file, line


def _listed(sentences: list[str]) -> str:
    more = len(sentences) - MOST_NAMED
    return "; ".join(sentences[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _range(ends: list[float]) -> str:
    return " to ".join(f"{end:.6g}" for end in ends)
