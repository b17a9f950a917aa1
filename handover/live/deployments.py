"""CodeDeploy's deployments of a stack: which versions users stayed with, and whether one is under way."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, Self

import yaml

from handover.live import LiveError
from handover.live.aws import aws_errors
from handover.live.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_codedeploy.type_defs import DeploymentInfoTypeDef

UNDER_WAY = {"Created", "Queued", "InProgress", "Baking", "Ready"}
TAKEN_BACK = {"Failed", "Stopped"}
AT_MOST = 25
"""Deployments that can be asked for at once (BatchGetDeployments)."""
STOPS_WITHIN_S, PAUSE_S = 300.0, 2.0


@dataclass(frozen=True)
class Deployments:
    """The record that CodeDeploy keeps: each version was deployed once, and either its users stayed or they did not."""

    client: "CodeDeployClient"
    listed: "tuple[DeploymentInfoTypeDef, ...]"

    @classmethod
    def of(cls, stack: Stack, cloudformation: "CloudFormationClient", client: "CodeDeployClient") -> Self:
        """Ask for a stack's deployments; where its alias moves without CodeDeploy, there are none."""
        with aws_errors():
            pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
            resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
            named = {resource["ResourceType"]: resource.get("PhysicalResourceId", "") for resource in resources}
            application, group = (named.get(f"AWS::CodeDeploy::{kind}") for kind in ("Application", "DeploymentGroup"))
            if not application or not group:
                return cls(client, ())
            pages_of_ids = client.get_paginator("list_deployments").paginate(
                applicationName=application, deploymentGroupName=group
            )
            ids = [id_ for page in pages_of_ids for id_ in page["deployments"]]
            listed: list[DeploymentInfoTypeDef] = []
            for some in batched(ids, AT_MOST, strict=False):
                listed += client.batch_get_deployments(deploymentIds=list(some))["deploymentsInfo"]
        return cls(client, tuple(listed))

    def never_live(self, published: Iterable[str]) -> dict[str, str]:
        """Give the published versions that no users stayed with, each with why.

        Stopped by the hook, an alarm or a person; or their update failed before the deployment began. What is
        older than the record is taken for what users were on.
        """
        live: set[str] = set()
        ends = {}
        for deployment in self.listed:
            before, after = _move(deployment)
            live.add(before)
            status = deployment["status"]
            if status == "Succeeded":
                live.add(after)
            elif status in TAKEN_BACK:
                ends[after] = f"deployment {deployment['deploymentId']} {status.lower()}"
        oldest = min(map(int, live), default=math.inf)
        return {
            version: ends.get(version, "never deployed")
            for version in published
            if version not in live and int(version) > oldest
        }

    @property
    def under_way(self) -> list[str]:
        """The ids of deployments that are not at their end."""
        return [one["deploymentId"] for one in self.listed if one["status"] in UNDER_WAY]

    def stop(self, id_: str) -> None:
        """Stop a deployment, and wait until CodeDeploy has moved the users back, which is a deployment of its own."""
        with aws_errors():
            self.client.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
        if back := self._ended(id_).get("rollbackInfo", {}).get("rollbackDeploymentId"):
            self._ended(back)

    def _ended(self, id_: str) -> "DeploymentInfoTypeDef":
        until = time.monotonic() + STOPS_WITHIN_S
        with aws_errors():
            while (now := self.client.get_deployment(deploymentId=id_)["deploymentInfo"])["status"] in UNDER_WAY:
                if time.monotonic() > until:
                    raise LiveError(f"deployment {id_} does not end: look at it in CodeDeploy")
                time.sleep(PAUSE_S)
        return now


def _move(deployment: "DeploymentInfoTypeDef") -> tuple[str, str]:
    """Give the versions that a deployment moves users from and to, by its AppSpec."""
    revision: Any = deployment.get("revision", {})
    written = revision.get("appSpecContent") or revision.get("string") or {}
    specification = yaml.safe_load(written.get("content", "")) or {}  # JSON is YAML
    for resource in specification.get("Resources", []):
        for described in resource.values():
            properties = described.get("Properties", {})
            if {"CurrentVersion", "TargetVersion"} <= properties.keys():
                return str(properties["CurrentVersion"]), str(properties["TargetVersion"])
    raise LiveError(
        f"CodeDeploy does not say between which versions deployment {deployment['deploymentId']} moved users: name the "
        "version, with --to (TO= to make)"
    )
