"""CodeDeploy's deployments of a stack: which versions it took back, and whether one is under way."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, Self

import yaml

from handover.live import LiveError
from handover.live.aws import asked
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
        """Ask for a stack's deployments; where its alias moves without CodeDeploy, there are none.

        Raises
        ------
        LiveError
            When AWS does not say.
        """
        with asked():
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

    @property
    def taken_back(self) -> dict[str, str]:
        """The versions that never kept their users: refused by the hook, by an alarm, or by somebody; with why."""
        kept = {version for one in self.listed if one["status"] == "Succeeded" for version in _versions(one)}
        return {
            version: f"deployment {one['deploymentId']} {one['status'].lower()}"
            for one in self.listed
            if one["status"] in TAKEN_BACK
            for version in _versions(one)
            if version not in kept
        }

    @property
    def under_way(self) -> list[str]:
        """The ids of deployments that are not at their end."""
        return [one["deploymentId"] for one in self.listed if one["status"] in UNDER_WAY]

    def stop(self, id_: str) -> None:
        """Stop a deployment, and wait until CodeDeploy has moved the users back to the version before it.

        Raises
        ------
        LiveError
            When it does not end.
        """
        with asked():
            self.client.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
            until = time.monotonic() + STOPS_WITHIN_S
            while self.client.get_deployment(deploymentId=id_)["deploymentInfo"]["status"] in UNDER_WAY:
                if time.monotonic() > until:
                    raise LiveError(f"deployment {id_} does not stop: look at it in CodeDeploy")
                time.sleep(PAUSE_S)


def _versions(deployment: "DeploymentInfoTypeDef") -> Iterator[str]:
    """Give the version that a deployment moves users to, by its AppSpec."""
    revision: Any = deployment.get("revision", {})
    written = revision.get("appSpecContent") or revision.get("string") or {}
    specification = yaml.safe_load(written.get("content", "")) or {}  # JSON is YAML
    for resource in specification.get("Resources", []):
        for described in resource.values():
            if version := described.get("Properties", {}).get("TargetVersion"):
                yield str(version)
