import os
import subprocess
import sys

from bench import processes

# As BentoML's workers do: leave the session, and outlive the parent.
RUNAWAY = """
import subprocess, time
subprocess.Popen(["sleep", "60"], start_new_session=True)
print(flush=True)
time.sleep(60)
"""


def test_what_has_left_the_session_is_ended_too() -> None:
    variables = processes.mark()
    mark = variables[processes.MARK]
    process = subprocess.Popen([sys.executable, "-c", RUNAWAY], env=variables, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        process.stdout.readline()
        assert len(list(processes.marked(mark))) == 2
        processes.end(process, mark)
        assert list(processes.marked(mark)) == []


def test_the_peak_is_of_the_named_process_in_its_session_and_of_no_other() -> None:
    assert processes.peak_rss_mb(os.getsid(0), "a program that nobody runs") == 0
    command = [sys.executable, "-c", "print(flush=True); input()", "named"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()  # it runs, and is no longer the copy of this process that it was made as
        peak = processes.peak_rss_mb(process.pid, "named")
        elsewhere = processes.peak_rss_mb(os.getsid(0), "named")
        process.kill()
    assert 1 < peak < 100
    assert elsewhere == 0
