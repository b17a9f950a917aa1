import os
import subprocess
import sys

from bench import processes
from handover.local.processes import end

# As BentoML's workers do: leave the session, and outlive the parent.
RUNAWAY = """
import subprocess, time
subprocess.Popen(["sleep", "60"], start_new_session=True)
print(flush=True)
time.sleep(60)
"""
# As the emulator does: lead a session, and start the function in it.
EMULATOR = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "held = b'x' * 50_000_000; print(flush=True); input()"])
"""


def test_what_has_left_the_session_is_ended_too() -> None:
    variables = processes.mark()
    mark = variables[processes.MARK]
    process = subprocess.Popen([sys.executable, "-c", RUNAWAY], env=variables, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        process.stdout.readline()
        assert len(processes.marked(mark)) == 2
        end(lambda: processes.marked(mark))
        assert processes.marked(mark) == []


def test_the_functions_process_is_measured_and_not_the_emulators() -> None:
    command = [sys.executable, "-c", EMULATOR]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as emulator:
        assert emulator.stdout
        emulator.stdout.readline()
        function = processes.of_function(emulator.pid)
        peak = processes.peak_rss_bytes(function)
        cpu_ms = processes.cpu_ms(function)
        assert function.ppid() == emulator.pid
        assert os.getsid(function.pid) == emulator.pid
    assert 50e6 < peak < 150e6
    assert cpu_ms > 0
