"""The built handler in a process of its own, timed in each way."""

import json
from pathlib import Path

import pytest

from bench.measure.inprocess import block
from handover.latency import Probe
from handover.local.stack import NothingBuiltError, built_function

ROOT = Path(__file__).parents[2]


def test_the_handler_is_timed_with_its_line_of_metrics_and_without() -> None:
    try:
        function = built_function(ROOT / ".aws-sam" / "build")
    except NothingBuiltError:
        pytest.skip("nothing is built: run make build")
    event = json.loads((ROOT / "events" / "predict.json").read_text())

    with Probe(function) as probe:
        times = [
            block(probe, mode, [given], 50) for mode, given in (("handler", event), ("quiet", event), ("session", 1))
        ]

    assert [len(each) for each in times] == [50, 50, 50]
