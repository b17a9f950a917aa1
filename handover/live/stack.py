"""A deployed stack, as CloudFormation tells of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from handover.live import LiveError, aws
from handover.samconfig import Samconfig

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class NoStackError(LiveError):
    """There is no stack of this name."""


class Stack(NamedTuple):
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
        """Give one output; ``LiveError`` when the stack has none of this name."""
        if name not in self.outputs:
            raise LiveError(f"the stack {self.name} has no output {name}: deploy this project's template to it first")
        return self.outputs[name]


def read(cloudformation: "CloudFormationClient", name: str) -> Stack:
    """Ask CloudFormation for the stack called ``name``; ``NoStackError`` when there is none."""
    region = cloudformation.meta.region_name
    with aws.aws_errors():
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            raise NoStackError(f"there is no stack {name} in {region}, in the account of these credentials") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Stack(name, region, stack["StackStatus"], outputs)


def stage_of(name: str, samconfig: Path) -> str:
    """Name the environment that deploys a stack of this name; nothing where none does."""
    config = Samconfig(samconfig)
    try:
        return next((stage for stage in config.stages if config.parameters(stage).get("stack_name") == name), "")
    except (OSError, ValueError):
        return ""
