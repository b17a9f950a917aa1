"""Contenders behind HTTP on loopback, one worker and one keep-alive connection each."""

import json
import os
import subprocess
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.progress import Progress

from bench import processes, staging
from bench.contenders import BENTOML, MLFLOW, Contender
from bench.measure import Samples, in_turn, timed
from bench.staging import Staged
from bench.workload import Workload, event
from handover.latency import NotMeasuredError
from handover.local.emulator import LOOPBACK, Emulator, free_ports
from handover.local.processes import end

START_S = 90.0
"""How long a server may take to its first answer [s]; the slowest takes about a tenth of it."""
QUIET = {
    # Nothing is reported about this run, and no BLAS starts a thread for each core: the same for all.
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}

type Row = Mapping[str, Any]


class Emulated:
    """A Lambda contender, behind the emulator."""

    def __init__(self, staged: Staged, row: Row) -> None:
        self._emulator = Emulator(staged.function, lambda line: None)
        self.stop = self._emulator.stop
        self.score(row)
        self.start_ms = self._emulator.cold_ms or 0.0
        """From starting the process to the first answer."""

    def score(self, row: Row) -> float:
        """Send the row as API Gateway's event."""
        reply = json.loads(self._emulator.invoke(json.dumps(event("/predict", row)).encode()))
        return float(json.loads(reply["body"])["score"])


class Server:
    """A peer that is a server, in a process of its own."""

    def __init__(self, contender: Contender, workload: Workload, row: Row) -> None:
        folder = TemporaryDirectory(prefix="bench-")
        task = Path(folder.name) / "task"
        staging.copy_peer(contender, workload, task)
        port, _ = free_ports()
        mark = processes.mark()
        variables = _variables(contender, Path(folder.name)) | mark
        self._log = task / "server.log"
        self._name = contender.label
        self._records = contender is MLFLOW
        self._connection = HTTPConnection(LOOPBACK, port, timeout=10)
        if contender is MLFLOW:
            save = [str(contender.environment / "bin" / "python"), "save.py", "saved"]
            ended = subprocess.run(save, cwd=task, env=variables, capture_output=True, text=True, check=False)
            if ended.returncode:
                folder.cleanup()
                raise NotMeasuredError(f"{self._name}: {ended.stderr.strip().splitlines()[-1]}")
        started = time.perf_counter()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                _command(contender, port),
                cwd=task,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.stop = weakref.finalize(self, _end, self._process, mark[processes.MARK], self._connection, folder)
        """End it, and all that it started."""
        self._wait(row)
        self.start_ms = (time.perf_counter() - started) * 1000
        """From starting the process to the first answer."""

    def score(self, row: Row) -> float:
        """Send the row as the server's documentation has it; again where it closed the connection (uvicorn's 5 s)."""
        try:
            return self._ask(row)
        except (OSError, HTTPException):
            self._connection.close()
            return self._ask(row)

    def _ask(self, row: Row) -> float:
        body = {"dataframe_records": [row]} if self._records else row
        path = "/invocations" if self._records else "/predict"
        self._connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise NotMeasuredError(f"{self._name} answers {response.status}: {content[:200].decode(errors='replace')}")
        reply = json.loads(content)
        return float(reply["predictions"][0][1] if self._records else reply["score"])

    def _wait(self, row: Row) -> None:
        until = time.monotonic() + START_S
        try:
            while self._process.poll() is None and time.monotonic() < until:
                with suppress(OSError, HTTPException):
                    self.score(row)
                    return
                self._connection.close()
                time.sleep(0.005)
            log = (self._log.read_text(errors="replace").strip().splitlines() or ["it wrote nothing"])[-1]
            raise NotMeasuredError(f"{self._name} gave no answer within {START_S:.0f} s: {log}")
        except NotMeasuredError:
            self.stop()
            raise


type Opener = Callable[[], Emulated | Server]


@contextmanager
def running(opened: Opener) -> Iterator[Emulated | Server]:
    """Start a contender, and end it."""
    served = opened()
    try:
        yield served
    finally:
        served.stop()


def starts(openers: Mapping[str, Opener], rounds: int, progress: Progress) -> Samples:
    """Time each from starting the process to its first answer over HTTP [ms], all in turn."""

    def start(opened: Opener) -> list[float]:
        with running(opened) as served:
            return [served.start_ms]

    turns = {name: partial(start, opened) for name, opened in openers.items()}
    return in_turn(turns, rounds, progress, "Starts to first answer")


def warm(openers: Mapping[str, Opener], rows: Sequence[Row], blocks: int, requests: int, progress: Progress) -> Samples:
    """Time requests to all of them, JSON written and read, a block each in turn [ms]; the first is not counted."""

    def ask(served: Emulated | Server) -> list[float]:
        served.score(rows[0])
        return [ms for row in islice(cycle(rows), requests) for ms in timed(partial(served.score, row))]

    with ExitStack() as stack:
        turns = {name: partial(ask, stack.enter_context(running(opened))) for name, opened in openers.items()}
        return in_turn(turns, blocks, progress, "Warm, over HTTP", uncounted=1)


def _command(contender: Contender, port: int) -> list[str]:
    programs = contender.environment / "bin"
    at = ["--host", LOOPBACK, "--port", str(port)]
    if contender is BENTOML:
        return [str(programs / "bentoml"), "serve", "service:Predictor", *at]
    if contender is MLFLOW:
        options = ["--env-manager", "local", "--workers", "1"]
        return [str(programs / "mlflow"), "models", "serve", "--model-uri", "saved", *options, *at]
    return [str(programs / "python"), "-m", "uvicorn", "app:app", "--workers", "1", *at]


def _variables(contender: Contender, home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(contender.environment / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    return QUIET | {"HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PATH": path}


def _end(
    process: "subprocess.Popen[bytes]", mark: str, connection: HTTPConnection, folder: "TemporaryDirectory[str]"
) -> None:
    end(lambda: processes.marked(mark))
    process.wait()
    connection.close()
    folder.cleanup()
