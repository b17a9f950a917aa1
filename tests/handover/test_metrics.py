"""Which model is better: the figures are the known ones, the error is that of a bootstrap, noise is called noise."""

import numpy as np
import pytest
from numpy.typing import NDArray

from handover.metrics import compared, may_be_chance, metrics
from handover.quality import HeldOut
from tests.helpers.judged import one_score

pytestmark = pytest.mark.quick
OTHER_LABELS = "not comparable, for it moves with the labels"

type Numbers = NDArray[np.float64]


def yes_or_no(rows: int = 300, noise: float = 0.0, seed: int = 1, drawn: int = 2) -> HeldOut:
    """Give rows of seed ``seed``, scored by what makes their label and by so much noise, of seed ``drawn``."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(0, 2, rows)
    labels = (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    noisy = log_odds + np.random.default_rng(drawn).normal(0, noise, rows) if noise else log_odds
    return one_score(1 / (1 + np.exp(-noisy)), labels)


def numbers(rows: int = 300, noise: float = 1.0, seed: int = 1) -> HeldOut:
    random = np.random.default_rng(seed)
    labels = random.gamma(2, 5, rows) + 2
    return one_score(labels + random.normal(0, noise, rows), labels)


def subset(held_out: HeldOut, places: NDArray[np.intp]) -> HeldOut:
    return one_score(held_out.scores[places], held_out.labels[places])


@pytest.mark.parametrize("held_out", [yes_or_no(), yes_or_no(40, 1.0), numbers(), numbers(80, 4.0)])
def test_the_error_is_that_of_a_bootstrap(held_out: HeldOut) -> None:
    random, rows = np.random.default_rng(7), len(held_out.labels)
    drawn = [metrics(subset(held_out, random.integers(0, rows, rows))) for _ in range(1000)]

    for place, figure in enumerate(metrics(held_out)):
        assert figure.influence.mean() == pytest.approx(0, abs=1e-9)
        assert figure.error == pytest.approx(np.std([one[place].value for one in drawn]), rel=0.12)


def test_the_error_of_the_auc_is_delongs() -> None:
    """But for what it divides by: all rows less one, where theirs divides by the rows of each label less one."""
    scores = np.array([0.1, 0.4, 0.35, 0.6, 0.3, 0.7, 0.8, 0.65])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=np.float64)
    placed = np.array([0.25, 1.0, 1.0, 1.0]), np.array([1.0, 0.75, 0.75, 0.75])
    delong = sum(one.var(ddof=1) / 4 for one in placed)

    figure = metrics(one_score(scores, labels))[0]

    assert figure.value == np.mean(placed) == 0.8125
    assert figure.error**2 == pytest.approx(delong * (3 / 4) * (8 / 7))


@pytest.mark.parametrize("better", [yes_or_no(), numbers(noise=0.5)])
def test_a_better_model_is_called_better_and_the_other_way_round_worse(better: HeldOut) -> None:
    worse = yes_or_no(noise=3.0) if better.is_binary else one_score(better.scores[::-1], better.labels)
    up, down = compared(worse, better), compared(better, worse)

    assert up
    assert down
    assert (up.verdict, {shift.verdict for shift in up.shifts}) == ("is better", {"better"})
    assert (down.verdict, {shift.verdict for shift in down.shifts}) == ("is worse", {"worse"})
    assert up.rows == "Compared row by row: both have the same 300 held-out rows, by their labels."


def test_what_only_pairing_shows_is_shown_on_the_same_rows_alone() -> None:
    same, other = compared(yes_or_no(noise=0.7), yes_or_no()), compared(yes_or_no(noise=0.7, seed=5), yes_or_no())

    assert same
    assert other
    assert (same.paired, other.paired) == (True, False)
    assert same.shifts[0].error < other.shifts[0].error / 2
    assert other.verdict == "is no better and no worse: within the noise"
    assert other.rows == (
        "The held-out rows are not the same, 300 then and 300 now: some of the difference may be theirs."
    )


def test_chance_alone_is_called_better_or_worse_as_rarely_as_agreed() -> None:
    pairs = [compared(yes_or_no(120, 1.5, seed, 1), yes_or_no(120, 1.5, seed, 2)) for seed in range(400)]

    called = [pair.shifts[0].verdict != "within the noise" for pair in pairs if pair]
    assert 0.02 < np.mean(called) < 0.08


def test_rows_with_the_same_labels_that_are_others_have_the_error_of_others() -> None:
    """Sorted by label, two sets look the same: their errors do not go together, so pairing gains nothing."""
    one, two = (yes_or_no(seed=seed) for seed in (1, 2))
    count = min(one.minority, two.minority)
    sets = [
        subset(held_out, np.concatenate([np.flatnonzero(held_out.labels == label)[:count] for label in (0, 1)]))
        for held_out in (one, two)
    ]
    pair = compared(*sets)

    assert pair
    assert pair.paired
    unpaired = np.hypot(*(metrics(held_out)[0].error for held_out in sets))
    assert pair.shifts[0].error == pytest.approx(unpaired, rel=0.1)


def test_the_same_answers_are_no_difference() -> None:
    pair = compared(yes_or_no(), yes_or_no())

    assert pair
    assert pair.is_same
    assert pair.verdict == "answers the held-out rows as the old one does"


def test_points_and_a_probability_are_compared_by_what_both_have() -> None:
    probability = yes_or_no()
    points = one_score(300 + 500 * probability.scores, probability.labels)

    assert [figure.name for figure in metrics(points)] == ["AUC"]
    for pair in (compared(points, probability), compared(probability, points)):
        assert pair
        assert [shift.now.name for shift in pair.shifts] == ["AUC"]


def test_what_cannot_be_compared_is_not() -> None:
    alike = one_score(np.array([0.2, 0.4]), np.ones(2))

    assert compared(yes_or_no(), numbers()) is None
    assert compared(alike, yes_or_no()) is None
    assert compared(yes_or_no(), alike) is None


@pytest.mark.parametrize(
    ("held_out", "value", "sign", "written"),
    [(yes_or_no(), 0.83641, "", "0.8364"), (yes_or_no(), -1e-9, "+", "+0.0000"), (numbers(), 12.34567, "", "12.346")],
)
def test_figures_are_written_as_people_read_them(held_out: HeldOut, value: float, sign: str, written: str) -> None:
    assert metrics(held_out)[0 if held_out.is_binary else 1].written(value, sign) == written


def test_no_interval_leaves_what_a_figure_can_be() -> None:
    labels = np.array([[0.0], [1.0]] * 10)
    sure = np.where(labels == 1, 0.999, 0.001)
    sure[0] = 0.9  # one row of twenty is missed by far
    for figure in metrics(one_score(sure, labels)):
        low, high = figure.interval
        assert 0 <= low <= figure.value <= high
        assert high <= figure.most


@pytest.mark.parametrize(
    ("held_out", "may_be"),
    [
        (yes_or_no(), False),
        (one_score(np.random.default_rng(7).random(300), yes_or_no().labels), True),
        (numbers(), False),
        (one_score(np.random.default_rng(7).permutation(numbers().scores[:, 0]), numbers().labels), True),
        (one_score(numbers(noise=0.1).labels[:, 0] + 9, numbers(noise=0.1).labels), False),
    ],
    ids=["of yes or no", "of a coin", "numbers", "shuffled", "far off, but in order, as a quantile is"],
)
def test_what_may_be_chance_is_what_a_model_without_knowledge_has(held_out: HeldOut, may_be: bool) -> None:
    assert may_be_chance(held_out) is may_be


def of_share(share: float, seed: int, rows: int = 1000) -> HeldOut:
    """Give a model that knows as much of each row, and as often a 1 as its labels have."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < share).astype(np.float64)
    known = random.normal(2 * labels, 1)
    return one_score(1 / (1 + np.exp(2 - 2 * known - np.log(share / (1 - share)))), labels)


def test_a_log_loss_of_another_base_rate_compares_no_models() -> None:
    comparison = compared(of_share(0.314, 1), of_share(0.146, 2))

    assert comparison is not None
    assert [shift.verdict for shift in comparison.shifts] == ["within the noise", OTHER_LABELS]
    assert comparison.rows == (
        "The held-out rows are not the same, 1000 then and 1000 now: some of the difference may be theirs. The mean "
        "label was 0.318, and is 0.131: more than chance explains."
    )


def test_of_classes_the_share_that_moved_most_is_named() -> None:
    sides = []
    for shares in ([0.4, 0.4, 0.2], [0.3, 0.3, 0.4]):
        random = np.random.default_rng(1)
        labels = np.eye(3)[random.choice(3, 600, p=shares)]
        known = np.exp(random.normal(2 * labels, 1))
        sides.append(HeldOut(known / known.sum(axis=1, keepdims=True), labels, ("a", "b", "c")))
    comparison = compared(*sides)

    assert comparison is not None
    assert [shift.verdict for shift in comparison.shifts][1:] == [OTHER_LABELS] * 2
    assert "The share of c was" in comparison.rows


def test_a_base_rate_that_moves_by_chance_is_told_in_few_of_a_hundred() -> None:
    pairs = [compared(of_share(0.3, seed, 400), of_share(0.3, seed + 500, 400)) for seed in range(200)]
    assert sum(bool(pair and pair.labels_moved) for pair in pairs) <= 8  # 2.5 standard errors: 1.2 % are expected


def test_numbers_of_another_mean_say_so_and_are_compared() -> None:
    comparison = compared(numbers(), one_score(numbers(seed=2).scores + 3, numbers(seed=2).labels + 3))

    assert comparison is not None
    assert comparison.labels_moved.startswith("The mean label was ")
    assert OTHER_LABELS not in [shift.verdict for shift in comparison.shifts]
