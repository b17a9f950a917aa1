"""What the built function takes, measured here: CPU time, memory, and what it writes for a request."""

import json
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from bench import processes
from handover.cloudformation import Template
from handover.local.emulator import Emulator
from handover.local.stack import built_function, own_machine
from handover.project import Project

COLD_STARTS = 7
ROUNDS_BEFORE = 200
ROUNDS = 3000
PROJECT = Project(Path(__file__).parents[2])
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
    "integration.requestId": "8f5c1b7e-2d43-4a7e-9d7c-0f6a1f0b9c11",
    "integrationErrorMessage": "-",
    "identity.caller": "AIDACKCEVSQ6C2EXAMPLE",
    "authorizer.claims.sub": "-",
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
    """
    function = built_function(build)
    payload = json.dumps(event).encode()
    cold_ms, cold_cpu_ms = [], []
    for _ in progress.track(range(COLD_STARTS), description="Cold starts"):
        with Emulator(function, lambda line: None) as emulator:
            emulator.invoke(payload)
            cold_ms.append(emulator.cold_ms or 0.0)
            cold_cpu_ms.append(processes.cpu_ms(processes.of_function(emulator.pid)))
    lines: list[str] = []
    with Emulator(function, lines.append) as emulator:
        for _ in range(ROUNDS_BEFORE):
            reply = json.loads(emulator.invoke(payload))
        process = processes.of_function(emulator.pid)
        before_ms = processes.cpu_ms(process)
        for _ in progress.track(range(ROUNDS), description="Warm requests"):
            emulator.invoke(payload)
        warm_cpu_ms = (processes.cpu_ms(process) - before_ms) / ROUNDS
        memory_mb = processes.peak_rss_bytes(process) / 2**20
    line = next(line for line in reversed(lines) if '"_aws"' in line).rstrip("\n")
    return Measured(
        architecture=own_machine(),
        cold_ms=statistics.median(cold_ms),
        cold_cpu_ms=statistics.median(cold_cpu_ms),
        warm_cpu_ms=warm_cpu_ms,
        memory_mb=memory_mb,
        metrics_line=len(line.encode()),
        metrics=custom_metrics(json.loads(line)),
        access_line=len(access_line(Template(PROJECT.template)).encode()),
        answer=len(reply["body"].encode())
        + sum(len(f"{name}: {value}\r\n") for name, value in reply["headers"].items())
        + HEADERS_BESIDE,
    )


def custom_metrics(line: Mapping[str, Any]) -> int:
    """Count what CloudWatch makes of a line in its embedded metric format: each metric, for each set of dimensions."""
    return sum(len(each["Metrics"]) * len(each["Dimensions"]) for each in line["_aws"]["CloudWatchMetrics"])


def access_line(template: Template) -> str:
    """Write a line of the access log as the template's format says."""
    (stage,) = template.of_kind("AWS::ApiGatewayV2::Stage", template.source).values()
    log_format = str(stage["AccessLogSettings"]["Format"])
    return re.sub(r"\$context\.([\w.]+)", lambda variable: ACCESS[variable[1]], log_format)
