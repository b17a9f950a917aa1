"""Runs in the built function's own environment, outside of ``handover``: what it imports, and how long it takes warm.

``python probe.py modules`` prints the names of all modules after INIT; ``python probe.py warm EVENT ROUNDS`` the times
of the handler and of the bare ``session.run`` [ms], taken in turn. The answer is the last line on stderr: stdout is the
function's.
"""

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

ROUNDS_BEFORE = 100  # until the interpreter has specialised its bytecode and the allocators have their pages

name, _, attribute = os.environ["_HANDLER"].rpartition(".")
context = SimpleNamespace(
    aws_request_id="probe",
    function_name="probe",
    function_version="$LATEST",
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:probe",
    memory_limit_in_mb=0,
    get_remaining_time_in_millis=lambda: 1000,
)


def warm(event: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    """Time the whole handler, telemetry included, beside one run of the model."""
    handler = getattr(importlib.import_module(name), attribute)
    floor = importlib.import_module("floor").handler
    times: dict[str, list[float]] = {"warm_ms": [], "warm_floor_ms": []}
    for round_ in range(ROUNDS_BEFORE + rounds):
        for word, answer in (("warm_ms", handler), ("warm_floor_ms", floor)):
            started = time.perf_counter_ns()
            answer(event, context)
            if round_ >= ROUNDS_BEFORE:
                times[word].append((time.perf_counter_ns() - started) / 1e6)
    return times


if sys.argv[1] == "modules":
    before = set(sys.modules)
    importlib.import_module(name)
    result: Any = sorted(set(sys.modules) - before)
else:
    result = warm(json.loads(sys.argv[2]), int(sys.argv[3]))
print("\n" + json.dumps(result), file=sys.stderr)
