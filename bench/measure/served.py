"""Contenders behind HTTP on loopback, one worker and one keep-alive connection each."""

import json
import os
import socket
import subprocess
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from bench import processes, staging
from bench.contenders import BENTOML, MLFLOW, Contender
from bench.measure import Samples, Tick
from bench.staging import Staged
from bench.workload import Workload, event
from handover.local.emulator import Emulator

START_S = 90.0
"""How long a server may take to its first answer [s]; the slowest takes about a tenth of it."""
LOOPBACK = "127.0.0.1"
QUIET = {
    # Nobody is told about this run, and no BLAS starts a thread for each core: the same for all.
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}

type Row = Mapping[str, Any]


class ServerError(RuntimeError):
    """A server does not start or does not answer; the message is the last that it said."""


class Served(Protocol):
    """What answers one row over HTTP."""

    @property
    def start_ms(self) -> float:
        """From starting the process to the first answer."""

    @property
    def stop(self) -> Callable[[], object]:
        """End it, and all that it started."""

    def score(self, row: Row) -> float:
        """Send a row and read the score."""

    def wake(self, row: Row) -> None:
        """Send a row, on a new connection where the server has closed the idle one."""


class Emulated:
    """A Lambda contender, behind the emulator."""

    def __init__(self, staged: Staged, row: Row) -> None:
        self._emulator = Emulator(staged.function, lambda line: None)
        self.stop = self._emulator.stop
        self.score(row)
        self.start_ms = self._emulator.cold_ms or 0.0

    def score(self, row: Row) -> float:
        """Send the row as API Gateway's event."""
        reply = json.loads(self._emulator.invoke(json.dumps(event("/predict", row)).encode()))
        return float(json.loads(reply["body"])["score"])

    def wake(self, row: Row) -> None:
        """Send a row; the emulator keeps its connection."""
        self.score(row)


class Server:
    """A peer that is a server, in a process of its own.

    Raises
    ------
    ServerError
        When it does not answer within ``START_S``, or not with 200.
    """

    def __init__(self, contender: Contender, workload: Workload, row: Row) -> None:
        folder = TemporaryDirectory(prefix="bench-")
        task = Path(folder.name) / "task"
        staging.copy_peer(contender, workload, task)
        port = _free_port()
        self._log = task / "server.log"
        self._name = contender.label
        self._records = contender is MLFLOW
        self._connection = HTTPConnection(LOOPBACK, port, timeout=10)
        variables = _variables(contender, Path(folder.name)) | processes.mark()
        command = _command(contender, port)
        if contender is MLFLOW:
            save = [str(contender.environment / "bin" / "python"), "save.py", "saved"]
            ended = subprocess.run(save, cwd=task, env=variables, capture_output=True, text=True, check=False)
            if ended.returncode:
                folder.cleanup()
                raise ServerError(f"{self._name}: {ended.stderr.strip().splitlines()[-1]}")
        started = time.perf_counter()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                cwd=task,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self.stop = weakref.finalize(self, _end, self._process, variables[processes.MARK], self._connection, folder)
        self._wait(row)
        self.start_ms = (time.perf_counter() - started) * 1000

    def score(self, row: Row) -> float:
        """Send the row as the server's documentation has it, on the one connection."""
        body = {"dataframe_records": [row]} if self._records else row
        path = "/invocations" if self._records else "/predict"
        self._connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        response = self._connection.getresponse()
        said = response.read()
        if response.status != 200:
            raise ServerError(f"{self._name} answers {response.status}: {said[:200].decode(errors='replace')}")
        reply = json.loads(said)
        return float(reply["predictions"][0][1] if self._records else reply["score"])

    def wake(self, row: Row) -> None:
        """Send a row, on a new connection where the server has closed the idle one (uvicorn does after 5 s)."""
        try:
            self.score(row)
        except (OSError, HTTPException):
            self._connection.close()
            self.score(row)

    def _wait(self, row: Row) -> None:
        until = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < until:
            try:
                self.score(row)
            except (OSError, HTTPException):
                self._connection.close()
                time.sleep(0.005)
            except ServerError:
                self.stop()
                raise
            else:
                return
        said = (self._log.read_text(errors="replace").strip().splitlines() or ["it says nothing"])[-1]
        self.stop()
        raise ServerError(f"{self._name} gave no answer within {START_S:.0f} s: {said}")


def starts(openers: Mapping[str, Callable[[], Served]], rounds: int, tick: Tick) -> Samples:
    """Time each from starting the process to its first answer over HTTP [ms], all in turn."""
    samples: Samples = {}
    for _ in range(rounds):
        for name, opened in openers.items():
            served = opened()
            served.stop()
            samples.setdefault(name, []).append([round(served.start_ms, 1)])
            tick(name)
    return samples


def warm(served: Mapping[str, Served], rows: Sequence[Row], blocks: int, requests: int, tick: Tick) -> Samples:
    """Time requests to all of them, JSON written and read, a block each in turn [ms]; the first is not counted."""
    samples: Samples = {name: [] for name in served}
    for block in range(blocks + 1):
        for name, one in served.items():
            times = []
            one.wake(rows[0])
            for request in range(requests):
                row = rows[request % len(rows)]
                started = time.perf_counter()
                one.score(row)
                times.append(round((time.perf_counter() - started) * 1000, 4))
            if block:
                samples[name].append(times)
            tick(name)
    return samples


def _command(contender: Contender, port: int) -> list[str]:
    programs = contender.environment / "bin"
    at = ["--host", LOOPBACK, "--port", str(port)]
    if contender is BENTOML:
        return [str(programs / "bentoml"), "serve", "service:Predictor", *at]
    if contender is MLFLOW:
        wanted = ["--env-manager", "local", "--workers", "1"]
        return [str(programs / "mlflow"), "models", "serve", "--model-uri", "saved", *wanted, *at]
    return [str(programs / "python"), "-m", "uvicorn", "app:app", "--workers", "1", *at]


def _variables(contender: Contender, home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(contender.environment / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    return QUIET | {"HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PATH": path}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        port: int = one.getsockname()[1]
        return port


def _end(
    process: "subprocess.Popen[str]", mark: str, connection: HTTPConnection, folder: "TemporaryDirectory[str]"
) -> None:
    processes.end(process, mark)
    connection.close()
    folder.cleanup()
