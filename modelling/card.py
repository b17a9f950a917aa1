"""The model's card: two plots, and what the training measured, written between the words of ``card.md``."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import numpy as np
from sklearn.metrics import roc_curve

from handover import card
from handover.contract import Contract
from modelling.evaluation import FOLDS, REPEATS, Scores

mpl.use("Agg")
from matplotlib import pyplot as plt

CARD = Path(__file__).parent / "card.md"
ROC = Path(__file__).parent / "roc.png"
CALIBRATION = Path(__file__).parent / "calibration.png"
# Why a column of the data is not in the contract.
LEFT_OUT = {
    "personal_status_and_sex": "sex and marital status must not decide about a loan",
    "foreign_worker": "origin must not decide about a loan",
    "number_of_people_being_liable_to_provide_maintenance_for": (
        "whom an applicant has to provide for must not decide about a loan, as marital status must not"
    ),
    "telephone": "whether a telephone is registered in one's name says nothing about an online applicant",
}
INK, ACCENT, FAINT = "#222222", "#0b6e4f", "#999999"


def draw(labels: Any, given: Any, quality: Mapping[str, Any]) -> None:
    """Draw the ROC and the calibration on the held-out rows; the same figures give the same bytes."""
    hit = roc_curve(labels, given)
    figure, axes = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    axes.plot(hit[0], hit[1], color=ACCENT, linewidth=2)
    axes.set(xlabel="good loans flagged [share]", ylabel="bad loans flagged [share]", aspect="equal")
    axes.set_title(f"ROC on {quality['rows']} held-out rows: AUC {quality['auc']:.3f}", color=INK, fontsize=11)
    _save(figure, ROC)
    figure, axes = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
    bins = quality["calibration"]
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    axes.plot([b["mean_score"] for b in bins], [b["mean_label"] for b in bins], "o-", color=ACCENT, linewidth=2)
    axes.set(xlabel="score, mean of the bin", ylabel="loans that went bad [share]", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"Calibration, {len(bins)} bins of equal size", color=INK, fontsize=11)
    _save(figure, CALIBRATION)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


def write(
    *,
    contract: Contract,
    heuristics: ModuleType,
    scores: Mapping[str, Scores],
    decided: Mapping[str, Mapping[str, float]],
    training: Mapping[str, Any],
    unused: Sequence[str],
    bad: Mapping[str, Mapping[str, float]],
    free: Mapping[str, str],
    unasked: Sequence[str],
) -> None:
    """Write into ``card.md`` what was measured in the training; ``deliver()`` has written the figures of the delivery.

    ``scores`` holds the model first, then the plain baseline, then any others; ``bad`` is the share of bad loans by field
    and category, ``free`` says why a column has no direction, ``unasked`` are the columns that no tree asks for.
    """
    (name, model), *rivals = scores.items()
    functions = [f for n, f in vars(heuristics).items() if inspect.isfunction(f) and not n.startswith("_")]
    judged = [
        [
            rival,
            f"{s.auc.mean():.4f} ± {s.auc.std(ddof=1):.4f}",
            f"{s.log_loss.mean():.4f} ± {s.log_loss.std(ddof=1):.4f}",
        ]
        for rival, s in scores.items()
    ]
    card.write(
        CARD,
        {
            "model": f"Contract {contract.name} {contract.version}. {training['model']}",
            "left out": "Left out of the contract:\n\n"
            + "\n".join(f"- `{column}`: {LEFT_OUT.get(column, 'nobody has asked for it')}." for column in unused),
            "shares": f"{training['bad_share']:.0%} of the {training['rows']} training rows went bad; by category in the contract's order:\n\n"
            + _table(
                ["field", "bad loans"],
                (
                    [f"`{field}`", ", ".join(f"{category} {share:.0%}" for category, share in by.items())]
                    for field, by in bad.items()
                ),
            ),
            "directions": f"The direction of {training['constrained']} columns is fixed to what a credit officer expects, also where these "
            "rows say otherwise: a house never speaks against an applicant. The other columns have no direction:\n\n"
            + "\n".join(f"- `{column}`: {reason}." for column, reason in free.items())
            + f"\n\nColumns that no tree asks for: {', '.join(f'`{column}`' for column in unasked) or 'none'}.",
            "cross-validation": f"{FOLDS} folds, {REPEATS} times, on the {training['rows']} training rows; every model on the same folds. Mean "
            "± standard deviation over the folds.\n\n"
            + "\n\n".join(
                [
                    _table(["model", "AUC", "log loss"], judged),
                    *(verdict(name, model, other, rival) for other, rival in rivals),
                ]
            ),
            "decisions": _table(
                ["decision", "up to", "held-out rows", "of them bad"],
                (
                    [word, f"{edge:g}", f"{decided[word]['share']:.0%}", f"{decided[word]['bad']:.0%}"]
                    for word, edge in contract.decisions.items()
                ),
            ),
            "heuristics": _table(
                ["column", "meaning"], ([f"`{f.__name__}`", str(inspect.getdoc(f))] for f in functions)
            ),
        },
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def verdict(name: str, model: Scores, other_name: str, other: Scores) -> str:
    """Say in one sentence who is better by AUC, and whether the difference is more than noise.

    The folds are paired. Their differences are not independent, for the training parts overlap; the variance is
    corrected for it (Nadeau and Bengio, Inference for the Generalization Error, 2003).
    """
    difference = model.auc - other.auc
    mean = float(difference.mean())
    error = float(np.sqrt((1 / len(difference) + 1 / (FOLDS - 1)) * difference.var(ddof=1)))
    better = "ranks better than" if mean > 0 else "does not rank better than"
    sure = "more than" if abs(mean) > 2 * error else "no more than"
    return (
        f"The model ({name}) {better} the {other_name}: {mean:+.4f} AUC, standard error {error:.4f}, which is {sure} "
        f"the noise of these folds."
    )
