"""A version is asked for the golden rows of its own layer before users get it; Lambda's API alone is a stub."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
import pytest
from rich.progress import Progress
from werkzeug import Response

from handover.live import LiveError
from handover.live.stack import Stack
from handover.live.version import Version, prove
from handover.local.emulator import Emulator
from tests.helpers.function import built_with
from tests.helpers.live import NAME, REGION, serving

DELIVERY = Path(__file__).parents[3] / "layers" / "model" / "delivery"
STACK = Stack(NAME, REGION, "UPDATE_COMPLETE", {})
LAYERS = [f"arn:aws:lambda:{REGION}:123456789012:layer:{NAME}-{part}:7" for part in ("runtime", "model")]


class Lambda:
    """Lambda's client, as far as a version is asked by it."""

    exceptions = boto3.client("lambda", REGION).exceptions

    def __init__(self, answer: Callable[[bytes], bytes], layer: str, state: str = "Active") -> None:
        self._answer, self._layer, self._states, self._one = answer, layer, [state, "Active"], Lock()

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return {"State": self._states[0], "Layers": [{"Arn": arn} for arn in LAYERS]}

    def get_layer_version_by_arn(self, Arn: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        assert Arn == LAYERS[1]
        return {"Content": {"Location": self._layer}}

    def invoke(self, *, Payload: bytes, **_: str) -> dict[str, Any]:  # noqa: N803
        if self._states[0] == "Inactive":
            raise self.exceptions.SnapStartNotReadyException({"Error": {}}, "Invoke")
        with self._one:
            return {"StatusCode": 200, "Payload": io.BytesIO(self._answer(Payload))}

    def get_waiter(self, name: str) -> Any:
        assert name == "published_version_active"
        return self

    def wait(self, **_: str) -> None:
        self._states.pop(0)


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bytes], bytes]]:
    """Give the version: what `sam build` made, in AWS's emulator."""
    emulator = Emulator(built_with(DELIVERY, tmp_path_factory.mktemp("version") / "layer"), lambda line: None)
    yield emulator.invoke
    emulator.stop()


@contextmanager
def layer(change: Callable[[list[Any]], None] = lambda rows: None) -> Iterator[str]:
    """Serve the model's layer, as Lambda gives it, with golden rows that were changed."""
    rows = [json.loads(line) for line in (DELIVERY / "golden.jsonl").read_text().splitlines()]
    change(rows)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(DELIVERY / "manifest.json", "delivery/manifest.json")
        packed.writestr("delivery/golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    with serving(Response(archive.getvalue(), content_type="application/zip")) as api:
        yield api.url


def proven(client: Any) -> tuple[str, int]:
    with Progress(disable=True) as progress:
        identity = prove(Version(client, "predict", "6"), STACK, progress)
    (task,) = progress.tasks
    assert task.completed == task.total
    return identity, int(task.completed)


def test_one_that_answers_its_golden_rows_is_told_by_model_and_contract(answer: Any) -> None:
    manifest = json.loads((DELIVERY / "manifest.json").read_text())
    with layer() as content:
        identity, requests = proven(Lambda(answer, content))

    assert identity == f"model {manifest['files']['model.onnx'][:12]}, contract {manifest['contract']['version']}"
    assert requests == len((DELIVERY / "golden.jsonl").read_text().splitlines()) + 2


def test_one_that_answers_otherwise_is_refused_with_the_row(answer: Any) -> None:
    def change(rows: list[Any]) -> None:
        rows[4]["score"] += 0.3

    with layer(change) as content, pytest.raises(LiveError) as refused:
        proven(Lambda(answer, content))

    assert str(refused.value).startswith("version 6 does not answer as in training (V804): ")
    assert "golden row 5" in str(refused.value)


def test_one_that_ends_is_told_in_lambdas_words() -> None:
    class Dies(Lambda):
        def invoke(self, **_: Any) -> dict[str, Any]:
            answer = {"errorType": "Runtime.ExitError", "errorMessage": "exited"}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(answer).encode())}

    with layer() as content, pytest.raises(LiveError, match=r"version 6 does not answer: Runtime\.ExitError: exited"):
        proven(Dies(lambda _: b"", content))


def test_one_that_sleeps_is_woken_first(answer: Any) -> None:
    with layer() as content:
        client = Lambda(answer, content, "Inactive")
        proven(client)

    assert client._states == ["Active"]


@pytest.mark.parametrize(
    ("layers", "content", "sentence"),
    [
        ([], "", f"version 6 has no layer {NAME}-model"),
        (LAYERS, "http://127.0.0.1:9/", f"the layer {LAYERS[1]} cannot be read"),
    ],
)
def test_a_layer_that_is_not_given_is_told(layers: list[str], content: str, sentence: str) -> None:
    client = Lambda(lambda _: b"", content)
    client.get_function_configuration = lambda **_: {"Layers": [{"Arn": arn} for arn in layers]}  # type: ignore[method-assign]

    with pytest.raises(LiveError) as refused:
        proven(client)

    assert str(refused.value) == sentence
