"""A check that is ended from outside leaves nothing running."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.helpers.sandbox import ROOT, Sandbox


@pytest.mark.parametrize("by", ["a terminal", "a supervisor"])
def test_its_end_is_the_end_of_what_it_runs(sandbox: Sandbox, by: str) -> None:
    sandbox.edit("contract.py", "class Record(", "print('begun', flush=True)\nwhile True:\n    pass\n\n\nclass Record(")
    command = [sys.executable, "-m", "handover", "check", "--only", "C101", "--delivery", str(sandbox.folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as check:
        assert check.stderr
        assert check.stderr.readline() == "begun\n"
        (child,) = psutil.Process(check.pid).children()
        if by == "a terminal":
            os.killpg(check.pid, signal.SIGINT)
        else:
            check.send_signal(signal.SIGTERM)
        assert check.wait(timeout=120) == 130
        assert check.stdout
        assert check.stdout.read() == ""

    assert not child.is_running(), child
