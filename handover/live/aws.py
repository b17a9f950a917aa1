"""The clients of AWS's own APIs: the one place where they are made."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError, NoRegionError
from botocore.session import Session

from handover.live.stack import asking, refused

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def region(named: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Give the region to look in: the one that is named, AWS_REGION, AWS_DEFAULT_REGION, or the profile's.

    It is looked up here because AWS's tools do not agree: botocore, and so SAM, never reads AWS_REGION
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html). An empty variable is none.

    Raises
    ------
    LiveError
        When there is no region, or the profile that the environment names is not there.
    """
    with asking():
        for found in (named, *map(environment.get, REGION_VARIABLES)):
            if found:
                return found
        of_profile = Session().get_scoped_config().get("region")
        if not of_profile:
            raise NoRegionError
        return str(of_profile)


def session(region: str) -> boto3.Session:
    """Begin with the credentials that AWS's own tools would take.

    Raises
    ------
    LiveError
        When the profile that the environment names is not there.
    """
    with asking():
        return boto3.Session(region_name=region)


def account(session: boto3.Session) -> str:
    """Give the number of the account that the credentials are of; everybody may ask for their own.

    Raises
    ------
    LiveError
        When there are no credentials, or AWS does not take them.
    """
    try:
        with asking():
            return session.client("sts").get_caller_identity()["Account"]
    except ClientError as error:
        raise refused(error) from None


def cloudformation(session: boto3.Session) -> "CloudFormationClient":
    """Make the client that tells of stacks.

    Raises
    ------
    LiveError
        When the region's name is none.
    """
    with asking():
        return session.client("cloudformation")


def functions(session: boto3.Session) -> "LambdaClient":
    """Make the client that tells of functions and their aliases.

    Raises
    ------
    LiveError
        When the region's name is none.
    """
    with asking():
        return session.client("lambda")
