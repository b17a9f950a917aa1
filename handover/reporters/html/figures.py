"""What the report shows as plots: their data, taken from the context, and the sentence that says what to see."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from handover import parity
from handover.context import DeliveryContext
from handover.description import importance as described_importance
from handover.local.stack import NothingBuiltError
from handover.metrics import metrics
from handover.quality import HELD_OUT, HeldOut
from handover.reporters.html import plots
from handover.reporters.html.plots import Numbers
from handover.reporters.html.svg import inline
from predictor import files
from predictor.files import MANIFEST, SERVED

type Drawing = tuple[Callable[[Canvas], None], str]

MIB = 1024 * 1024
PACKAGES_SHOWN = 10
MAX_LISTED = 6  # classes, in a caption
MAX_DRAWN = 1e30  # beyond that, an axis overflows; no score is as large


class MissingError(Exception):
    """A plot's data is not there; the message goes on after "left out:"."""


@dataclass(frozen=True)
class Figure:
    """A plot with its caption; or, where its data is not available, the reason."""

    name: str
    title: str
    svg: str = ""
    caption: str = ""
    missing: str = ""


def of_the_model(context: DeliveryContext) -> list[Figure]:
    """Draw how good the model is and what it looks at, as far as a delivery says it, however broken it is."""
    if context.stand_in:
        return []
    wanted: list[tuple[str, str, Callable[[DeliveryContext], Drawing]]] = [
        ("roc", "ROC", _roc),
        ("calibration", "Calibration", _calibration),
        ("scores", "Scores of the held-out rows", _scores),
        ("importance", "What it looks at", _importance),
    ]
    with suppress(Exception):  # without held-out rows, the plots of either kind say that there are none
        if context.held_out.of_classes:
            wanted[:2] = [
                ("roc", "ROC of each class", class_rocs),
                ("calibration", "Calibration of the highest score", _calibration),
                ("calibrations", "Calibration of each class", class_calibrations),
                ("confusion", "Confusion", confusion),
            ]
        elif not context.held_out.is_binary:
            wanted[:2] = [("residuals", "Residuals", _residuals)]
        elif not context.held_out.may_be_probability:  # points
            del wanted[1]
    return [_figure(context, *one) for one in wanted]


def of_its_running(context: DeliveryContext) -> list[Figure]:
    """Draw how it answers once built; nothing is measured or started for it."""
    return [
        _figure(context, "parity", "Parity with the training", _parity),
        _figure(context, "latency", "Latency", _latency),
        _figure(context, "sizes", "Size by package", _sizes),
    ]


def _figure(context: DeliveryContext, name: str, title: str, drawing: Callable[[DeliveryContext], Drawing]) -> Figure:
    try:
        draw, caption = drawing(context)
        return Figure(name, title, inline(name, f"Plot: {title}", draw), caption)
    except Exception as error:
        return Figure(name, title, missing=_why(error))


def _why(error: Exception) -> str:
    match error:
        case MissingError() | NothingBuiltError():
            return f"{error}."
        case FileNotFoundError(filename=str() | Path() as missing):
            return f"there is no {Path(missing).name}."
    reason = (str(error).splitlines() or [""])[0]
    return f"its data cannot be read ({type(error).__name__}{': ' if reason else ''}{reason})."


def _scores(context: DeliveryContext) -> Drawing:
    known, contract = context.held_out.highest, context.contract
    deciles = _numbers(context.manifest["baseline"]["score_deciles"], "the manifest's baseline")
    decisions = {str(name): float(edge) for name, edge in contract.decisions.items()}
    if contract.classes:
        otherwise = {contract.otherwise.decision: contract.otherwise.below} if contract.otherwise else {}
        decisions = otherwise | {"the class of the highest score": 1.0}
    distance = np.abs(np.quantile(known, np.linspace(0, 1, len(deciles))) - deciles).max()
    lower = list(decisions.items())[:-1]
    edges = f" Dashed: where the decision changes, at {', '.join(f'{edge:g}' for _, edge in lower)}." if lower else ""
    line = f"The line, the {'highest ' if contract.classes else ''}scores of {len(known)} held-out rows,"
    caption = (
        f"{line} should run through the circles, the deciles that the "
        f"manifest has of them; the largest distance is {distance:.2g}.{edges}"
    )
    return partial(plots.scores, served=known, deciles=deciles, decisions=decisions), caption


def _roc(context: DeliveryContext) -> Drawing:
    scores, is_one = context.held_out.highest, context.held_out.top_label == 1
    auc = metrics(context.held_out)[0]
    decisions = [(str(name), np.float32(edge)) for name, edge in context.contract.decisions.items()][:-1]
    edges = [(float((scores[~is_one] > edge).mean()), float((scores[is_one] > edge).mean())) for _, edge in decisions]
    low, high = auc.interval
    caption = (
        f"The further above the dashed line, which chance alone gives, the better it ranks. The AUC is "
        f"{auc.value:.3f}, with 95 % confidence between {low:.3f} and {high:.3f}, on {is_one.sum()} ones and "
        f"{(~is_one).sum()} zeros."
    )
    if edges:
        above = ", ".join(f"{name} {edge:g}" for name, edge in decisions)
        caption += f" Circles: what scores above the edges of the decisions ({above})."
    return partial(plots.roc, curves=[plots.ranking(scores, is_one)], edges=edges), caption


def _residuals(context: DeliveryContext) -> Drawing:
    scores, labels = (_numbers(values, HELD_OUT) for values in (context.held_out.highest, context.held_out.top_label))
    apart = labels - scores
    half, most = np.quantile(np.abs(apart), (0.5, 0.9))
    caption = (
        f"Dots evenly about the dashed line mean that the model is right on average, wherever it scores. Half of "
        f"{len(apart)} labels lie within {half:.3g} of their score, nine in ten within {most:.3g}; on average they lie "
        f"{apart.mean():+.2g} above it."
    )
    places = np.argsort(scores, kind="stable")[plots.some(len(scores))]
    return partial(plots.residuals, scored=scores[places], apart=apart[places]), caption


def _importance(context: DeliveryContext) -> Drawing:
    if "importance" not in context.manifest:
        raise MissingError("manifest.json has no importance")
    table = described_importance(context.manifest)
    if not table.rows:
        raise MissingError("the model looks at no column")
    names, falls, spreads = zip(*table.rows, strict=True)
    lengths, half = (_numbers([float(cell) for cell in cells], "importance") for cells in (falls, spreads))
    what = context.manifest["importance"]["figure"]
    return partial(plots.importance, names=names, falls=lengths, spreads=half, what=what), table.note


def _calibration(context: DeliveryContext) -> Drawing:
    if "calibration" not in context.manifest.get("quality", {}):
        raise MissingError("manifest.json has no quality.calibration")
    bins = context.manifest["quality"]["calibration"]
    scored, observed, rows = (_numbers([one[key] for one in bins], key) for key in ("mean_score", "mean_label", "rows"))
    if min(*scored, *observed) < 0 or max(*scored, *observed) > 1 or rows.min() < 1:
        raise MissingError("quality.calibration in manifest.json holds what is not a share or not a count")
    low, high = plots.wilson(observed, rows)
    agree = int(((low <= scored) & (scored <= high)).sum())
    caption = (
        f"Dots near the dashed diagonal mean that the score can be read as a probability: for {agree} of {len(rows)} "
        f"bins of held-out rows the diagonal lies within the 95 % interval of what was observed."
    )
    return partial(plots.calibration, scored=scored, observed=observed, lowest=low, highest=high), caption


def class_rocs(context: DeliveryContext) -> Drawing:
    """Draw how well each class's score tells it from the rest."""
    held_out = context.held_out
    aucs = {held_out.names[column]: held_out.auc_of(column, column) for column in held_out.columns}
    drawn = [plots.ranking(held_out.scores[:, column], held_out.labels[:, column] == 1) for column in held_out.columns]
    listed, thick = _listed(aucs, "lowest")
    caption = (
        f"A line for each class against the rest: the further above the dashed one, which chance alone gives, the "
        f"better its score tells it. The AUC is {listed}"
    )
    return partial(plots.roc, curves=drawn, thick=thick), caption


def class_calibrations(context: DeliveryContext) -> Drawing:
    """Draw whether each class's score can be read as its probability."""
    held_out = context.held_out
    figures = {
        held_out.names[column]: HeldOut(held_out.scores[:, [column]], held_out.labels[:, [column]]).figures()
        for column in held_out.columns
    }
    apart = {name: float(one["calibration_error"]) for name, one in figures.items()}
    listed, thick = _listed(apart, "highest")
    caption = (
        f"A line for each class, over bins of the held-out rows by its score: near the dashed diagonal, the score can "
        f"be read as the probability of that class. The mean distance is {listed}"
    )
    lines = [
        tuple(np.array([one[key] for one in each["calibration"]]) for key in ("mean_score", "mean_label"))
        for each in figures.values()
    ]
    return partial(plots.class_calibrations, lines=lines, thick=thick), caption


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


def _listed(figures: dict[str, float], which: str) -> tuple[str, int]:
    """Write each class's figure, or where there are many classes, those that are worst; say which line is thick."""
    ordered = sorted(figures, key=figures.__getitem__, reverse=which == "highest")
    shown = figures if len(figures) <= MAX_LISTED else ordered[:MAX_LISTED]
    written = ", ".join(f"{figures[name]:.3f} for {name}" for name in shown)
    of = f" (the {which} of {len(figures)})" if len(figures) > MAX_LISTED else ""
    return f"{written}{of}. The thick line is {ordered[0]}.", list(figures).index(ordered[0])


def _parity(context: DeliveryContext) -> Drawing:
    trained, served = context.golden_scores.reshape(-1), context.local_scores.astype(np.float64).reshape(-1)
    drawable = np.isfinite(trained) & np.isfinite(served)
    if not drawable.any():
        raise MissingError("no golden row has a finite score both in training and here")
    apart = _numbers(served[drawable] - trained[drawable], "golden.jsonl")
    worst = int(np.abs(apart).argmax())
    budget = float(context.contract.budgets.parity)
    allowed = np.array([files.allowed(score, budget) for score in trained[drawable]])
    far = int((~(np.abs(apart) <= allowed)).sum())
    count = len(context.contract.scores.names)
    row = np.flatnonzero(drawable)[worst] // count + 1
    lost = int((~drawable).sum())
    have = "1 row has" if lost == 1 else f"{lost} rows have"
    limit, of = parity.limit([trained[drawable]], budget), "golden rows" if count == 1 else "scores of golden rows"
    every = f"All {len(apart)} dots lie" if not far else f"{far} of {len(apart)} {of}, the crosses, lie outside"
    caption = (
        f"{every} {'within ' if not far else ''}the band, the agreed tolerance of {limit}; "
        f"the farthest, golden row {row}, is {abs(apart[worst]):.2g} from its score in training."
    )
    caption += f" {have} no finite score, and cannot be drawn." if lost else ""
    return partial(plots.parity, trained=trained[drawable], apart=apart, allowed=allowed), caption


def _latency(context: DeliveryContext) -> Drawing:
    measured: Any = vars(context).get("latency")  # a cached property: asking for it would measure
    if measured is None:
        raise MissingError("latency was not measured in this run")
    kinds = (("cold_ms", "cold_floor_ms"), ("warm_ms", "warm_floor_ms"))
    cold, warm = ([_numbers(getattr(measured, name), name) for name in pair] for pair in kinds)
    caption = "Further left is faster; the dashed floor runs the same model and nothing else. " + " ".join(
        f"{name}: median {np.median(function):.3g} ms, the floor {np.median(floor):.3g} ms, "
        f"the slowest of {len(function)}: {function.max():.3g} ms."
        for name, (function, floor) in (("Cold", cold), ("Warm", warm))
    )
    return partial(plots.latency, cold=cold, warm=warm), caption


def _sizes(context: DeliveryContext) -> Drawing:
    if "function" in context.missing:
        raise MissingError(context.missing["function"])
    built = context.function
    parts = {"function": _mib([built.root]), "model layer": _mib(context.folder / name for name in (*SERVED, MANIFEST))}
    for layer in built.layers:
        if (layer / "delivery").is_dir():
            continue  # the delivery, as mounted
        for package in sorted((layer / "python").iterdir()):
            parts[package.name] = _mib([package])
    largest = sorted(parts.items(), key=lambda part: (-part[1], part[0]))[:PACKAGES_SHOWN]
    total, shown = sum(parts.values()), sum(size for _, size in largest)
    name, size = largest[0]
    caption = (
        f"{name} is {100 * size / total:.0f} % of the {total:.1f} MiB that a new environment has to load; "
        f"the {len(largest)} parts shown make {shown:.1f} MiB of it."
    )
    return partial(plots.sizes, names=[name for name, _ in largest], mib=[size for _, size in largest]), caption


def _mib(paths: Iterable[Path]) -> float:
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return sum(file.stat().st_size for file in files if file.is_file()) / MIB


def _numbers(values: Any, what: str) -> Numbers:
    numbers: Numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or not (np.abs(numbers) <= MAX_DRAWN).all():
        raise MissingError(f"{what} is not a list of finite numbers")
    return numbers
