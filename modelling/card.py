"""The model's card: one page and two plots that say what the model is, how good it is and what it is not for."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import numpy as np
from sklearn.metrics import roc_curve

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
    quality: Mapping[str, Any],
    decided: Mapping[str, Mapping[str, float]],
    training: Mapping[str, Any],
    unused: Sequence[str],
    bad: Mapping[str, Mapping[str, float]],
    free: Mapping[str, str],
    unasked: Sequence[str],
    identity: str,
) -> None:
    """Write ``card.md``.

    ``scores`` holds the model first, then the plain baseline, then any others; ``bad`` is the share of bad loans by field
    and category, ``free`` says why a column has no direction, ``unasked`` are the columns that no tree asks for.
    """
    names = list(scores)
    model, plain = scores[names[0]], scores[names[1]]
    functions = [f for n, f in vars(heuristics).items() if inspect.isfunction(f) and not n.startswith("_")]
    table = "\n".join(
        f"| {name} | {s.auc.mean():.4f} ± {s.auc.std(ddof=1):.4f} | {s.log_loss.mean():.4f} ± {s.log_loss.std(ddof=1):.4f} |"
        for name, s in scores.items()
    )
    decisions = "\n".join(
        f"| {name} | {edge:g} | {decided[name]['share']:.0%} | {decided[name]['bad']:.0%} |"
        for name, edge in contract.decisions.items()
    )
    left_out = "\n".join(f"- `{column}`: {LEFT_OUT.get(column, 'nobody has asked for it')}." for column in unused)
    shares = "\n".join(
        f"| `{field}` | {', '.join(f'{category} {share:.0%}' for category, share in by.items())} |"
        for field, by in bad.items()
    )
    reasons = "\n".join(f"- `{column}`: {reason}." for column, reason in free.items())
    ignored = ", ".join(f"`{column}`" for column in unasked) or "none"
    features = "\n".join(f"| `{f.__name__}` | {inspect.getdoc(f)} |" for f in functions)
    CARD.write_text(
        f"""# The model's card: {contract.name} {contract.version}

Written by `make model`; what stands here was measured in that run. Model `{identity}`.

## What it is for

It gives the {contract.score.meaning}, from {contract.score.low:g} to {contract.score.high:g}, for one application, and a
decision. It is the worked example of this project, not a product: the data is German, from the 1970s, and small. Do not
decide about people with it.

## Data

Statlog (German Credit Data), Hans Hofmann, 1994, UCI Machine Learning Repository, DOI 10.24432/C5NC77, licence CC BY 4.0;
{training["rows"] + quality["rows"]} applications, {training["bad_share"]:.0%} of the training rows went bad: bad loans were oversampled, so the
scores are those of such a portfolio, not of an ordinary one. SHA-256 of the file: `{training["sha256"]}`.

Left out of the contract:

{left_out}

Age decides about loans in some countries and must not in others. To leave it out, take `age` out of `contract.py`, and what
is made of it out of `heuristics.py`.

## What the words mean

The words in the file are those of the codebook of 1994, which has the categories of `checking`, `history`, `purpose`, `savings`,
`property` and `housing` beside the wrong codes: "no checking account" there stands for a balance of 200 DM and more. Groemping
(South German Credit Data: Correcting a Widely Used Data Set, Report 4/2019, Beuth University of Applied Sciences Berlin) went
back to the original code table; the corrected data set is DOI 10.24432/C5QG88. `modelling/data.py` translates each word of the
file into what its code means, and the file itself stays as it was published. Version 1 of the contract took the words as they
stood, and so read a caller's "none" as the best balance there is; since 2.0.0 a category means what it says.

Share of bad loans in the training rows, by category in the contract's order:

| field | bad loans |
|---|---|
{shares}

In balance, savings and history the worst categories come first and the best last, as a credit officer expects; where
neighbours change places, it is by a few rows. Owners of real estate, of the home they live in, and those whose instalments are
a small share of their income went bad more often than others, which no officer expects. Only loans that were granted are in the
data, so it cannot say what became of the others, or would have.

Trees and regressions learn from codes, not from words. The two regressions below give each category a column of its own, and
their figures are to the last digit what they were under the words of 1994. The trees had an AUC of 0.7682 in cross-validation
then, and of 0.8182 on the held-out rows: the differences to the figures below are within the noise. What is gained is that the
model can be explained.

## Model

{training["model"]} Each tree asks one question of one column, so the score is a sum over columns, and each
column's part can be read. The direction of {training["constrained"]} columns is fixed to what a credit officer expects, also where these rows
say otherwise: a house never speaks against an applicant. The other columns have no direction:

{reasons}

Columns that no tree asks for: {ignored}. Fields that may be missing have gaps in a tenth of the training rows.

## Cross-validation

{FOLDS} folds, {REPEATS} times, on the {training["rows"]} training rows; every model on the same folds. Mean ± standard deviation over the folds.

| model | AUC | log loss |
|---|---|---|
{table}

{verdict(names[0], model, names[1], plain)}

{verdict(names[0], model, names[2], scores[names[2]])}

The settings of the trees and of the tuned baseline were chosen on these same folds, so both are a little flattered; the
held-out rows were not looked at.

## On {quality["rows"]} held-out rows

| AUC | log loss | Brier score | calibration error |
|---|---|---|---|
| {quality["auc"]:.4f} | {quality["log_loss"]:.4f} | {quality["brier"]:.4f} | {quality["calibration_error"]:.4f} |

![ROC](roc.png) ![Calibration](calibration.png)

## Decisions

A bad loan accepted costs five times a good one refused (the data's own cost matrix), so refusing pays from a score of 1/6
on: up to {contract.decisions["approve"]:g} is approved, above {contract.decisions["review"]:g} declined, and a person looks at what is between.

| decision | up to | held-out rows | of them bad |
|---|---|---|---|
{decisions}

## Heuristics

| column | meaning |
|---|---|
{features}

## Limits

- {training["rows"] + quality["rows"]} rows: the spread over the folds is wider than the differences between sensible models.
- What lies outside of the contract's ranges is refused, not guessed.
- "unknown or none" is one category in the data for savings and property: who has none and who does not say look alike.

## Again

`make model` gives the same bytes on the same machine: seed {training["seed"]}, one thread, locked packages.
"""
    )


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
