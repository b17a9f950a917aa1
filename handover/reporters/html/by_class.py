"""What the report shows of a contract of classes as plots: each class against the rest, and what it is taken for."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.figure import Figure as Canvas

from handover.context import DeliveryContext
from handover.quality import HeldOut
from handover.reporters.html import plots

type Drawing = tuple[Callable[[Canvas], None], str]

MOST_LISTED = 6


def roc(context: DeliveryContext) -> Drawing:
    """Draw how well each class's score tells it from the rest."""
    held_out = context.held_out
    aucs = {held_out.names[column]: held_out.auc_of(column, column) for column in held_out.columns}
    drawn = [plots.ranking(held_out.scores[:, column], held_out.labels[:, column] == 1) for column in held_out.columns]
    last = min(aucs, key=aucs.__getitem__)
    caption = (
        f"A line for each class against the rest: the further above the dashed one, which chance alone gives, the "
        f"better its score tells it. The AUC is {_listed(aucs, 'lowest')}. The thick line is {last}."
    )
    return partial(plots.roc, curves=drawn, thick=list(aucs).index(last)), caption


def calibration(context: DeliveryContext) -> Drawing:
    """Draw whether each class's score can be read as its probability."""
    held_out = context.held_out
    figures = {
        held_out.names[column]: HeldOut(held_out.scores[:, [column]], held_out.labels[:, [column]]).figures()
        for column in held_out.columns
    }
    apart = {name: float(one["calibration_error"]) for name, one in figures.items()}
    last = max(apart, key=apart.__getitem__)
    caption = (
        f"A line for each class, over bins of the held-out rows by its score: near the dashed diagonal, the score can "
        f"be read as the probability of that class. The mean distance is {_listed(apart, 'highest')}. "
        f"The thick line is {last}."
    )
    lines = [
        tuple(np.array([one[key] for one in each["calibration"]]) for key in ("mean_score", "mean_label"))
        for each in figures.values()
    ]
    return partial(plots.class_calibrations, lines=lines, thick=list(figures).index(last)), caption


def confusion(context: DeliveryContext) -> Drawing:
    """Draw which classes are taken for which."""
    names, counts = context.held_out.names, context.held_out.confusion
    missed = counts * ~np.eye(len(counts), dtype=bool)
    one, other = np.unravel_index(int(missed.argmax()), missed.shape)
    most = "No row is taken for another class."
    if missed.any():
        rows = f"{missed.max()} of {counts[one].sum()} rows"
        most = f"Most often, {names[one]} is taken for {names[other]}, in {rows}."
    caption = (
        f"The {counts.sum()} held-out rows, those of a class in each line, by the class that has their highest score: "
        f"on the diagonal, {np.trace(counts)} are recognised. {most}"
    )
    return partial(plots.confusion, names=names, counts=counts), caption


def _listed(figures: dict[str, float], which: str) -> str:
    """Write each class's figure, or where there are many classes, those that are worst."""
    written = [f"{figure:.3f} for {name}" for name, figure in figures.items()]
    if len(figures) <= MOST_LISTED:
        return ", ".join(written)
    ordered = sorted(figures, key=figures.__getitem__, reverse=which == "highest")[:MOST_LISTED]
    worst = ", ".join(f"{figures[name]:.3f} for {name}" for name in ordered)
    return f"{worst} (the {which} of {len(figures)})"
