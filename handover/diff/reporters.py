"""A difference as plain text, and as a plot of the scores."""

from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from handover.diff.comparison import Contract, Difference

CALLERS = {
    "major": "a caller of the old contract breaks (major)",
    "minor": "every caller gets along, and may send or see more (minor)",
    "patch": "no caller has to know (patch)",
    "none": "the contract is the same",
}


def text(difference: Difference) -> str:
    """Write what changed, what that asks of the version, and which answers differ."""
    old, new = difference.old, difference.new
    lines = [f"{old.name} {old.version} -> {new.name} {new.version}", "", f"Callers: {CALLERS[difference.level]}."]
    lines += [f"  {change.level}  {change.sentence}" for change in difference.changes]
    if difference.level != "none":
        verdict = "and is" if difference.raised else "but is"
        lines.append(f"The version must be at least {difference.least}, {verdict} {new.version}.")
    if difference.replaced:
        lines += ["", "Replaced:", *(f"  {file}" for file in difference.replaced)]
    return "\n".join([*lines, "", *_answers(difference)])


def _answers(difference: Difference) -> list[str]:
    rows = len(difference.rows)
    lines = [f"Answers: {rows} golden rows of the old delivery, each scored by both."]
    if difference.refused:
        lines.append(f"  The new contract refuses {difference.refused} more, the first: {difference.refusal}.")
    if not rows:
        return lines
    moved = np.abs(difference.new_scores.astype(np.float64) - difference.old_scores)
    if not moved.any():
        return [*lines, "  No score moves."]
    half, most = np.quantile(moved, [0.5, 0.9])
    worst = int(moved.argmax())
    was, now = difference.old_scores[worst], difference.new_scores[worst]
    lines += [
        f"  Scores move by {moved.mean():.3g} on average, half by up to {half:.3g}, nine in ten by up to {most:.3g},",
        f"  and row {difference.rows[worst]} by {moved[worst]:.3g}, from {was:g} to {now:g}.",
    ]
    flips = difference.flips
    if not flips:
        return [*lines, "  No decision flips."]
    first = flips[0]
    was_decided, now_decided = difference.old_decisions[first], difference.new_decisions[first]
    lines.append(
        f"  {len(flips)} of {rows} decisions flip ({len(flips) / rows:.1%}), "
        f"the first on row {difference.rows[first]}: {was_decided} -> {now_decided}."
    )
    return [*lines, "", *_table(difference)]


def _table(difference: Difference) -> list[str]:
    """Count the rows by old decision (down) and new decision (across)."""
    count = Counter(zip(difference.old_decisions, difference.new_decisions, strict=True))
    down, across = list(difference.old.decisions), list(difference.new.decisions)
    first = max(len("old, new:"), *map(len, down))
    widths = [max(len(name), 5) for name in across]
    head = (name.rjust(width) for name, width in zip(across, widths, strict=True))
    lines = ["  ".join(["  " + "old, new:".ljust(first), *head])]
    for old in down:
        figures = (str(count[old, new]).rjust(width) for new, width in zip(across, widths, strict=True))
        lines.append("  ".join(["  " + old.ljust(first), *figures]))
    return lines


def plot(difference: Difference, to: Path) -> None:
    """Draw each row's new score over its old one, with the edges of the decisions, as a PNG."""
    figure = Figure(figsize=(5.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    flipped = np.zeros(len(difference.rows), dtype=bool)
    flipped[list(difference.flips)] = True
    for kind, colour, label in (~flipped, "#4878a8", "the same decision"), (flipped, "#c8502d", "another decision"):
        said = f"{label} ({kind.sum()})"
        axes.scatter(difference.old_scores[kind], difference.new_scores[kind], s=12, c=colour, label=said)
    for edge in _inner_edges(difference.old):
        axes.axvline(edge, color="0.6", linewidth=0.8, linestyle="--")
    for edge in _inner_edges(difference.new):
        axes.axhline(edge, color="0.6", linewidth=0.8, linestyle="--")
    axes.axline((0, 0), slope=1, color="0.8", linewidth=0.8, zorder=0)
    both = np.concatenate([difference.old_scores, difference.new_scores]).astype(np.float64)
    if len(both):
        margin = max(0.05 * float(np.ptp(both)), 1e-6)
        axes.set_xlim(both.min() - margin, both.max() + margin)
        axes.set_ylim(both.min() - margin, both.max() + margin)
    axes.set_xlabel(f"score by {difference.old.name} {difference.old.version}")
    axes.set_ylabel(f"score by {difference.new.name} {difference.new.version}")
    axes.set_title("Golden rows of the old delivery; dashed: edges of the decisions", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(to, dpi=120, format="png", metadata={"Software": None})


def _inner_edges(contract: Contract) -> list[float]:
    return list(contract.decisions.values())[:-1]
