"""Contenders behind HTTP on loopback, a server of their own or AWS's runtime interface emulator: one worker each."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.progress import Progress

from bench import processes, staging
from bench.contenders import BENTOML, MLFLOW, UVICORN, Contender
from bench.measure import Samples, in_turn, timed
from bench.staging import Staged
from bench.workload import Workload, event
from handover.latency import NotMeasuredError
from handover.local.emulator import LOOPBACK, Emulator, EnvironmentDiedError, free_ports
from handover.local.processes import end

COMMANDS = {
    UVICORN: ("python", "-m", "uvicorn", "app:app", "--workers", "1"),
    BENTOML: ("bentoml", "serve", "service:Predictor"),
    MLFLOW: ("mlflow", "models", "serve", "--model-uri", "saved", "--env-manager", "local", "--workers", "1"),
}
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


class Served(NamedTuple):
    """A contender that answers over HTTP."""

    score: Callable[[Row], float]
    """Sends a row, and gives its score."""
    start_ms: float
    """From starting the process to the first answer."""
    session: int = 0
    """The emulator's, in which the function's process is."""


type Opener = Callable[[], AbstractContextManager[Served]]
type Openers = dict[str, Opener]
"""By contender."""


@contextmanager
def emulated(staged: Staged, row: Row) -> Iterator[Served]:
    """Start a Lambda contender behind the emulator, and end it; a row is sent as API Gateway's event.

    ``NotMeasuredError`` when it ends without an answer.
    """
    lines = ["it wrote nothing"]
    try:
        with Emulator(staged.function, lines.append) as emulator:

            def score(row: Row) -> float:
                reply = json.loads(emulator.invoke(json.dumps(event("/predict", row)).encode()))
                return float(reply if isinstance(reply, float) else json.loads(reply["body"])["score"])  # the floor's

            score(row)
            yield Served(score, emulator.cold_ms or 0.0, emulator.pid)
    except EnvironmentDiedError as error:
        raise NotMeasuredError(f"{error}: {lines[-1]}") from error


@contextmanager
def server(contender: Contender, workload: Workload, row: Row) -> Iterator[Served]:
    """Start a peer that is a server in a process of its own, and end it and all that it started."""
    port, _ = free_ports()
    with TemporaryDirectory(prefix="bench-") as home, closing(HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        task, mark = Path(home) / "task", processes.mark()
        staging.copy_peer(contender, workload, task)
        path = os.pathsep.join([str(contender.environment / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
        variables = QUIET | {"HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PATH": path} | mark
        if contender is MLFLOW:
            save = ["python", "save.py", "saved"]
            ended = subprocess.run(save, cwd=task, env=variables, capture_output=True, text=True, check=False)
            if ended.returncode:
                raise NotMeasuredError(f"{contender.label}: {ended.stderr.strip().splitlines()[-1]}")
        score = partial(_score, connection, contender)
        log = task / "server.log"
        started = time.perf_counter()
        with (
            log.open("w") as file,
            subprocess.Popen(
                [*COMMANDS[contender], "--host", LOOPBACK, "--port", str(port)],
                cwd=task,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                while True:
                    with suppress(OSError, HTTPException):
                        score(row)
                        break
                    connection.close()
                    if process.poll() is not None or time.perf_counter() > started + START_S:
                        last = (log.read_text(errors="replace").strip().splitlines() or ["it wrote nothing"])[-1]
                        raise NotMeasuredError(f"{contender.label} gave no answer within {START_S:.0f} s: {last}")
                    time.sleep(0.005)
                yield Served(score, (time.perf_counter() - started) * 1000)
            finally:
                end(lambda: processes.marked(mark[processes.MARK]))


def _score(connection: HTTPConnection, contender: Contender, row: Row) -> float:
    """Send a row as the server's documentation has it; again where it closed the connection (uvicorn's 5 s)."""
    path, body = ("/invocations", {"dataframe_records": [row]}) if contender is MLFLOW else ("/predict", row)
    try:
        response = _posted(connection, path, body)
    except (OSError, HTTPException):
        connection.close()
        response = _posted(connection, path, body)
    content = response.read()
    if response.status != 200:
        raise NotMeasuredError(f"{contender.label} answers {response.status}: {content[:200].decode(errors='replace')}")
    reply = json.loads(content)
    return float(reply["predictions"][0][1] if contender is MLFLOW else reply["score"])


def _posted(connection: HTTPConnection, path: str, body: Any) -> HTTPResponse:
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    return connection.getresponse()


def starts(openers: Openers, rounds: int, progress: Progress, *, uncounted: int = 0) -> Samples:
    """Time each from starting the process to its first answer [ms], all in turn; errors as ``in_turn``."""

    def start(opened: Opener) -> list[float]:
        with opened() as served:
            return [served.start_ms]

    turns = {name: partial(start, opened) for name, opened in openers.items()}
    return in_turn(turns, rounds, progress, "Starts to first answer", uncounted=uncounted)


def warm(openers: Openers, rows: Sequence[Row], blocks: int, requests: int, progress: Progress) -> Samples:
    """Time requests to all of them, JSON written and read, a block each in turn [ms]; the first is not counted."""

    def ask(served: Served) -> list[float]:
        served.score(rows[0])
        return [ms for row in islice(cycle(rows), requests) for ms in timed(partial(served.score, row))]

    with ExitStack() as stack:
        turns = {name: partial(ask, stack.enter_context(opened())) for name, opened in openers.items()}
        return in_turn(turns, blocks, progress, "Warm, over HTTP", uncounted=1)


def peak_memory(openers: Openers, rows: Sequence[Row], requests: int, progress: Progress) -> dict[str, float]:
    """Give the most memory that each function's process held, after so many requests [MB]."""

    def peak(opened: Opener) -> list[float]:
        with opened() as served:
            for row in islice(cycle(rows), requests - 1):  # the first was to see it start
                served.score(row)
            return [processes.peak_rss_bytes(processes.of_function(served.session)) / 1e6]

    turns = {name: partial(peak, opened) for name, opened in openers.items()}
    return {name: peaks[0][0] for name, peaks in in_turn(turns, 1, progress, "Memory").items()}
