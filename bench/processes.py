"""Processes found again by a mark in their environment, measured, and ended with whatever they started in turn."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

MARK = "BENCH_PROCESSES"
"""Variable that a process inherits whatever it does: BentoML's workers leave both its session and its group."""


def mark() -> dict[str, str]:
    """Give a variable for the environment of one process, by which it and its children are told from all others."""
    return {MARK: secrets.token_hex(8)}


def marked(value: str) -> Iterator[int]:
    """Find the living processes that carry a mark."""
    sought = f"{MARK}={value}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if sought in environment.read_bytes().split(b"\0"):
                yield int(environment.parent.name)
        except OSError:
            continue  # it ended meanwhile, or is somebody else's


def end(process: "subprocess.Popen[str]", value: str) -> None:
    """End a process, and all that carry its mark."""
    process.kill()
    while found := list(marked(value)):
        for member in found:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.001)
    process.wait()


def peak_rss_mb(session: int, program: str) -> float:
    """Give the most memory that one process of a session ever held [MB], of those whose command names ``program``.

    ``VmHWM``, the peak of the resident set; the largest, when several are called so.
    """
    peaks = [0.0]
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        process = int(command.parent.name)
        try:
            if program in command.read_text().split("\0") and os.getsid(process) == session:
                status = (command.parent / "status").read_text()
                peaks.append(int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6)
        except OSError:
            continue  # it ended meanwhile
    return max(peaks)
