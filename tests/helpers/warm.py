"""Trainings in processes that have imported their libraries already: a fork of one that waits, in place of a new one.

What a training imports takes three quarters of its time. A new process is started still where its environment differs,
which libraries read when they are imported.
"""

import json
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, Self

LIBRARIES = ("sklearn.impute", "sklearn.linear_model", "sklearn.pipeline")
"""What the trainings of the tests import, and nothing else: a delivery records what was imported."""


class Warm:
    """Runs Python programs as ``subprocess.run`` would, in a fork of a process that waits for them."""

    def __init__(self) -> None:
        self._environment = _environment(os.environ)
        command, root = [sys.executable, "-m", "tests.helpers.warm"], Path(__file__).parents[2]
        self._waiting = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.communicate()

    def run(self, command: list[Any], **words: Any) -> "subprocess.CompletedProcess[str]":
        """Run ``python FILE ...`` or ``python -m MODULE ...``; its output is both streams'."""
        environment = words.get("env") or os.environ
        if _environment(environment) != self._environment:
            return subprocess.run(command, **words)  # noqa: PLW1510  check is among the words
        asked = {
            "command": list(map(str, command[1:])),
            "folder": str(words.get("cwd") or Path.cwd()),
            "paths": environment.get("PYTHONPATH", "").split(os.pathsep),
            "bytecode": not environment.get("PYTHONDONTWRITEBYTECODE"),
        }
        assert self._waiting.stdin
        assert self._waiting.stdout
        self._waiting.stdin.write(json.dumps(asked) + "\n")
        self._waiting.stdin.flush()
        ended = json.loads(self._waiting.stdout.readline())
        done = subprocess.CompletedProcess(command, ended["status"], ended["output"], "")
        if words.get("check"):
            done.check_returncode()
        return done


def _environment(variables: Any) -> dict[str, str]:
    """Give the part that a library may read when it is imported; the rest is passed on, or of no account."""
    passed = ("PYTEST_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in variables.items() if not name.startswith(passed)}


def _serve() -> None:
    for library in LIBRARIES:
        __import__(library)
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.close(reading)
            _become(writing, **asked)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8", errors="replace") as output:
            text = output.read()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(status), "output": text}) + "\n")
        sys.stdout.flush()


def _become(writing: int, command: list[str], folder: str, paths: list[str], *, bytecode: bool) -> None:
    """Run the program, and end as Python would."""
    for stream in (1, 2):
        os.dup2(writing, stream)
    status: Any = 1
    try:
        os.chdir(folder)
        sys.path[1:1] = paths
        sys.dont_write_bytecode = not bytecode
        if command[0] == "-m":
            sys.argv = command[1:]
            sys.path[0] = folder
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
