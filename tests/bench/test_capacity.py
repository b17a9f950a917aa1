"""A month's bill against hand-worked ones, cold starts against closed forms, the page against its own figures."""

import json
from dataclasses import replace
from itertools import pairwise
from math import exp, inf
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.progress import Progress

from bench.capacity import __main__ as command
from bench.capacity import aws, bill, limits, measured, page, plots, simulation
from bench.capacity.measured import Measured
from bench.capacity.simulation import Run, arrivals, cold_starts, grouped
from handover.cloudformation import Template
from handover.local.stack import NothingBuiltError, built_function

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".aws-sam" / "build"
FIGURES = aws.figures()
# Round numbers: with the 26 bytes of each, a request leaves 500 + 250 bytes beside Lambda's own lines.
ROUND = Measured(
    architecture="x86_64",
    cold_ms=250.0,
    cold_cpu_ms=200.0,
    warm_cpu_ms=1.0,
    memory_mb=70.0,
    metrics_line=474,
    metrics=4,
    access_line=224,
    answer=300,
)
HALF = 1769 / 2


# --- prices


@pytest.mark.parametrize(
    ("name", "amount", "usd"),
    [
        ("lambda_request", 60e6, 12.0),  # AWS's own example, when billing by the millisecond came
        ("lambda_duration_x86_64", 60e6 * 0.028, 28.000056),  # the same one, 28 ms at 1 GB
        ("lambda_duration_x86_64", 16e9, 100_000.2 + 135_000 + 13_333.4),  # 6, 9 and 1 thousand million GB-s
        ("lambda_duration_arm64", 18.75e9, 100_000.5 + 135_001.125),
        ("http_api_request", 300e6, 300.0),
        ("http_api_request", 1000e6, 300 + 630),
        ("lambda_logs", 60 * 1024, 5120 + 5120 + 2048 + 512),  # 60 TB: 10, 20, 20 and 10 of them
        ("access_logs", 60 * 1024, 30_720.0),
        ("custom_metric", 10_001, 3000.1),
        ("http_api_request", 0, 0.0),
    ],
)
def test_each_unit_costs_what_its_step_says(name: str, amount: float, usd: float) -> None:
    assert FIGURES[name].cost(amount) == pytest.approx(usd, rel=1e-9)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=list(FIGURES))
def test_every_figure_says_where_it_comes_from(figure: aws.Figure) -> None:
    assert figure.url.startswith("https://")
    assert figure.source
    assert figure.read.year >= 2026
    assert figure.seen in {"page", "price list", "no"}
    assert (figure.value > 0) != bool(figure.steps)
    assert all(low["from"] < high["from"] and low["price"] > high["price"] for low, high in pairwise(figure.steps))


def test_a_figure_is_written_as_people_read_it() -> None:
    assert FIGURES["lambda_duration_arm64"].text == (
        "0.0000133334; 0.0000120001 from 7,500,000,000; 0.0000106667 from 18,750,000,000"
    )
    assert FIGURES["whole_vcpu_mb"].text == "1,769"


def test_half_a_vcpu_takes_twice_as_long_and_init_does_not() -> None:
    measured_ = replace(ROUND, warm_cpu_ms=1.2)

    half = bill.size(int(HALF), "x86_64", measured_, FIGURES)
    more = bill.size(3008, "x86_64", measured_, FIGURES)

    assert half.warm_ms == pytest.approx(2.4, rel=1e-3)
    assert (half.billed_warm_ms, half.billed_cold_ms) == (3, 203)
    assert (more.warm_ms, more.billed_warm_ms) == (1.2, 2)  # one thread has no use for a second vCPU


def test_a_month_at_one_request_a_second_worked_by_hand() -> None:
    of = bill.Size(512, "x86_64", 1.5, 200.0, 2, 202, 0.0)

    items = bill.month(1, of, 0.01, ROUND, FIGURES)

    requests = 2_628_000
    own = sum(len(line) + 26 for line in bill.LAMBDA_LINES)
    gb = requests / 2**30
    assert items == pytest.approx(
        {
            "HTTP API": 2.628,
            "Lambda, requests": 0.5256,
            "Lambda, duration": requests * 0.002 * 0.5 * 0.0000166667,
            "Lambda, INIT": 26_280 * 0.2 * 0.5 * 0.0000166667,
            "Logs, metrics line": gb * 500 * 0.5,
            "Logs, Lambda's own lines": gb * own * 0.5,
            "Logs, access log": gb * 250 * 0.5,
            "Logs, kept": gb * (750 + own) * 0.15 * 30 / (730 / 24) * 0.03,
            "Custom metrics": 1.2,
            "Data out": gb * 300 * 0.09,
        }
    )
    assert bill.part(items, "Lambda") == pytest.approx(0.5256 + 0.0438 + 0.0438, rel=1e-4)


def test_a_line_that_is_not_written_costs_nothing_and_moves_the_others_up_a_step() -> None:
    of = bill.Size(512, "x86_64", 1.5, 200.0, 2, 202, 0.0)

    all_lines = bill.month(10_000, of, 0.0, ROUND, FIGURES)
    fewer = bill.month(10_000, of, 0.0, ROUND, FIGURES, without="Lambda's own lines")

    assert fewer["Logs, Lambda's own lines"] == 0
    assert fewer["Logs, metrics line"] > all_lines["Logs, metrics line"]
    assert fewer["Logs, metrics line"] == pytest.approx(FIGURES["lambda_logs"].cost(26.28e9 * 500 / 2**30))


@pytest.mark.parametrize("architecture", bill.ARCHITECTURES)
def test_provisioned_concurrency_breaks_even_at_three_fifths(architecture: str) -> None:
    # 60 ms at ten requests a second: an environment is busy for exactly that share of its time.
    of = bill.Size(1024, architecture, 60.0, 260.0, 60, 260, 0.0)

    even = bill.provisioned(1000, of, 0.0, FIGURES)

    assert even.environments == 100
    assert even.busy == pytest.approx(0.6)
    assert even.pays_from_busy == pytest.approx(0.6, abs=2e-5)
    assert even.extra_usd == pytest.approx(0, abs=0.1)
    assert bill.provisioned(1000, replace(of, billed_warm_ms=50), 0.0, FIGURES).extra_usd > 100
    assert bill.provisioned(1000, replace(of, billed_warm_ms=70), 0.0, FIGURES).extra_usd < -100


def test_a_restore_costs_what_init_costs_in_eight_seconds() -> None:
    of = bill.Size(1024, "x86_64", 2.0, 8390.0, 2, 8390, 0.0)  # an INIT of 8.388 s

    price = bill.snapstart(1, of, 0.5, FIGURES)

    assert price.cache_usd == pytest.approx(2_628_000 * 0.0000015046)
    assert price.restores_usd == pytest.approx(1_314_000 * 0.0001397998)
    assert price.restores_usd == pytest.approx(price.init_usd, rel=1e-4)
    assert price.pays_from_init_s == pytest.approx(8.388, rel=1e-4)


# --- what a request leaves


def test_the_access_log_is_the_templates() -> None:
    assert measured.access_line(Template(ROOT / "template.yaml")) == (
        '{"requestId":"JKJaXmPLvHcESHA=","functionRequestId":"8f5c1b7e-2d43-4a7e-9d7c-0f6a1f0b9c11", '
        '"caller":"AIDACKCEVSQ6C2EXAMPLE","subject":"-", '
        '"ip":"203.0.113.100","time":"25/Nov/2026:12:00:00 +0000", '
        '"method":"POST","path":"/predict","status":"200", "bytes":"46","latency":"12", '
        '"integrationLatency":"10","error":"-", "integrationError":"-"}'
    )


def test_a_metric_counts_once_for_each_set_of_dimensions() -> None:
    directive = {"Metrics": [{"Name": "latency"}, {"Name": "error"}], "Dimensions": [["service"], ["service", "model"]]}

    assert measured.custom_metrics({"_aws": {"CloudWatchMetrics": [directive]}}) == 4


def test_the_built_function_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        memory_mb = built_function(BUILD).memory_mb
    except NothingBuiltError:
        pytest.skip("nothing is built: run make build")
    monkeypatch.setattr(measured, "COLD_STARTS", 1)
    monkeypatch.setattr(measured, "ROUNDS", 200)
    event = json.loads((ROOT / "events" / "predict.json").read_text())

    with Progress(disable=True) as progress:
        figures = measured.measure(BUILD, event, progress)

    assert 0 < figures.warm_cpu_ms < figures.cold_cpu_ms
    assert 20 < figures.memory_mb < memory_mb
    assert figures.metrics == 4
    assert figures.metrics_line > 300
    assert figures.answer > measured.HEADERS_BESIDE + len('{"score":0.1,"decision":"approve"}')


# --- cold starts


def ones(times: np.ndarray) -> np.ndarray:
    return np.ones(len(times), dtype=np.int64)


def poisson(rate: float, horizon_s: float, seed: int = 1) -> np.ndarray:
    return arrivals("poisson", rate, horizon_s, np.random.default_rng(seed))


def test_an_environment_that_is_never_lost_starts_once_for_each_that_was_ever_busy_beside_others() -> None:
    times = poisson(50, 200)

    cold, busy = cold_starts(times, ones(times), 0.1, 0.0, inf)

    assert cold.sum() == busy.max()
    ends = times + 0.1
    assert busy.max() == max(np.searchsorted(times, t, "right") - np.searchsorted(ends, t, "right") for t in times)


def test_an_environment_that_is_lost_at_once_makes_every_request_cold() -> None:
    times = poisson(50, 200)

    cold, _ = cold_starts(times, ones(times), 0.1, 0.2, 0.0)

    assert cold.sum() == len(times)


@pytest.mark.parametrize("rate", [0.0005, 0.001, 0.003])
def test_a_slow_poisson_stream_starts_cold_when_the_gap_is_longer_than_a_life(rate: float) -> None:
    times = poisson(rate, 200_000 / rate)

    cold, _ = cold_starts(times, ones(times), 0.002, 0.2, 600.0)

    assert cold.mean() == pytest.approx(exp(-rate * 600), abs=4 * 0.5 / np.sqrt(len(times)))


def test_as_many_are_busy_as_rate_times_duration() -> None:
    times = poisson(1000, 300)

    _, busy = cold_starts(times, ones(times), 0.02, 0.0, inf)

    assert busy.mean() == pytest.approx(1000 * 0.02 + 1, rel=0.02)  # one arrives, and sees the mean


def test_a_cold_start_holds_its_environment_longer() -> None:
    times = np.array([0.0, 0.15, 0.25, 0.45])

    cold, busy = cold_starts(times, ones(times), 0.01, 0.2, inf)

    assert cold.tolist() == [1, 1, 0, 0]  # the second comes while the first still starts, the third finds it free
    assert busy.tolist() == [1, 2, 2, 1]


def test_the_environment_that_was_freed_last_is_taken_so_that_the_other_is_lost() -> None:
    times = np.array([0.0, 0.0, 5.0, 10.0, 15.0, 15.0])

    cold, _ = cold_starts(times, ones(times), 1.0, 0.0, 12.0)

    assert cold.tolist() == [1, 1, 0, 0, 0, 1]


def test_requests_at_one_moment_are_followed_alike_alone_and_together() -> None:
    times, counts = grouped(poisson(200, 100), 0.01)

    together, busy_together = cold_starts(times, counts, 0.02, 0.3, 5.0)
    apart, busy_apart = cold_starts(np.repeat(times, counts), ones(np.repeat(times, counts)), 0.02, 0.3, 5.0)

    assert counts.max() > 1
    assert together.sum() == apart.sum()
    assert busy_together.max() == busy_apart.max()


def test_grouping_loses_nobody() -> None:
    times, counts = grouped(np.array([0.0, 0.1, 0.9, 2.0, 2.5, 7.3]), 1.0)

    assert times.tolist() == [0.0, 2.0, 7.0]
    assert counts.tolist() == [3, 2, 1]


def test_a_bursty_stream_has_its_mean_and_ten_times_as_many_in_a_spike() -> None:
    times = arrivals("bursty", 20.0, 100 * 1200.0, np.random.default_rng(1))

    within = times % 1200 >= 1140
    assert len(times) == pytest.approx(20 * 100 * 1200, rel=0.01)
    assert within.sum() / (100 * 60) == pytest.approx(limits.peak(20), rel=0.01)
    assert (~within).sum() / (100 * 1140) == pytest.approx(limits.peak(20) / 10, rel=0.01)


def test_the_same_seed_gives_the_same_run_and_another_another() -> None:
    def once(seed: int) -> Run:
        return simulation.run("bursty", 2.0, lifetime_s=600.0, occupied_ms=2.0, cold_ms=200.0, seed=seed)

    assert once(1) == once(1)
    assert once(1) != once(2)


# --- limits


def test_each_limit_is_laid_beside_what_a_stream_takes_of_it() -> None:
    run = Run("bursty", 100, 600.0, 2.0, requests=1000, cold=10, busiest=12, cold_in_10_s=8)

    compared = limits.limits(690.0, run, 100, FIGURES)

    assert [(limit.name, limit.allowed, round(limit.share, 4)) for limit in compared] == [
        ("the template's RateLimit", 100, 6.9),
        ("requests in a new account", 100, 6.9),
        ("environments in a new account", 10, 1.2),
        ("requests in an account", 10_000, 0.069),
        ("environments in an account", 1000, 0.012),
        ("API Gateway's throttle", 10_000, 0.069),
        ("new environments", 1000, 0.008),
    ]


def test_limits_that_are_met_at_once_are_named_together() -> None:
    limit = command.read().first("poisson", 10_000, new_account=False)

    assert (limit.name, limit.share) == ("requests in an account and API Gateway's throttle", 1.0)


# --- the page


def test_the_page_is_what_its_figures_say() -> None:
    assert page.write(command.read()) == (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8"), (
        "docs/capacity.md is older than the prices, the template or the page's words: run make capacity"
    )


def test_the_pages_runs_are_those_that_the_simulation_gives() -> None:
    capacity = command.read()
    of = capacity.measured
    for process in page.PROCESSES:
        run = capacity.run(process, 0.01)
        again = simulation.run(
            process, 0.01, lifetime_s=600.0, occupied_ms=capacity.own.warm_ms, cold_ms=of.cold_cpu_ms
        )
        assert again == run


def test_the_page_has_every_run_that_it_names() -> None:
    wanted = list(command.runs(1.5))

    assert len({(one["process"], one["rate"], one["lifetime_s"], one["occupied_ms"]) for one in wanted}) == len(wanted)
    assert len(wanted) == len(command.read().runs)


def test_the_plots_are_drawn(tmp_path: Path) -> None:
    capacity = command.read()

    plots.memory(capacity.sizes, 66.0, tmp_path / "memory.png")
    plots.cold(capacity.runs, 600.0, tmp_path / "cold.png")
    plots.month(capacity.bills, tmp_path / "month.png")

    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("cold", "text"), [(0, "none of 5,000"), (2, "1 in 2,500"), (2500, "50 %")], ids=["none", "few", "many"]
)
def test_a_share_of_cold_starts_is_said_in_words(cold: int, text: str) -> None:
    assert page.one_in(Run("poisson", 1, 600.0, 2.0, 5000, cold, 1, 1)) == text


def test_nothing_built_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> Measured:
        raise NothingBuiltError("nothing is built: run make build")

    monkeypatch.setattr(command, "measure", nothing)

    ended = CliRunner().invoke(command.main)

    assert ended.exit_code == 2
    assert ended.output.strip() == "capacity: nothing is built: run make build"
