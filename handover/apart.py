"""A command's work in a process of its own: what it runs of a delivery may end that process, and never the command."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from handover.errors import CannotRunError
from handover.local import signals
from predictor.files import Json

type Send = Callable[[Json], None]

GRACE_S = 10.0  # for an interrupted process to stop its children


class CutShortError(CannotRunError):
    """The process ended and had not come to its result; the message says where it was, and how it ended."""


def apart(work: str, arguments: Json, on_event: Callable[[Json], None] = lambda event: None) -> Json:
    """Do ``work``, which is ``module:function``, in another process, and give its result.

    The function takes a ``send``, which passes an event to ``on_event``, and the ``arguments``; these, its events and
    its result are plain data. What that process prints, whoever prints it, goes to this one's stderr. A
    ``CannotRunError`` of the work is raised here, in its words; ``CutShortError`` when there is no result, which names
    what an event said last of what has ``begun``.
    """
    begun = "its beginning"
    command = [sys.executable, "-P", "-m", "handover.apart", work, json.dumps(arguments)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        with process:  # its end is waited for
            assert process.stdout  # noqa: S101  a pipe was asked for
            for line in process.stdout:
                match json.loads(line):
                    case {"result": result}:
                        return dict(result)
                    case {"cannot": sentence}:
                        raise CannotRunError(sentence)
                    case event:
                        begun = event.get("begun", begun)
                        on_event(event)
    except KeyboardInterrupt:
        with suppress(ValueError):  # Windows knows no such signal; there a terminal has sent its own to both
            process.send_signal(signal.SIGINT)  # a terminal has sent it to both, a supervisor only to this one
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        process.kill()
        process.wait()
        raise
    ended = process.returncode
    how = f"was ended by {signal.Signals(-ended).name}" if ended < 0 else f"ended with {ended}"
    raise CutShortError(
        f"{work.partition(':')[2]} ended early, at {begun}, so nothing is known of the delivery: its process {how}. "
        f"What a delivery runs may have stopped it, or the machine"
    )


def _main() -> None:
    """Do what the command line says; the last line to the command is the result."""
    work, arguments = sys.argv[1:]
    # The line to the command is this process's alone: what a delivery prints, or starts, has stderr for its stdout.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as line:
        os.dup2(2, 1)

        def send(event: Json) -> None:
            line.write(json.dumps(event) + "\n")
            line.flush()

        module, _, function = work.partition(":")
        try:
            with signals.as_interrupt():
                result = getattr(import_module(module), function)(send, **json.loads(arguments))
        except CannotRunError as error:
            send({"cannot": str(error)})
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
        else:
            send({"result": result})


if __name__ == "__main__":
    _main()
