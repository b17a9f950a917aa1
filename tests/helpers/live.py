"""A stack whose API is the built function behind a door that checks signatures; only AWS's own APIs are stubbed."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.stub import Stubber
from click.testing import CliRunner
from werkzeug import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from handover.cli import main
from handover.local.stack import BuiltFunction, NothingBuiltError, built_function

BUILD = Path(__file__).parents[2] / ".aws-sam" / "build"


NAME, REGION, ACCOUNT = "credit-risk-staging", "eu-west-1", "123456789012"


ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:predict:live"


PLACE = f"Account {ACCOUNT}, region {REGION}\n"


"""What each command says first, on stderr."""


CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", "the-session-token")


BEARER = "a.bearer.token"


type Door = Callable[[Request], Response | None]


class _Connection(BaseHTTPRequestHandler):
    """Puts an application behind a connection that is kept, as API Gateway's is; werkzeug's server closes each."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    application: Any

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        builder = EnvironBuilder(
            self.path,
            f"http://{self.headers['host']}",
            method=self.command,
            headers=Headers(self.headers.items()),
            data=body,
            environ_overrides={"REMOTE_PORT": self.client_address[1], "REMOTE_ADDR": self.client_address[0]},
        )
        body, status, headers = run_wsgi_app(self.application, builder.get_environ(), buffered=True)
        self.send_response_only(int(status.split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        if "date" not in headers:
            self.send_header("date", self.date_time_string())
        self.end_headers()
        self.wfile.write(b"".join(body))

    do_GET = do_POST = _answer  # noqa: N815  http.server's names

    def log_message(self, *words: Any) -> None:
        pass


class Api:
    """The live API: a door, then the function. It notes who came in, by which connection."""

    def __init__(self, function: Any, doors: list[Door]) -> None:
        self._function = function
        self._doors = doors
        self.connections: set[int] = set()
        self.paths: list[str] = []
        self.url = ""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = Request(environ).get_data()
        self.connections.add(environ["REMOTE_PORT"])
        for door in self._doors:
            if answered := door(Request(environ | {"wsgi.input": BytesIO(body)})):
                return answered(environ, start_response)
        self.paths.append(environ["PATH_INFO"])
        environ["wsgi.input"] = BytesIO(body)
        return self._function(environ, start_response)


def json_answer(status: int, message: str, **headers: str) -> Response:
    return Response(json.dumps({"message": message}), status, headers, content_type="application/json")


def signed(request: Request) -> Response | None:
    """Refuse what is not signed with the credentials, for this service in this region: by botocore's own arithmetic."""
    stated = dict(
        part.split("=", 1)
        for part in request.headers.get("authorization", "").removeprefix("AWS4-HMAC-SHA256 ").split(", ")
        if "=" in part
    )
    names = stated.get("SignedHeaders", "").split(";")
    if "host" not in names or "x-amz-security-token" not in names:
        return json_answer(403, "Forbidden")
    again = AWSRequest(
        request.method, request.url, {name: request.headers[name] for name in names}, request.get_data(cache=True)
    )
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(CREDENTIALS, "execute-api", REGION)
    expected = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    right = (
        stated["Signature"] == expected
        and stated["Credential"] == auth.scope(again)
        and request.headers["x-amz-security-token"] == CREDENTIALS.token
    )
    return None if right else json_answer(403, "Forbidden")


def bearing(request: Request) -> Response | None:
    return None if request.headers.get("authorization") == f"Bearer {BEARER}" else json_answer(401, "Unauthorized")


@contextmanager
def serving(function: Any, *doors: Door) -> Iterator[Api]:
    api = Api(function, list(doors))
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Connection", (_Connection,), {"application": staticmethod(api)})
    )
    api.url = f"http://127.0.0.1:{server.server_port}"
    with ThreadPoolExecutor(1) as apart:
        apart.submit(server.serve_forever, 0.01)
        try:
            yield api
        finally:
            server.shutdown()
            server.server_close()


def _function() -> BuiltFunction:
    try:
        return built_function(BUILD)
    except NothingBuiltError as error:
        pytest.skip(str(error))


class Done(NamedTuple):
    """How a command ended, and what it printed after it said where it looks."""

    exit_code: int
    output: str


def run(*words: str) -> Done:
    """Run a command that reaches AWS; account and region come first, and not where a program reads."""
    done = CliRunner(mix_stderr=False).invoke(main, words)
    assert done.stderr.startswith(PLACE), done.stderr
    assert PLACE not in done.stdout
    return Done(done.exit_code, done.stdout + done.stderr.removeprefix(PLACE))


def stack_is_there(cloudformation: Stubber, status: str = "UPDATE_COMPLETE", **outputs: str) -> None:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack = {"StackName": NAME, "CreationTime": 0, "StackStatus": status, "Outputs": listed}
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": NAME})
