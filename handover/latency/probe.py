"""Runs in a function's own environment, outside of ``handover``: imports its handler, and asks it what it is sent.

``python probe.py MODULE...`` imports the modules and then the handler, as INIT does. Then it reads JSON commands from
stdin, and writes a JSON answer to stdout, a line each:

- ``{"modules": true}``: the names of all modules that the handler brought along.
- ``{"calls": [[MODE, EVENTS], ...], "rounds": N}``: of each call N times [ms], on its events in turn; the calls take
  turns, too.

Modes: ``handler``, the handler as it is; ``quiet``, the same without its line of metrics, which is not mixed with
``handler`` in one command; ``session``, one bare ``session.run`` of as many rows as the event says.
"""

import importlib
import io
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

ROUNDS_BEFORE = 100  # until the interpreter has specialised its bytecode and the allocators have their pages

context = SimpleNamespace(
    aws_request_id="probe",
    function_name="probe",
    function_version="$LATEST",
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:probe",
    memory_limit_in_mb=0,
    get_remaining_time_in_millis=lambda: 1000,
)


def called(mode: str) -> Any:
    """Give the function of event and context that a mode times."""
    if mode == "session":
        floor = importlib.import_module("floor")
        run = floor.session.run
        inputs = {count: {"features": floor.row.repeat(count, axis=0)} for count in range(1, 101)}
        return lambda event, _: run(["score"], inputs[event])
    if mode == "quiet" and telemetry is None:
        sys.exit(f"{name} has no telemetry any more: say in probe.py what writes its line of metrics")
    if telemetry:
        handler.__dict__["telemetry"] = SimpleNamespace(log_answer=lambda *_: None) if mode == "quiet" else telemetry
    return getattr(handler, attribute)


def answer(command: dict[str, Any]) -> Any:
    """Do what a command says."""
    if "modules" in command:
        return modules
    calls = [(called(mode), events) for mode, events in command["calls"]]
    modes = {mode for mode, _ in command["calls"]}
    before = 0 if modes <= warm else ROUNDS_BEFORE
    warm.update(modes)
    clock = time.perf_counter_ns
    times: list[list[float]] = [[] for _ in calls]
    for round_ in range(before + command["rounds"]):
        for (call, events), taken in zip(calls, times, strict=True):
            event = events[round_ % len(events)]
            started = clock()
            call(event, context)
            taken.append((clock() - started) / 1e6)
    return [taken[before:] for taken in times]


answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # stdout is the function's: why it does not start may stand on either
for module in sys.argv[1:]:
    importlib.import_module(module)
name, _, attribute = os.environ["_HANDLER"].rpartition(".")
already = set(sys.modules)
handler = importlib.import_module(name)
modules = sorted(set(sys.modules) - already)
telemetry = vars(handler).get("telemetry")
with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  a write costs the function a system call, as in Lambda
    os.dup2(nowhere.fileno(), 1)
assert isinstance(sys.stdout, io.TextIOWrapper)  # noqa: S101  Python made it, and nobody has replaced it
sys.stdout.reconfigure(write_through=True)
warm: set[str] = set()
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
