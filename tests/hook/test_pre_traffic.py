"""The hook asks the built function, as it was built, for the golden rows; only CodeDeploy is a stub."""

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import pre_traffic
from handover.local.emulator import Emulator
from predictor import files
from tests.helpers.function import built_with

ROOT = Path(__file__).parents[2]
VERSION = "arn:aws:lambda:eu-central-1:123456789012:function:predict:7"
LIVE = VERSION.replace(":7", ":live")
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}

type Invoke = Callable[..., dict[str, Any]]


class Lambda:
    """Lambda's client, as far as the hook uses it."""

    exceptions = boto3.client("lambda", "eu-central-1").exceptions

    def __init__(self, invoke: Invoke) -> None:
        self.invoke = invoke


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """Give the new version: what `sam build` made, in AWS's emulator, answering as Lambda's API does."""
    with answering(ROOT / "layers" / "model" / "delivery", tmp_path_factory.mktemp("version") / "layer") as invoke:
        yield invoke


@contextmanager
def answering(delivery: Path, layer: Path) -> Iterator[Invoke]:
    """Give a way to invoke the built function with a delivery."""
    emulator = Emulator(built_with(delivery, layer), lambda line: None)

    def invoke(*, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        assert FunctionName in {VERSION, LIVE}
        return {"StatusCode": 200, "Payload": io.BytesIO(emulator.invoke(Payload.encode()))}

    try:
        yield invoke
    finally:
        emulator.stop()


@pytest.fixture
def golden(delivered: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (delivered / "golden.jsonl").read_text().splitlines()]


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "layers" / "model" / "delivery", tmp_path / "delivery"))


@pytest.fixture
def ends(
    delivered: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Invoke, str], list[dict[str, str]]]:
    """Give a way to run the hook: it must end the deployment so, and leaves these lines in its log."""

    def run(invoke: Invoke, status: str) -> list[dict[str, str]]:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "of-nobody")
        codedeploy = boto3.client("codedeploy", "eu-central-1")
        clients = {"lambda": Lambda(invoke), "codedeploy": codedeploy}
        monkeypatch.setattr(boto3, "client", clients.__getitem__)
        monkeypatch.setenv("DELIVERY", str(delivered))
        monkeypatch.setenv("NEW_VERSION", VERSION)
        monkeypatch.setenv("LIVE", LIVE)
        asked = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status}
        with Stubber(codedeploy) as stub:
            stub.add_response("put_lifecycle_event_hook_execution_status", {}, asked)
            pre_traffic.handler(EVENT, None)
            stub.assert_no_pending_responses()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def rewritten(delivered: Path, golden: list[dict[str, Any]]) -> None:
    (delivered / "golden.jsonl").write_text("".join(json.dumps(line) + "\n" for line in golden))


GOES_ON = {
    "level": "INFO",
    "message": "every golden row is answered as in training, and in time: the deployment goes on",
}


def test_a_version_that_answers_as_in_training_gets_its_users(ends: Any, version: Invoke) -> None:
    timed, last = ends(version, "Succeeded")

    assert re.fullmatch(r"100 golden rows take [\d.]+ ms, and [\d.]+ ms with the live version", timed["message"])
    assert last == GOES_ON


def ticking(version: Invoke, monkeypatch: pytest.MonkeyPatch, new: float, old: float) -> Invoke:
    """Let each answer of the new version take so long [s], and of the live one so long, by the hook's own clock."""
    now = [0.0]

    def invoke(*, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        now[0] += new if FunctionName == VERSION else old
        return version(FunctionName=FunctionName, Payload=Payload)

    monkeypatch.setattr(pre_traffic, "perf_counter", lambda: now[0])
    return invoke


def test_a_version_that_is_much_slower_than_the_live_one_is_stopped(
    ends: Any, version: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [line["message"] for line in ends(ticking(version, monkeypatch, 0.0401, 0.0133), "Failed")] == [
        "it takes 40.1 ms for 100 golden rows, more than 3 times as long as the live one: 13.3 ms",
        "1 faults: the deployment is stopped, users stay on the version that they have",
    ]


def test_one_that_is_somewhat_slower_gets_its_users(
    ends: Any, version: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ends(ticking(version, monkeypatch, 0.0390, 0.0133), "Succeeded")[1:] == [GOES_ON]


@pytest.mark.parametrize("live", ["none", "ends", "refuses"])
def test_where_the_live_version_does_not_take_these_rows_nothing_is_compared(
    ends: Any, version: Invoke, live: str
) -> None:
    def invoke(*, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        if FunctionName == VERSION:
            return version(FunctionName=FunctionName, Payload=Payload)
        if live == "none":
            raise Lambda.exceptions.ResourceNotFoundException({"Error": {}}, "Invoke")
        ended = {"FunctionError": "Unhandled"} if live == "ends" else {}
        return ended | {"Payload": io.BytesIO(b'{"statusCode": 422}')}

    assert ends(invoke, "Succeeded") == [
        {"level": "INFO", "message": "its time is not compared: no version is live, or it does not take these rows"},
        GOES_ON,
    ]


def test_a_version_that_answers_otherwise_is_stopped_and_the_rows_are_named(
    ends: Any, version: Invoke, delivered: Path, golden: list[dict[str, Any]]
) -> None:
    score, decision = golden[1]["score"], golden[149]["decision"]
    golden[1]["score"] = 0.5
    golden[149]["decision"] = "perhaps"
    rewritten(delivered, golden)

    first, second, last = ends(version, "Failed")

    matched = re.fullmatch(
        r"golden row 2 should be 0\.5 \((\w+)\) and is ([\d.]+) \(\1\); a score may differ by 1e-05", first["message"]
    )
    assert matched
    assert matched[1] == golden[1]["decision"]
    assert float(matched[2]) == pytest.approx(score, abs=1e-5)
    assert second["message"].startswith(f"golden row 150 should be {golden[149]['score']} (perhaps) and is ")
    assert f"({decision})" in second["message"]
    assert last["message"] == "2 faults: the deployment is stopped, users stay on the version that they have"


def test_the_log_names_some_of_many_rows(
    ends: Any, version: Invoke, delivered: Path, golden: list[dict[str, Any]]
) -> None:
    rewritten(delivered, [line | {"score": line["score"] + 0.1} for line in golden])

    lines = ends(version, "Failed")

    assert len(lines) == 21
    assert lines[-1]["message"].startswith(f"{len(golden)} faults: ")


def test_the_built_hook_is_whole_without_any_package_but_boto3() -> None:
    built = ROOT / ".aws-sam" / "build" / "PreTrafficHook"
    if not built.is_dir():
        pytest.skip("nothing is built: run make build")
    program = (
        "import sys, types; sys.path.insert(0, '.'); sys.modules['boto3'] = types.ModuleType('boto3')\n"
        "import pre_traffic; print(pre_traffic.files.__file__)"
    )

    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], cwd=built, capture_output=True, text=True, check=True
    )

    assert ended.stdout == f"{built}/predictor/files.py\n"


def test_of_classes_each_score_is_compared(ends: Any, delivered: Path, flowers: Path, tmp_path: Path) -> None:
    shutil.copytree(flowers, delivered, dirs_exist_ok=True)
    lines = [json.loads(line) for line in (flowers / "golden.jsonl").read_text().splitlines()]
    trained = files.in_words(lines[2])
    lines[2]["scores"]["virginica"] = 0.5
    rewritten(delivered, lines)
    with answering(flowers, tmp_path / "layer") as version:
        first, last = ends(version, "Failed")

    given = first["message"].partition(" and is ")[2].partition(";")[0]
    assert first["message"].startswith(f"golden row 3 should be {files.in_words(lines[2])} and is ")
    assert re.sub(r"[\d.e-]+", "#", given) == re.sub(r"[\d.e-]+", "#", trained)
    assert last["message"].startswith("1 faults: ")


def test_another_model_is_named(ends: Any, version: Invoke, delivered: Path) -> None:
    manifest = json.loads((delivered / "manifest.json").read_text())
    given = manifest["files"]["model.onnx"][:12]
    manifest["files"]["model.onnx"] = "f" * 64
    (delivered / "manifest.json").write_text(json.dumps(manifest))

    assert ends(version, "Failed")[0]["message"] == f"model {given} answers, ffffffffffff was delivered"


def test_a_row_that_is_refused_is_told_with_the_answer(
    ends: Any, version: Invoke, delivered: Path, golden: list[dict[str, Any]]
) -> None:
    golden[0]["row"]["months"] = 1_000
    rewritten(delivered, golden)

    message = ends(version, "Failed")[0]["message"]

    assert message.startswith("golden rows 1 to 100 are answered 422: ")
    assert "months" in message


def test_a_version_that_does_not_start_is_told_in_lambdas_words(ends: Any) -> None:
    def dies(**_: Any) -> dict[str, Any]:
        error = {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited with error"}
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}

    assert ends(dies, "Failed")[0]["message"] == (
        "the version does not answer: Runtime.ExitError: RequestId: 1 Error: Runtime exited with error"
    )


@pytest.mark.parametrize("error", [ConnectionError("no way there"), KeyError("Payload")])
def test_whatever_fails_stops_the_deployment(ends: Any, error: Exception) -> None:
    def fails(**_: Any) -> dict[str, Any]:
        raise error

    assert ends(fails, "Failed")[0]["message"] == (f"the version could not be asked: {type(error).__name__}: {error}")
