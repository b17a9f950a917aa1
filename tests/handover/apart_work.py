"""Work for another process, of each kind that there is; it is imported there, by its name."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

from handover.apart import Send
from handover.errors import CannotRunError


def adds(send: Send, *, one: int, other: int) -> dict[str, Any]:
    """Add up, and say that it began."""
    send({"begun": "adding"})
    return {"sum": one + other}


def prints(send: Send) -> dict[str, Any]:
    """Print in every way that there is."""
    print('{"result": {"by": "print"}}')  # noqa: T201
    os.write(1, b'{"result": {"by": "write"}}\n')
    subprocess.run([sys.executable, "-c", 'print(\'{"result": {"by": "a child"}}\')'], check=True)
    return {"by": "itself"}


def cannot(send: Send) -> dict[str, Any]:
    """Say in one sentence why not."""
    raise CannotRunError("there is no such thing")


def fails(send: Send) -> dict[str, Any]:
    """Fail, as nobody foresaw."""
    raise KeyError("x")


def ends(send: Send, *, status: int) -> dict[str, Any]:
    """End the process past all that Python does at its end."""
    send({"begun": "the end"})
    os._exit(status)


def dies(send: Send) -> dict[str, Any]:
    """Die as a crash in C does, or by the hand of a machine that is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def waits(send: Send, *, file: str) -> dict[str, Any]:
    """Wait for the signal to end, and write down that it came."""
    send({"begun": "waiting"})
    try:
        time.sleep(60)
    finally:
        with open(file, "w") as written:  # noqa: PTH123
            written.write(f"ended {os.getpid()}")
    return {}
