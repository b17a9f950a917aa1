"""A Python without what Windows lacks, and named so: every process with this folder on its PYTHONPATH is one.

The modules are kept from this project's own code alone: what others wrote asks what the system is, and it is Linux.
"""

import builtins
import faulthandler
import os
import platform
import signal
import subprocess  # noqa: F401  it takes what it needs when it is imported
import time
from types import ModuleType
from typing import Any

MODULES = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
NAMES: dict[ModuleType, str] = {
    faulthandler: "register unregister",
    os: "chown fork forkpty getegid geteuid getgid getpgid getsid getuid killpg mkfifo nice setpgid setsid statvfs",
    signal: "ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGPROF SIGQUIT SIGUSR1 "
    "SIGUSR2 SIGVTALRM alarm getitimer pause pthread_kill setitimer",
    time: "tzset",
}
OWN = ("handover", "predictor", "modelling", "delivery")

for module, names in NAMES.items():
    for name in names.split():
        delattr(module, name)
NAMED = ModuleType("platform")
vars(NAMED).update(vars(platform), system=lambda: os.environ.get("ELSEWHERE", "Windows"), machine=lambda: "AMD64")
_import = builtins.__import__


def imported(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002  Python's own names
    """Import a module, where Windows has it."""
    if str((globals or {}).get("__name__")).partition(".")[0] in OWN:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        if name == "platform":
            return NAMED
    return _import(name, globals, locals, fromlist, level)


builtins.__import__ = imported
