"""The clients of AWS's own APIs: the one place where they are made."""

from typing import TYPE_CHECKING

import boto3

from handover.live.stack import asking

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient


def session(region: str | None) -> boto3.Session:
    """Begin with the credentials and, unless it is named, the region that AWS's own tools would take.

    Raises
    ------
    LiveError
        When the profile that the environment names is not there.
    """
    with asking():
        return boto3.Session(region_name=region)


def cloudformation(session: boto3.Session) -> "CloudFormationClient":
    """Make the client that tells of stacks.

    Raises
    ------
    LiveError
        When no region is named.
    """
    with asking():
        return session.client("cloudformation")


def functions(session: boto3.Session) -> "LambdaClient":
    """Make the client that tells of functions and their aliases.

    Raises
    ------
    LiveError
        When no region is named.
    """
    with asking():
        return session.client("lambda")
