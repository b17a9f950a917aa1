"""A deployed stack, as CloudFormation tells of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from handover.live import LiveError, aws

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class NoStackError(LiveError):
    """There is no stack of this name."""


@dataclass(frozen=True)
class Stack:
    """A stack that exists."""

    name: str
    region: str
    status: str
    """CloudFormation's word for how its last deployment ended, or that one is under way."""
    outputs: Mapping[str, str]

    @property
    def under_way(self) -> bool:
        """Whether a deployment is under way, so that more than one version may answer."""
        return self.status.endswith("IN_PROGRESS")

    def output(self, name: str) -> str:
        """Give one output.

        Raises
        ------
        LiveError
            When the stack has none of this name.
        """
        if name not in self.outputs:
            raise LiveError(f"the stack {self.name} has no output {name}: deploy this project's template to it first")
        return self.outputs[name]


def read(cloudformation: "CloudFormationClient", name: str) -> Stack:
    """Ask CloudFormation for the stack called ``name``.

    Raises
    ------
    NoStackError
        When there is none.
    LiveError
        When CloudFormation cannot be asked.
    """
    region = cloudformation.meta.region_name
    with aws.asked():
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            raise NoStackError(f"there is no stack {name} in {region}, in the account of these credentials") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Stack(name, region, stack["StackStatus"], outputs)


def of_stage(stage: str, samconfig: Path) -> str:
    """Give the name of the stack that ``sam deploy --config-env STAGE`` deploys.

    Raises
    ------
    LiveError
        When the file names none.
    """
    try:
        name = _parameter(stage, samconfig, "stack_name")
    except FileNotFoundError:
        raise LiveError(f"there is no {samconfig} here: name the stack with --stack") from None
    if name is None:
        raise LiveError(f"{samconfig} names no stack for '{stage}': name it with --stack")
    return name


def region_of_stage(stage: str, samconfig: Path) -> str | None:
    """Give the region that ``sam deploy --config-env STAGE`` deploys to, if the file names one."""
    try:
        return _parameter(stage, samconfig, "region")
    except FileNotFoundError:
        return None


def _parameter(stage: str, samconfig: Path, key: str) -> str | None:
    said = tomllib.loads(samconfig.read_text(encoding="utf-8")).get(stage, {})
    for command in ("deploy", "global"):  # as SAM looks them up
        if found := said.get(command, {}).get("parameters", {}).get(key):
            return str(found)
    return None
