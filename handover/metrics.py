"""Figures of merit with the error that chance gives them, and which of two models is better by them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handover.quality import WORSE_BY, HeldOut, Numbers, log_losses, placements, standard_error
from predictor.files import Json

NORMAL_975 = 1.96
"""Quantile of the normal distribution: 95 % of a figure's errors are within so many standard errors."""
CHANCE_AUC = 0.5
FOLLOW_LABELS = ("log loss", "accuracy")


@dataclass(frozen=True)
class Metric:
    """A figure of merit on held-out rows."""

    name: str
    value: float
    influence: Numbers
    """Float64 (N,): how far each row pulls it, around a mean of 0. Their spread gives the standard error (of an AUC
    that of DeLong et al., Biometrics 44, 1988), and of two models on the same rows that of the difference."""
    rises: bool = True
    """Whether more is better."""
    has_unit: bool = False
    """Whether it is in the score's unit."""
    least: float = 0.0
    """The lowest that it can be, ..."""
    most: float = np.inf
    """... and the highest."""

    @property
    def error(self) -> float:
        """Its standard error; infinite where one row cannot tell."""
        return standard_error(self.influence)

    @property
    def interval(self) -> tuple[float, float]:
        """Where it is in truth, with 95 % confidence."""
        low, high = self.value - NORMAL_975 * self.error, self.value + NORMAL_975 * self.error
        return max(low, self.least), min(high, self.most)

    def written(self, value: float, sign: str = "") -> str:
        """Write a value of it, or with a sign a difference of two; of what has a unit the first digits."""
        return f"{value:{sign}.{3 if sign else 5}g}" if self.has_unit else f"{round(value, 4) + 0:{sign}.4f}"


def metrics(held_out: HeldOut) -> tuple[Metric, ...]:
    """Give the figures that models are compared by; the first is the one that decides.

    For labels of 0 and 1 the AUC and, where scores may be probabilities, the log loss [nat]; for classes the mean AUC
    of one against the rest, the log loss and the accuracy; else R2 and the mean absolute error [the score's unit].
    The labels must not be all alike.
    """
    if not held_out.is_binary:
        missed = (held_out.scores - held_out.labels)[:, 0]
        spread = (held_out.labels[:, 0] - held_out.labels.mean()) ** 2
        influence = ((1 - held_out.r2) * spread - missed**2) / spread.mean()
        r2 = Metric("R2", held_out.r2, influence, least=-np.inf, most=1)
        return r2, _mean("MAE", np.abs(missed), has_unit=True)
    pulls = [_pull(held_out.scores[:, column], held_out.labels[:, column] == 1) for column in held_out.columns]
    auc = Metric("AUC", held_out.auc, np.mean(pulls, axis=0), most=1)
    if not held_out.may_be_probability:
        return (auc,)
    losses = _mean("log loss", log_losses(held_out.scores, held_out.labels))
    if not held_out.of_classes:
        return auc, losses
    accuracy = float(held_out.top_label.mean())
    return auc, losses, Metric("accuracy", accuracy, held_out.top_label - accuracy, most=1)


def may_be_chance(held_out: HeldOut) -> bool:
    """Whether a model that knows nothing could have the figure that decides.

    An R2 may be below 0 of a model that ranks the labels, as one of a quantile: then it knows something.
    """
    low, _ = metrics(held_out)[0].interval
    if held_out.is_binary:
        return low <= CHANCE_AUC
    return bool(low <= 0 and held_out.rank_correlation < NORMAL_975 / np.sqrt(max(1, len(held_out.labels) - 1)))


def quality_record(held_out: HeldOut) -> Json:
    """Give what the manifest says of how good a model is: its figures, and of some the 95 % ``interval``."""
    intervals = {
        metric.name.lower().replace(" ", "_"): [float(metric.written(end)) for end in metric.interval]
        for metric in metrics(held_out)
    }
    return {**held_out.figures(), "interval": intervals}


def _pull(scores: Numbers, is_one: NDArray[np.bool_]) -> Numbers:
    """Give how far each row pulls the AUC of one score, around a mean of 0."""
    placed = placements(scores, is_one)
    for these in (is_one, ~is_one):
        placed[these] = (placed[these] - placed[these].mean()) * len(scores) / these.sum()
    return placed


def _mean(name: str, losses: Numbers, *, has_unit: bool = False) -> Metric:
    mean = float(losses.mean())
    return Metric(name, mean, losses - mean, rises=False, has_unit=has_unit)


@dataclass(frozen=True)
class Shift:
    """What became of one figure from one model to another."""

    was: Metric
    now: Metric
    error: float
    """Standard error of the difference."""
    follows_labels: bool = False
    """Whether labels come more or less often than they did, and it moves with that, of a model that knows as much."""

    @property
    def difference(self) -> float:
        """By how much it is higher now."""
        return self.now.value - self.was.value

    @property
    def interval(self) -> tuple[float, float]:
        """Where the difference is in truth, with 95 % confidence."""
        return self.difference - NORMAL_975 * self.error, self.difference + NORMAL_975 * self.error

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` beyond chance, else ``within the noise``; of other labels ``not comparable``."""
        if self.follows_labels:
            return "not comparable, for it moves with the labels"
        low, high = self.interval
        if low <= 0 <= high:
            return "within the noise"
        return "better" if (low > 0) == self.now.rises else "worse"

    @property
    def words(self) -> tuple[str, str, str, str, str, str]:
        """Its name, both values, the difference, the 95 % interval of that, and the verdict, as they are written."""
        was, now, difference = self.was.value, self.now.value, self.now.written(self.difference, "+")
        interval = " to ".join(self.now.written(end, "+") for end in self.interval)
        return self.now.name, self.was.written(was), self.now.written(now), difference, interval, self.verdict


@dataclass(frozen=True)
class Comparison:
    """Two models by their held-out rows."""

    shifts: tuple[Shift, ...]
    """Of each figure; the first decides."""
    paired: bool
    """Whether the rows are the same, so that what makes some of them hard cancels out."""
    labels_moved: str = ""
    """Which labels come more or less often than they did, in a sentence; empty where chance explains it."""

    @property
    def is_same(self) -> bool:
        """Whether no row is answered otherwise, as far as the figures show it."""
        return self.paired and not any(shift.difference or shift.error for shift in self.shifts)

    @property
    def verdict(self) -> str:
        """Say of the new model, as a sentence ends: ``is better``."""
        if self.is_same:
            return "answers the held-out rows as the old one does"
        verdict = self.shifts[0].verdict
        return f"is {verdict}" if verdict in {"better", "worse"} else f"is no better and no worse: {verdict}"

    @property
    def rows(self) -> str:
        """Say in a sentence by which rows they were compared."""
        was, now = (len(metric.influence) for metric in (self.shifts[0].was, self.shifts[0].now))
        if self.paired:
            return f"Compared row by row: both have the same {now} held-out rows, by their labels."
        rows = f"The held-out rows are not the same, {was} then and {now} now: some of the difference may be theirs."
        return f"{rows} {self.labels_moved}".rstrip()


def compared(before: HeldOut, now: HeldOut) -> Comparison | None:
    """Compare two models by the rows that judge them; ``None`` where their questions differ, or they cannot be judged.

    Rows are the same where all labels are, in their order. Should they be others after all, their errors do not go
    together, and the error of the difference comes out as that of different rows.
    """
    alike = before.is_binary == now.is_binary and sorted(before.names) == sorted(now.names)
    if not (alike and before.columns and now.columns):
        return None
    now = now.ordered(before.names)
    paired = np.array_equal(before.labels, now.labels)
    shifts, moved = [], _moved(before, now)
    for was, is_ in zip(metrics(before), metrics(now), strict=False):  # points have no log loss, and a probability has
        error = standard_error(is_.influence - was.influence) if paired else float(np.hypot(was.error, is_.error))
        shifts.append(Shift(was, is_, error, follows_labels=bool(moved) and is_.name in FOLLOW_LABELS))
    return Comparison(tuple(shifts), paired, moved)


def _moved(before: HeldOut, now: HeldOut) -> str:
    """Say which mean label is another one, beyond chance: of classes the share that moved most."""
    was, is_ = before.labels.mean(axis=0), now.labels.mean(axis=0)
    variance = sum(side.labels.var(axis=0, ddof=1) / len(side.labels) for side in (before, now))
    beyond = np.abs(is_ - was) - WORSE_BY * np.sqrt(variance)
    most = int(beyond.argmax())
    what = f"share of {before.names[most]}" if before.of_classes else "mean label"
    sentence = f"The {what} was {was[most]:.3g}, and is {is_[most]:.3g}: more than chance explains."
    return sentence if beyond[most] > 0 else ""
