"""How good a model is on the rows that judge it: figures of merit beside the base rate's, and what cannot be right."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.files import SINGLE, Json

type Numbers = NDArray[np.float64]

HELD_OUT = "held_out.csv"
"""The delivery's file that has them."""
LABEL = "label"
CALIBRATION_BINS = 8
# A score is a float32, whose step below 1 is 6e-8: a log loss takes nothing to be surer than that.
SUREST = 1e-7
# Standard errors that a figure may lie on the wrong side by chance. Chosen on 40 honest models and 48 weak ones (true
# AUC about 0.55 to 0.6, 100 to 1,000 held-out rows): none of the 88 was refused.
WORSE_BY = 2.5
APART_BY = 3.5
# Rows of the rarer label. With fewer, an AUC of 1 comes by chance (where it truly is 0.98, with 20 and 20 rows in 12 %,
# with 30 and 30 in 4 %), and a mean has no normal error.
MIN_FOR_BELIEF, MIN_FOR_MEANS = 30, 10
SHIFT = 0.25  # of the rarer label's share: the mean of a later year moves by less, class weights move it by far more
# Ranks the labels so well, but is so many times as wide or as narrow: the middle halves of scores and labels. Honest
# models, of quantiles too, are within three; those trained on a logarithm or in thousands were beyond fifty.
RANKS, OTHER_WIDTH = 0.5, 20.0
# Of labels beyond the score's range: the share that is one number, and its least count. An agreed range often ends at
# the 99th percentile, beyond which whole numbers have 1 % in all, and a draw of 500 rows less than 2 %. Or the share of
# the labels' variance that no score explains: of a log-normal tail (sigma 1) it was 0.44 at most, in 200 such draws.
ALIKE, MIN_ALIKE, UNREACHED = 0.02, 5, 0.5

CONSTANT = "The model learned nothing: its labels were all alike, or every split was ruled out by its settings."
INVERTED = (
    "Its labels are inverted, or the score speaks for the other class: positive= of deliver() names the class that the "
    "labels call 1. Where good ones have more points, good ones are 1."
)
REORDERED = (
    "Its scores are those of other classes: the model's classes stand in another order than the contract's, or the "
    "labels were numbered in another."
)
MISMATCH = (
    "It was trained on labels that do not belong to their rows (shuffled by a join), on columns in another order than "
    "matrix(...) gives, or on scaled columns with the scaler left outside of the Pipeline. If the task is that hard, "
    "both teams can sign another floor in Budgets."
)
BELOW = (
    "It ranks the rows, but less well than both teams agreed: the data, its labels or the settings are worse than then "
    "or the task is harder. Both teams can sign another floor in Budgets."
)
OTHER_UNIT = (
    "It was trained on labels of another unit: a logarithm, a scaling or thousands that nobody takes back "
    "(TransformedTargetRegressor does). Where the score only ranks, write probability=False in the contract's Score."
)
_UNCALIBRATED = (
    "It ranks the rows, but its score is no probability: class weights or resampled rows shift it, or the model is "
    "too sure of what it learned by heart. Calibrate the model, or write {}."
)
UNCALIBRATED = _UNCALIBRATED.format("probability=False in the contract's Score")
UNCALIBRATED_CLASSES = _UNCALIBRATED.format(
    'score=Score("...", low=0.0, high=1.0, probability=False) beside the contract\'s classes'
)
HEADLINES = {
    BELOW: "the model knows less than both teams agreed",
    OTHER_UNIT: "the model's score is of another unit than the labels",
    UNCALIBRATED: "the model ranks the rows, and its score is no probability",
    UNCALIBRATED_CLASSES: "the model ranks the rows, and its score is no probability",
}
"""What is the matter where it has learned something, by the likely cause."""


@dataclass(frozen=True)
class HeldOut:
    """The rows that judge a model, without the rows: the scores of each, and what came."""

    scores: Numbers
    """float64 (N, C); C is 1 where there is one score."""
    labels: Numbers
    """float64 (N, C): the row's label; of classes 1 for the one that it is of, and 0 for the others."""
    names: tuple[str, ...] = (SINGLE,)
    """What the C scores are called: the classes, or the single score's name."""

    @property
    def of_classes(self) -> bool:
        """Whether each score is that of a class."""
        return self.names != (SINGLE,)

    @property
    def positives(self) -> Numbers:
        """How many rows have the label 1, of each score that can be judged as a ranking."""
        return self.labels[:, self.columns].sum(axis=0)

    @property
    def is_binary(self) -> bool:
        """Whether each label is 0 or 1: the score then ranks, be it a probability or the points of a scorecard."""
        return bool(np.isin(self.labels, (0.0, 1.0)).all())

    @property
    def may_be_probability(self) -> bool:
        """Whether each score lies between 0 and 1, and each label is one of both."""
        return self.is_binary and bool(((self.scores >= 0) & (self.scores <= 1)).all())

    @property
    def highest(self) -> Numbers:
        """The highest score of each row, float64 (N,): how sure the model is; of one score, that score."""
        return self.scores.max(axis=1)

    @property
    def top_label(self) -> Numbers:
        """The label that belongs to the highest score, float64 (N,): of classes, whether the row is of that one."""
        return np.take_along_axis(self.labels, self.scores.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]

    @property
    def targets(self) -> Numbers:
        """The target of each row, float64 (N,): its label, or the place of its class."""
        return self.labels.argmax(axis=1).astype(np.float64) if self.of_classes else self.labels[:, 0]

    def named(self, values: Sequence[Any]) -> Any:
        """Give C figures by their names; of a single score the only one."""
        figures = dict(zip(self.names, values, strict=True))
        return figures if self.of_classes else figures[SINGLE]

    def as_csv(self) -> bytes:
        """Write a line for each row: its scores with every digit that they have as float32, and its label or class."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([*self.names, LABEL])
        for scores, labels in zip(self.scores.astype(np.float32), self.labels, strict=True):
            label = self.names[int(labels.argmax())] if self.of_classes else repr(float(labels[0]))
            writer.writerow([*map(str, scores), label])
        return lines.getvalue().encode()

    @classmethod
    def from_csv(cls, content: bytes) -> "HeldOut":
        """Read what ``as_csv`` wrote; ``ValueError`` when it is not a list of such rows."""
        (*names, label), *lines = list(csv.reader(io.StringIO(content.decode(errors="replace")))) or [[""]]
        of_classes = len(names) > 1
        places = {name: [float(name == other) for other in names] for name in names}
        it_should = "it should have the columns score and label, and a finite number in each"
        if of_classes:
            it_should = "it should have for each class a column of scores from 0 to 1, and a class as label"
        try:
            scores = np.array([line[:-1] for line in lines], dtype=np.float64)
            labels = np.array([places[line[-1]] if of_classes else [line[-1]] for line in lines], dtype=np.float64)
        except (ValueError, LookupError):  # a word among the numbers, a line with fewer, an unknown class
            raise ValueError(it_should) from None
        known = label == LABEL and (of_classes or names == [SINGLE]) and scores.shape == (len(lines), len(names))
        within = ((scores >= 0) & (scores <= 1)).all() if of_classes else np.isfinite(scores).all()
        if not (known and within and np.isfinite(labels).all()):
            raise ValueError(it_should)
        if len(labels) and not np.ptp(labels, axis=0).any():
            raise ValueError("all of its labels are alike, and no model can be judged by such rows")
        return cls(scores.astype(np.float32).astype(np.float64), labels, tuple(names))

    def figures(self) -> Json:
        """Give the figures of merit, each beside that of answering the mean label to everyone.

        For labels of 0 and 1: ``auc``, and where the scores lie between, ``log_loss`` [nat], ``brier``,
        ``calibration_error`` (the mean distance of score and label over bins of equal size) and ``calibration`` (those
        bins). For classes the same: ``auc`` is the mean of each one's against the rest, the calibration is of the
        highest scores, and there are ``accuracy``, the share of rows whose class has the highest, and ``confusion``,
        for each class its rows by the class that has their highest score. Else ``mae`` and ``rmse`` [the score's unit]
        and ``r2``.
        """
        mean = self.labels.mean(axis=0)
        record = {"rows": len(self.labels), "mean_label": self.named([digits(label) for label in mean])}
        errors, base = self._errors(self.scores), self._errors(np.broadcast_to(mean, self.labels.shape))
        if not self.is_binary:
            return {**record, "r2": rounded(self.r2), **errors, "base_rate": base}
        record["auc"] = rounded(self.auc)
        if not self.may_be_probability:
            return record
        if self.of_classes:
            confusion = self.named([self.named(counts) for counts in self.confusion.tolist()])
            record |= {"accuracy": rounded(self.top_label.mean()), "confusion": confusion}
            base = {"accuracy": rounded(mean.max()), **base}
        return {**record, **errors, "base_rate": base, **self._calibration()}

    def _errors(self, scores: Numbers) -> Json:
        squared = _squares(scores, self.labels).mean()
        if self.is_binary:
            return {"log_loss": rounded(log_losses(scores, self.labels).mean()), "brier": rounded(squared)}
        return {"mae": digits(np.abs(scores - self.labels).mean()), "rmse": digits(np.sqrt(squared))}

    def _calibration(self) -> Json:
        order = np.argsort(self.highest, kind="stable")
        bins = [bin_ for bin_ in np.array_split(order, CALIBRATION_BINS) if len(bin_)]
        rows = [len(bin_) for bin_ in bins]
        scores, labels = (np.array([values[bin_].mean() for bin_ in bins]) for values in (self.highest, self.top_label))
        return {
            "calibration_error": rounded(np.average(np.abs(scores - labels), weights=rows)),
            "calibration": [
                {"rows": count, "mean_score": rounded(score), "mean_label": rounded(label)}
                for count, score, label in zip(rows, scores, labels, strict=True)
            ],
        }

    @property
    def confusion(self) -> NDArray[np.int64]:
        """How many rows of each class have the highest score of each, int64 (C, C)."""
        counts = np.zeros((len(self.names),) * 2, dtype=np.int64)
        np.add.at(counts, (self.labels.argmax(axis=1), self.scores.argmax(axis=1)), 1)
        return counts

    def subset(self, rows: NDArray[Any]) -> "HeldOut":
        """Give some of the rows, by their places or by whether each is one."""
        return HeldOut(self.scores[rows], self.labels[rows], self.names)

    def ordered(self, names: Sequence[str]) -> "HeldOut":
        """Give the same with its scores in the order of these names, which are its own."""
        places = [self.names.index(name) for name in names]
        return HeldOut(self.scores[:, places], self.labels[:, places], tuple(names))

    @property
    def columns(self) -> list[int]:
        """The scores that can be judged as a ranking: those with rows of either label."""
        return [column for column in range(len(self.names)) if np.ptp(self.labels[:, column])]

    @property
    def auc(self) -> float:
        """Share of the pairs of a 1 and a 0 in which the 1 has the higher score; a tie counts half (Mann-Whitney).

        Of classes the mean of each one's against the rest, where some rows are of it.
        """
        return float(np.mean([self.auc_of(column, column) for column in self.columns]))

    def auc_of(self, score: int, label: int) -> float:
        """Give the AUC of a score, as one of the class whose labels are in a column."""
        is_one = self.labels[:, label] == 1
        return float(placements(self.scores[:, score], is_one)[is_one].mean())

    @property
    def minority(self) -> int:
        """How many rows have the rarer of two labels; of classes, the rarest of those that some rows are of."""
        return int(min(self.positives.min(), (len(self.labels) - self.positives).min()))

    @property
    def auc_error(self) -> float:
        """Standard error of the AUC of scores that say nothing (Mann-Whitney's U without ties).

        Of classes the mean of their errors, which is that of the mean where all go together, and else more.
        """
        rows = len(self.labels)
        return float(np.mean(np.sqrt((rows + 1) / (12 * self.positives * (rows - self.positives)))))

    @property
    def r2(self) -> float:
        """Share of the labels' variance that the scores explain; below 0, the mean label is the better answer."""
        return float(1 - _squares(self.scores, self.labels).sum() / ((self.labels - self.labels.mean()) ** 2).sum())

    @property
    def rank_correlation(self) -> float:
        """How far the score of each row ranks the labels (Spearman); nan where scores or labels are all alike."""
        return float(np.corrcoef(_ranks(self.scores[:, 0]), _ranks(self.labels[:, 0]))[0, 1])

    @property
    def _auc_name(self) -> str:
        return "mean AUC of one class against the rest" if self.of_classes else "AUC"

    def too_good(self, most_auc: float) -> str:
        """Say that the AUC is above the most that both teams agreed on; nothing when it is not, or on few rows."""
        if not self.is_binary or self.minority < MIN_FOR_BELIEF or self.auc <= most_auc:
            return ""
        return f"Its {self._auc_name} on the {len(self.labels)} held-out rows is {self.auc:.5g}, above {most_auc:g}."

    def no_skill(self, *, least_auc: float, least_r2: float, probability: bool) -> tuple[str, str]:
        """Say why the model cannot have learned from labels like these, with the likely cause; empty when it may have.

        ``least_auc`` and ``least_r2`` are agreed, and hold within the figure's standard error; ``probability`` says
        whether the score is meant as that of a 1.
        """
        if not np.ptp(self.scores, axis=0).any():
            alike = ", ".join(f"{score:g}" for score in self.scores[0])
            return f"Every one of the {len(self.scores)} held-out rows scores {alike}.", CONSTANT
        of_numbers, of_yes_or_no = (self._faults_of_numbers, least_r2), (self._faults_of_yes_or_no, least_auc)
        faults, least = of_yes_or_no if self.is_binary else of_numbers
        return next(faults(least, probability=probability), ("", ""))

    def _faults_of_yes_or_no(self, least_auc: float, *, probability: bool) -> Iterator[tuple[str, str]]:
        rows, mean, auc, chance = len(self.labels), self.labels.mean(axis=0), self.auc, WORSE_BY * self.auc_error
        if auc < least_auc - chance:
            other = REORDERED if self.of_classes else INVERTED
            evidence = (
                f"Its {self._auc_name} on the {rows} held-out rows is {auc:.3f}; {least_auc:g} is the least, and "
                f"chance explains {chance:.3f}."
            )
            yield evidence, other if auc < 0.5 - chance else BELOW if auc > 0.5 + chance else MISMATCH
        if not (probability and self.may_be_probability) or self.minority < MIN_FOR_MEANS:
            return
        cause = MISMATCH if auc <= 0.5 + chance else UNCALIBRATED_CLASSES if self.of_classes else UNCALIBRATED
        losses = log_losses(self.scores, self.labels)
        base = log_losses(np.broadcast_to(mean, self.labels.shape), self.labels)
        if (losses - base).mean() > WORSE_BY * standard_error(losses - base):
            everyone = "the classes' shares" if self.of_classes else f"the mean label, {mean[0]:.3f},"
            evidence = (
                f"Its log loss on the {rows} held-out rows is {losses.mean():.3f}; answering {everyone} to everyone "
                f"has {base.mean():.3f}."
            )
            yield evidence, cause
        for scores, labels, name in zip(self.scores.T, self.labels.T, self.names, strict=True):
            spread = max((scores * (1 - scores)).sum(), ((scores - labels) ** 2).sum())
            apart, share = abs(scores.mean() - labels.mean()), labels.mean()
            if apart > APART_BY * np.sqrt(spread) / rows and apart > SHIFT * min(share, 1 - share):
                whose, what = ("", "the mean label") if not self.of_classes else (f" of {name}", "its share")
                evidence = (
                    f"Its mean score{whose} on the {rows} held-out rows is {scores.mean():.3f}, and {what} "
                    f"{share:.3f}: more than chance explains."
                )
                yield evidence, cause

    def _faults_of_numbers(self, least_r2: float, *, probability: bool) -> Iterator[tuple[str, str]]:
        """Take what ranks the labels for learned, for a median or a quantile may miss by more than the mean does."""
        rows, ranked = len(self.labels), self.rank_correlation
        scores, labels = (np.quantile(values, (0.25, 0.75)) for values in (self.scores, self.labels))
        ratio = (labels[1] - labels[0]) / (scores[1] - scores[0]) if scores[1] > scores[0] else 0.0
        is_other = ratio and not 1 / OTHER_WIDTH < ratio < OTHER_WIDTH and ranked > RANKS
        if probability and is_other and self.misses_more():
            evidence = (
                f"Half of the {rows} held-out rows score {scores[0]:.3g} to {scores[1]:.3g}, and half of their labels "
                f"are {labels[0]:.3g} to {labels[1]:.3g}."
            )
            yield evidence, OTHER_UNIT
        by_chance = WORSE_BY / np.sqrt(max(1, rows - 1))
        if ranked < -by_chance:
            sentence = f"On the {rows} held-out rows the score falls where the label rises"
            yield f"{sentence} (rank correlation {ranked:.2f}).", MISMATCH
        if self.misses_more(least_r2) and (ranked < by_chance or least_r2 > 0):
            evidence = f"Its R2 on the {rows} held-out rows is {self.r2:.3f}, and {least_r2:g} is the least."
            yield evidence, MISMATCH if ranked < by_chance else BELOW

    def beyond(self, low: float, high: float) -> str:
        """Say that labels lie beyond the score's range: one of them many times, or far; nothing of a tail cut off."""
        labels = self.labels[:, 0]
        missed = labels - labels.clip(low, high)
        alike = np.unique_counts(labels[missed != 0]).counts.max(initial=0)
        far = (missed**2).sum() > UNREACHED * ((labels - labels.mean()) ** 2).sum()
        if self.is_binary or not (far or alike > max(MIN_ALIKE - 1, ALIKE * len(labels))):
            return ""
        return (
            f"The score's range {low:g} to {high:g} leaves out {(missed != 0).sum()} of the {len(labels)} held-out "
            f"labels, the farthest {labels[np.abs(missed).argmax()]:g}: no score reaches them. Where that stands for "
            f"a missing label, leave its rows out of the training too; else promise a wider range in contract.py."
        )

    def misses_more(self, least_r2: float = 0.0) -> bool:
        """Whether the R2 is below that, beyond chance; below 0, as of some quantiles, the mean label answers better."""
        spread = (self.labels[:, 0] - self.labels.mean()) ** 2
        more = _squares(self.scores, self.labels) - (1 - least_r2) * spread
        return bool(more.mean() > WORSE_BY * standard_error(more))


def standard_error(values: Numbers) -> float:
    """Give the standard error of a mean; infinite where one value cannot tell."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf


def _squares(scores: Numbers, labels: Numbers) -> Numbers:
    """Give by how much each row's scores miss its labels, squared and added up, float64 (N,)."""
    return ((scores - labels) ** 2).sum(axis=1)


def log_losses(scores: Numbers, labels: Numbers) -> Numbers:
    """Give each row's log loss [nat], float64 (N,), of scores and labels (N, C): of the score of what came."""
    if scores.shape[1] == 1:  # the score of what did not come is the rest
        scores, labels = np.hstack([1 - scores, scores]), np.hstack([1 - labels, labels])
    return -np.log(np.clip((scores * labels).sum(axis=1), SUREST, 1 - SUREST))


def placements(scores: Numbers, is_one: NDArray[np.bool_]) -> Numbers:
    """Give each 1 the share of the 0s with a lower score, each 0 that of the 1s with a higher one; a tie counts half.

    The mean of either is the AUC (Mann-Whitney).
    """
    placed = np.empty(len(scores))
    for these in (is_one, ~is_one):
        others = np.sort(scores[~these])
        lower, upto = (np.searchsorted(others, scores[these], side) for side in ("left", "right"))
        placed[these] = (lower + upto) / (2 * len(others))
    placed[~is_one] = 1 - placed[~is_one]
    return placed


def _ranks(values: Numbers) -> Numbers:
    """Give each value its place from the smallest, from 1; equal ones share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def rounded(figure: Any, places: int = 4) -> float:
    """Round what has no unit."""
    return round(float(figure), places) + 0  # no -0.0


def digits(figure: Any, count: int = 5) -> float:
    """Round what has a unit of its own, which may be small."""
    return float(f"{float(figure):.{count}g}")
