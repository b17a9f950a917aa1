"""The clients of AWS's own APIs: where they are made, and what keeps them from an answer."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from botocore.session import Session

from handover.live import LiveError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@contextmanager
def asked() -> Iterator[None]:
    """Turn what AWS refuses, and what keeps it from being asked at all, into one sentence, a ``LiveError``."""
    try:
        yield
    except NoCredentialsError:
        raise LiveError("there are no AWS credentials: run aws configure, or set AWS_PROFILE") from None
    except NoRegionError:
        raise LiveError(
            "no region is named: give --region (REGION= to make), or set AWS_REGION, or the region of your profile"
        ) from None
    except BotoCoreError as error:
        raise LiveError(f"AWS could not be asked: {' '.join(str(error).split())}") from None
    except ClientError as error:
        answer = error.response["Error"]
        reason = answer.get("Message") or answer.get("Code")
        raise LiveError(f"AWS refuses {error.operation_name}: {reason}") from None


@asked()
def region(named: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Give the region to look in: the one that is named, AWS_REGION, AWS_DEFAULT_REGION, or the profile's.

    It is looked up here because AWS's tools do not agree: botocore, and so SAM, never reads AWS_REGION
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html). An empty variable is none.

    Raises
    ------
    LiveError
        When there is no region, or the environment names a profile that does not exist.
    """
    of_environment = filter(None, map(environment.get, REGION_VARIABLES))
    region = named or next(of_environment, None) or Session().get_scoped_config().get("region")
    if not region:
        raise NoRegionError
    return str(region)


@asked()
def session(region: str) -> boto3.Session:
    """Begin with the credentials that AWS's own tools would take.

    Raises
    ------
    LiveError
        When the environment names a profile that does not exist.
    """
    return boto3.Session(region_name=region)


@asked()
def account(session: boto3.Session) -> str:
    """Give the account number of the credentials; everybody may ask for their own.

    Raises
    ------
    LiveError
        When there are no credentials, or AWS does not take them.
    """
    return session.client("sts").get_caller_identity()["Account"]


@asked()
def cloudformation(session: boto3.Session) -> "CloudFormationClient":
    """Make the client that tells of stacks; ``LiveError`` when there is no region of this name."""
    return session.client("cloudformation")


@asked()
def functions(session: boto3.Session) -> "LambdaClient":
    """Make the client that tells of functions and their aliases; ``LiveError`` when there is no region of this name."""
    return session.client("lambda")


@asked()
def deployments(session: boto3.Session) -> "CodeDeployClient":
    """Make the client that tells of CodeDeploy's deployments; ``LiveError`` when there is no region of this name."""
    return session.client("codedeploy")
