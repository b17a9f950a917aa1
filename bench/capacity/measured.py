"""What the built function takes, measured here: CPU time, memory, and what it writes for a request."""

import json
import platform
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from handover.cloudformation import Template
from handover.local.emulator import Emulator
from handover.local.stack import BuiltFunction, built_function

COLD_STARTS = 7
ROUNDS_BEFORE = 200
ROUNDS = 3000
ROOT = Path(__file__).parents[2]
HEADERS_BESIDE = 200
"""Bytes of an answer's status line and of the headers that API Gateway adds; an assumption."""
# What API Gateway would write for the variables of the template's access log; an id and an address of usual length.
ACCESS = {
    "requestId": "JKJaXmPLvHcESHA=",
    "identity.sourceIp": "203.0.113.100",
    "requestTime": "25/Nov/2026:12:00:00 +0000",
    "httpMethod": "POST",
    "path": "/predict",
    "status": "200",
    "responseLength": "46",
    "responseLatency": "12",
    "integrationLatency": "10",
    "error.message": "-",
}


@dataclass(frozen=True)
class Measured:
    """One measurement; times are medians, on this machine."""

    architecture: str
    cold_ms: float
    """From starting the process to its first answer [ms], by the clock."""
    cold_cpu_ms: float
    """CPU time of the function's process until then [ms]."""
    warm_cpu_ms: float
    """CPU time of the function's process for one more request [ms], Lambda's runtime client included."""
    memory_mb: float
    """Most memory that the process held [MB]."""
    metrics_line: int
    """Bytes of the line that each request writes."""
    metrics: int
    """Custom metrics in it."""
    access_line: int
    """Bytes of the access log's line, by the template's format."""
    answer: int
    """Bytes of an answer on its way out, encryption left out."""


def measure(build: Path, event: Mapping[str, Any], progress: Progress) -> Measured:
    """Start the built function in AWS's runtime emulator, some times cold, then ask it many times.

    CPU time is the kernel's own account of the process: what else runs on the machine changes it little.

    Raises
    ------
    NothingBuiltError, EnvironmentDiedError
        When there is nothing to start, or it does not.
    """
    function = built_function(build)
    sent = json.dumps(event).encode()
    cold = [_start(function, sent) for _ in progress.track(range(COLD_STARTS), description="Cold starts")]
    lines: list[str] = []
    emulator = Emulator(function, lines.append)
    try:
        for _ in range(ROUNDS_BEFORE):
            reply = json.loads(emulator.invoke(sent))
        process = _process(emulator.pid)
        before = _cpu_ms(process)
        for _ in progress.track(range(ROUNDS), description="Warm requests"):
            emulator.invoke(sent)
        warm_cpu_ms = (_cpu_ms(process) - before) / ROUNDS
        memory_mb = _peak_mb(process)
    finally:
        emulator.stop()
    line = next(line for line in reversed(lines) if '"_aws"' in line).rstrip("\n")
    return Measured(
        architecture=platform.machine().replace("aarch64", "arm64"),
        cold_ms=statistics.median(ms for ms, _ in cold),
        cold_cpu_ms=statistics.median(cpu_ms for _, cpu_ms in cold),
        warm_cpu_ms=warm_cpu_ms,
        memory_mb=memory_mb,
        metrics_line=len(line.encode()),
        metrics=custom_metrics(json.loads(line)),
        access_line=len(access_line(Template(ROOT / "template.yaml")).encode()),
        answer=len(reply["body"].encode())
        + sum(len(f"{name}: {value}\r\n") for name, value in reply["headers"].items())
        + HEADERS_BESIDE,
    )


def custom_metrics(line: Mapping[str, Any]) -> int:
    """Count what CloudWatch makes of a line in its embedded metric format: each metric, for each set of dimensions."""
    return sum(len(said["Metrics"]) * len(said["Dimensions"]) for said in line["_aws"]["CloudWatchMetrics"])


def access_line(template: Template) -> str:
    """Write a line of the access log as the template's format says.

    Raises
    ------
    KeyError
        When the format has a variable that ``ACCESS`` knows no value for.
    """
    (stage,) = (
        resource["Properties"]
        for resource in template.source["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Stage"
    )
    pieces = str(stage["AccessLogSettings"]["Format"]).split("$context.")
    line = pieces[0]
    for piece in pieces[1:]:
        name, quote, rest = piece.partition('"')
        line += ACCESS[name] + quote + rest
    return line


def _start(function: BuiltFunction, sent: bytes) -> tuple[float, float]:
    emulator = Emulator(function, lambda line: None)
    try:
        emulator.invoke(sent)
        return emulator.cold_ms or 0.0, _cpu_ms(_process(emulator.pid))
    finally:
        emulator.stop()


def _process(session: int) -> Path:
    """Find the function's own process in the emulator's session: the one that is not the emulator."""
    return next(process for process in _members(session) if process.name != str(session))


def _members(session: int) -> Iterator[Path]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == session:
            yield stat.parent


def _cpu_ms(process: Path) -> float:
    """Sum what the process's threads have run [ms] (``/proc/PID/task/TID/schedstat``, its first number, is in ns)."""
    return sum(int(told.read_text().split()[0]) for told in process.glob("task/*/schedstat")) / 1e6


def _peak_mb(process: Path) -> float:
    told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 1024
