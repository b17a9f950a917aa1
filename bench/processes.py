"""Processes found again by a mark in their environment, and measured."""

import secrets
from pathlib import Path

import psutil

from handover.local import processes

MARK = "BENCH_PROCESSES"
"""Variable that a process inherits whatever it does: BentoML's workers leave both its session and its group."""


def mark() -> dict[str, str]:
    """Give a variable for the environment of one process, by which it and its children are told from all others."""
    return {MARK: secrets.token_hex(8)}


def marked(value: str) -> list[psutil.Process]:
    """Find the living processes that carry a mark."""
    return list(processes.living(lambda process: process.environ().get(MARK) == value))


def of_function(session: int) -> psutil.Process:
    """Find the function's own process in an emulator's session: the first that the emulator started."""
    return min((one for one in processes.of_session(session) if one.pid != session), key=lambda one: one.create_time())


def peak_rss_bytes(process: psutil.Process) -> int:
    """Give the most memory that a process ever held: ``VmHWM``, the peak of the resident set, as Linux keeps it."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def cpu_ms(process: psutil.Process) -> float:
    """Sum what a process's threads have run [ms]: ``schedstat`` has ns where psutil has hundredths of a second."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6
