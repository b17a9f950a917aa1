"""How good a model is on the rows that judge it: figures of merit beside the base rate's, and what cannot be right."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Json = dict[str, Any]
type Numbers = NDArray[np.float64]

HELD_OUT = "held_out.csv"
"""The delivery's file that has them."""
CALIBRATION_BINS = 8
# A score is a float32, whose step below 1 is 6e-8: a log loss takes nothing to be surer than that.
SUREST = 1e-7
# Standard errors that a figure may lie on the wrong side by chance. Chosen on 40 honest models and 48 weak ones (true
# AUC about 0.55 to 0.6, 100 to 1,000 held-out rows): none of the 88 was refused.
WORSE_BY = 2.5
APART_BY = 3.5
# Rows of the rarer label. With fewer, an AUC of 1 comes by chance (where it truly is 0.98, with 20 and 20 rows in 12 %,
# with 30 and 30 in 4 %), and a mean has no normal error.
FEWEST_FOR_BELIEF, FEWEST_FOR_MEANS = 30, 10
SHIFT = 0.25  # of the rarer label's share: the mean of a later year moves by less, class weights move it by far more
OFF = "more than chance explains"

CONSTANT = "The model learned nothing: its labels were all alike, or every split was ruled out by its settings."
INVERTED = (
    "Its labels are inverted, or the score is the probability of the other class: positive= of deliver() names the "
    "class that the labels call 1."
)
UPSIDE_DOWN = (
    "The score falls where the label rises: a label of 1 is what a high score speaks for, so where good ones have more "
    "points, good ones are 1."
)
MISMATCH = (
    "It was trained on labels that do not belong to their rows (shuffled by a join), on columns in another order than "
    "matrix(...) gives, or on scaled columns with the scaler left outside of the Pipeline. If the task is that hard, "
    "both teams can sign another floor in Budgets."
)
UNCALIBRATED = (
    "It ranks the rows, but its score is no probability: class weights or resampled rows shift it, or the model is "
    "too sure of what it learned by heart. Calibrate the model, or write probability=False in the contract's Score."
)


@dataclass(frozen=True)
class HeldOut:
    """The rows that judge a model, without the rows: the score and the label of each."""

    scores: Numbers
    labels: Numbers

    @property
    def is_yes_or_no(self) -> bool:
        """Whether each label is 0 or 1: the score then ranks, be it a probability or the points of a scorecard."""
        return bool(np.isin(self.labels, (0.0, 1.0)).all())

    @property
    def may_be_probability(self) -> bool:
        """Whether each score lies between 0 and 1, and each label is one of both."""
        return self.is_yes_or_no and bool(((self.scores >= 0) & (self.scores <= 1)).all())

    def as_csv(self) -> bytes:
        """Write a line for each row, with every digit that the float32 score has."""
        pairs = zip(self.scores, self.labels.tolist(), strict=True)
        lines = (f"{np.float32(score)!s},{label!r}" for score, label in pairs)
        return "\n".join(["score,label", *lines, ""]).encode()

    @classmethod
    def from_csv(cls, content: bytes) -> "HeldOut":
        """Read what ``as_csv`` wrote.

        Raises
        ------
        ValueError
            When it is not a list of such pairs.
        """
        head, _, body = content.decode(errors="replace").partition("\n")
        pairs: NDArray[np.float64] = np.empty(0)
        with suppress(ValueError):  # a word among the numbers, a line with one of them
            pairs = np.array([line.split(",") for line in body.splitlines()], dtype=np.float64)
        if head != "score,label" or pairs.shape[1:] != (2,) or not np.isfinite(pairs).all():
            raise ValueError("it should have the columns score and label, and a finite number in each")
        return cls(pairs[:, 0].astype(np.float32).astype(np.float64), pairs[:, 1])

    def figures(self) -> Json:
        """Give the figures of merit, each beside that of answering the mean label to everyone.

        Returns
        -------
        For labels of 0 and 1: ``auc``, and where the scores lie between, ``log_loss`` [nat], ``brier``,
        ``calibration_error`` (the mean distance of score and label over bins of equal size) and ``calibration`` (those
        bins). Else ``mae`` and ``rmse`` [the score's
        unit] and ``r2``.
        """
        figures = self._of_yes_or_no() if self.is_yes_or_no else self._of_numbers()
        return {"rows": len(self.labels), "mean_label": _digits(self.labels.mean()), **figures}

    def _of_yes_or_no(self) -> Json:
        if not self.may_be_probability:
            return {"auc": _rounded(self.auc)}
        base = np.full(len(self.labels), self.labels.mean())
        bins = [bin_ for bin_ in np.array_split(np.argsort(self.scores, kind="stable"), CALIBRATION_BINS) if len(bin_)]
        rows = [len(bin_) for bin_ in bins]
        scores, labels = (np.array([values[bin_].mean() for bin_ in bins]) for values in (self.scores, self.labels))
        return {
            "auc": _rounded(self.auc),
            "log_loss": _rounded(log_losses(self.scores, self.labels).mean()),
            "brier": _rounded(self._missed.mean()),
            "base_rate": {
                "log_loss": _rounded(log_losses(base, self.labels).mean()),
                "brier": _rounded(((base - self.labels) ** 2).mean()),
            },
            "calibration_error": _rounded(np.average(np.abs(scores - labels), weights=rows)),
            "calibration": [
                {"rows": count, "mean_score": _rounded(score), "mean_label": _rounded(label)}
                for count, score, label in zip(rows, scores, labels, strict=True)
            ],
        }

    def _of_numbers(self) -> Json:
        spread = self.labels - self.labels.mean()
        return {
            "r2": _rounded(self.r2),
            "mae": _digits(np.abs(self.scores - self.labels).mean()),
            "rmse": _digits(np.sqrt(self._missed.mean())),
            "base_rate": {"mae": _digits(np.abs(spread).mean()), "rmse": _digits(np.sqrt((spread**2).mean()))},
        }

    @property
    def auc(self) -> float:
        """Share of the pairs of a 1 and a 0 in which the 1 has the higher score; a tie counts half (Mann-Whitney)."""
        zeros, ones = self._zeros_and_ones
        return float((_ranks(self.scores)[self.labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))

    @property
    def _zeros_and_ones(self) -> tuple[int, int]:
        """How many rows have either label."""
        ones = int((self.labels == 1).sum())
        return len(self.labels) - ones, ones

    @property
    def rarer(self) -> int:
        """How many rows have the rarer of the two labels."""
        return min(self._zeros_and_ones)

    @property
    def auc_error(self) -> float:
        """Standard error of the AUC of scores that say nothing (Mann-Whitney's U without ties)."""
        zeros, ones = self._zeros_and_ones
        return float(np.sqrt((len(self.labels) + 1) / (12 * ones * zeros)))

    @property
    def r2(self) -> float:
        """Share of the labels' variance that the scores explain; below 0, the mean label is the better answer."""
        return float(1 - self._missed.sum() / ((self.labels - self.labels.mean()) ** 2).sum())

    @property
    def _missed(self) -> Numbers:
        """By how much each score misses its label, squared."""
        squares: Numbers = (self.scores - self.labels) ** 2
        return squares

    def believable(self, most_auc: float) -> str:
        """Say that the figures are too good to be true; nothing when they are not.

        Parameters
        ----------
        most_auc
            What both teams agreed that the AUC is at most.
        """
        if not self.is_yes_or_no or self.rarer < FEWEST_FOR_BELIEF or self.auc <= most_auc:
            return ""
        return f"Its AUC on the {len(self.labels)} held-out rows is {self.auc:.5g}, above {most_auc:g}."

    def ignorance(self, *, least_auc: float, least_r2: float, probability: bool) -> tuple[str, str]:
        """Say why the model cannot have learned from labels like these, with the likely cause; empty when it may have.

        Parameters
        ----------
        least_auc, least_r2
            What both teams agreed that the figure is at least, within its standard error.
        probability
            Whether the score is meant as the probability of a 1.
        """
        if np.ptp(self.scores) == 0:
            return f"Every one of the {len(self.scores)} held-out rows scores {self.scores[0]:g}.", CONSTANT
        if self.is_yes_or_no:
            return self._ignorance_of_yes_or_no(least_auc, probability=probability)
        return self._ignorance_of_numbers(least_r2), MISMATCH

    def _ignorance_of_yes_or_no(self, least_auc: float, *, probability: bool) -> tuple[str, str]:
        rows, mean, auc, chance = len(self.labels), self.labels.mean(), self.auc, WORSE_BY * self.auc_error
        if auc < least_auc - chance:
            evidence = (
                f"Its AUC on the {rows} held-out rows is {auc:.3f}; by chance it would be {least_auc - chance:.3f}."
            )
            inverted = INVERTED if self.may_be_probability else UPSIDE_DOWN
            return evidence, inverted if auc < 0.5 - chance else MISMATCH
        if not (probability and self.may_be_probability) or self.rarer < FEWEST_FOR_MEANS:
            return "", ""
        cause = UNCALIBRATED if auc > 0.5 + chance else MISMATCH
        losses, base = log_losses(self.scores, self.labels), log_losses(np.full(rows, mean), self.labels)
        if (losses - base).mean() > WORSE_BY * _error(losses - base):
            evidence = f"Its log loss on the {rows} held-out rows is {losses.mean():.3f}"
            return f"{evidence}; answering the mean label, {mean:.3f}, to everyone has {base.mean():.3f}.", cause
        spread = max((self.scores * (1 - self.scores)).sum(), self._missed.sum())
        apart = abs(self.scores.mean() - mean)
        if apart > APART_BY * np.sqrt(spread) / rows and apart > SHIFT * min(mean, 1 - mean):
            evidence = f"Its mean score on the {rows} held-out rows is {self.scores.mean():.3f}"
            return f"{evidence}, and the mean label {mean:.3f}: {OFF}.", cause
        return "", ""

    def _ignorance_of_numbers(self, least_r2: float) -> str:
        """Take what ranks the labels for learned, for a median or a quantile may miss by more than the mean does."""
        rows, spread = len(self.labels), (self.labels - self.labels.mean()) ** 2
        ranked = float(np.corrcoef(_ranks(self.scores), _ranks(self.labels))[0, 1])
        by_chance = WORSE_BY / np.sqrt(max(1, rows - 1))
        more = self._missed - (1 - least_r2) * spread
        if ranked < -by_chance:
            return f"On the {rows} held-out rows the score falls where the label rises (rank correlation {ranked:.2f})."
        if more.mean() > WORSE_BY * _error(more) and (ranked < by_chance or least_r2 > 0):
            return f"Its R2 on the {rows} held-out rows is {self.r2:.3f}, and {least_r2:g} is the least."
        return ""


def _error(values: Numbers) -> float:
    """Give the standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def log_losses(scores: Numbers, labels: Numbers) -> Numbers:
    """Give each row's log loss [nat]."""
    sure = np.clip(scores, SUREST, 1 - SUREST)
    losses: Numbers = -np.log(np.where(labels == 1, sure, 1 - sure))
    return losses


def _ranks(values: Numbers) -> Numbers:
    """Give each value its place from the smallest, from 1; equal ones share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Numbers = (last - (counts - 1) / 2)[places]
    return ranks


def _rounded(figure: Any) -> float:
    return round(float(figure), 4)


def _digits(figure: Any) -> float:
    """Round what has a unit of its own, which may be small."""
    return float(f"{float(figure):.5g}")
