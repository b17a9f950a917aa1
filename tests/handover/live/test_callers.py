"""The command `handover compatible`: what callers of the live API have, and what was built."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug import Request, Response

from tests.helpers.live import NAME, json_answer, run, serving, signed, stack_is_there

FORCED = "is deployed all the same, by FORCE=1"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samconfig.toml").write_text(f'[staging.deploy.parameters]\nstack_name = "{NAME}"\n')
    monkeypatch.chdir(tmp_path)


def compatible(build: Path, *more: str) -> tuple[int, str]:
    done = run("compatible", "--stage", "staging", "--build", str(build), *more)
    return done.exit_code, done.output


def agree(build: Path, version: str, old: str = "", new: str = "") -> None:
    """Build another contract."""
    path = build / "ModelLayer" / "delivery" / "contract.json"
    text = path.read_text()
    assert old in text
    path.write_text(json.dumps(json.loads(text.replace(old, new)) | {"version": version}))


@pytest.fixture
def versions(build: Path) -> tuple[str, str, str, str]:
    """Give the built version, and the next by each part."""
    built = json.loads((build / "ModelLayer" / "delivery" / "contract.json").read_text())["version"]
    major, minor, patch = map(int, built.split("."))
    return built, f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major + 1}.0.0"


def test_the_same_contract_is_what_callers_have(build, warm, cloudformation, versions) -> None:
    with serving(warm, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        printed = compatible(build)

    assert printed == (
        0,
        f"handover: compatible with callers of {NAME}: the contract is {versions[0]} there and {versions[0]} here\n",
    )
    assert api.paths == ["/contract"]


def test_a_change_that_breaks_them_under_too_low_a_version_is_held_back(build, warm, cloudformation, versions) -> None:
    was, _, now, least = versions
    agree(build, now, '"television"', '"wireless"')
    with serving(warm, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        status, printed = compatible(build, "--force")  # what can be asked is not forced

    assert status == 1
    assert printed.startswith(
        f"handover: callers of {NAME} have the contract {was}; what was built must be at least {least} for them, and "
        f"is {now}:\n"
    )
    assert printed.endswith(
        "  Owner: modelling. Raise the version in contract.py, or take the change back; then make model\n"
    )


@pytest.mark.parametrize("place", [2, 3])
def test_a_change_under_the_version_that_it_asks_for_passes(build, warm, cloudformation, versions, place) -> None:
    old, new = [('"ge": 4', '"ge": 3'), ('"television"', '"wireless"')][place - 2]
    agree(build, versions[place], old, new)
    with serving(warm, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        status, printed = compatible(build)

    assert status == 0
    assert printed.endswith(
        f"the contract is {versions[0]} there and {versions[place]} here, {('minor', 'major')[place - 2]}\n"
    )


def test_a_version_that_fell_is_held_back(build, warm, cloudformation, versions) -> None:
    agree(build, "0.9.0")
    with serving(warm, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        status, printed = compatible(build)

    assert status == 1
    assert f"must be at least {versions[0]} for them, and is 0.9.0\n" in printed


def test_a_first_deployment_passes_and_says_so(build, cloudformation) -> None:
    cloudformation.add_client_error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")

    printed = (
        f"handover: there is no stack {NAME} in eu-west-1, in the account of these credentials: this first deployment "
        "has no callers yet\n"
    )
    assert compatible(build) == (0, printed)


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_never_came_up_has_no_callers(build, cloudformation, status: str) -> None:
    stack_is_there(cloudformation, status)

    assert compatible(build) == (
        0,
        f"handover: the stack {NAME} has answered nobody yet ({status}): this deployment has no callers yet\n",
    )


def answering(content: str, status: int = 200):
    def door(request: Request) -> Response:
        return Response(content, status, content_type="application/json")

    return door


@pytest.mark.parametrize(
    ("door", "why"),
    [
        (lambda request: json_answer(503, "Service Unavailable"), f"GET /contract of {NAME} is answered 503"),
        (answering("<html>"), f"GET /contract of {NAME} is not answered with a contract"),
        (answering("[]"), f"GET /contract of {NAME} is not answered with a contract"),
        (answering('{"name": "another", "row": {}}'), f"GET /contract of {NAME} is not answered with a contract"),
    ],
    ids=["it fails", "no JSON", "a list", "too little"],
)
def test_an_api_that_does_not_say_is_exit_2_with_a_way_out(build, warm, cloudformation, door, why: str) -> None:
    with serving(warm, door) as api:
        for _ in range(2):
            stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        stopped, forced = compatible(build), compatible(build, "--force")

    printed = (
        f"handover: what callers have is not known, and may break: {why}; see to the live API, or deploy all the same "
        "with FORCE=1\n"
    )
    assert stopped == (2, printed)
    assert forced == (0, f"handover: what callers have is not known ({why}); it {FORCED}\n")


def test_an_api_that_cannot_be_reached_is_exit_2(build, cloudformation) -> None:
    stack_is_there(cloudformation, Url="http://127.0.0.1:1", Auth="NONE")

    status, printed = compatible(build)

    assert status == 2
    assert "http://127.0.0.1:1 cannot be reached" in printed
    assert printed.endswith("or deploy all the same with FORCE=1\n")


def test_what_aws_refuses_is_not_forced(build, cloudformation) -> None:
    cloudformation.add_client_error("describe_stacks", "ExpiredToken", "expired")

    assert compatible(build, "--force") == (2, "handover: AWS refuses DescribeStacks: expired\n")


def test_without_a_build_there_is_nothing_to_compare(tmp_path, cloudformation) -> None:
    assert compatible(tmp_path) == (2, f"handover: there is no delivery in {tmp_path}: run make build\n")


def test_it_needs_no_more_than_deploying_does() -> None:
    code = (
        "import sys, handover.live.callers; "
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'pydantic', 'samtranslator'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
