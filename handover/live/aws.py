"""AWS's own APIs: where and by whose credentials they are asked, and what keeps them from an answer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from botocore.session import Session

from handover.live import LiveError


@contextmanager
def aws_errors() -> Iterator[None]:
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
        raise LiveError(f"AWS refuses {error.operation_name}: {answer.get('Message') or answer.get('Code')}") from None


@aws_errors()
def region(named: str | None) -> str:
    """Give the region to look in: the one that is named, AWS_REGION, AWS_DEFAULT_REGION, or the profile's.

    It is looked up here because AWS's tools do not agree: botocore, and so SAM, never reads AWS_REGION
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html). An empty variable is none.
    """
    of_environment = filter(None, map(os.environ.get, ("AWS_REGION", "AWS_DEFAULT_REGION")))
    region = named or next(of_environment, None) or Session().get_scoped_config().get("region")
    if not region:
        raise NoRegionError
    return str(region)


@aws_errors()
def session(region: str) -> boto3.Session:
    """Begin with the credentials that AWS's own tools would take."""
    return boto3.Session(region_name=region)


@aws_errors()
def account(session: boto3.Session) -> str:
    """Give the account number of the credentials; everybody may ask for their own."""
    return session.client("sts").get_caller_identity()["Account"]
