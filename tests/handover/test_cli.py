"""The command, as it is typed, in a folder with a small build of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from handover.cli import main
from handover.local.processes import of_session
from tests.helpers.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
TEMPLATE = """
Resources:
  PredictFunction:
    Properties: {CodeUri: PredictFunction, Handler: app.handler}
"""
ANSWER = """
import json, os
def handler(event, context):
    path = event["rawPath"]
    status = 200 if path == "/predict" else 404
    return {"statusCode": status, "body": json.dumps({"pid": os.getpid(), "session": os.getsid(0)})}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events").mkdir()
    for name, path in (("predict", "/predict"), ("lost", "/lost")):
        http = {"method": "POST", "path": path}
        event = {"rawPath": path, "rawQueryString": "", "requestContext": {"http": http}, "body": '{"a": 1}'}
        (tmp_path / "events" / f"{name}.json").write_text(json.dumps(event))
    return tmp_path


@pytest.fixture
def build(project: Path):
    def lay_out(code: str) -> None:
        root = project / ".aws-sam" / "build"
        (root / "PredictFunction").mkdir(parents=True)
        (root / "template.yaml").write_text(TEMPLATE)
        (root / "PredictFunction" / "app.py").write_text(textwrap.dedent(code))

    return lay_out


def handover(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510  the status is what is tested
        [sys.executable, "-m", "handover", *arguments], capture_output=True, text=True, timeout=120
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(port: int, *options: str, errors: int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-u", "-m", "handover", "serve", "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def curl_lines(stdout: IO[str]) -> list[str]:
    lines = []
    for line in stdout:
        if line.strip().startswith("curl "):
            lines.append(line.strip())
        if len(lines) == 2:
            break
    return lines


def test_run_prints_request_answer_and_both_latencies(build) -> None:
    build(ANSWER)
    done = handover("run", "events/predict.json")
    session = int(json.loads(re.search(r"\{\"pid.*\}", done.stdout)[0])["session"])
    assert (done.returncode, done.stderr) == (0, "")
    assert 'POST /predict\n          {"a": 1}\n' in done.stdout
    assert re.search(r"(?m)^Answer +200 ", done.stdout)
    assert re.search(r"(?m)^Cold +\d+ ms ", done.stdout)
    assert re.search(r"(?m)^Warm +[\d.]+ ms +median of 200", done.stdout)
    assert of_session(session) == []


def test_run_ends_with_1_when_the_answer_is_no_success(build) -> None:
    build(ANSWER)
    done = handover("run", "events/lost.json")
    assert done.returncode == 1
    assert re.search(r"(?m)^Answer +404 ", done.stdout)


@pytest.mark.parametrize("command", [("run", "events/predict.json"), ("serve", "--port", "1")])
def test_without_a_build_it_is_one_sentence_and_2(command: tuple[str, ...]) -> None:
    ended = CliRunner(mix_stderr=False).invoke(main, command)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (2, "", "handover: nothing is built: run make build\n")


def test_run_shows_the_line_of_a_function_that_does_not_start(build) -> None:
    build('import sys\nprint(\'{"level":"CRITICAL"}\')\nsys.exit(1)')
    done = handover("run", "events/predict.json")
    assert done.returncode != 0
    assert done.stderr == ('{"level":"CRITICAL"}\nhandover: the function did not start; its own lines say why\n')


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_serve_answers_what_it_proposes_and_its_end_is_the_end_of_all(build, end: signal.Signals) -> None:
    build(ANSWER)
    with serving(free_port()) as process:
        assert process.stdout
        post, get = curl_lines(process.stdout)
        answered = json.loads(subprocess.run(["bash", "-c", post], capture_output=True, check=True, timeout=120).stdout)
        assert get.endswith("/contract")
        assert process.stdout.readline().strip() == ""
        assert re.fullmatch(r"POST /predict\S* 200 [\d.]+ ms (cold|warm)\n", process.stdout.readline())
        assert answered["pid"] in [process.pid for process in of_session(answered["session"])]
        process.send_signal(end)
        assert process.wait(timeout=120) == 0
    assert of_session(answered["session"]) == []


def test_serve_shows_a_line_for_each_request_and_what_failed_and_no_metrics(build) -> None:
    build(
        """
        def handler(event, context):
            print('{"_aws": {}}')
            print('{"level": "ERROR"}')
            return {"statusCode": 200, "body": __import__("os").environ.get("TRY_IT")}
        """
    )
    port = free_port()
    with serving(port, "--cors-origins", "http://localhost:5173", errors=subprocess.STDOUT) as process:
        assert process.stdout
        curl_lines(process.stdout)
        request = ["curl", "-s", f"http://127.0.0.1:{port}/health"]
        assert subprocess.run(request, capture_output=True, check=True, timeout=120).stdout == b"true"
        process.send_signal(signal.SIGINT)
        printed = process.stdout.read()
        assert process.wait(timeout=120) == 0
    lines = [re.sub(r"[\d.]+ ms", "N ms", line) for line in printed.splitlines() if line]
    assert {"GET /health 200 N ms warm", '{"level": "ERROR"}', "stopped"} == set(lines)  # in whatever order they come


def test_serve_names_a_port_that_is_taken(build) -> None:
    build(ANSWER)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = handover("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == f"handover: port {port} of 127.0.0.1 is not available (Address already in use): choose another\n"
    )


AWS, SAM = {"boto3", "botocore"}, {"samcli", "samtranslator"}
FRAMEWORKS = {"catboost", "lightgbm", "pandas", "skl2onnx", "sklearn", "torch", "xgboost"}
LIBRARIES = {"numpy", "onnx", "onnxruntime", "pydantic", "rich", "werkzeug", "yaml"}
CHECKS = """
from handover.cli.work import check
asked = {"delivery": "layers/model/delivery", "only": ["H1", "M10"], "team": None, "base": None, "wanted": ["text"]}
assert check(lambda event: None, **asked)["status"] == 0
"""
OF_MODELLING = {"duckdb", "hypothesis", "matplotlib", "numpy", "onnx", "onnxruntime", "pandas", "threadpoolctl"}
STACK = """
import handover.live.alias, handover.live.callers, handover.live.clauses, handover.live.replay, handover.stage
import handover.local.run, handover.local.server, handover.reporters.annotations, handover.reporters.markdown
import handover.reporters.text
"""
"""What `make run`, `serve`, `deploy`, `verify` and `rollback` use, for which only .venv/run is installed."""


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        (STACK, OF_MODELLING | FRAMEWORKS),
        ("import handover", AWS | SAM | FRAMEWORKS | LIBRARIES),
        ("from handover.cli import main; main(['--help'], standalone_mode=False)", AWS | SAM | FRAMEWORKS | LIBRARIES),
        ("from handover import Contract, deliver, matrix", AWS | SAM | FRAMEWORKS),
        (CHECKS, AWS | SAM | FRAMEWORKS),
    ],
    ids=["the stack", "import", "help", "the public interface", "check"],
)
def test_nothing_is_imported_before_it_is_used(program: str, unwanted: set[str]) -> None:
    program += f"\nimport sys; print(sorted({unwanted!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[]"]), done.stderr


HOW = "install the wheel of handover-ml with its extra, as in pip install 'WHEEL[sam]'"
OF_THE_STACK = ["boto3", "botocore", "psutil", "samcli", "samtranslator", "urllib3"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Sandbox(tmp_path_factory.mktemp("whole") / "delivery").deliver().folder


@pytest.fixture
def without_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every Python that is started lack what only the stack needs, as where the wheel alone was installed."""
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "sitecustomize.py").write_text(
        f"import sys\n\nsys.modules.update(dict.fromkeys({OF_THE_STACK}))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lacking"))


@pytest.mark.usefixtures("without_the_stack")
@pytest.mark.parametrize(
    "command",
    [["check", "--html", "x.html"], ["explain", "P203"], ["explain", "V801"], ["events"]],
)
def test_a_delivery_needs_nothing_of_the_stack(command: list[str], whole: Path) -> None:
    done = handover(*command, "--delivery", str(whole))

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("without_the_stack")
def test_nor_does_comparing_two(whole: Path) -> None:
    assert handover("diff", str(whole), str(whole)).returncode == 0


@pytest.mark.usefixtures("without_the_stack")
def test_nor_do_the_public_interface_and_the_lesson() -> None:
    program = "from handover import Contract, deliver, matrix; import handover.init, handover.lesson.page"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.usefixtures("without_the_stack")
@pytest.mark.parametrize(
    ("command", "lacking"),
    [
        (["verify", "--stack", "x"], "botocore"),
        (["region"], "boto3"),
        (["live-version", "--stack", "x"], "urllib3"),
        (["rollback", "--stack", "x"], "urllib3"),
        (["compatible", "--stage", "x"], "boto3"),
    ],
)
def test_what_the_stack_needs_is_named_where_it_is_not_installed(command: list[str], lacking: str) -> None:
    done = handover(*command)

    sentence = f"handover: {command[0]} needs what builds and deploys, and {lacking} is not installed"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{sentence}: {HOW}\n"


@pytest.mark.usefixtures("without_the_stack")
def test_a_clause_of_the_stack_says_the_same(project: Path, whole: Path) -> None:
    (project / "layers/model/delivery").mkdir(parents=True)
    (project / "template.yaml").write_text(TEMPLATE)
    reason = f"could not be checked, boto3 is not installed: {HOW}"

    done = handover("check", "--only", "T401", "--delivery", str(whole))

    assert done.returncode == 2
    assert done.stdout.endswith(f"\n0 kept, 0 broken, 1 skipped (T401: {reason})\n")


def test_a_stage_of_no_project_is_one_sentence() -> None:
    ended = CliRunner(mix_stderr=False).invoke(main, ["preflight", "staging"])

    assert (ended.exit_code, ended.stderr) == (
        2,
        "handover: there is no samconfig.toml here: stages are deployed from a project\n",
    )


@pytest.mark.parametrize("word", ["events", "monitoring"])
def test_a_folder_without_a_delivery_is_one_sentence(word: str, tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, [word, "--delivery", str(tmp_path), "--to", str(tmp_path / "to")])

    assert ended.exit_code == 2
    assert ended.output == f"handover: there is no delivery in '{tmp_path}': it has no manifest.json\n"
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("words", [["check"], ["explain", "P203"], ["events"]])
def test_outside_of_a_project_the_delivery_is_asked_for(words: list[str]) -> None:
    ended = CliRunner(mix_stderr=False).invoke(main, words)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "handover: there is no folder 'layers/model/delivery' here, as a project has it: name the delivery's with "
        "--delivery\n"
    )


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    done = handover("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"handover, version {project['version']}\n", "")


def test_a_command_that_is_spelt_otherwise_is_named() -> None:
    ended = CliRunner().invoke(main, ["chek"])

    assert ended.exit_code == 2
    assert ended.output.endswith("Error: No such command 'chek'. Did you mean check?\n")


def test_each_command_is_listed_once_by_who_needs_it_with_a_whole_sentence() -> None:
    printed = CliRunner().invoke(main, ["--help"]).output
    sections = re.split(r"^([A-Z][a-z ]+):$", printed, flags=re.MULTILINE)[1:]
    listed = dict(zip(sections[::2], sections[1::2], strict=True))
    del listed["Options"]

    assert list(listed) == ["For both teams", "For modelling", "For deployment", "For pipelines and upkeep"]
    names = [re.findall(r"^  ([a-z-]+) ", text, re.MULTILINE) for text in listed.values()]
    assert sorted(name for section in names for name in section) == sorted(main.commands)
    assert names == [sorted(section) for section in names]
    assert not any("..." in text for text in listed.values())
    assert " ".join(printed.split()).count(". ") + 1 >= len(main.commands)


def test_the_clauses_are_listed_by_group() -> None:
    ended = CliRunner().invoke(main, ["clauses", "--only", "P203,V"])

    assert ended.exit_code == 0
    assert ended.output.splitlines()[:3] == [
        "P  parity",
        "  P203  modelling   the model gives the answers it was delivered with",
        "V  a live stack",
    ]
    assert CliRunner().invoke(main, ["clauses"]).output.count("\n") > 100
    assert "did you mean P210" in CliRunner().invoke(main, ["clauses", "--only", "P230"]).output


def test_a_check_can_say_more_or_less_and_be_read_by_other_systems(whole: Path, tmp_path: Path) -> None:
    words = ["check", "--delivery", str(whole), "--only", "C101,C102", "--junit", str(tmp_path / "clauses.xml")]

    ended = CliRunner(mix_stderr=False).invoke(main, [*words, "--quiet", "--verbose"])

    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr.splitlines() == [
        "C101 KEPT  contract.py can be read",
        "C102 KEPT  the contract's version is major.minor.patch",
    ]
    assert 'tests="2" failures="0"' in (tmp_path / "clauses.xml").read_text()


def test_the_shell_completes_commands() -> None:
    asked = {"_HANDOVER_COMPLETE": "bash_complete", "COMP_WORDS": "handover ver", "COMP_CWORD": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name("handover")],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("plain,verify\n", "")
