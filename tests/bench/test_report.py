"""What a run says, whole: on the page, and on the terminal."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import plots, report
from bench.contenders import ALL, PEERS
from bench.targets import targets

HERE = Path(__file__).parent
PLOTS = ["cold", "warm", "size", "growth"]


def test_the_page_is_as_it_was_read(results: dict[str, Any]) -> None:
    assert report.write(results, PLOTS) == (HERE / "page.md").read_text()


def test_the_terminal_is_as_it_was_read(results: dict[str, Any]) -> None:
    shown = StringIO()
    report.show(results, Console(file=shown, width=120))
    assert [line.rstrip() for line in shown.getvalue().splitlines()] == (HERE / "terminal.txt").read_text().splitlines()


def test_a_miss_is_said_on_the_page_and_on_the_terminal(results: dict[str, Any]) -> None:
    results["cold_ms"]["ours"] = results["cold_ms"]["floor"]
    results["cold_ms"]["floor"] = [[time / 2] for (time,) in results["cold_ms"]["floor"]]
    missed = "- MISSED: cold start: Handover / floor, 2.00; the target is at most 1.3 (aim 1.15).\n"
    assert missed in report.write(results, PLOTS)
    assert [target.verdict for target in targets(results) if target.what == "cold start: Handover / floor"] == [
        "MISSED"
    ]


def test_what_was_not_measured_is_said_and_not_called_met(results: dict[str, Any]) -> None:
    for measured in ("cold_ms", "warm_ms", "peak_rss_mb", "growth", "file_ms"):
        del results[measured]
    verdicts = [target.verdict for target in targets(results)]
    assert verdicts.count("not measured") == len(verdicts) - 2  # the two sizes are always taken
    assert "- not measured: warm: FastAPI + Mangum / Handover; the target is at least 10.\n" in report.write(
        results, []
    )


@pytest.mark.filterwarnings("default")  # a made-up run has lines of two equal points
def test_every_plot_is_drawn_of_a_full_run_and_none_of_what_was_not_measured(
    results: dict[str, Any], tmp_path: Path
) -> None:
    assert plots.draw(results, tmp_path) == PLOTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cold.png", "growth.png", "size.png", "warm.png"]
    del results["warm_ms"], results["growth"]
    assert plots.draw(results, tmp_path) == ["cold", "size"]


def test_a_cold_start_is_split_without_losing_or_inventing_time() -> None:
    stack = plots.import_stack(100.0, {"numpy": 40.0, "anyio": 5.0, "standard library": 20.0})
    assert {group: time for group, time in stack.items() if time} == {
        plots.REST: 35.0,
        "standard library": 20.0,
        "numpy": 40.0,
        "other packages": 5.0,
    }


def test_every_contender_has_a_colour_of_its_own() -> None:
    assert len({one.colour for one in ALL}) == len(ALL)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_says_whose_advice_it_follows_and_is_locked_by_hash(peer: Any) -> None:
    assert report.source_of(peer).startswith("After ")
    lock = peer.lock.read_text()
    assert lock.count("--hash=sha256:") >= lock.count("==") > 0
    assert "://" not in lock
