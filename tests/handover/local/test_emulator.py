import json
import os
from pathlib import Path

import pytest

from handover.local.emulator import Emulator, EnvironmentDiedError
from handover.local.processes import of_session

ECHO = "def handler(event, context): return event"
ENVIRONMENT = """
import importlib.util, os, sys
import layered
def handler(event, context):
    return {
        "environment": dict(os.environ), "cwd": os.getcwd(), "origin": layered.ORIGIN,
        "model": open(os.environ["DELIVERY"] + "/model.txt").read(),
        "foreign": [name for name in ("numpy", "samcli", "handover", "pytest") if importlib.util.find_spec(name)],
        "function": context.function_name, "memory": context.memory_limit_in_mb,
    }
"""


def ask(emulator: Emulator, event: object = None) -> object:
    return json.loads(emulator.invoke(json.dumps(event).encode()))


def test_an_event_goes_in_and_the_reply_comes_out_cold_then_warm(build) -> None:
    emulator = Emulator(build(ECHO), print)
    try:
        assert emulator.cold_ms is None
        assert ask(emulator, {"a": "µ"}) == {"a": "µ"}
        cold_ms = emulator.cold_ms
        assert ask(emulator, {"b": 1}) == {"b": 1}
        assert emulator.cold_ms == cold_ms
    finally:
        emulator.stop()


def test_the_function_meets_lambdas_environment_and_nothing_of_the_caller(build, monkeypatch) -> None:
    for name in ("CI", "AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "HOME"):
        monkeypatch.setenv(name, "leaked")
    function = build(ENVIRONMENT)
    emulator = Emulator(function, print)
    try:
        seen = ask(emulator)
    finally:
        emulator.stop()
    assert isinstance(seen, dict)
    variables = seen["environment"]
    assert "leaked" not in variables.values()
    opt = Path(variables.pop("DELIVERY")).parent
    client = variables["LAMBDA_RUNTIME_DIR"]
    added = {name for name in variables if name.startswith(("AWS_LAMBDA_LOG_", "AWS_LAMBDA_METADATA_"))}
    assert {name: value for name, value in variables.items() if name not in added | {"AWS_LAMBDA_RUNTIME_API"}} == {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "PredictFunction",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "2",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": "eu-central-1",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SESSION_TOKEN": "",
        "LAMBDA_RUNTIME_DIR": client,
        "LAMBDA_TASK_ROOT": str(function.root),
        "LANG": "en_US.UTF-8",
        "NAMESPACE": "handover-dev",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"{function.root}:{function.layers[0]}/python:{function.layers[1]}/python:{client}",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    } | ({"LC_CTYPE": "C.UTF-8"} if "LC_CTYPE" in variables else {})  # Python's own, where en_US is not installed
    assert (seen["cwd"], seen["origin"], seen["model"]) == (str(function.root), "layer", "the model")
    assert seen["foreign"] == []
    assert (seen["function"], seen["memory"]) == ("PredictFunction", "512")
    assert not opt.exists()


def test_the_functions_lines_reach_the_log_and_the_emulators_do_not(build) -> None:
    lines: list[str] = []
    code = (
        "import sys\nprint('at import')\ndef handler(event, context):\n  print('out'); print('err', file=sys.stderr)\n"
    )
    emulator = Emulator(build(code), lines.append)
    ask(emulator)
    emulator.stop()
    assert lines == ["at import", "out", "err"]


def test_an_exception_is_a_reply_and_the_environment_lives_on(build) -> None:
    emulator = Emulator(build("def handler(event, context):\n  if event: raise ValueError('no')\n"), lambda line: None)
    try:
        failed = ask(emulator, 1)
        assert isinstance(failed, dict)
        assert (failed["errorType"], failed["errorMessage"]) == ("ValueError", "no")
        assert emulator.alive
        assert ask(emulator) is None
    finally:
        emulator.stop()


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ('import sys\nprint(\'{"level":"CRITICAL"}\')\nsys.exit(1)', '{"level":"CRITICAL"}'),
        (
            "import missing",
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'missing'",
        ),
        ("raise ValueError('no')", "[ERROR] ValueError: no"),
    ],
)
def test_a_function_that_does_not_start_is_told_at_once_with_its_own_line(build, code: str, line: str) -> None:
    lines: list[str] = []
    emulator = Emulator(build(code), lines.append)
    with pytest.raises(EnvironmentDiedError) as raised:
        ask(emulator)
    assert str(raised.value) == "the function did not start; its own lines say why"
    assert lines[0] == line
    assert not emulator.alive


def test_a_process_that_ends_in_a_request_is_told(build) -> None:
    emulator = Emulator(build("import os\ndef handler(event, context): os._exit(3)"), print)
    with pytest.raises(EnvironmentDiedError) as raised:
        ask(emulator)
    assert str(raised.value) == "the function's process ended in the request"
    assert not emulator.alive


def test_a_function_that_takes_too_long_is_ended(build, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")
    emulator = Emulator(build("def handler(event, context): open(event).read()"), print)
    with pytest.raises(EnvironmentDiedError) as raised:
        ask(emulator, str(tmp_path / "never"))
    assert str(raised.value) == "the function did not answer within 2 s"
    assert of_session(emulator.pid) == []


def test_stop_leaves_no_process_not_even_one_that_the_function_started(build) -> None:
    code = """
    import os, subprocess
    child = subprocess.Popen(["tail", "-f", "/dev/null"], start_new_session=False)
    def handler(event, context): return [os.getpid(), child.pid]
    """
    emulator = Emulator(build(code), print)
    pids = ask(emulator)
    assert isinstance(pids, list)
    assert {*pids, emulator.pid} <= {process.pid for process in of_session(emulator.pid)}
    emulator.stop()
    assert of_session(emulator.pid) == []


def test_an_environment_that_nobody_holds_ends(build) -> None:
    emulator = Emulator(build(ECHO), print)
    pid = emulator.pid
    ask(emulator)
    del emulator
    assert of_session(pid) == []


def test_the_build_stays_as_it_was_built(build) -> None:
    function = build(ECHO)
    emulator = Emulator(function, print)
    ask(emulator)
    emulator.stop()
    assert sorted(path.name for path in function.root.rglob("*")) == ["app.py"]
