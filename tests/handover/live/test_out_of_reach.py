"""Why a deployment could not be verified: one sentence, and exit status 2."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from werkzeug import Response

from handover.cli import main
from handover.cli.stack import stack_name
from handover.errors import CannotRunError
from handover.live import LiveError, aws
from handover.live.client import Client
from tests.helpers.live import NAME, bearing, json_answer, run, serving, signed, stack_is_there

ROOT = Path(__file__).parents[3]


def sentence(build: Path, *more: str) -> str:
    done = run("verify", "--stack", NAME, "--build", str(build), "--limit", "2", *more)
    assert done.exit_code == 2, done.output
    return done.output


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    """Give a port of loopback that nobody else has; it does not listen yet."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one


def port(one: socket.socket) -> int:
    return int(one.getsockname()[1])


def test_nothing_is_built(tmp_path) -> None:
    done = CliRunner().invoke(main, ["verify", "--stack", NAME, "--build", str(tmp_path)])  # before AWS is asked
    assert (done.exit_code, done.output) == (2, f"handover: there is no delivery in {tmp_path}: run make build\n")


def test_no_such_clause(build) -> None:
    done = CliRunner().invoke(main, ["verify", "--stack", NAME, "--build", str(build), "--only", "P2"])
    assert (done.exit_code, done.output) == (
        2,
        "handover: no clause begins with 'P2'; the groups are V (a live stack)\n",
    )


def test_no_such_stack(build, cloudformation) -> None:
    message = f"Stack with id {NAME} does not exist"
    cloudformation.add_client_error("describe_stacks", "ValidationError", message)
    expected = f"handover: there is no stack {NAME} in eu-west-1, in the account of these credentials\n"
    assert sentence(build) == expected


def test_credentials_that_aws_does_not_take(build, cloudformation) -> None:
    message = "The security token included in the request is expired"
    cloudformation.add_client_error("describe_stacks", "ExpiredToken", message)
    assert sentence(build) == f"handover: AWS refuses DescribeStacks: {message}\n"


@pytest.mark.parametrize(("outputs", "missing"), [({"Url": "https://x"}, "Auth"), ({"Auth": "NONE"}, "Url")])
def test_a_stack_without_the_outputs(build, cloudformation, outputs: dict[str, str], missing: str) -> None:
    stack_is_there(cloudformation, **outputs)
    expected = f"handover: the stack {NAME} has no output {missing}: deploy this project's template to it first\n"
    assert sentence(build) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "no region is named: give --region (REGION= to make), or set AWS_REGION, or the region of your profile"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "there are no AWS credentials: run aws configure, or set AWS_PROFILE"),
        ({"AWS_PROFILE": "nobody"}, "AWS could not be asked: The config profile (nobody) could not be found"),
    ],
)
def test_no_region_no_credentials_no_profile(build, tmp_path, variables: dict[str, str], expected: str) -> None:
    nothing = {name: str(tmp_path / "none") for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= nothing | {"AWS_EC2_METADATA_DISABLED": "true"} | variables
    done = subprocess.run(
        [sys.executable, "-m", "handover", "verify", "--stack", NAME, "--build", str(build)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"handover: {expected}\n")


def test_an_auth_that_is_not_known(build, cloudformation) -> None:
    stack_is_there(cloudformation, Url="https://x", Auth="CUSTOM")
    assert sentence(build) == "handover: the stack's output Auth is CUSTOM; known are AWS_IAM, JWT and NONE\n"


def test_jwt_without_a_token(build, cloudformation, monkeypatch) -> None:
    monkeypatch.delenv("HANDOVER_TOKEN", raising=False)
    stack_is_there(cloudformation, Url="https://x", Auth="JWT")
    expected = "handover: the API asks for a token (Auth is JWT): put one into the variable HANDOVER_TOKEN\n"
    assert sentence(build) == expected


def test_a_name_that_leads_nowhere(build, cloudformation, monkeypatch) -> None:
    def unknown(*asked: object, **more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    stack_is_there(cloudformation, Url="https://gone.example", Auth="NONE")
    message = sentence(build)
    assert message.startswith("handover: https://gone.example cannot be reached: ")
    assert message.endswith(": Failed to resolve 'gone.example' ([Errno -2] Name or service not known)\n")


def test_a_port_where_nobody_listens(build, cloudformation, bound) -> None:
    url = f"http://127.0.0.1:{port(bound)}"
    stack_is_there(cloudformation, Url=url, Auth="NONE")
    message = sentence(build)
    assert message.startswith(f"handover: {url} cannot be reached: ")
    assert message.endswith("Connection refused\n")


def test_an_api_that_does_not_speak_tls(build, cloudformation) -> None:
    with serving(None, lambda request: json_answer(200, "")) as api:
        url = api.url.replace("http", "https")
        stack_is_there(cloudformation, Url=url, Auth="NONE")
        assert sentence(build).startswith(f"handover: {url} cannot be reached: [SSL: ")


@pytest.mark.parametrize("url", ["http://api.example", "ftp://api.example", "api.example"])
def test_a_url_that_no_credentials_are_sent_to(build, cloudformation, url: str) -> None:
    stack_is_there(cloudformation, Url=url, Auth="AWS_IAM")
    why = "is not https: rows and credentials would be sent in the clear" if url[:5] == "http:" else "is not a URL"
    assert sentence(build) == f"handover: {url} {why}\n"


def test_an_api_that_does_not_answer_in_time(bound) -> None:
    bound.listen()
    url = f"http://127.0.0.1:{port(bound)}"
    client = Client(url, lambda method, url, body, headers: headers, timeout_s=0.1)
    with client, pytest.raises(LiveError) as raised:
        client.ask("GET", "/health")
    assert str(raised.value).startswith(f"{url} cannot be reached: ")
    assert str(raised.value).endswith(": Read timed out. (read timeout=0.1)")


def test_a_request_that_nobody_signed(build, cloudformation) -> None:
    with serving(None, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="NONE")
        assert sentence(build) == (
            f"handover: {api.url} refuses the request (403): these credentials may not call it, or it asks for others "
            "than its output Auth says\n"
        )


def test_a_token_that_is_not_taken(build, cloudformation, monkeypatch) -> None:
    monkeypatch.setenv("HANDOVER_TOKEN", "another")
    with serving(None, bearing) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="JWT")
        assert sentence(build) == (
            f"handover: {api.url} refuses the request (401): these credentials may not call it, or it asks for others "
            "than its output Auth says\n"
        )


def test_a_signature_that_is_wrong(build, cloudformation, session, monkeypatch) -> None:
    other = boto3.Session("AKIDEXAMPLE", "another secret", "the-session-token", "eu-west-1")
    monkeypatch.setattr(other, "client", session.client)
    monkeypatch.setattr(aws, "session", lambda region: other)
    with serving(None, signed) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        assert sentence(build).startswith(f"handover: {api.url} refuses the request (403): these credentials may not")


def test_a_clock_that_is_wrong(build, cloudformation) -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    with serving(None, lambda request: Response("{}", 403, {"date": late})) as api:
        stack_is_there(cloudformation, Url=api.url, Auth="AWS_IAM")
        assert sentence(build) == (
            f"handover: {api.url} refuses the request (403): the clock of this machine is 10 minutes off, which no "
            "signature may be\n"
        )


@pytest.mark.parametrize("named", [(), ("--stack", "a", "--stage", "b")])
def test_one_stack_must_be_named(named: tuple[str, ...]) -> None:
    for command in ("verify", "rollback", "live-version"):
        done = CliRunner().invoke(main, [command, *named])
        assert done.exit_code == 2
        assert done.output == (
            "handover: say which stack: --stage and an environment of samconfig.toml, or --stack and its name (STAGE= "
            "or STACK= to make)\n"
        )


def test_a_stage_names_the_stack_that_sam_deploys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert [stack_name(None, stage) for stage in ("staging", "default")] == ["credit-risk-staging", "credit-risk-dev"]
    with pytest.raises(CannotRunError, match=r"^samconfig.toml has no stage 'stagin' to deploy to; it has default, "):
        stack_name(None, "stagin")
    monkeypatch.chdir(tmp_path)
    for samconfig in (None, "[stagin.deploy.parameters]\n"):
        if samconfig:
            Path("samconfig.toml").write_text(samconfig)
        with pytest.raises(CannotRunError, match=r"^samconfig.toml names no stack for 'stagin': name it with --stack$"):
            stack_name(None, "stagin")


def test_a_connection_that_was_closed_meanwhile_is_opened_again(bound) -> None:
    """API Gateway closes connections that wait; the second request meets that."""

    def answer_once_each() -> None:
        for _ in range(2):
            connection, _ = bound.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    bound.listen()
    url = f"http://127.0.0.1:{port(bound)}"
    with ThreadPoolExecutor(1) as server, Client(url, lambda method, url, body, headers: headers) as client:
        served = server.submit(answer_once_each)
        statuses = [client.ask("GET", "/health").status for _ in range(2)]
        served.result()
    assert statuses == [200, 200]
