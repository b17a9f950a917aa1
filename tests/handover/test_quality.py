"""Figures of merit as scikit-learn has them, and what no honest model looks like."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from handover.quality import BELOW, CONSTANT, INVERTED, MISMATCH, OTHER_UNIT, UNCALIBRATED, HeldOut
from tests.helpers.judged import one_score

ANYTHING = {"least_auc": 0.5, "least_r2": 0.0, "probability": True}


def honest(rows: int = 400, seed: int = 1) -> HeldOut:
    """Make scores that are the probabilities of their labels."""
    random = np.random.default_rng(seed)
    scores = random.beta(1, 2, rows).astype(np.float32).astype(np.float64)
    return one_score(scores, (random.random(rows) < scores).astype(np.float64))


PAIRS = st.lists(
    st.tuples(st.floats(0, 1, width=32), st.sampled_from([0.0, 1.0])), min_size=2, max_size=40
).filter(lambda pairs: len({label for _, label in pairs}) == 2)  # fmt: skip


@given(PAIRS)
@settings(max_examples=200)
def test_figures_of_yes_or_no_are_scikit_learns(pairs: list[tuple[float, float]]) -> None:
    held_out = one_score(*np.array(pairs).T)
    sure = np.clip(held_out.scores, 1e-7, 1 - 1e-7)

    figures = held_out.figures()

    # Half of the fourth digit, and a sum's last bit: a figure that lies between two is rounded either way.
    assert figures["auc"] == pytest.approx(roc_auc_score(held_out.labels, held_out.scores), abs=0.5e-4 + 1e-12)
    assert figures["log_loss"] == pytest.approx(log_loss(held_out.labels, sure), abs=1e-4)
    assert figures["brier"] == pytest.approx(brier_score_loss(held_out.labels, held_out.scores), abs=1e-4)
    assert sum(bin_["rows"] for bin_ in figures["calibration"]) == len(pairs)


@given(st.lists(st.tuples(st.floats(-9, 9, width=32), st.floats(-9, 9, width=32)), min_size=3, max_size=40))
def test_figures_of_numbers_are_scikit_learns(pairs: list[tuple[float, float]]) -> None:
    held_out = one_score(*np.array(pairs).T)
    if np.ptp(held_out.labels) < 1e-3 or held_out.is_binary:
        return

    figures = held_out.figures()

    labels, scores = held_out.labels, held_out.scores
    assert figures["r2"] == pytest.approx(r2_score(labels, scores), abs=1e-4)
    assert figures["mae"] == pytest.approx(mean_absolute_error(labels, scores), rel=1e-4)
    assert figures["rmse"] == pytest.approx(root_mean_squared_error(labels, scores), rel=1e-4)


@given(PAIRS)
def test_what_is_written_is_read_again(pairs: list[tuple[float, float]]) -> None:
    held_out = one_score(*np.array(pairs).T)

    again = HeldOut.from_csv(held_out.as_csv())

    assert again.scores.tolist() == held_out.scores.tolist()
    assert again.labels.tolist() == held_out.labels.tolist()


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"score,label\n1\n", b"score,label\n1,x\n", b"score,label\nnan,1\n"]
)
def test_what_is_no_list_of_pairs_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it should have the columns score and label"):
        HeldOut.from_csv(content)


def inverted(held_out: HeldOut) -> HeldOut:
    return one_score(1 - held_out.scores, held_out.labels)


def shuffled(held_out: HeldOut) -> HeldOut:
    """Pair scores that claim much with labels of other rows."""
    return one_score(held_out.scores, np.random.default_rng(2).permutation(held_out.labels))


def weighted(held_out: HeldOut) -> HeldOut:
    """Shift the scores as class weights do: each odds times four."""
    odds = 4 * held_out.scores / (1 - held_out.scores)
    return one_score(odds / (1 + odds), held_out.labels)


def constant(held_out: HeldOut) -> HeldOut:
    return one_score(np.full_like(held_out.scores, 0.3), held_out.labels)


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [(inverted, INVERTED), (shuffled, MISMATCH), (weighted, UNCALIBRATED), (constant, CONSTANT)],
)
def test_what_learned_nothing_is_refused_with_its_cause(spoil: Callable[[HeldOut], HeldOut], cause: str) -> None:
    evidence, actual = spoil(honest()).no_skill(**ANYTHING)

    assert evidence.endswith(".")
    assert actual == cause


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_model_is_not_refused(seed: int) -> None:
    held_out = honest(rows=150, seed=seed)

    assert held_out.no_skill(**ANYTHING)[0] == ""
    assert held_out.too_good(0.999) == ""


def test_a_ranking_need_not_be_a_probability() -> None:
    assert weighted(honest()).no_skill(**ANYTHING | {"probability": False}) == ("", "")


def test_both_teams_can_agree_on_another_floor() -> None:
    auc = honest().auc

    assert (
        honest()
        .no_skill(**ANYTHING | {"least_auc": 0.95})[0]
        .startswith(f"Its AUC on the 400 held-out rows is {auc:.3f}; 0.95 is the least, and chance explains 0.")
    )
    assert honest().no_skill(**ANYTHING | {"least_auc": 0.95})[1] == BELOW


def test_what_is_perfect_is_not_believed_unless_agreed() -> None:
    labels = honest().labels
    held_out = one_score(0.1 + 0.8 * labels, labels)

    assert held_out.too_good(0.999) == "Its AUC on the 400 held-out rows is 1, above 0.999."
    assert held_out.too_good(1.0) == ""


def test_few_rows_of_an_outcome_prove_nothing() -> None:
    labels = np.array([1.0] * 29 + [0.0] * 200)
    few = one_score(0.1 + 0.8 * labels, labels)

    assert few.too_good(0.999) == ""
    assert one_score(np.append(few.scores, 0.9), np.append(labels, 1.0)).too_good(0.999) != ""

    rare = np.array([1.0] * 3 + [0.0] * 300)
    assert one_score(np.full(303, 0.2) + np.arange(303) / 1e5, rare).no_skill(**ANYTHING | {"least_auc": 0})[0] == ""


def test_points_rank_and_are_no_probability() -> None:
    points = one_score(np.round(300 + 500 * honest().scores), honest().labels)

    assert points.figures() == {
        "rows": 400,
        "mean_label": honest().figures()["mean_label"],
        "auc": points.figures()["auc"],
    }
    assert points.auc == pytest.approx(honest().auc, abs=1e-3)
    assert points.no_skill(**ANYTHING) == ("", "")
    evidence, cause = one_score(-points.scores, points.labels).no_skill(**ANYTHING)
    assert (evidence[:32], cause) == ("Its AUC on the 400 held-out rows", INVERTED)


def test_another_year_is_no_fault() -> None:
    random = np.random.default_rng(5)
    scores = random.beta(2, 4, 20_000)
    labels = (random.random(20_000) < scores * 1.1).astype(np.float64)

    assert one_score(scores, labels).no_skill(**ANYTHING) == ("", "")


class TestNumbers:
    labels = np.random.default_rng(3).normal(50, 10, 300)

    def no_skill(self, scores: np.ndarray) -> str:
        return one_score(scores, self.labels).no_skill(**ANYTHING)[0]

    def test_what_falls_where_the_label_rises_is_refused(self) -> None:
        assert self.no_skill(100 - self.labels).startswith(
            "On the 300 held-out rows the score falls where the label rises (rank correlation -1.00)."
        )

    def test_what_is_worse_than_the_mean_and_does_not_rank_is_refused(self) -> None:
        assert self.no_skill(np.random.default_rng(4).normal(50, 10, 300)).startswith(
            "Its R2 on the 300 held-out rows is -"
        )

    def test_a_quantile_may_miss_the_mean(self) -> None:
        assert self.no_skill(self.labels + 25) == ""

    def test_an_honest_one_is_not_refused(self) -> None:
        assert self.no_skill(50 + 0.2 * (self.labels - 50)) == ""


def costs(rows: int = 200) -> HeldOut:
    """Make labels over three orders of magnitude, and what an honest model of them gives."""
    random = np.random.default_rng(1)
    logarithms = random.normal(5, 1, rows)
    return one_score(np.exp(logarithms), np.exp(logarithms + random.normal(0, 0.3, rows)))


@pytest.mark.parametrize("spoil", [np.log1p, lambda costs: costs / 1000, lambda costs: costs * 1000])
def test_a_number_of_another_unit_than_its_labels_is_refused(spoil: Callable[[Any], Any]) -> None:
    held_out = one_score(spoil(costs().scores), costs().labels)

    evidence, cause = held_out.no_skill(**ANYTHING)

    assert evidence.startswith("Half of the 200 held-out rows score ")
    assert cause == OTHER_UNIT
    assert held_out.no_skill(**ANYTHING | {"probability": False})[0] == ""  # it only ranks


@pytest.mark.parametrize("share", [0.25, 0.5, 2.0, 4.0])
def test_a_quantile_is_of_the_labels_unit(share: float) -> None:
    assert one_score(costs().scores * share, costs().labels).no_skill(**ANYTHING)[0] == ""


def test_a_model_that_learned_little_yet_is_of_the_labels_unit() -> None:
    mean = costs().labels.mean()

    assert one_score(mean + 0.02 * (costs().scores - mean), costs().labels).no_skill(**ANYTHING)[0] == ""


@pytest.mark.parametrize(
    ("odd", "count", "is_told"),
    [
        (999.0, 14, True),
        (-999.0, 1, True),
        (-1.0, 14, True),
        (-1.0, 10, False),  # one in fifty
        (101.0, 50, False),
    ],
)
def test_labels_that_no_score_can_reach_are_told(odd: float, count: int, is_told: bool) -> None:
    labels = np.random.default_rng(1).uniform(2, 101, 500)
    labels[:count] = odd

    doubt = one_score(labels.clip(2, 101), labels).beyond(2, 101)

    assert bool(doubt) is is_told
    if is_told:
        assert doubt == (
            f"The score's range 2 to 101 leaves out {count} of the 500 held-out labels, the farthest {odd:g}: no score "
            f"reaches them. Where that stands for a missing label, leave its rows out of the training too; "
            f"else promise a wider range in contract.py."
        )


@pytest.mark.parametrize("percentile", [95, 99])
@pytest.mark.parametrize("draw", [lambda r, n: r.gamma(2, 10, n), lambda r, n: r.poisson(6, n).astype(float)])
def test_a_tail_beyond_an_agreed_percentile_is_no_fault(percentile: int, draw: Callable[[Any, int], Any]) -> None:
    for seed in range(50):
        random = np.random.default_rng(seed)
        high, labels = float(np.percentile(draw(random, 4000), percentile)), draw(random, 500)
        doubt = one_score(labels, labels).beyond(0, high)
        assert not doubt or percentile == 95  # of whole numbers beyond the 95th, one may well stand often


def test_labels_of_yes_or_no_may_lie_beyond_the_points_of_a_scorecard() -> None:
    assert one_score(np.linspace(300, 850, 100), np.arange(100) % 2).beyond(300, 850) == ""
