"""One execution environment: AWS's runtime interface emulator, its runtime client, and the built function in it."""

import re
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO

from handover.errors import CannotRunError
from handover.local import processes
from handover.local.chatter import INIT_FAILED, function_lines
from handover.local.stack import REGION, BuiltFunction, own_machine

type Log = Callable[[str], None]

INVOKE = "/2015-03-31/functions/function/invocations"
LOOPBACK = "127.0.0.1"
LISTEN_S = 10.0
"""How long the emulator may take to listen [s]; it takes some hundredths."""
SLACK_S = 10.0
"""What a request may take beyond the function's own timeout [s], which the emulator holds it to."""


class EnvironmentDiedError(CannotRunError):
    """The execution environment ended, or was ended, and gave no answer."""


class Emulator(AbstractContextManager["Emulator"]):
    """A running execution environment. It takes one request at a time, and starts cold with the first.

    The function runs under ``python -S``: a package that the layers lack is not found in this project's ``.venv``; and
    under ``-B``: what is built stays as it was built, as in Lambda, where these folders are read-only.
    """

    def __init__(self, function: BuiltFunction, log: Log) -> None:
        self.cold_ms: float | None = None
        """From starting the process to its first answer [ms], measured from outside; ``None`` before."""
        self._timeout_s = function.timeout_s
        self._log = log
        self._init_failed = False
        self._spawned = time.perf_counter()
        opt = TemporaryDirectory(prefix="handover-opt-")
        port, runtime_port = free_ports()
        process = subprocess.Popen(
            [
                str(_binary()),
                *("--runtime-interface-emulator-address", f"{LOOPBACK}:{port}"),
                *("--runtime-api-address", f"{LOOPBACK}:{runtime_port}"),
                *(sys.executable, "-S", "-B", "-m", "awslambdaric", function.handler),
            ],
            cwd=function.root,
            env=prepare(function, Path(opt.name)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout  # noqa: S101  a pipe was asked for
        reader = Thread(target=_read, args=(process.stdout, weakref.WeakMethod(self._log_own)), daemon=True)
        self._connection = HTTPConnection(LOOPBACK, port, timeout=function.timeout_s + SLACK_S)
        reader.start()
        self.stop = weakref.finalize(self, _end, process, reader, opt, self._connection)
        """End every process of this environment, at once; done too when Python exits or nobody holds this object."""
        self.pid = process.pid
        """Process id of the emulator, which is also the id of the session that all its processes are in."""
        self._wait(process, port)

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether another request can be sent here."""
        return self.stop.alive

    def invoke(self, event: bytes) -> bytes:
        """Send one event, as JSON, and give the handler's reply, as JSON: what it returned, or the error it raised.

        ``EnvironmentDiedError`` when the function did not start, its process ended in this request, or it did not
        answer in time: this environment is gone.
        """
        try:
            self._connection.request("POST", INVOKE, event, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            reply = response.read()
        except (OSError, HTTPException) as error:
            raise self._lost(f"the function's environment was stopped ({type(error).__name__})") from None
        if response.status != 200:
            raise self._lost("the function's process ended in the request")
        if reply.startswith(b"Task timed out"):
            raise self._lost(f"the function did not answer within {self._timeout_s} s")
        if self.cold_ms is None:
            self.cold_ms = (time.perf_counter() - self._spawned) * 1000
        return reply

    def _lost(self, why: str) -> EnvironmentDiedError:
        self.stop()  # hears the environment out, so that its last lines are in the log
        return EnvironmentDiedError("the function did not start; its own lines say why" if self._init_failed else why)

    def _log_own(self, line: str) -> None:
        self._init_failed |= INIT_FAILED in line
        for own in function_lines(line):
            self._log(own)

    def _wait(self, process: "subprocess.Popen[str]", port: int) -> None:
        """Wait until the emulator listens; it starts the function only with the first request."""
        until = time.monotonic() + LISTEN_S
        while process.poll() is None and time.monotonic() < until:
            try:
                self._connection.connect()
            except ConnectionRefusedError:
                time.sleep(0.001)
            else:
                return
        self.stop()
        raise EnvironmentDiedError(f"AWS's runtime interface emulator did not start on port {port}: try again")


def prepare(function: BuiltFunction, opt: Path) -> dict[str, str]:
    """Lay the layers out in ``opt``, and give the environment variables of the function; nothing is the caller's.

    The layers' top-level entries become links; of two with one name the later layer's stays. Names are Lambda's
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime). Those
    of the log and of the runtime API the emulator adds itself, and the credentials, which it sets to nothing. A value
    of the template that lies under ``/opt`` points into ``opt``. AWS's runtime interface client, which Lambda keeps in
    ``/var/runtime``, is in the folder ``lambda`` of this Python's environment.
    """
    for layer in function.layers:
        for entry in layer.iterdir():
            place = opt / entry.name
            place.unlink(missing_ok=True)
            place.symlink_to(entry)
    client = Path(sys.prefix) / "lambda"
    python_path = [function.root, *(layer / "python" for layer in function.layers), client]
    return {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_s),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": REGION,
        "LAMBDA_RUNTIME_DIR": str(client),
        "LAMBDA_TASK_ROOT": str(function.root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": ":".join(map(str, python_path)),
        "TZ": ":UTC",
    } | {name: re.sub(r"^/opt(?=/|$)", str(opt), value) for name, value in function.variables.items()}


def _binary() -> Path:
    binary = Path(str(files("samcli"))) / "local" / "rapid" / f"aws-lambda-rie-{own_machine()}"
    if not binary.exists():
        raise EnvironmentDiedError(f"AWS's runtime interface emulator is for x86_64 and arm64, not for {own_machine()}")
    return binary


def free_ports() -> tuple[int, int]:
    """Find two ports of this machine that nothing listens on."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((LOOPBACK, 0))
        other.bind((LOOPBACK, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _read(lines: IO[str], take: "weakref.WeakMethod[Log]") -> None:
    """Pass every line on; held by a weak reference, so that a forgotten environment ends."""
    with lines:
        for line in lines:
            if passed := take():
                passed(line)
            del passed


def _end(
    process: "subprocess.Popen[str]", reader: Thread, opt: "TemporaryDirectory[str]", connection: HTTPConnection
) -> None:
    """Kill the whole session, for the emulator puts the function in a process group of its own; the function first."""
    processes.end(lambda: processes.of_session(process.pid))
    process.wait()
    reader.join()
    connection.close()
    opt.cleanup()
