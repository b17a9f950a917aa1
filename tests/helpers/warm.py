"""Programs in processes that have imported their libraries already: a fork of one that waits, in place of a new one.

What a training or a check imports takes most of its time. A new process is started still where its environment differs,
which libraries read when they are imported.
"""

import gc
import json
import os
import runpy
import subprocess
import sys
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal, Self

TRAINING = ("sklearn.impute", "sklearn.linear_model", "sklearn.pipeline", "handover.delivery")
"""What the trainings of the tests import, and nothing else: a delivery records what was imported."""

OF_REPOSITORIES = ("BITBUCKET_", "CHANGE_", "CI", "GIT", "JENKINS_", "SYSTEM_", "TF_BUILD")
"""How variables begin by which a machine says what it builds: a test has none of these, its fixtures still have."""

type Errors = Literal["one", "two", "ours"]
"""Where stderr goes: into one stream with stdout, into one of its own, or where this process's own goes."""


class Warm:
    """Runs Python programs as ``subprocess`` would, in a fork of a process that waits for them.

    Parameters
    ----------
    libraries
        What that process has imported.
    """

    def __init__(self, *libraries: str) -> None:
        self._environment = _environment(os.environ)
        command = [sys.executable, "-m", "tests.helpers.warm", *(libraries or TRAINING)]
        root = Path(__file__).parents[2]
        self._waiting = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.communicate()

    def run(self, command: list[Any], **words: Any) -> "subprocess.CompletedProcess[str]":
        """Run ``python FILE ...`` or ``python -m MODULE ...``; its output is both streams', where these are not two."""
        if _environment(words.get("env") or os.environ) != self._environment:
            return subprocess.run(command, **words)  # noqa: PLW1510  check is among the words
        done = self._run(command, words, "two" if words.get("capture_output") else "one")
        if words.get("check"):
            done.check_returncode()
        return done

    def popen(self, command: list[Any], **words: Any) -> "Ended | subprocess.Popen[bytes]":
        """Run ``python -m MODULE ...`` to its end, and give it as a process whose stdout can be read."""
        if _environment(os.environ) != self._environment:
            return subprocess.Popen(command, **words)
        done = self._run(command, words, "ours")
        return Ended(done.stdout.splitlines(keepends=True), done.returncode)

    def _run(self, command: list[Any], words: dict[str, Any], errors: Errors) -> "subprocess.CompletedProcess[str]":
        environment = words.get("env") or os.environ
        asked = {
            "command": list(map(str, command[1:])),
            "folder": str(words.get("cwd") or Path.cwd()),
            "environment": dict(environment),
            "errors": errors,
        }
        assert self._waiting.stdin
        assert self._waiting.stdout
        self._waiting.stdin.write(json.dumps(asked) + "\n")
        self._waiting.stdin.flush()
        ended = json.loads(self._waiting.stdout.readline())
        return subprocess.CompletedProcess(command, **ended)


@dataclass
class Ended:
    """A process that has ended, as far as ``handover.apart`` looks at it."""

    stdout: list[str]
    returncode: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _environment(variables: Any) -> dict[str, str]:
    """Give the part that a library may read when it is imported."""
    passed = ("PYTEST_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", *OF_REPOSITORIES)
    return {name: value for name, value in variables.items() if not name.startswith(passed)}


def _serve() -> None:
    gc.disable()  # while nothing is garbage: what is imported stays
    for library in sys.argv[1:]:
        __import__(library)
    if "handover.delivery" in sys.modules:  # which names the libraries, and looks up once what a process has of them
        sys.modules["handover.provenance"].libraries(None)
    gc.freeze()  # or the forks copy the memory of all that is imported, as their collectors write to it
    gc.enable()
    for line in sys.stdin:
        asked = json.loads(line)
        with TemporaryFile() as output, TemporaryFile() as errors:
            if not (child := os.fork()):
                into = {"one": output, "two": errors, "ours": sys.stderr}[asked.pop("errors")]
                os.dup2(into.fileno(), 2)
                os.dup2(output.fileno(), 1)
                _become(**asked)
            _, status = os.waitpid(child, 0)
            ended = {"returncode": os.waitstatus_to_exitcode(status), "stdout": _text(output), "stderr": _text(errors)}
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()
    os._exit(0)  # without clearing away all that was imported, which takes half a second


def _text(written: IO[bytes]) -> str:
    written.seek(0)
    return written.read().decode(errors="replace")


def _become(command: list[str], folder: str, environment: dict[str, str]) -> None:
    """Run the program, and end as Python would."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status: Any = 1
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[1:1] = environment.get("PYTHONPATH", "").split(os.pathsep)
        sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
        sys.path[0] = folder
        if command[0] == "-P":
            del sys.path[0], command[0]
        if command[0] == "-W":
            warnings.simplefilter(command[1])  # type: ignore[arg-type]
            del command[:2]
        if command[0] == "-m":
            sys.argv = command[1:]
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = command
            sys.path[0] = str(Path(command[0]).parent)
            runpy.run_path(command[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # as Python prints it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
