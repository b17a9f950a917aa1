"""The headers by which an API knows who calls it."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from handover.live import LiveError
from handover.live.aws import asked

if TYPE_CHECKING:
    import boto3

TOKEN = "HANDOVER_TOKEN"  # noqa: S105  the variable's name, not its value
SERVICE = "execute-api"

type Headers = dict[str, str]
type Sign = Callable[[str, str, bytes, Headers], Headers]
"""From method, URL, body and headers to the headers to send."""


def signer(auth: str, session: "boto3.Session", region: str) -> Sign:
    """Choose by the stack's output ``Auth`` how requests say who sends them.

    ``AWS_IAM``: signature version 4
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). ``JWT``: the bearer token in the variable
    HANDOVER_TOKEN. ``NONE``: not at all.
    """
    if auth == "NONE":
        return lambda method, url, body, headers: headers
    if auth == "JWT":
        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise LiveError(f"the API asks for a token (Auth is JWT): put one into the variable {TOKEN}")
        return lambda method, url, body, headers: headers | {"authorization": f"Bearer {token}"}
    if auth != "AWS_IAM":
        raise LiveError(f"the stack's output Auth is {auth}; known are AWS_IAM, JWT and NONE")
    with asked():
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError

    def signed(method: str, url: str, body: bytes, headers: Headers) -> Headers:
        request = AWSRequest(method, url, headers, body)
        with asked():  # credentials that expire are fetched anew here
            SigV4Auth(credentials.get_frozen_credentials(), SERVICE, region).add_auth(request)
        return dict(request.headers.items())

    return signed
