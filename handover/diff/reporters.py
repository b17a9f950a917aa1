"""A difference as plain text, and as a plot of the scores."""

from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from handover import parity
from handover.description import in_columns
from handover.diff.comparison import Difference
from handover.metrics import Comparison

CALLERS = {
    "major": "a caller of the old contract breaks (major)",
    "minor": "every caller gets along, and may send or see something new (minor)",
    "patch": "no caller has to know (patch)",
    "none": "the contract is the same",
}
STAND_INS = {
    "old": "The old delivery was a stand-in, whose scores were made up: no model, and no answer, is compared with it.",
    "new": "The new delivery is a stand-in, whose scores are made up: no model, and no answer, is compared with it.",
    "old, new": "Both deliveries are stand-ins, whose scores are made up: no answer is compared.",
}


def text(difference: Difference) -> str:
    """Write what changed, what that asks of the version, and which answers differ."""
    old, new = difference.old, difference.new
    lines = [f"{old.name} {old.version} -> {new.name} {new.version}", "", f"Callers: {CALLERS[difference.level]}."]
    lines += [f"  {change.level}  {change.sentence}" for change in difference.changes]
    if difference.level != "none":
        verdict = "and is" if difference.raised else "but is"
        lines.append(f"The version must be at least {difference.least}, {verdict} {new.version}.")
    if difference.replaced and not difference.stand_ins:
        lines += ["", "Replaced:", *(f"  {file}" for file in difference.replaced)]
    if difference.stand_ins:
        return "\n".join([*lines, "", STAND_INS[", ".join(difference.stand_ins)]])
    return "\n".join([*lines, "", *_models(difference.comparison), "", *_answers(difference)])


def _models(models: Comparison | str) -> list[str]:
    """Say which model is better, and each figure with the interval of its difference."""
    if isinstance(models, str):
        return [f"Models: not compared, for {models}."]
    if models.is_same:
        return [f"Models: the new one {models.verdict}."]
    rows = [
        (name, f"{was} -> {now}", difference, f"(95 %: {interval})", verdict)
        for name, was, now, difference, interval, verdict in (shift.words for shift in models.shifts)
    ]
    return [f"Models: the new one {models.verdict}.", *(f"  {line}" for line in in_columns(rows)), f"  {models.rows}"]


def _answers(difference: Difference) -> list[str]:
    rows = len(difference.rows)
    lines = [f"Answers: {rows} golden rows of the old delivery, each scored by both."]
    if refusals := difference.refusals:
        lines.append(f"  The new contract refuses {len(refusals)} more, the first: {refusals[0]}.")
    if not rows:
        return lines
    old, new = difference.old, difference.new
    common = [name for name in new.names if name in old.names]
    if not common:
        return [*lines, "  They have no score in common."]
    was_all, now_all = (side.scores[:, [side.names.index(name) for name in common]] for side in (old, new))
    moved = np.abs(now_all.astype(np.float64) - was_all).max(axis=1)
    if not moved.any():
        return [*lines, "  No score moves.", *_flips(difference)]
    half, most = np.quantile(moved, [0.5, 0.9])
    worst = int(moved.argmax())
    was, now = (
        parity.in_words(dict(zip(common, scores[worst].tolist(), strict=True))) for scores in (was_all, now_all)
    )
    lines += [
        f"  Scores move by {moved.mean():.3g} on average, half by up to {half:.3g}, nine in ten by up to {most:.3g},",
        f"  and row {difference.rows[worst]} by {moved[worst]:.3g}, from {was} to {now}.",
    ]
    return [*lines, *_flips(difference)]


def _flips(difference: Difference) -> list[str]:
    flips, rows = difference.flips, len(difference.rows)
    if not flips:
        return ["  No decision flips."]
    decisions = list(zip(difference.old.decisions, difference.new.decisions, strict=True))
    line = (
        f"  {len(flips)} of {rows} decisions flip ({len(flips) / rows:.1%}), "
        f"the first on row {difference.rows[flips[0]]}: {' -> '.join(decisions[flips[0]])}."
    )
    # The rows by old decision (down) and new decision (across).
    count, across = Counter(decisions), difference.new.answers
    table = [["old, new:", *across]]
    table += [[old, *(str(count[old, new]) for new in across)] for old in difference.old.answers]
    first, widths = max(len(row[0]) for row in table), [max(len(name), 5) for name in across]
    lines = ("  ".join(["  " + name.ljust(first), *map(str.rjust, figures, widths)]) for name, *figures in table)
    return [line, "", *lines]


def plot(difference: Difference, to: Path) -> None:
    """Draw each row's new score over its old one, of several the highest, with the edges of decisions, as a PNG."""
    figure = Figure(figsize=(5.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    flipped = np.zeros(len(difference.rows), dtype=bool)
    flipped[list(difference.flips)] = True
    for kind, colour, label in (~flipped, "#4878a8", "the same decision"), (flipped, "#c8502d", "another decision"):
        old, new = (side.scores[kind].max(axis=1) for side in (difference.old, difference.new))
        axes.scatter(old, new, s=12, c=colour, label=f"{label} ({kind.sum()})")
    for side, line in (difference.old, axes.axvline), (difference.new, axes.axhline):
        for edge in side.edges:
            line(edge, color="0.6", linewidth=0.8, linestyle="--")
    axes.axline((0, 0), slope=1, color="0.8", linewidth=0.8, zorder=0)
    both = np.concatenate([side.scores.max(axis=1) for side in (difference.old, difference.new)]).astype(np.float64)
    if len(both):
        margin = max(0.05 * float(np.ptp(both)), 1e-6)
        ends = both.min() - margin, both.max() + margin
        axes.set(xlim=ends, ylim=ends)
    score = "highest score" if len(difference.new.names) > 1 else "score"
    axes.set_xlabel(f"{score} by {difference.old.name} {difference.old.version}")
    axes.set_ylabel(f"{score} by {difference.new.name} {difference.new.version}")
    dashed = "; dashed: edges of the decisions" if difference.new.edges else ""
    axes.set_title(f"Golden rows of the old delivery{dashed}", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(to, dpi=120, format="png", metadata={"Software": None})
