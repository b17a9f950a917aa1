"""Each clause of latency, broken alone: the whole report but for the figures, as a person reads it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handover import latency
from handover.checks import CLAUSES, speed
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.latency import Latency, NotMeasuredError, measure
from handover.local.stack import BuiltFunction
from handover.reporters.text import report
from tests.helpers import reports
from tests.helpers.sandbox import ROOT, Sandbox

BREAKS = {
    "L601": ("def piece", "import unittest\n\n\ndef piece"),
    "L602": ("def piece", "import time\n\ntime.sleep(0.4)\n\n\ndef piece"),
    "L603": ("return row.weight > 20", "return row.weight > 20 + 0 * sum(range(50_000))"),
}


def says(sandbox: Sandbox, code: str) -> str:
    """Hold one clause, without those that it needs: a heuristic that sleeps is told by them first."""
    (clause,) = (replace(clause, requires=()) for clause in CLAUSES if clause.code == code)
    with DeliveryContext(ROOT, sandbox.folder) as context:
        return report(list(evaluate(context, [clause])), context).replace(str(sandbox.folder), "DELIVERY") + "\n"


def figureless(text: str) -> str:
    return re.sub(r"\d+\.\d+", "#", re.sub(r"Slowest imports: .*", "Slowest imports: #", text))


@pytest.mark.parametrize("code", BREAKS)
def test_a_broken_clause_is_reported(sandbox: Sandbox, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "COLD_PAIRS", 3 if code == "L602" else 1)
    monkeypatch.setattr(latency, "WARM_ROUNDS", 200)  # of which each of L603's takes a thousandth of a second more
    monkeypatch.setattr(speed, "MEASURED", 1)
    sandbox.edit("heuristics.py", *BREAKS[code]).seal()  # it answers as before, only later

    reports.check(code, figureless(says(sandbox, code)))


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "L"} == BREAKS.keys()


def test_the_forbidden_modules_are_not_there_in_a_delivery_that_forbears(sandbox: Sandbox) -> None:
    assert reports.is_all_kept(says(sandbox, "L601"))


def test_a_noisy_quarter_is_no_fault_of_the_function(sandbox: Sandbox) -> None:
    def context(ratios: list[float]) -> DeliveryContext:
        opened = DeliveryContext(ROOT, sandbox.folder)
        ones = np.ones(len(ratios))
        opened.__dict__["latency"] = Latency(np.array(ratios), ones, np.array(ratios), ones)
        opened.__dict__["function"] = None
        return opened

    assert speed.starts_fast(context([1.2, 1.25, 1.3, 9, 9, 9, 9, 9, 9])) is None
    assert speed.answers_fast(context([8, 8, 9, 90, 90, 90, 90, 90, 90])) is None


@pytest.mark.parametrize(("slow", "measured", "kept"), [(0, 1, True), (2, 3, True), (3, 3, False)])
def test_too_slow_is_a_verdict_when_it_is_measured_again(
    slow: int, measured: int, kept: bool, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was busy with other work must not break a delivery, and a slow one must stay broken."""
    taken: list[float] = []

    def measure(*_: object) -> Latency:
        taken.append(20 if len(taken) < slow else 1)
        return Latency(*(np.full(5, time) for time in (taken[-1], 1, taken[-1], 1)))

    monkeypatch.setattr("handover.context.measure", measure)
    monkeypatch.setattr(speed, "slowest_imports", lambda _: [])
    for check in (speed.starts_fast, speed.answers_fast):
        taken.clear()
        with DeliveryContext(ROOT, sandbox.folder) as context:
            assert (check(context) is None) == kept
        assert len(taken) == measured


def test_a_function_that_does_not_start_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise RuntimeError('no model today')\n")
    function = BuiltFunction("F", tmp_path, (), "app.handler", {}, 128, 3)

    with pytest.raises(NotMeasuredError, match=r"^RuntimeError: no model today$"):
        speed.modules(function)
    with pytest.raises(Exception, match="did not start"):
        measure(function, {})
