"""Runs in a contender's own environment, outside of ``bench``: imports its handler and times it, as it is told.

``python probe.py imports`` imports Lambda's runtime client and the handler, for ``-X importtime``. ``python probe.py
serve`` reads one JSON command a line from stdin and writes one JSON answer a line to stdout:
``{"mode": ..., "events": [...], "rounds": N}`` gives N times [ms], ``{"mode": ..., "events": [...]}`` the replies.

Modes: ``handler``, the handler as it is; ``quiet``, the same without its line of metrics; ``session``, one bare
``session.run`` of as many rows as the event says.
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

name, _, attribute = os.environ["_HANDLER"].rpartition(".")
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
        return bare_session()
    module = importlib.import_module(name)
    if mode == "quiet":
        if not emitting:
            sys.exit(f"{name} has no telemetry any more: say in bench/probe.py what writes its line of metrics")
        module.__dict__["telemetry"] = SimpleNamespace(answered=lambda *_: None)
    else:
        module.__dict__.update(emitting)
    return getattr(module, attribute)


def bare_session() -> Any:
    """Run the floor's session, on its row as often as the event says."""
    floor = importlib.import_module("floor")
    run, row = floor.session.run, floor.row
    inputs = {count: {"features": row.repeat(count, axis=0)} for count in range(1, 101)}
    return lambda event, _: run(["score"], inputs[event])


def answer(command: dict[str, Any]) -> Any:
    """Do what a command says."""
    call, events = called(command["mode"]), command["events"]
    if "rounds" not in command:
        return [call(event, context) for event in events]
    clock, times = time.perf_counter_ns, []
    before = 0 if command["mode"] in warmed else ROUNDS_BEFORE
    warmed.add(command["mode"])
    for round_ in range(before + command["rounds"]):
        event = events[round_ % len(events)]
        started = clock()
        call(event, context)
        times.append((clock() - started) / 1e6)
    return times[before:]


if sys.argv[1] == "imports":
    importlib.import_module("awslambdaric.bootstrap")
    importlib.import_module(name)
    sys.exit()
warmed: set[str] = set()
answers = os.fdopen(os.dup(1), "w")
with open(os.devnull, "w") as nowhere:  # noqa: PTH123  stdout is the function's; a write costs it a system call, as in Lambda
    os.dup2(nowhere.fileno(), 1)
assert isinstance(sys.stdout, io.TextIOWrapper)  # noqa: S101  Python made it, and nobody has replaced it
sys.stdout.reconfigure(write_through=True)
emitting = {key: value for key, value in vars(importlib.import_module(name)).items() if key == "telemetry"}
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
