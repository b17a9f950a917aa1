import pytest

from bench.statistics import Line, Spread, line, percentiles, ratio, spread, steepest, worse_than_linear

pytestmark = pytest.mark.quick


def test_a_spread_is_the_median_between_its_quartiles() -> None:
    assert spread([[5, 1], [2, 4, 3]]) == Spread(median=3, low=2, high=4)


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_round_slows_both() -> None:
    calm_then_noisy = [[10.0, 11, 12], [100.0, 110, 120]]
    half_of_it = [[5.0, 5.5, 6], [50.0, 55, 60]]
    assert ratio(calm_then_noisy, half_of_it) == Spread(2, 2, 2)


def test_rounds_that_were_not_taken_in_turn_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([[1.0], [2.0]], [[1.0]])


def test_a_percentile_is_of_all_rounds_together() -> None:
    assert percentiles([[1.0, 2], [3, 4], [5]], 0.5) == [3]


def test_a_line_finds_the_fixed_part_and_the_knee_where_both_are_equal() -> None:
    fitted = line([1, 10, 100], [12, 30, 210])
    assert (round(fitted.fixed, 9), round(fitted.each, 9), round(fitted.knee, 9)) == (10, 2, 5)


def test_what_does_not_grow_has_no_knee() -> None:
    assert Line(fixed=10, each=0).knee == float("inf")


def test_the_steepest_growth_is_found_behind_a_fixed_part_that_hides_it() -> None:
    assert round(steepest([1, 10, 100], [10, 10, 1000]), 9) == 2
    assert steepest([1, 10, 100], [12, 30, 210]) < 1


def test_growth_is_held_to_the_first_size_at_every_later_one() -> None:
    assert worse_than_linear([1, 10, 100], [2, 20, 100]) == 1
    assert worse_than_linear([1, 10, 100], [2, 40, 100]) == 2
